import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder that only its owner may read, and those above it that are missing. It stands in for `mkdirSync` with
 * `recursive`, which in Node 24 never returns where the system denies that a folder can be there at all (`/proc/x`).
 *
 * @throws the system's error; `EEXIST` where a file stands in its place.
 */
export function makePrivateFolder(path: string): void {
  const refusal = refusalOf(path);
  if (refusal === null) return;
  if (refusal.code !== 'ENOENT' || dirname(path) === path) throw refusal;
  makePrivateFolder(dirname(path));
  const second = refusalOf(path);
  if (second !== null) throw second;
}

/** Why the folder could not be made; null when it is there now, whoever made it. */
function refusalOf(path: string): NodeJS.ErrnoException | null {
  try {
    mkdirSync(path, { mode: 0o700 });
    return null;
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return null;
    return error as NodeJS.ErrnoException;
  }
}
