import { CxrError } from '../../../contract/errors.ts';
import type { HeBackend } from '../backend.ts';

/**
 * A clear value holds plain slots with the level and scale that a ciphertext would have. `parts` counts the
 * polynomials: it is 3 between a product and its relinearisation.
 */
export type ClearValue = {
  readonly slots: Float64Array;
  readonly level: number;
  readonly scale: number;
  readonly parts: 2 | 3;
  /** The expected squared error of each slot on ciphertext; absent unless noise is tracked. */
  readonly variance?: Float64Array;
};
/** A clear plaintext holds plain slots with the level and scale at which they would be encoded. */
export type ClearPlaintext = { readonly slots: Float64Array; readonly level: number; readonly scale: number };

/**
 * This is the reference: arithmetic on slots in doubles, without cryptography. It checks every rule about levels,
 * scales and sizes, so that a program that it accepts does not fail on ciphertext.
 *
 * @throws TypeError or RangeError from any operation whose operands do not fit.
 */
export class ClearBackend implements HeBackend<ClearValue, ClearPlaintext> {
  readonly name = 'clear';
  readonly slotCount: number;
  readonly #primes: readonly number[];
  readonly #noise: NoiseModel | undefined;

  constructor(slotCount: number, dataPrimes: readonly (bigint | string)[], noise?: NoiseModel) {
    this.slotCount = slotCount;
    this.#primes = dataPrimes.map(Number);
    this.#noise = noise;
  }

  /** Makes a backend that also carries the variance of the error which the same operations would have on ciphertext. */
  static withNoise(
    slotCount: number,
    dataPrimes: readonly (bigint | string)[],
    specialPrime: bigint | string,
  ): ClearBackend {
    return new ClearBackend(
      slotCount,
      dataPrimes,
      new NoiseModel(slotCount, dataPrimes.map(Number), Number(specialPrime)),
    );
  }

  /** Makes what stands for a fresh ciphertext at the top level. */
  value(slots: Float64Array, scale: number): ClearValue {
    const value = { slots, level: this.#primes.length, scale, parts: 2 as const };
    return this.#noise === undefined
      ? value
      : { ...value, variance: slots.map(() => this.#noise!.fresh(scale)) };
  }

  /** Adds a constant to the variance; does nothing when noise is not tracked. */
  #noisier(value: ClearValue, added: (noise: NoiseModel) => number): Pick<ClearValue, 'variance'> {
    if (this.#noise === undefined || value.variance === undefined) return {};
    const extra = added(this.#noise);
    return { variance: value.variance.map((variance) => variance + extra) };
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
    const rotated = { ...value, slots: rotateLeft(value.slots, step) };
    if (value.variance === undefined) return rotated;
    const moved = { ...rotated, variance: rotateLeft(value.variance, step) };
    return { ...moved, ...this.#noisier(moved, (noise) => noise.keySwitch(value)) };
  }

  sumOfProducts(terms: Iterable<readonly [ClearValue, ClearPlaintext]>): ClearValue {
    const slots = new Float64Array(this.slotCount);
    const variance = new Float64Array(this.#noise === undefined ? 0 : this.slotCount);
    let sum: ClearValue | undefined;
    for (const [value, plaintext] of terms) {
      const scale = value.scale * plaintext.scale;
      sum ??= { ...value, slots, scale };
      expectSame('level', [value.level, plaintext.level], sum.level);
      expectSame('scale', [scale], sum.scale);
      for (let slot = 0; slot < slots.length; slot += 1)
        slots[slot]! += value.slots[slot]! * plaintext.slots[slot]!;
      if (this.#noise !== undefined)
        addProductVariance(variance, value, plaintext.slots, this.#noise.rounding(plaintext.scale));
    }
    return this.#noise === undefined ? sum! : { ...sum!, variance };
  }

  add(left: ClearValue, right: ClearValue): ClearValue {
    expectSame('level', [right.level], left.level);
    expectSame('scale', [right.scale], left.scale);
    const sum = { ...left, slots: left.slots.map((slot, index) => slot + right.slots[index]!) };
    if (left.variance === undefined || right.variance === undefined) return sum;
    return { ...sum, variance: left.variance.map((variance, index) => variance + right.variance![index]!) };
  }

  addPlain(value: ClearValue, plaintext: ClearPlaintext): ClearValue {
    expectSame('level', [plaintext.level], value.level);
    expectSame('scale', [plaintext.scale], value.scale);
    return {
      ...value,
      slots: value.slots.map((slot, index) => slot + plaintext.slots[index]!),
      ...this.#noisier(value, (noise) => noise.rounding(plaintext.scale)),
    };
  }

  square(value: ClearValue): ClearValue {
    return this.multiply(value, value);
  }

  multiply(left: ClearValue, right: ClearValue): ClearValue {
    expectTwoParts(left);
    expectTwoParts(right);
    expectSame('level', [right.level], left.level);
    const slots = left.slots.map((slot, index) => slot * right.slots[index]!);
    const product = { slots, level: left.level, scale: left.scale * right.scale, parts: 3 as const };
    if (left.variance === undefined || right.variance === undefined) return product;
    // The two errors of a square are the same one.
    const factor = left === right ? 2 : 1;
    const variance = left.variance.map(
      (of, index) =>
        factor * (of * right.slots[index]! ** 2 + right.variance![index]! * left.slots[index]! ** 2) +
        factor * of * right.variance![index]!,
    );
    return { ...product, variance };
  }

  relinearize(value: ClearValue): ClearValue {
    return { ...value, parts: 2, ...this.#noisier(value, (noise) => noise.keySwitch(value)) };
  }

  rescale(value: ClearValue): ClearValue {
    if (value.level < 2) throw new CxrError('graph-too-deep', { reason: 'levels short by 1' });
    const scale = value.scale / this.#primes[value.level - 1]!;
    return {
      ...value,
      level: value.level - 1,
      scale,
      ...this.#noisier(value, (noise) => noise.division(scale)),
    };
  }

  dropTo(value: ClearValue, level: number): ClearValue {
    if (level > value.level || level < 1)
      throw new RangeError(`"level" expected 1..${value.level}, got ${level}`);
    return { ...value, level };
  }
}

/** Adds the variance of value·weights, where both have errors. */
function addProductVariance(
  sum: Float64Array,
  value: ClearValue,
  weights: Float64Array,
  rounding: number,
): void {
  const variance = value.variance!;
  for (let slot = 0; slot < sum.length; slot += 1)
    sum[slot]! += variance[slot]! * weights[slot]! ** 2 + value.slots[slot]! ** 2 * rounding;
}

/** Rotates a vector: result[i] = values[i + step], cyclic. */
function rotateLeft(values: Float64Array, step: number): Float64Array {
  const rotated = new Float64Array(values.length);
  rotated.set(values.subarray(step));
  rotated.set(values.subarray(0, step), values.length - step);
  return rotated;
}

/**
 * This model gives the variance of the error that each operation adds to one slot, in units of the slot's value. An
 * error polynomial whose coefficients have variance v becomes N·v/2 in the real part of a slot, divided by the scale
 * squared. Rounding a coefficient has variance 1/12. After a division by a prime, the rounding error also meets the
 * ternary secret, whose squared length is 2N/3.
 *
 * @see Cheon, Kim, Kim, Song, "Homomorphic Encryption for Arithmetic of Approximate Numbers", 2017, section 3.4
 */
export class NoiseModel {
  readonly #degree: number;
  readonly #primes: readonly number[];
  readonly #specialPrime: number;
  /** The variance of SEAL's error distribution, whose standard deviation is 3.2. */
  static readonly #errorVariance = 3.2 ** 2;

  constructor(slotCount: number, primes: readonly number[], specialPrime: number) {
    this.#degree = 2 * slotCount;
    this.#primes = primes;
    this.#specialPrime = specialPrime;
  }

  #inSlots = (coefficients: number, scale: number): number => (this.#degree * coefficients) / 2 / scale ** 2;
  #afterDivision = (): number => (1 + (2 * this.#degree) / 3) / 12;

  /** Gives the variance of a fresh encryption. */
  fresh = (scale: number): number => this.#inSlots(NoiseModel.#errorVariance + 1 / 12, scale);
  /** Gives the variance of rounding a plaintext to integers. */
  rounding = (scale: number): number => this.#inSlots(1 / 12, scale);
  /** Gives the variance of a division by a prime, as in a rescale to this scale. */
  division = (scale: number): number => this.#inSlots(this.#afterDivision(), scale);

  /**
   * Gives the variance of a key switch. Centred digits lie in (−q/2, q/2), so that their second moment is q²/12; SEAL's
   * digits lie in [0, q) and have four times as much.
   */
  keySwitch({ level, scale }: { level: number; scale: number }): number {
    const digits = this.#primes
      .slice(0, level)
      .reduce((sum, prime) => sum + (prime / this.#specialPrime) ** 2 / 12, 0);
    return this.#inSlots(this.#afterDivision() + digits * this.#degree * NoiseModel.#errorVariance, scale);
  }
}

function expectTwoParts(value: ClearValue): void {
  if (value.parts !== 2) throw new TypeError('a product must be relinearised first');
}

function expectSame(what: string, got: readonly number[], expected: number): void {
  const differs = got.some((value) => Math.abs(value - expected) > Math.abs(expected) * 1e-12);
  if (differs) throw new TypeError(`"${what}" expected ${expected}, got ${got.join(', ')}`);
}
