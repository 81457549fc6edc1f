/**
 * This file keeps slot vectors in little memory. Most vectors of a program hold one weight per channel over all
 * positions, with zeros at the borders, so that they are runs of equal values. There are thousands of vectors, and each
 * is read once.
 */

const isSame = (left: number, right: number): boolean => left === right && 1 / left === 1 / right;

/** These are the values of a slot vector in less memory. */
export interface PackedSlots {
  /** Gives the values again, equal to the last bit. */
  unpack(): Float64Array;
  /** Writes the values into `target`. */
  copyTo(target: Float64Array): void;
}

/** Copies a vector, as runs of equal values where that is shorter. */
export function packSlots(values: Float64Array): PackedSlots {
  let runs = 1;
  for (let index = 1; index < values.length; index += 1)
    if (!isSame(values[index]!, values[index - 1]!)) runs += 1;
  // A run takes 12 bytes, a value 8.
  return 12 * runs > 8 * values.length ? new WholeSlots(values.slice()) : new SlotRuns(values, runs);
}

class WholeSlots implements PackedSlots {
  readonly #values: Float64Array;

  constructor(values: Float64Array) {
    this.#values = values;
  }

  unpack = (): Float64Array => this.#values;
  copyTo(target: Float64Array): void {
    target.set(this.#values);
  }
}

class SlotRuns implements PackedSlots {
  readonly #count: number;
  /** For each run, the slot after its last one. */
  readonly #ends: Uint32Array;
  readonly #values: Float64Array;

  constructor(values: Float64Array, runs: number) {
    this.#count = values.length;
    this.#ends = new Uint32Array(runs);
    this.#values = new Float64Array(runs);
    let run = 0;
    for (let index = 0; index < values.length; index += 1) {
      if (index > 0 && !isSame(values[index]!, values[index - 1]!)) run += 1;
      this.#ends[run] = index + 1;
      this.#values[run] = values[index]!;
    }
  }

  unpack(): Float64Array {
    const target = new Float64Array(this.#count);
    this.copyTo(target);
    return target;
  }

  copyTo(target: Float64Array): void {
    let from = 0;
    for (let run = 0; run < this.#ends.length; run += 1) {
      target.fill(this.#values[run]!, from, this.#ends[run]!);
      from = this.#ends[run]!;
    }
  }
}
