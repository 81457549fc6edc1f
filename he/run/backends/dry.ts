import type { Cost } from '../../../contract/cost.ts';
import type { HeBackend } from '../backend.ts';

/** A dry value is the level and the scale of a ciphertext that does not exist. */
export type DryValue = { readonly level: number; readonly scale: number };

/** This backend follows levels and scales and counts operations. It tells what a run would cost, without running it. */
export class DryBackend implements HeBackend<DryValue, DryValue> {
  readonly name = 'dry';
  readonly slotCount: number;
  readonly #primes: readonly number[];
  readonly #count = {
    rotations: 0,
    relinearizations: 0,
    plaintextProducts: 0,
    ciphertextProducts: 0,
    rescales: 0,
  };
  #lowest: number;

  constructor(slotCount: number, dataPrimes: readonly (bigint | string)[]) {
    this.slotCount = slotCount;
    this.#primes = dataPrimes.map(Number);
    this.#lowest = dataPrimes.length;
  }

  /** Makes what stands for a fresh ciphertext at the top level. */
  value = (scale: number): DryValue => ({ level: this.#primes.length, scale });
  level = (value: DryValue): number => value.level;
  scale = (value: DryValue): number => value.scale;
  encode = (_values: Float64Array, level: number, scale: number): DryValue => ({ level, scale });
  releasePlaintext(): void {}
  release(): void {}

  rotate(value: DryValue): DryValue {
    this.#count.rotations += 1;
    return value;
  }
  sumOfProducts(terms: Iterable<readonly [DryValue, DryValue]>): DryValue {
    const [[value, plaintext], ...rest] = [...terms] as [[DryValue, DryValue], ...unknown[]];
    this.#count.plaintextProducts += 1 + rest.length;
    return { level: value.level, scale: value.scale * plaintext.scale };
  }
  add = (left: DryValue, _right: DryValue): DryValue => left;
  addPlain = (value: DryValue, _plaintext: DryValue): DryValue => value;
  square = (value: DryValue): DryValue => this.multiply(value, value);
  multiply(left: DryValue, right: DryValue): DryValue {
    this.#count.ciphertextProducts += 1;
    return { level: left.level, scale: left.scale * right.scale };
  }
  relinearize(value: DryValue): DryValue {
    this.#count.relinearizations += 1;
    return value;
  }
  rescale(value: DryValue): DryValue {
    this.#count.rescales += 1;
    this.#lowest = Math.min(this.#lowest, value.level - 1);
    return { level: value.level - 1, scale: value.scale / this.#primes[value.level - 1]! };
  }
  dropTo = (value: DryValue, level: number): DryValue => ({ ...value, level });

  /**
   * Counts what has been executed. Levels are the primes that were consumed, and one more for the last map, which is
   * not rescaled.
   */
  get cost(): Cost {
    return { levels: this.#primes.length - this.#lowest + 1, ...this.#count };
  }
}
