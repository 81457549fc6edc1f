/**
 * How well two vectors agree, in bits of absolute precision: an error e counts as −log2 e bits. `minBits` comes from
 * the largest error, `meanBits` from the mean error.
 */
export type Precision = { readonly minBits: number; readonly meanBits: number; readonly maxAbsError: number };

/**
 * Measures how well `got` agrees with `want`. A NaN counts as an infinite error.
 *
 * @throws TypeError when the lengths differ.
 */
export function measurePrecision(got: ArrayLike<number>, want: ArrayLike<number>): Precision {
  if (got.length !== want.length)
    throw new TypeError(`"got" expected ${want.length} values, got ${got.length}`);
  let max = 0;
  let sum = 0;
  for (let index = 0; index < want.length; index += 1) {
    const error = Math.abs(got[index]! - want[index]!);
    max = Math.max(max, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
    sum += error;
  }
  return { minBits: -Math.log2(max), meanBits: -Math.log2(sum / want.length), maxAbsError: max };
}
