import type { Arrival } from '../../../contract/ipc/network.ts';

/** Files that have arrived and wait, in their order. */
export class Arrivals {
  readonly #waiting: Arrival[] = [];
  #wake: (() => void) | null = null;

  /** The number of files that wait. */
  get count(): number {
    return this.#waiting.length;
  }

  /** Puts a file behind those that wait. */
  add(arrival: Arrival): void {
    this.#waiting.push(arrival);
    this.#wake?.();
  }

  /** Waits for the next file; null when `signal` says that it is over. */
  async next(signal: AbortSignal): Promise<Arrival | null> {
    while (!signal.aborted) {
      const first = this.#waiting.shift();
      if (first !== undefined) return first;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      this.#wake = null;
    }
    return null;
  }
}
