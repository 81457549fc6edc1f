/** A request to encode a vector of slots at `level` data primes with `scale`. */
export type EncodeRequest = {
  readonly values: Float64Array;
  /** Writes the values into `target`, without an array in between. */
  readonly copyTo?: (target: Float64Array) => void;
  readonly level: number;
  readonly scale: number;
};

/**
 * A backend is an implementation of CKKS, as the interpreter needs it. There are four: `kernel` (our own, which
 * evaluators use), `seal` (SEAL, the reference on ciphertexts), `clear` (plain slots, the reference on numbers) and
 * `dry` (levels, scales and counts only).
 *
 * All operations are synchronous and return fresh values; `release` ends a value's life. A *level* is the number of
 * data primes that a value has left. A backend refuses operands whose levels or scales do not fit.
 */
export interface HeBackend<Ct, Pt> {
  readonly name: 'seal' | 'kernel' | 'clear' | 'dry';
  readonly slotCount: number;
  /** Gives the number of data primes that a value has left. */
  level(value: Ct): number;
  /** Gives the factor by which a value's numbers are multiplied. */
  scale(value: Ct): number;
  /** Encodes `slotCount` real numbers at `level` primes. Cost: no operation on ciphertexts. */
  encode(values: Float64Array, level: number, scale: number): Pt;
  /** Encodes several plaintexts at once; their numbers stay the caller's. */
  encodeAll?(requests: readonly EncodeRequest[]): Pt[];
  /** Ends a plaintext's life. */
  releasePlaintext(plaintext: Pt): void;
  /**
   * Says that several rotations of this value follow at once. Their common part, the digits of the value, is then
   * computed once.
   */
  shareRotations?(value: Ct): void;
  /**
   * Rotates the slots: slot i of the result is slot (i + step) mod slotCount. Cost: 1 rotation (a key switch), 0
   * levels.
   */
  rotate(value: Ct, step: number): Ct;
  /**
   * Computes Σ value·plaintext; the scale becomes the product of the scales. There must be at least one term; each is
   * asked for when it is needed and is not kept. Cost: one plaintext product per term, 0 levels.
   */
  sumOfProducts(terms: Iterable<readonly [Ct, Pt]>): Ct;
  /** Computes several such sums at once, of values of one level. What they have in common is read once. */
  sumsOfProducts?(sums: readonly Iterable<readonly [Ct, Pt]>[]): Ct[];
  /** Adds two values of one level and scale. Cost: 0 levels. */
  add(left: Ct, right: Ct): Ct;
  /** Adds a plaintext of the value's level and scale. Cost: 0 levels. */
  addPlain(value: Ct, plaintext: Pt): Ct;
  /**
   * Squares a value. The result has three polynomials until `relinearize` makes two of them. Its scale is squared too.
   */
  square(value: Ct): Ct;
  /** Multiplies two values of one level. The result has three polynomials until `relinearize` makes two of them. */
  multiply(left: Ct, right: Ct): Ct;
  /** Makes a ciphertext of two polynomials of one of three. Cost: 1 relinearisation (a key switch), 0 levels. */
  relinearize(value: Ct): Ct;
  /** Divides by the last data prime and drops it; the scale is divided too. Cost: 1 level. */
  rescale(value: Ct): Ct;
  /** Drops data primes without dividing by them, until `level` are left. */
  dropTo(value: Ct, level: number): Ct;
  /** Ends a value's life. */
  release(value: Ct): void;
}
