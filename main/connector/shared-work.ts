import { CxrError } from '../../contract/errors.ts';

type Hear = (fraction: number) => void;
type Running<T> = {
  readonly promise: Promise<T>;
  readonly controller: AbortController;
  readonly listeners: Set<Hear>;
  fraction: number;
};

/**
 * Work that is done once for all who wait for it. Whoever joins hears its progress from where it is. Whoever gives up
 * leaves the others undisturbed; when the last one has given up, the work itself is told to stop. Work that has ended,
 * well or badly, is forgotten, so that the next one to join begins anew.
 */
export class SharedWork<T> {
  readonly #begin: (tell: Hear, signal: AbortSignal) => Promise<T>;
  #running: Running<T> | null = null;

  /** @param begin  does the work. It tells the fraction that is done, in [0, 1], and may stop at `signal`. */
  constructor(begin: (tell: Hear, signal: AbortSignal) => Promise<T>) {
    this.#begin = begin;
  }

  /**
   * Waits for the work, and begins it where nobody has.
   *
   * @throws CxrError `cancelled` as soon as `signal` aborts; whatever the work throws.
   */
  async join(hear: Hear = () => {}, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) throw new CxrError('cancelled');
    this.#running ??= this.#start();
    const running = this.#running;
    // A listener of its own for each who joins, even where two pass the same function.
    const listener: Hear = (fraction) => hear(fraction);
    running.listeners.add(listener);
    if (running.fraction > 0) listener(running.fraction);
    try {
      return await untilAborted(running.promise, signal);
    } finally {
      running.listeners.delete(listener);
      if (running.listeners.size === 0) this.#abandon(running);
    }
  }

  #start(): Running<T> {
    const controller = new AbortController();
    const listeners = new Set<Hear>();
    const tell = (fraction: number) => {
      running.fraction = fraction;
      for (const listener of listeners) listener(fraction);
    };
    // It begins a moment later, when the first listener is there.
    const promise = Promise.resolve().then(() => this.#begin(tell, controller.signal));
    const running: Running<T> = { promise, controller, listeners, fraction: 0 };
    promise.catch(() => {}).finally(() => this.#forget(running));
    return running;
  }

  /** Nobody waits any more. Who comes now must not join work that was told to stop. */
  #abandon(running: Running<T>): void {
    this.#forget(running);
    running.controller.abort();
  }

  #forget(running: Running<T>): void {
    if (this.#running === running) this.#running = null;
  }
}

/**
 * Waits for work that others share. When the signal aborts, the waiting ends with `cancelled`; the work itself goes on.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onAbort = () => reject(new CxrError('cancelled'));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  return promise;
}
