import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from './atomic-write.ts';

/** What ages are measured by, ms. It never goes back, and never runs ahead of the time that passed. */
export interface Clock {
  now(): number;
}

const schema = z.object({ format: z.literal('cipherfilm-clock/1'), at: z.number().nonnegative() });
const saveEveryMs = 10_000;

/**
 * The time during which a service ran on its data folder, counted by a clock that nobody can set. Setting the machine's
 * clock, or a machine that starts with a wrong one, therefore makes no result too old, and no job newer than now. The time
 * between two runs does not count. It begins with the time of day, so that it can be compared with what earlier versions
 * wrote.
 */
export class ServiceClock implements Clock {
  readonly #path: string;
  readonly #base: number;
  readonly #startedAt = performance.now();
  readonly #saving: NodeJS.Timeout;

  private constructor(path: string, base: number) {
    this.#path = path;
    this.#base = base;
    this.#saving = setInterval(() => void this.#save(), saveEveryMs).unref();
  }

  /**
   * Goes on from where the last run on this folder ended; a crash loses up to ten seconds.
   *
   * @param latest  the latest time that anything in the folder bears: the clock does not begin before it.
   */
  static async open(folder: string, latest = 0): Promise<ServiceClock> {
    const path = join(folder, 'clock.json');
    const clock = new ServiceClock(path, Math.max(latest, (await readClock(path)) ?? Date.now()));
    await clock.#save();
    return clock;
  }

  now(): number {
    return this.#base + (performance.now() - this.#startedAt);
  }

  async close(): Promise<void> {
    clearInterval(this.#saving);
    await this.#save();
  }

  async #save(): Promise<void> {
    const text = JSON.stringify({ format: 'cipherfilm-clock/1', at: this.now() });
    // A full disk costs the next run the time since the last save.
    await writeAtomically(this.#path, text).catch(() => {});
  }
}

async function readClock(path: string): Promise<number | null> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8'))).at;
  } catch {
    return null;
  }
}
