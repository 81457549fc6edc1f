import type { PlaintextOperand } from '../program.ts';
import type { HeBackend } from '../run/backend.ts';
import { collectGarbage } from './collect-garbage.ts';

/** This is what the cache needs of an engine. */
export type Encoding<Pt> = {
  readonly backend: Pick<HeBackend<unknown, Pt>, 'encode' | 'encodeAll' | 'releasePlaintext'>;
  readonly budgets: { readonly plaintextBytes: number };
  plaintextBytes(level: number): number;
};

/** So many plaintexts are encoded at once, where the backend has several threads. */
const batch = 32;
/** After so many encoded bytes, the numbers from which they were made are given back. */
const collectEvery = 2 ** 27;

/**
 * A plaintext cache keeps a program's encoded plaintexts. Each is encoded on its first use and kept until the budget is
 * full; from then on, further ones live until the next are asked for. What comes first is kept, because every run asks
 * for all in the same order. What is kept encoded is not kept as numbers.
 */
export class PlaintextCache<Pt> implements Disposable {
  readonly #encoding: Encoding<Pt>;
  readonly #operands: (PlaintextOperand | null)[];
  readonly #kept = new Map<number, Pt>();
  readonly #passing = new Map<number, Pt>();
  readonly #batch: number;
  #freeBytes: number;
  #isFull = false;
  #uncollected = 0;

  constructor(encoding: Encoding<Pt>, operands: readonly PlaintextOperand[]) {
    this.#encoding = encoding;
    this.#operands = [...operands];
    this.#freeBytes = encoding.budgets.plaintextBytes;
    this.#batch = encoding.backend.encodeAll === undefined ? 1 : batch;
  }

  /** Gives the encoded plaintext of an index, and encodes it if it is not there. */
  get(index: number): Pt {
    const known = this.#kept.get(index) ?? this.#passing.get(index);
    if (known === undefined) this.#encodeFrom(index);
    return known ?? this.#kept.get(index) ?? this.#passing.get(index)!;
  }

  /** Encodes all plaintexts that will be kept. */
  fill(): void {
    for (const index of this.#operands.keys()) {
      if (this.#isFull) break;
      this.get(index);
    }
    this.#releasePassing();
  }

  /** Encodes this plaintext and those after it that are not kept. */
  #encodeFrom(first: number): void {
    this.#releasePassing();
    const indices: number[] = [];
    for (let index = first; index < this.#operands.length && indices.length < this.#batch; index += 1)
      if (!this.#kept.has(index)) indices.push(index);
    const { backend } = this.#encoding;
    const requests = indices.map((index) => this.#operands[index]!);
    const encoded =
      backend.encodeAll?.(requests) ??
      requests.map(({ values, level, scale }) => backend.encode(values, level, scale));
    for (const [at, index] of indices.entries()) {
      const bytes = this.#encoding.plaintextBytes(requests[at]!.level);
      this.#isFull ||= bytes > this.#freeBytes;
      (this.#isFull ? this.#passing : this.#kept).set(index, encoded[at]!);
      if (this.#isFull) continue;
      this.#freeBytes -= bytes;
      this.#operands[index] = null;
      this.#uncollected += bytes;
    }
    if (this.#uncollected > collectEvery) {
      this.#uncollected = 0;
      collectGarbage();
    }
  }

  #releasePassing(): void {
    for (const plaintext of this.#passing.values()) this.#encoding.backend.releasePlaintext(plaintext);
    this.#passing.clear();
  }

  [Symbol.dispose](): void {
    this.#releasePassing();
    for (const plaintext of this.#kept.values()) this.#encoding.backend.releasePlaintext(plaintext);
    this.#kept.clear();
  }
}
