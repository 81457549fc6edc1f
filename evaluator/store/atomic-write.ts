import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { storageFault } from './storage-fault.ts';

/** Prefix of files that are still being written; whatever bears it at start-up is left over and removed. */
export const unfinishedPrefix = '.unfinished-';

/** A name beside `path` for content that is not complete yet. */
export function unfinishedPath(path: string): string {
  return join(dirname(path), `${unfinishedPrefix}${basename(path)}-${randomBytes(8).toString('hex')}`);
}

/**
 * Waits until the names in a folder are on the disk: a file that was renamed is there after a loss of power only then.
 * Windows has no such call and keeps the order of names by itself.
 */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}

/**
 * Writes a file so that a reader, or a restart after a loss of power, finds either all of it or what was there before.
 * Its bytes and its name are on the disk when this returns.
 *
 * @throws CxrError `storage-full`.
 */
export async function writeAtomically(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = unfinishedPath(path);
  try {
    {
      await using file = await open(temporary, 'wx', 0o600);
      await file.writeFile(bytes);
      await file.sync();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw storageFault(error);
  }
}
