/**
 * Arithmetic modulo primes q < 2^30 on four 32-bit lanes.
 *
 * A value is *lazy* when it is below 4q (which fits 32 bits), *half-lazy* below 2q, *reduced* below q.
 */

/** High halves of the four 64-bit products. */
// @ts-expect-error: decorator
@inline
export function mulHigh(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(
    i64x2.extmul_low_i32x4_u(a, b),
    i64x2.extmul_high_i32x4_u(a, b),
    1,
    3,
    5,
    7,
  );
}

/** a·w mod q, half-lazy, for any 32-bit a; `quotient` = ⌊w·2^32 / q⌋ (Shoup). */
// @ts-expect-error: decorator
@inline
export function mulConstant(a: v128, w: v128, quotient: v128, q: v128): v128 {
  return i32x4.sub(i32x4.mul(a, w), i32x4.mul(mulHigh(a, quotient), q));
}

/** a − m when a ≥ m. */
// @ts-expect-error: decorator
@inline
export function lower(a: v128, m: v128): v128 {
  return i32x4.min_u(a, i32x4.sub(a, m));
}

/** a mod q of a lazy value. */
// @ts-expect-error: decorator
@inline
export function reduce(a: v128, q: v128, q2: v128): v128 {
  return lower(lower(a, q2), q);
}

/**
 * Four sums of products, 64 bits each, divided by 2^32 modulo q: reduced.
 *
 * @param low, high  sums of lanes 0, 1 and 2, 3; the high half of each sum is lazy.
 * @param inverse    q^-1 mod 2^32 (Montgomery).
 */
// @ts-expect-error: decorator
@inline
export function montgomery(low: v128, high: v128, inverse: v128, q: v128, q2: v128): v128 {
  const bottom = v128.shuffle<i32>(low, high, 0, 2, 4, 6);
  const top = reduce(v128.shuffle<i32>(low, high, 1, 3, 5, 7), q, q2);
  const multiple = mulHigh(i32x4.mul(bottom, inverse), q);
  const difference = i32x4.sub(top, multiple);
  return i32x4.min_u(difference, i32x4.add(difference, q));
}

/** Field offsets of a modulus in memory; the tables are pointers. */
export const MODULUS_Q: usize = 0;
/** q^-1 mod 2^32. */
export const MODULUS_INVERSE: usize = 4;
/** 2^32 mod q, and its quotient. */
export const MODULUS_RADIX: usize = 8;
export const MODULUS_RADIX_QUOTIENT: usize = 12;
/** ⌊2^32 / q⌋, the quotient of 1. */
export const MODULUS_ONE_QUOTIENT: usize = 16;
/** N^-1 mod q and the last inverse twiddle times N^-1, each with its quotient. */
export const MODULUS_DEGREE: usize = 20;
export const MODULUS_LAST: usize = 28;
/** Powers of the root in bit-reversed order, N words, then their quotients. */
export const MODULUS_FORWARD: usize = 36;
export const MODULUS_BACKWARD: usize = 40;
/** 2^64 mod q is at +4, its quotient at +8; at +0, q − 2^95 mod q. */
export const MODULUS_OFFSET: usize = 44;
export const MODULUS_BYTES: usize = 64;
