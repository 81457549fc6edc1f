import { setImmediate as turn } from 'node:timers/promises';
import { CxrError } from '../../contract/errors.ts';
import type { Location, ReaderEvent, ReaderStep } from '../../contract/ipc/reader.ts';

/** Who wants the bench, for which file, and how urgent it is: the lowest number comes first. */
export type Claim = {
  readonly id: string;
  readonly location: Location;
  readonly rank: number;
  readonly signal: AbortSignal;
};

/**
 * Work on one file. `begin` is called and awaited once the bytes are there and before they are parsed: each step has a
 * limit of time of its own.
 */
export type Work<T> = (begin: (step: Exclude<ReaderStep, 'read'>) => Promise<void>) => Promise<T>;

type Told = Extract<ReaderEvent, { kind: 'holds' | 'idle' }>;
type Waiting = { readonly rank: number; readonly start: () => void };

/**
 * The one place where files are worked on, one at a time. That way the host can tell which file it was when the process
 * hangs or dies, and a film waits for at most one file of a scan.
 */
export class Bench {
  readonly #tell: (event: Told) => void;
  readonly #waiting: Waiting[] = [];
  #isTaken = false;

  constructor(tell: (event: Told) => void) {
    this.#tell = tell;
  }

  /** @throws CxrError 'cancelled' when the claim was given up before its turn, and what the work throws. */
  async hold<T>(claim: Claim, work: Work<T>): Promise<T> {
    await this.#turnOf(claim);
    const { id, location } = claim;
    const announce = async (step: ReaderStep) => {
      if (claim.signal.aborted) throw new CxrError('cancelled');
      this.#tell({ kind: 'holds', id, location, step });
      // A decoder may never return, and a message that is only queued by then would never leave.
      await turn();
    };
    try {
      await announce('read');
      return await work(announce);
    } finally {
      this.#tell({ kind: 'idle' });
      // Commands that arrived meanwhile may be more urgent than the next in line.
      setImmediate(() => this.#next());
    }
  }

  async #turnOf(claim: Claim): Promise<void> {
    if (claim.signal.aborted) throw new CxrError('cancelled');
    if (!this.#isTaken) {
      this.#isTaken = true;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { rank: claim.rank, start: resolve };
    this.#waiting.push(waiting);
    const giveUp = () => {
      const at = this.#waiting.indexOf(waiting);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      reject(new CxrError('cancelled'));
    };
    claim.signal.addEventListener('abort', giveUp, { once: true });
    await promise.finally(() => claim.signal.removeEventListener('abort', giveUp));
  }

  #next(): void {
    this.#waiting.sort((a, b) => a.rank - b.rank);
    const next = this.#waiting.shift();
    if (next === undefined) this.#isTaken = false;
    else next.start();
  }
}
