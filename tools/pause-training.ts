import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The folder in which training/ keeps what can be made again: training/place.py names the same one. */
export const trainingCache = (): string =>
  process.env.CIPHERFILM_CACHE || join(homedir(), '.cache', 'cipherfilm', 'training');

/**
 * Makes a training queue on this machine sleep while this process lives, so that it neither slows nor skews what is
 * measured. A run looks between two of its steps, so it takes some seconds. `python3 -m training.queue pause --while PID`
 * does the same (training/loop/pause.py), and a queue ends the pause by itself once the process is gone.
 *
 * Without the cache there is no queue, and nothing is written.
 *
 * @param cache  the queue's folder.
 */
export function pauseTraining(cache = trainingCache()): void {
  if (!existsSync(cache)) return;
  mkdirSync(join(cache, 'paused'), { recursive: true });
  writeFileSync(join(cache, 'paused', String(process.pid)), '');
}
