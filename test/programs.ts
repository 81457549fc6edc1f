import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * The path of a program of this machine, searched as a shell would search it; null where it is not installed. Nothing
 * is started, so that this works without a shell and without `which`.
 */
export function findProgram(
  name: string,
  { PATH = '', PATHEXT = '' }: NodeJS.ProcessEnv = process.env,
): string | null {
  const endings = process.platform === 'win32' ? ['', ...PATHEXT.split(';')] : [''];
  const candidates = PATH.split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => endings.map((ending) => join(folder, name + ending)));
  return candidates.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    // A folder may be "executed" too.
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
