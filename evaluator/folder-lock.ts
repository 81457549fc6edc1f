import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CxrError } from '../contract/errors.ts';

/**
 * Takes a data folder for this process: two evaluators on one folder would take each other's jobs and delete each
 * other's unfinished uploads. A lock whose process is gone is taken over.
 *
 * @returns gives the folder back.
 * @throws CxrError `data-folder-in-use` with the holder's process id.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'evaluator.lock');
  for (let attempt = 1; ; attempt += 1) {
    try {
      await using file = await open(path, 'wx', 0o600);
      await file.writeFile(String(process.pid));
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = Number(await readFile(path, 'utf8').catch(() => ''));
      if (isAlive(holder) || attempt === 3) throw new CxrError('data-folder-in-use', { holder });
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
