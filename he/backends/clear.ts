import { CxrError } from '../../contract/errors.ts';
import type { HeBackend } from '../backend.ts';

/** Plain slots with the level and scale that a ciphertext would have; `parts` is 3 between product and relinearisation. */
export type ClearValue = {
  readonly slots: Float64Array;
  readonly level: number;
  readonly scale: number;
  readonly parts: 2 | 3;
};
export type ClearPlaintext = { readonly slots: Float64Array; readonly level: number; readonly scale: number };

/**
 * The reference: slot arithmetic in doubles, no cryptography, but every rule about levels, scales and sizes checked,
 * so that a program accepted here does not fail on ciphertext.
 */
export class ClearBackend implements HeBackend<ClearValue, ClearPlaintext> {
  readonly name = 'clear';
  readonly slotCount: number;
  readonly #primes: readonly number[];

  constructor(slotCount: number, dataPrimes: readonly (bigint | string)[]) {
    this.slotCount = slotCount;
    this.#primes = dataPrimes.map(Number);
  }

  /** A fresh "ciphertext" at the top level. */
  value(slots: Float64Array, scale: number): ClearValue {
    return { slots, level: this.#primes.length, scale, parts: 2 };
  }

  level = (value: ClearValue): number => value.level;
  scale = (value: ClearValue): number => value.scale;

  encode(values: Float64Array, level: number, scale: number): ClearPlaintext {
    if (values.length !== this.slotCount)
      throw new TypeError(`"values" expected ${this.slotCount}, got ${values.length}`);
    return { slots: values, level, scale };
  }
  releasePlaintext(): void {}
  release(): void {}

  rotate(value: ClearValue, step: number): ClearValue {
    expectTwoParts(value);
    const slots = new Float64Array(this.slotCount);
    slots.set(value.slots.subarray(step));
    slots.set(value.slots.subarray(0, step), this.slotCount - step);
    return { ...value, slots };
  }

  sumOfProducts(terms: Iterable<readonly [ClearValue, ClearPlaintext]>): ClearValue {
    const slots = new Float64Array(this.slotCount);
    let sum: ClearValue | undefined;
    for (const [value, plaintext] of terms) {
      const scale = value.scale * plaintext.scale;
      sum ??= { ...value, slots, scale };
      expectSame('level', [value.level, plaintext.level], sum.level);
      expectSame('scale', [scale], sum.scale);
      for (let slot = 0; slot < slots.length; slot += 1)
        slots[slot]! += value.slots[slot]! * plaintext.slots[slot]!;
    }
    return sum!;
  }

  add(left: ClearValue, right: ClearValue): ClearValue {
    expectSame('level', [right.level], left.level);
    expectSame('scale', [right.scale], left.scale);
    return { ...left, slots: left.slots.map((slot, index) => slot + right.slots[index]!) };
  }

  addPlain(value: ClearValue, plaintext: ClearPlaintext): ClearValue {
    expectSame('level', [plaintext.level], value.level);
    expectSame('scale', [plaintext.scale], value.scale);
    return { ...value, slots: value.slots.map((slot, index) => slot + plaintext.slots[index]!) };
  }

  square(value: ClearValue): ClearValue {
    return this.multiply(value, value);
  }

  multiply(left: ClearValue, right: ClearValue): ClearValue {
    expectTwoParts(left);
    expectTwoParts(right);
    expectSame('level', [right.level], left.level);
    const slots = left.slots.map((slot, index) => slot * right.slots[index]!);
    return { slots, level: left.level, scale: left.scale * right.scale, parts: 3 };
  }

  relinearize(value: ClearValue): ClearValue {
    return { ...value, parts: 2 };
  }

  rescale(value: ClearValue): ClearValue {
    if (value.level < 2) throw new CxrError('graph-too-deep', { reason: 'levels short by 1' });
    return { ...value, level: value.level - 1, scale: value.scale / this.#primes[value.level - 1]! };
  }

  dropTo(value: ClearValue, level: number): ClearValue {
    if (level > value.level || level < 1)
      throw new RangeError(`"level" expected 1..${value.level}, got ${level}`);
    return { ...value, level };
  }
}

function expectTwoParts(value: ClearValue): void {
  if (value.parts !== 2) throw new TypeError('a product must be relinearised first');
}

function expectSame(what: string, got: readonly number[], expected: number): void {
  const differs = got.some((value) => Math.abs(value - expected) > Math.abs(expected) * 1e-12);
  if (differs) throw new TypeError(`"${what}" expected ${expected}, got ${got.join(', ')}`);
}
