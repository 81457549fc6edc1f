import { join } from 'node:path';
import { type KeptKey, keptKey } from '../../files/kept-key.ts';
import { sealedFile } from './keychain.ts';

/**
 * Returns the key under which the worklist is sealed on disk. The system's keychain seals the key itself. Where somebody
 * asked for `withoutKeychain`, a file that only this user can read takes the place of a missing keychain.
 *
 * @param folder  where the key's file lies.
 * @returns       null where there is no keychain. Nothing of the worklist is written then.
 */
export function worklistKey(folder: string, withoutKeychain: boolean): KeptKey | null {
  const file = sealedFile(join(folder, 'worklist'), withoutKeychain);
  return file === null ? null : keptKey(file.path, file.by);
}
