import type { JobId } from '../../contract/ids/job-id.ts';

/**
 * Those who wait for a job to change: one for every long poll. They are woken without being told why and look at the
 * job themselves.
 *
 * A second implementation, such as one that listens to a message broker, guarantees the following.
 *
 * - **Nothing is missed.** Whoever has called `wait` is woken by every later `wake` of that job, also when the returned
 *   promise is not awaited yet. Waking too often is allowed.
 * - **An end.** Every wait ends after its time, without error, even when the broker is out of reach.
 * - **Durability.** None: a restart ends all waits, and clients ask again.
 */
export interface Watchers {
  /** Waits until the job is woken, `forMs` milliseconds are over, or the signal aborts; never rejects. */
  wait(id: JobId, forMs: number, signal: AbortSignal): Promise<void>;
  wake(id: JobId): void;
  wakeAll(): void;
}

/** The watchers of one process. */
export class MemoryWatchers implements Watchers {
  readonly #waiting = new Map<JobId, Set<() => void>>();

  async wait(id: JobId, forMs: number, signal: AbortSignal): Promise<void> {
    if (forMs <= 0 || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => resolve();
    const timer = setTimeout(end, forMs);
    signal.addEventListener('abort', end, { once: true });
    const watching = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, watching.add(end));
    await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    watching.delete(end);
    if (watching.size === 0 && this.#waiting.get(id) === watching) this.#waiting.delete(id);
  }

  wake(id: JobId): void {
    const watching = this.#waiting.get(id);
    this.#waiting.delete(id);
    for (const end of watching ?? []) end();
  }

  wakeAll(): void {
    for (const id of [...this.#waiting.keys()]) this.wake(id);
  }
}
