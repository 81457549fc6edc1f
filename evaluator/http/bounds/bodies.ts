import { CxrError } from '../../../contract/errors.ts';

/** How many bodies may be on their way, and when one is so slow that it gives way. */
export type BodyLimits = {
  /** At one time, from all senders. */
  readonly total: number;
  /** At one time, from one sender: a tenant, or an address where there are no tenants. */
  readonly perSender: number;
  /** A body of which nothing came for so long is cut off, ms. */
  readonly stallMs: number;
  /** No body gives way to another before it had so much time, ms. */
  readonly graceMs: number;
  /** A body that comes faster than this never gives way, bytes in a second. */
  readonly leastRate: number;
};

type Body = {
  readonly sender: string;
  readonly startedAt: number;
  bytes: number;
  lastAt: number;
  revoke(why: CxrError): void;
};

/** The room that one body was given. Disposing of it gives the room back. */
export type BodyShare = Disposable & {
  /** Notes that so many bytes more have come. */
  received(bytes: number): void;
  /** Rejects when the room is taken back; never resolves. */
  readonly revoked: Promise<never>;
};

/**
 * Bounds the bodies that are being received. Whoever sends slowly, or nothing at all, holds its room only as long as
 * nobody else wants it: the slowest body gives way to a new one.
 */
export class BodyBounds {
  readonly #limits: BodyLimits;
  readonly #bodies = new Set<Body>();

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  /** How many bodies are on their way. */
  get count(): number {
    return this.#bodies.size;
  }

  /** Gives a body room. @throws CxrError `quota-exceeded` when there is none and all others come fast enough. */
  admit(sender: string): BodyShare {
    const own = [...this.#bodies].filter((body) => body.sender === sender);
    if (own.length >= this.#limits.perSender) this.#displace(own);
    else if (this.#bodies.size >= this.#limits.total) this.#displace([...this.#bodies]);
    const { promise: revoked, reject } = Promise.withResolvers<never>();
    // Nobody may be waiting for it in this moment.
    revoked.catch(() => {});
    const body: Body = {
      sender,
      startedAt: performance.now(),
      bytes: 0,
      lastAt: performance.now(),
      revoke: reject,
    };
    const { stallMs } = this.#limits;
    const stalled = setTimeout(
      () => reject(new CxrError('quota-exceeded', { field: 'time', expected: stallMs })),
      stallMs,
    );
    this.#bodies.add(body);
    return {
      revoked,
      received: (bytes) => {
        body.bytes += bytes;
        body.lastAt = performance.now();
        stalled.refresh();
      },
      [Symbol.dispose]: () => {
        clearTimeout(stalled);
        this.#bodies.delete(body);
      },
    };
  }

  #displace(candidates: readonly Body[]): void {
    const now = performance.now();
    const { graceMs } = this.#limits;
    // One that came fast and stands still now is as slow as can be.
    const rate = ({ bytes, startedAt, lastAt }: Body) =>
      now - lastAt >= graceMs ? 0 : bytes / Math.max(1, now - startedAt);
    const slow = candidates
      .filter((body) => now - body.startedAt >= graceMs)
      .filter((body) => rate(body) * 1000 < this.#limits.leastRate)
      .sort((left, right) => rate(left) - rate(right))[0];
    const refusal = new CxrError('quota-exceeded', { field: 'bodies', expected: candidates.length });
    if (slow === undefined) throw refusal;
    this.#bodies.delete(slow);
    slow.revoke(refusal);
  }
}

const second = 1_000;
/** A workstation on 2 Mbit/s, which it shares with three others, is faster than that. */
const leastRate = 64 * 1024;

/** Uploads of evaluation keys, some 50 MB each, which are streamed to the disk. */
export const keyBodyLimits: BodyLimits = {
  total: 16,
  perSender: 8,
  stallMs: 20 * second,
  graceMs: 5 * second,
  leastRate,
};
/** Input frames, which are held in memory: 64 of the shipped network take 86 MB. */
export const jobBodyLimits: BodyLimits = { ...keyBodyLimits, total: 64, perSender: 32 };
