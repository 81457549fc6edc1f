import { setTimeout as sleep } from 'node:timers/promises';
import { CxrError } from '../../contract/errors.ts';
import { ExchangeError } from './exchange-error.ts';

/**
 * Says how often and how patiently an exchange is repeated. The pause before the next attempt is drawn at random below
 * a ceiling, which begins at `baseDelayMs` and doubles with every attempt up to `maxDelayMs`.
 */
export type RetryPolicy = {
  readonly attempts: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** No attempt begins later than this after the first, so that a server which takes every time is given up too. */
  readonly withinMs?: number;
  /** So many attempts end with a refusal in the evaluator's own words: it is there, and says that it is busy. */
  readonly refusals?: number;
};
/** The patience for most exchanges. */
export const defaultRetry: RetryPolicy = {
  attempts: 5,
  baseDelayMs: 250,
  maxDelayMs: 10_000,
  withinMs: 45_000,
};

/**
 * The patience for whatever would have to begin anew: an upload of keys, a question, an accepted job. It lasts some two
 * minutes and a half, long enough for an evaluator to be restarted or replaced.
 */
export const patientRetry: RetryPolicy = {
  attempts: 36,
  baseDelayMs: 250,
  maxDelayMs: 10_000,
  withinMs: 180_000,
  refusals: 5,
};

/** Counts the failures of something that is tried again and again, and waits between the tries. */
export class Patience {
  readonly #retry: RetryPolicy;
  readonly #signal: AbortSignal | undefined;
  #startedAt = performance.now();
  #failures = 0;
  #refusals = 0;

  constructor(retry: RetryPolicy, signal: AbortSignal | undefined) {
    this.#retry = retry;
    this.#signal = signal;
  }

  /** Forgets what failed so far, because something was achieved. */
  renew(): void {
    this.#startedAt = performance.now();
    this.#failures = 0;
    this.#refusals = 0;
  }

  /** Waits until the next try. @throws the error itself where another try is not worth it, CxrError `cancelled`. */
  async afterFailure(error: unknown): Promise<void> {
    const { attempts, baseDelayMs, maxDelayMs, refusals = attempts } = this.#retry;
    this.#failures += 1;
    if (!(error instanceof ExchangeError) || !error.retryable || this.#failures >= attempts) throw error;
    if (error.problem !== null) this.#refusals += 1;
    if (this.#refusals >= refusals) throw error;
    const ceiling = Math.min(maxDelayMs, baseDelayMs * 2 ** (this.#failures - 1));
    const wanted = Math.min(maxDelayMs, error.retryAfterMs);
    const { withinMs = Number.POSITIVE_INFINITY } = this.#retry;
    if (performance.now() - this.#startedAt + wanted > withinMs) throw error;
    await pause(wanted + Math.random() * ceiling, this.#signal);
  }
}

/** Waits for a time in milliseconds. @throws CxrError `cancelled` when `signal` aborts in between. */
export async function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(delayMs, undefined, signal === undefined ? {} : { signal });
  } catch {
    throw new CxrError('cancelled');
  }
}
