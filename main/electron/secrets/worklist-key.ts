import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from '../../files/write-private.ts';
import { hasKeychain, seal, unseal } from './keychain.ts';

const keyBytes = 32;

/**
 * Returns the key under which the worklist is sealed on disk, 32 bytes. The system's keychain seals the key itself.
 * Where somebody asked for `withoutKeychain`, a file that only this user can read takes the place of a missing
 * keychain.
 *
 * @param folder  where the key's file lies.
 * @returns       null where there is no keychain. Nothing of the worklist is written then.
 */
export function worklistKey(folder: string, withoutKeychain: boolean): Uint8Array | null {
  if (hasKeychain()) return kept(join(folder, 'worklist.key'), seal, unseal);
  if (!withoutKeychain) return null;
  return kept(
    join(folder, 'worklist.plain-key'),
    (key) => key,
    (bytes) => bytes,
  );
}

/** Reads the key, or makes one. A key that cannot be opened any more is replaced, and what it sealed is lost. */
function kept(
  path: string,
  close: (key: Uint8Array) => Uint8Array,
  open: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  if (existsSync(path)) {
    try {
      const key = open(readFileSync(path));
      if (key.length === keyBytes) return key;
    } catch {
      // The keychain was reset, or another one is in use.
    }
  }
  const key = randomBytes(keyBytes);
  writePrivate(path, close(key));
  return key;
}
