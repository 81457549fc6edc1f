import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Prefix of files that are still being written; whatever bears it at start-up is left over and removed. */
export const unfinishedPrefix = '.unfinished-';

/** A name beside `path` for content that is not complete yet. */
export function unfinishedPath(path: string): string {
  return join(dirname(path), `${unfinishedPrefix}${basename(path)}-${randomBytes(8).toString('hex')}`);
}

/** Writes a file so that a reader, or a restart, finds either all of it or none. */
export async function writeAtomically(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = unfinishedPath(path);
  try {
    await writeFile(temporary, bytes, { mode: 0o600 });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
