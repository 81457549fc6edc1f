import { chmodSync, closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A step of `writePrivate`. Tests let the program end at each of them. */
export type WriteStep = 'open' | 'write' | 'flush' | 'replace' | 'flush folder';

/**
 * Writes a file that only this user can read. The file is replaced whole or not at all, and it is on the disk when this
 * function returns.
 *
 * @param at  called before every step, for tests.
 * @throws    the system's error when the file cannot be written; the old file is then as it was.
 */
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

/** Flushes a folder, with which a rename reaches the disk. Windows has no such call and does not need it. */
export function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
