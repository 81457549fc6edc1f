import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writePrivate } from '../../files/write-private.ts';
import { hasKeychain, seal, unseal } from './keychain.ts';

const keyBytes = 32;

type Closing = {
  readonly close: (key: Uint8Array) => Uint8Array;
  readonly open: (bytes: Uint8Array) => Uint8Array;
};
const byKeychain: Closing = { close: seal, open: unseal };
const plain: Closing = { close: (key) => key, open: (bytes) => bytes };

export type KeptKeyOptions = {
  /** Takes a file that only this user can read where there is no keychain: somebody asked for it. */
  readonly withoutKeychain: boolean;
  /** Says whether another key may take the place of one that cannot be opened any more. */
  readonly mayReplace: () => boolean;
};

/**
 * Returns a key of 32 bytes that outlives the program: the system's keychain seals it in the file `<name>.key`. It is
 * made at the first call.
 *
 * @param path  folder and name of the file, without its ending.
 * @returns     null where there is no keychain, and for a key that cannot be opened and may not be replaced.
 */
export function keptKey(path: string, { withoutKeychain, mayReplace }: KeptKeyOptions): Uint8Array | null {
  if (hasKeychain()) return kept(`${path}.key`, byKeychain, mayReplace);
  return withoutKeychain ? kept(`${path}.plain-key`, plain, mayReplace) : null;
}

function kept(path: string, { close, open }: Closing, mayReplace: () => boolean): Uint8Array | null {
  try {
    const key = open(readFileSync(path));
    if (key.length === keyBytes) return key;
  } catch {
    // There is none yet, the keychain was reset, or another one is in use.
  }
  if (existsSync(path) && !mayReplace()) return null;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const key = randomBytes(keyBytes);
  writePrivate(path, close(key));
  return key;
}

/**
 * Returns the key under which the worklist is sealed on disk. One that cannot be opened any more is replaced, and what
 * it sealed is lost.
 *
 * @param folder  where the key's file lies.
 * @returns       null where there is no keychain. Nothing of the worklist is written then.
 */
export const worklistKey = (folder: string, withoutKeychain: boolean): Uint8Array | null =>
  keptKey(join(folder, 'worklist'), { withoutKeychain, mayReplace: () => true });
