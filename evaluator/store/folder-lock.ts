import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { CxrError } from '../../contract/errors.ts';
import { makeFolder } from './make-folder.ts';

const patience = { waitMs: 8_000, pollMs: 100 };
const sqliteBusy = 5;

/**
 * Takes a data folder for this process: two evaluators on one folder would take each other's jobs and delete each
 * other's unfinished uploads. The lock is the system's own, on a file, taken through SQLite: it ends with the process
 * however that dies, and it holds between containers and PID namespaces that share a volume. A holder may be about to
 * stop, as when an application is closed and opened again, so its end is waited for.
 *
 * @param waitMs  how long a holder is waited for.
 * @returns gives the folder back.
 * @throws CxrError `data-folder-in-use` with the holder's process id, as the holder sees it.
 */
export async function lockFolder(folder: string, waitMs = patience.waitMs): Promise<() => Promise<void>> {
  await makeFolder(folder);
  const path = join(folder, 'evaluator.lock');
  const database = await openPrivately(join(folder, 'lock.sqlite'));
  const until = performance.now() + waitMs;
  try {
    while (!takes(database)) {
      if (performance.now() >= until)
        throw new CxrError('data-folder-in-use', { holder: await holderIn(path) });
      await sleep(patience.pollMs);
    }
    // For people, and for versions that take this file for the lock.
    await writeFile(path, String(process.pid), { mode: 0o600 });
  } catch (error) {
    database.close();
    throw error;
  }
  return async () => {
    await rm(path, { force: true });
    // The file stays: a lock on a file that was removed would hold nobody off.
    if (database.isOpen) database.close();
  };
}

/** Closing any other handle of this file would give the lock up, so nothing else of this process opens it. */
async function openPrivately(path: string): Promise<DatabaseSync> {
  await (await open(path, 'a', 0o600)).close();
  return new DatabaseSync(path, { timeout: 0 });
}

function takes(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === sqliteBusy) return false;
    throw error;
  }
}

const holderIn = async (path: string): Promise<number> =>
  Number(await readFile(path, 'utf8').catch(() => '0')) || 0;
