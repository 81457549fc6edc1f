import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CxrError } from '../../contract/errors.ts';
import { makeFolder } from './make-folder.ts';

/** An evaluator takes up to five seconds to stop (evaluator/process.ts). */
const patience = { waitMs: 8_000, pollMs: 100 };

/**
 * Takes a data folder for this process: two evaluators on one folder would take each other's jobs and delete each
 * other's unfinished uploads. A lock whose process is gone is taken over. A process that is still there may be about
 * to stop, as when an application is closed and opened again, so its end is waited for.
 *
 * @param waitMs  how long a living holder is waited for.
 * @returns gives the folder back.
 * @throws CxrError `data-folder-in-use` with the holder's process id.
 */
export async function lockFolder(folder: string, waitMs = patience.waitMs): Promise<() => Promise<void>> {
  await makeFolder(folder);
  const path = join(folder, 'evaluator.lock');
  const until = performance.now() + waitMs;
  for (let takeovers = 0; ; ) {
    try {
      await using file = await open(path, 'wx', 0o600);
      await file.writeFile(String(process.pid));
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = Number(await readFile(path, 'utf8').catch(() => ''));
      if (isAlive(holder)) {
        if (performance.now() >= until) throw new CxrError('data-folder-in-use', { holder });
        await sleep(patience.pollMs);
        continue;
      }
      takeovers += 1;
      if (takeovers === 3) throw new CxrError('data-folder-in-use', { holder });
      await rm(path, { force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
