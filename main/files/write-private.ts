import { chmodSync, closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A stop on the way of `writePrivate`, for tests that let it end there. */
export type WriteStep = 'open' | 'write' | 'flush' | 'replace' | 'flush folder';

/** Writes a file that only this user can read: whole or not at all, and on the disk when this returns. */
export function writePrivate(
  path: string,
  content: string | Uint8Array,
  at: (step: WriteStep) => void = () => {},
): void {
  const unfinished = `${path}.new`;
  at('open');
  const file = openSync(unfinished, 'w', 0o600);
  try {
    chmodSync(unfinished, 0o600);
    at('write');
    writeFileSync(file, content);
    at('flush');
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  at('replace');
  renameSync(unfinished, path);
  at('flush folder');
  flushFolder(dirname(path));
}

/** A rename is on the disk when its folder is; Windows has no such call and does not need it. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
