import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CxrError } from '../../contract/errors.ts';
import type { Settings } from './settings.ts';

const mostBytes = 4 * 1024 * 1024;

/** The path of the policy of whoever runs this machine. */
export function policyPath(): string {
  return join(policyFolder(), 'policy.json');
}

function policyFolder(): string {
  if (process.platform === 'win32') return join(process.env.ProgramData ?? 'C:\\ProgramData', 'Cipherfilm');
  return process.platform === 'darwin' ? '/Library/Application Support/Cipherfilm' : '/etc/cipherfilm';
}

/**
 * Reads the policy of this machine.
 *
 * @param instead  the path of another policy for a machine that has none, to try one out. Where there is one, it cannot
 *                 be gone around like this.
 * @returns        as `settingsText` does, and the path that was read.
 */
export function readPolicy(instead?: string): { readonly text: string | null; readonly path: string } {
  const path = policyPath();
  const text = settingsText(path);
  return text === null && instead ? { text: settingsText(instead), path: instead } : { text, path };
}

/** The folder in which Electron keeps the data of the application, with the person's own file in it. */
export function ownFolder(): string {
  const home = homedir();
  const base = {
    win32: process.env.APPDATA ?? join(home, 'AppData', 'Roaming'),
    darwin: join(home, 'Library', 'Application Support'),
  }[process.platform as string];
  return join(base ?? (process.env.XDG_CONFIG_HOME || join(home, '.config')), 'cipherfilm');
}

/**
 * Reads a file of settings.
 *
 * @returns the content; null when there is no such file. A file that is there and cannot be read gives '', which
 *          `resolveSettings` takes for a broken file and not for none.
 */
export function settingsText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // Not `existsSync`, which takes a file in a closed folder for none.
    return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '') ? null : '';
  }
}

/** Reads the further certificates that are to be trusted. @throws CxrError `setting-invalid`, which names no file. */
export const certificatesOf = ({ certificates }: Settings): string | null =>
  certificates.value === null ? null : readNamed(certificates.value, 'certificates');

/**
 * Finds the access token that files or the environment give. A policy's file is stronger than the environment, and that
 * stronger than the person's own.
 *
 * @throws CxrError `setting-invalid`, which names no file.
 */
export function givenToken(
  { tokenFile }: Settings,
  { CIPHERFILM_TOKEN }: Readonly<Record<string, string | undefined>>,
): string | null {
  if (CIPHERFILM_TOKEN && tokenFile.source !== 'policy') return CIPHERFILM_TOKEN;
  return tokenFile.value === null ? null : readNamed(tokenFile.value, 'tokenFile').trim();
}

/** Reads the file that a setting names. @throws CxrError `setting-invalid`, which names no file. */
export function readNamed(path: string, setting: string): string {
  try {
    const bytes = readFileSync(path);
    if (bytes.length <= mostBytes) return bytes.toString('utf8');
  } catch (cause) {
    throw new CxrError('setting-invalid', { setting, reason: 'file cannot be read' }, { cause });
  }
  throw new CxrError('setting-invalid', { setting, reason: 'file too large' });
}
