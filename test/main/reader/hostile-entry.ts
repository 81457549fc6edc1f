import { writeSync } from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { decoders } from '../../../main/reader/decoders.ts';
import { serveReader } from '../../../main/reader/reader.ts';
import { type Misdeed, misdeedOf } from './hostile-film.ts';

/**
 * The reader as it is, with decoders that do harm when a film says so. A hostile file would have to find a defect in a
 * decoder for that; this stands for having found one.
 */
const hoard: unknown[] = [];

const acts: Readonly<Record<Misdeed, () => void>> = {
  hang: () => {
    for (;;);
  },
  hoard: () => {
    // Outside V8's heap, as a decoder's memory is; written to, so that it is in RAM.
    for (;;) hoard.push(new Uint8Array(16 * 2 ** 20).fill(1));
  },
  heap: () => {
    for (;;) hoard.push(Array.from({ length: 1000 }, Math.random));
  },
  die: () => process.kill(process.pid, 'SIGKILL'),
};

const misbehave = (bytes: Uint8Array, when: 'inspect' | 'decode') => {
  const misdeed = misdeedOf(bytes, when);
  if (misdeed === null) return;
  // At once: the event loop may never come to it.
  writeSync(1, `${misdeed}\n`);
  acts[misdeed]();
};

/** A share that is gone: nothing below a folder of this name is ever answered. */
const isGone = (path: unknown): boolean => String(path).includes('gone-share');
for (const name of ['stat', 'lstat', 'opendir', 'open'] as const) {
  const real = files[name] as (...args: unknown[]) => Promise<unknown>;
  const patched = (path: unknown, ...rest: unknown[]) =>
    isGone(path) ? new Promise(() => {}) : real(path, ...rest);
  Object.assign(files, { [name]: patched });
}
syncBuiltinESMExports();

serveReader({
  inspect: (bytes) => {
    misbehave(bytes, 'inspect');
    return decoders.inspect(bytes);
  },
  film: (bytes) => {
    misbehave(bytes, 'decode');
    return decoders.film(bytes);
  },
  input: (bytes) => {
    misbehave(bytes, 'decode');
    return decoders.input(bytes);
  },
  report: (bytes) => {
    misbehave(bytes, 'decode');
    return decoders.report(bytes);
  },
  anonymousFilm: (bytes, names) => {
    misbehave(bytes, 'decode');
    return decoders.anonymousFilm(bytes, names);
  },
});
