/**
 * This file computes modulo primes q < 2^30 on four 32-bit lanes at once.
 *
 * A value need not always be below q. It is called *lazy* when it is below 4q (which fits 32 bits), *half-lazy* below
 * 2q, and *reduced* below q.
 */

/** Computes the high halves of the four 64-bit products. */
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

/**
 * Computes a·w mod q for any 32-bit a, without a division. `quotient` is ⌊w·2^32 / q⌋, prepared once for the constant w
 * (Shoup's method). The result is half-lazy.
 */
// @ts-expect-error: decorator
@inline
export function mulConstant(a: v128, w: v128, quotient: v128, q: v128): v128 {
  return i32x4.sub(i32x4.mul(a, w), i32x4.mul(mulHigh(a, quotient), q));
}

/** Subtracts m from a where a ≥ m, and leaves a as it is elsewhere. */
// @ts-expect-error: decorator
@inline
export function lower(a: v128, m: v128): v128 {
  return i32x4.min_u(a, i32x4.sub(a, m));
}

/**
 * Computes a mod q of a lazy value.
 *
 * @param q2  2q.
 */
// @ts-expect-error: decorator
@inline
export function reduce(a: v128, q: v128, q2: v128): v128 {
  return lower(lower(a, q2), q);
}

/**
 * Divides four sums of products, 64 bits each, by 2^32 modulo q (Montgomery's reduction). The result is reduced.
 *
 * @param low      sums of lanes 0 and 1; the high half of each sum is lazy.
 * @param high     sums of lanes 2 and 3, alike.
 * @param inverse  q^-1 mod 2^32.
 * @param q2       2q.
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

/** A modulus lies in memory with the fields whose offsets follow; tables are pointers. This one is q. */
export const MODULUS_Q: usize = 0;
/** At this offset is q^-1 mod 2^32. */
export const MODULUS_INVERSE: usize = 4;
/** At this offset is 2^32 mod q. */
export const MODULUS_RADIX: usize = 8;
/** At this offset is the quotient of 2^32 mod q, as `mulConstant` wants it. */
export const MODULUS_RADIX_QUOTIENT: usize = 12;
/** At this offset is ⌊2^32 / q⌋, the quotient of 1. */
export const MODULUS_ONE_QUOTIENT: usize = 16;
/** At this offset is N^-1 mod q, then its quotient. */
export const MODULUS_DEGREE: usize = 20;
/** At this offset is the last inverse twiddle times N^-1, then its quotient. */
export const MODULUS_LAST: usize = 28;
/** At this offset is the address of the powers of the root in bit-reversed order, N words, then their quotients. */
export const MODULUS_FORWARD: usize = 36;
/** At this offset is the address of the same for the inverse root. */
export const MODULUS_BACKWARD: usize = 40;
/** At this offset is q − 2^95 mod q. At +4 follows 2^64 mod q, and at +8 its quotient. */
export const MODULUS_OFFSET: usize = 44;
/** A modulus takes so many bytes. */
export const MODULUS_BYTES: usize = 64;
