import { CxrError } from '../../contract/errors.ts';
import type { Progress, StageTimes } from '../../contract/stages.ts';

/** How an analysis is watched and stopped from outside. */
export type Watch = {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
};

/**
 * The clock of one analysis: it tells which stage begins, adds up the wall time of each stage in milliseconds, and
 * stops between two stages once the analysis is cancelled.
 */
export class StageClock {
  readonly #watch: Watch;
  readonly times: { -readonly [Stage in keyof StageTimes]: number } = {
    decode: 0,
    encode: 0,
    keygen: 0,
    encrypt: 0,
    upload: 0,
    evaluate: 0,
    decrypt: 0,
  };

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** The signal that cancels the analysis. */
  get signal(): AbortSignal {
    return this.#watch.signal;
  }

  /** Tells where the analysis is. @param fraction  of the stage, from 0 to 1; null where it is not known. */
  at(stage: Progress['stage'], fraction: number | null = null, detail?: string): void {
    this.#watch.onProgress(detail === undefined ? { stage, fraction } : { stage, fraction, detail });
  }

  /** Runs one step and adds its time to a stage. @throws CxrError `cancelled` instead of beginning a step too many. */
  async time<T>(stage: keyof StageTimes, work: () => T | Promise<T>): Promise<T> {
    if (this.signal.aborted) throw new CxrError('cancelled');
    const started = performance.now();
    try {
      return await work();
    } finally {
      this.times[stage] += performance.now() - started;
    }
  }
}
