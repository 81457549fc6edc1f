import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { writePrivate } from './write-private.ts';

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
export function keptKey(path: string, by: KeySeal): KeptKey {
  const known = openKey(path, by);
  if (known !== null) return { key: known, isReplaced: false };
  const isThere = existsSync(path);
  if (isThere) {
    renameSync(path, `${path}.set-aside-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
  }
  const key = randomBytes(keyBytes);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writePrivate(path, by.seal(key));
  return { key, isReplaced: isThere };
}

/** Reads a key of 32 bytes. @returns null where there is none, or none that can be opened now. */
export function openKey(path: string, { open }: KeySeal): Uint8Array | null {
  try {
    const key = open(readFileSync(path));
    return key.length === keyBytes ? key : null;
  } catch {
    // The keychain was reset, or another one is in use.
    return null;
  }
}

/** Says in which file a key lies and how it is sealed there. */
export type KeyFile = { readonly path: string; readonly by: KeySeal };

/**
 * Says where a key lies that nothing seals: in a file that only this user can read.
 *
 * @param path  folder and name of the file, without its ending.
 */
export function plainKeyFile(path: string): KeyFile {
  const same = (key: Uint8Array): Uint8Array => key;
  return { path: `${path}.plain-key`, by: { seal: same, open: same } };
}
