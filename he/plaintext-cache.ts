import type { HeBackend } from './backend.ts';
import type { PlaintextOperand } from './program.ts';

/**
 * Encoded plaintexts of a program: encoded on first use and kept until `budgetBytes` are full; from then on a further
 * one lives until the next is asked for. First come, first kept, because every run asks for all in the same order.
 */
export class PlaintextCache<Pt> implements Disposable {
  readonly #backend: HeBackend<unknown, Pt>;
  readonly #operands: readonly PlaintextOperand[];
  readonly #kept = new Map<number, Pt>();
  #freeBytes: number;
  #passing: Pt | undefined;

  constructor(backend: HeBackend<unknown, Pt>, operands: readonly PlaintextOperand[], budgetBytes: number) {
    this.#backend = backend;
    this.#operands = operands;
    this.#freeBytes = budgetBytes;
  }

  get(index: number): Pt {
    this.#releasePassing();
    const kept = this.#kept.get(index);
    if (kept !== undefined) return kept;
    const { values, level, scale } = this.#operands[index]!;
    const encoded = this.#backend.encode(values, level, scale);
    // One 64-bit word per coefficient (two per slot) and data prime.
    const bytes = 16 * values.length * level;
    if (bytes <= this.#freeBytes) {
      this.#freeBytes -= bytes;
      this.#kept.set(index, encoded);
    } else this.#passing = encoded;
    return encoded;
  }

  #releasePassing(): void {
    if (this.#passing === undefined) return;
    this.#backend.releasePlaintext(this.#passing);
    this.#passing = undefined;
  }

  [Symbol.dispose](): void {
    this.#releasePassing();
    for (const plaintext of this.#kept.values()) this.#backend.releasePlaintext(plaintext);
    this.#kept.clear();
  }
}
