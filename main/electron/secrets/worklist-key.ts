import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivate } from '../../files/write-private.ts';
import { hasKeychain, seal, unseal } from './keychain.ts';

const keyBytes = 32;

/**
 * The key under which the worklist is kept, itself kept by the system's keychain. null where there is none: then nothing
 * is written. With `withoutKeychain`, which whoever runs the workstation has to ask for, a file that only this user can
 * read takes the keychain's place.
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

/** Reads the key, or makes one; a key that cannot be opened any more is replaced, and what it sealed is lost. */
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
