import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CxrError } from '../../contract/errors.ts';
import { withFileLock } from '../files/file-lock.ts';
import { flushFolder } from '../files/write-private.ts';
import { keyFolder, vaultPath } from './custody.ts';

/**
 * Sets a vault aside that nobody can open, because its passphrase is lost or the keychain was reset, so that another one
 * can begin in its place. Nothing is deleted but evaluation keys, which are public and can be made again. Whoever finds
 * the passphrase takes the key in again from the file that was set aside, as from an export.
 *
 * The engine that has the vault open must have ended.
 *
 * @returns the path of the file that was set aside.
 * @throws CxrError `key-vault` where there is no vault, `key-vault-busy`, `key-unsaved`.
 */
export function setVaultAside(userData: string, now = new Date()): string {
  const vault = vaultPath(userData);
  const folder = keyFolder(userData);
  if (!existsSync(vault)) throw new CxrError('key-vault', { reason: 'missing' });
  const errors = {
    busy: () => new CxrError('key-vault-busy'),
    unwritable: (reason: string) => new CxrError('key-unsaved', { reason }),
  };
  return withFileLock(`${vault}.lock`, errors, () => {
    const aside = freePath(folder, now);
    try {
      renameSync(vault, aside);
      flushFolder(folder);
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code ?? 'write';
      throw new CxrError('key-unsaved', { reason }, { cause });
    }
    // Their secret key is out of reach, and one that comes back makes others.
    rmSync(join(folder, 'evaluation-keys'), { recursive: true, force: true });
    return aside;
  });
}

/** A name that no file has yet: the day, and a number where there is more than one of a day. */
function freePath(folder: string, now: Date): string {
  const day = now.toISOString().slice(0, 10);
  for (let number = 1; ; number += 1) {
    const path = join(folder, `keys-set-aside-${day}${number === 1 ? '' : `-${number}`}.key`);
    if (!existsSync(path)) return path;
  }
}
