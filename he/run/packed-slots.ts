import type { PlaintextOperand } from '../program.ts';

/**
 * This file keeps slot vectors in little memory. Most vectors of a program hold one weight per channel over all
 * positions, with zeros at the borders, so that they are runs of equal values. There are thousands of vectors, and each
 * is read once.
 */

const isSame = (left: number, right: number): boolean => left === right && 1 / left === 1 / right;

/** These are the values of a slot vector in less memory. */
export interface PackedSlots {
  /** These are the values, or one of each run. */
  readonly values: Float64Array;
  /** Each run ends before this slot; null for values that are not packed. */
  readonly ends: Uint32Array | null;
  /** Gives the values again, equal to the last bit. */
  unpack(): Float64Array;
  /** Writes the values into `target`. */
  copyTo(target: Float64Array): void;
}

/** Copies a vector, as runs of equal values where that is shorter. */
export function packSlots(slots: Float64Array): PackedSlots {
  let runs = 1;
  for (let index = 1; index < slots.length; index += 1)
    if (!isSame(slots[index]!, slots[index - 1]!)) runs += 1;
  // A run takes 12 bytes, a value 8.
  if (12 * runs > 8 * slots.length) return new WholeSlots(slots.slice());
  const ends = new Uint32Array(runs);
  const values = new Float64Array(runs);
  let run = 0;
  for (let index = 0; index < slots.length; index += 1) {
    if (index > 0 && !isSame(slots[index]!, slots[index - 1]!)) run += 1;
    ends[run] = index + 1;
    values[run] = slots[index]!;
  }
  return new SlotRuns(values, ends, slots.length);
}

/** Gives back what was packed as whole values, or as runs where `ends` says before which slot each of them ends. */
export const packedSlots = (values: Float64Array, ends: Uint32Array | null, count: number): PackedSlots =>
  ends === null ? new WholeSlots(values) : new SlotRuns(values, ends, count);

class WholeSlots implements PackedSlots {
  readonly ends = null;
  readonly values: Float64Array;

  constructor(values: Float64Array) {
    this.values = values;
  }

  unpack = (): Float64Array => this.values;
  copyTo(target: Float64Array): void {
    target.set(this.values);
  }
}

class SlotRuns implements PackedSlots {
  readonly values: Float64Array;
  readonly ends: Uint32Array;
  readonly #count: number;

  constructor(values: Float64Array, ends: Uint32Array, count: number) {
    this.values = values;
    this.ends = ends;
    this.#count = count;
  }

  unpack(): Float64Array {
    const target = new Float64Array(this.#count);
    this.copyTo(target);
    return target;
  }

  copyTo(target: Float64Array): void {
    let from = 0;
    for (let run = 0; run < this.ends.length; run += 1) {
      target.fill(this.values[run]!, from, this.ends[run]!);
      from = this.ends[run]!;
    }
  }
}

/** Makes the operand of a program whose numbers are packed. */
export function packedOperand(packed: PackedSlots, level: number, scale: number): PlaintextOperand {
  return {
    level,
    scale,
    get values() {
      return packed.unpack();
    },
    copyTo: (target) => packed.copyTo(target),
  };
}
