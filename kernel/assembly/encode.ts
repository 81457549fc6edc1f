import {
  lower,
  MODULUS_BYTES,
  MODULUS_OFFSET,
  MODULUS_Q,
  MODULUS_RADIX,
  MODULUS_RADIX_QUOTIENT,
  mulConstant,
} from './modular';
import { forwardNtt } from './ntt';

/**
 * This file encodes: it turns slots into the residues of a polynomial with real coefficients, in Montgomery form and
 * transformed (NTT).
 *
 * A real polynomial m has N coefficients. At the N/2 odd roots ζ^(4k+1), with ζ = e^(iπ/N), it takes the values Σ
 * c_a·ζ^a·e^(2πi·ka/n). Here n = N/2, and c_a = m_a + i·m_(a+n) are n complex numbers. One complex transform of n
 * points and a twist by ζ^a therefore do the work. The slot at root 3^j stands at 3^j or, conjugated, at −3^j,
 * whichever is 1 mod 4. A table of places says where, already in bit-reversed order.
 *
 * The tables are pointers: places (n words), roots of the transform e^(−2πik/n) (n/2 complex numbers), twists ζ^−a (n
 * complex numbers).
 *
 * @see Cheon, Kim, Kim, Song, "Homomorphic Encryption for Arithmetic of Approximate Numbers", 2017, section 3.2
 */
const TABLE_PLACES: usize = 0;
const TABLE_ROOTS: usize = 4;
const TABLE_TWISTS: usize = 8;
/** Coefficients stay below 2^62, so that they fit 64 bits with a sign. */
const LARGEST: f64 = 4611686018427387904.0;

// @ts-expect-error: decorator
@inline
function timesRoot(b: v128, root: usize): v128 {
  const real = v128.load64_splat(root);
  const imaginary = f64x2.mul(v128.load64_splat(root + 8), f64x2(-1, 1));
  return f64x2.add(f64x2.mul(b, real), f64x2.mul(v128.shuffle<i64>(b, b, 1, 0), imaginary));
}

/** Transforms complex numbers in place. It takes them in bit-reversed order and leaves them in natural order. */
function transform(at: usize, count: i32, roots: usize): void {
  for (let half: i32 = 1; half < count; half <<= 1) {
    const stride = <usize>(count / (half << 1)) << 4;
    const halfBytes = <usize>half << 4;
    for (let group = at, end = at + (<usize>count << 4); group < end; group += halfBytes << 1) {
      let root = roots;
      for (let here = group, stop = group + halfBytes; here < stop; here += 16, root += stride) {
        const a = v128.load(here);
        const b = timesRoot(v128.load(here + halfBytes), root);
        v128.store(here, f64x2.add(a, b));
        v128.store(here + halfBytes, f64x2.sub(a, b));
      }
    }
  }
}

/**
 * Turns slots into the rounded coefficients of their polynomial.
 *
 * @param values   N/2 slots, f64.
 * @param work     afterwards N signed 64-bit coefficients plus 2^63, all low words before all high words.
 * @param scratch  N/2 complex numbers.
 * @returns whether every coefficient is below 2^62 in magnitude.
 */
export function toIntegers(values: usize, work: usize, scale: f64, tables: usize, degree: i32, scratch: usize): bool {
  const count = degree >> 1;
  const places = <usize>load<u32>(tables + TABLE_PLACES);
  const twists = <usize>load<u32>(tables + TABLE_TWISTS);
  for (let slot = 0; slot < count; slot++) {
    const place = <usize>load<u32>(places + (<usize>slot << 2));
    v128.store(scratch + (place << 4), f64x2(load<f64>(values + (<usize>slot << 3)), 0));
  }
  transform(scratch, count, <usize>load<u32>(tables + TABLE_ROOTS));
  const factor = f64x2.splat(scale / <f64>count);
  const high = work + (<usize>degree << 2);
  let largest: f64 = 0;
  for (let index = 0; index < count; index++) {
    const offset = <usize>index << 4;
    const twisted = f64x2.mul(timesRoot(v128.load(scratch + offset), twists + offset), factor);
    const rounded = f64x2.nearest(twisted);
    const real = f64x2.extract_lane(rounded, 0);
    const imaginary = f64x2.extract_lane(rounded, 1);
    largest = max(largest, max(abs(real), abs(imaginary)));
    const a = <u64>(<i64>real) ^ 0x8000000000000000;
    const b = <u64>(<i64>imaginary) ^ 0x8000000000000000;
    const first = <usize>index << 2;
    const second = <usize>(index + count) << 2;
    store<u32>(work + first, <u32>a);
    store<u32>(high + first, <u32>(a >> 32));
    store<u32>(work + second, <u32>b);
    store<u32>(high + second, <u32>(b >> 32));
  }
  // Written so that NaN is refused.
  return largest < LARGEST;
}

/**
 * Reduces the integers of `toIntegers` modulo one prime, multiplies them by 2^32 (Montgomery form) and transforms them.
 */
export function toLimb(work: usize, out: usize, modulus: usize, degree: i32): void {
  const q = v128.load32_splat(modulus + MODULUS_Q);
  const radix = v128.load32_splat(modulus + MODULUS_RADIX);
  const quotient = v128.load32_splat(modulus + MODULUS_RADIX_QUOTIENT);
  const square = v128.load32_splat(modulus + MODULUS_OFFSET + 4);
  const squareQuotient = v128.load32_splat(modulus + MODULUS_OFFSET + 8);
  const minusOffset = v128.load32_splat(modulus + MODULUS_OFFSET);
  const bytes = <usize>degree << 2;
  const high = work + bytes;
  for (let at: usize = 0; at < bytes; at += 16) {
    const low = lower(mulConstant(v128.load(work + at), radix, quotient, q), q);
    const top = mulConstant(v128.load(high + at), square, squareQuotient, q);
    v128.store(out + at, i32x4.add(i32x4.add(low, top), minusOffset));
  }
  forwardNtt(out, modulus, degree);
}

/**
 * Encodes one plaintext. The arguments take 24 bytes per unit: values, out, level, a flag that is set when the
 * plaintext is refused (word), scale (f64).
 *
 * @param scratch  4N words of this thread.
 */
export function encodeOne(ring: usize, args: usize, unit: usize, scratch: usize, tables: usize): void {
  const own = args + unit * 24;
  const degree = load<i32>(ring);
  const moduli = <usize>load<u32>(ring + 8);
  const out = <usize>load<u32>(own + 4);
  const level = load<u32>(own + 8);
  const work = scratch + (<usize>degree << 3);
  const fits = toIntegers(<usize>load<u32>(own), work, load<f64>(own + 16), tables, degree, scratch);
  store<u32>(own, fits ? 0 : 1, 12);
  for (let limb: u32 = 0; limb < level; limb++)
    toLimb(work, out + (<usize>limb * <usize>degree << 2), moduli + <usize>limb * MODULUS_BYTES, degree);
}
