import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { writePrivate } from '../../files/write-private.ts';

const keyBytes = 32;

/** A key that is kept in a file, and whether it had to be made because the one in the file could not be opened. */
export type KeptKey = { readonly key: Uint8Array; readonly isReplaced: boolean };

/** How a key is sealed in its file, and opened again. `open` may throw. */
export type KeySeal = {
  readonly seal: (key: Uint8Array) => Uint8Array;
  readonly open: (bytes: Uint8Array) => Uint8Array;
};

/**
 * Reads a key of 32 bytes, or makes one. A file that cannot be opened is set aside and not overwritten: the keychain
 * that sealed it may be there again another day.
 */
export function keptKey(path: string, { seal, open }: KeySeal): KeptKey {
  const isThere = existsSync(path);
  if (isThere) {
    try {
      const key = open(readFileSync(path));
      if (key.length === keyBytes) return { key, isReplaced: false };
    } catch {
      // The keychain was reset, or another one is in use.
    }
    renameSync(path, `${path}.set-aside-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
  }
  const key = randomBytes(keyBytes);
  writePrivate(path, seal(key));
  return { key, isReplaced: isThere };
}
