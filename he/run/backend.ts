/** Slots to encode at `level` primes. */
export type EncodeRequest = {
  readonly values: Float64Array;
  /** Writes the values without an array in between. */
  readonly copyTo?: (target: Float64Array) => void;
  readonly level: number;
  readonly scale: number;
};

/**
 * What an interpreter needs from a CKKS implementation. Implementations: `kernel` (our own), `seal` (SEAL), `clear`
 * (plain slots, the reference), `dry` (levels, scales and counts only). All operations are synchronous and return fresh values;
 * `release` ends a value's life.
 *
 * Level = number of data primes left. A backend refuses operands whose levels or scales do not fit.
 */
export interface HeBackend<Ct, Pt> {
  readonly name: 'seal' | 'kernel' | 'clear' | 'dry';
  readonly slotCount: number;
  level(value: Ct): number;
  scale(value: Ct): number;
  /** Encodes `slotCount` real values at `level` primes. Cost: no ciphertext operation. */
  encode(values: Float64Array, level: number, scale: number): Pt;
  /** Encodes several at once; their values stay the caller's. */
  encodeAll?(requests: readonly EncodeRequest[]): Pt[];
  releasePlaintext(plaintext: Pt): void;
  /** Says that several rotations of this value follow at once, so that their common part is done once. */
  shareRotations?(value: Ct): void;
  /** slot i of the result = slot (i + step) mod slotCount. Cost: 1 key switch, 0 levels. */
  rotate(value: Ct, step: number): Ct;
  /**
   * Σ value·plaintext; scale becomes the product of scales. Takes at least one term, each when it is needed and not
   * longer. Cost: one plaintext product per term, 0 levels.
   */
  sumOfProducts(terms: Iterable<readonly [Ct, Pt]>): Ct;
  /** Several at once, of values of one level: what they have in common is read once. */
  sumsOfProducts?(sums: readonly Iterable<readonly [Ct, Pt]>[]): Ct[];
  add(left: Ct, right: Ct): Ct;
  addPlain(value: Ct, plaintext: Pt): Ct;
  /** Three-part result until `relinearize`. */
  square(value: Ct): Ct;
  multiply(left: Ct, right: Ct): Ct;
  relinearize(value: Ct): Ct;
  /** Divides by the last data prime and drops it. Cost: 1 level. */
  rescale(value: Ct): Ct;
  dropTo(value: Ct, level: number): Ct;
  release(value: Ct): void;
}
