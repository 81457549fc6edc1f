import {
  lower,
  MODULUS_BYTES,
  MODULUS_INVERSE,
  MODULUS_ONE_QUOTIENT,
  MODULUS_Q,
  MODULUS_RADIX,
  MODULUS_RADIX_QUOTIENT,
  montgomery,
  mulConstant,
} from './modular';
import { backwardNtt, forwardNtt, forwardSpread } from './ntt';
import { sumProducts, TERM_BYTES } from './sums';

/**
 * These are the operations, each cut into units that any thread may do. A unit is mostly one *limb*: the N residues of
 * a polynomial modulo one prime, N words of 32 bits. A ciphertext is `size` polynomials of `level` limbs, one after the
 * other. Arguments are 32-bit words in memory.
 */

/**
 * The ring's words are: N, the number of data primes, and pointers to the moduli (data primes, then the special one),
 * the divisors and the scratch.
 */
const RING_DEGREE: usize = 0;
const RING_PRIMES: usize = 4;
const RING_MODULI: usize = 8;
/**
 * At this offset is the address of the divisors. Each divisor takes 16 bytes for each modulus: its inverse, the
 * quotient of that, and q − half the divisor.
 */
const RING_DIVISORS: usize = 12;
/**
 * At this offset is the address of one pointer per thread. Each points to scratch: a list of terms (1 KiB), then
 * (primes + 2) limbs.
 */
const RING_SCRATCH: usize = 16;
const SCRATCH_LIST: usize = 1024;

// @ts-expect-error: decorator
@inline
function word(args: usize, index: usize): usize {
  return <usize>load<u32>(args + (index << 2));
}

// @ts-expect-error: decorator
@inline
function degreeOf(ring: usize): i32 {
  return load<i32>(ring + RING_DEGREE);
}

// @ts-expect-error: decorator
@inline
function limbBytes(ring: usize): usize {
  return <usize>load<u32>(ring + RING_DEGREE) << 2;
}

// @ts-expect-error: decorator
@inline
function modulusAt(ring: usize, index: usize): usize {
  return <usize>load<u32>(ring + RING_MODULI) + index * MODULUS_BYTES;
}

// @ts-expect-error: decorator
@inline
function scratchOf(ring: usize, thread: i32): usize {
  return <usize>load<u32>(<usize>load<u32>(ring + RING_SCRATCH) + (<usize>thread << 2));
}

/** Transforms limb `unit` back to coefficients. Arguments: from, to. */
export function toCoefficients(ring: usize, args: usize, unit: usize): void {
  const bytes = limbBytes(ring);
  const to = word(args, 1) + unit * bytes;
  memory.copy(to, word(args, 0) + unit * bytes, bytes);
  backwardNtt(to, modulusAt(ring, unit), degreeOf(ring));
}

/** So many digits are transformed before they meet their keys, while they are in a near cache. */
const DIGITS: usize = 4;

/**
 * Does a key switch into one modulus. A *key switch* turns a polynomial that fits one secret into a ciphertext that
 * fits another. Every digit (the residues modulo one data prime) is centred, transformed into this modulus and
 * multiplied by its part of the key.
 *
 * Arguments: level, coefficients, NTT form, digits or 0, whether the digits are there already, key, level of the key,
 * sums, whether digits are centred. Units: level + 1, the special prime last. Layouts: digits are [target][digit]
 * limbs, the key is [target][digit][2] limbs, sums are [2][level + 1] limbs.
 */
export function switchInto(ring: usize, args: usize, unit: usize, thread: i32): void {
  const level = word(args, 0);
  const bytes = limbBytes(ring);
  const degree = degreeOf(ring);
  const isSpecial = unit == level;
  const modulus = modulusAt(ring, isSpecial ? <usize>load<u32>(ring + RING_PRIMES) : unit);
  const scratch = scratchOf(ring, thread);
  const kept = word(args, 3);
  const digits = kept != 0 ? kept + unit * level * bytes : scratch + SCRATCH_LIST;
  const keyLevel = word(args, 6);
  const sums = word(args, 7);
  const key = word(args, 5) + (isSpecial ? keyLevel : unit) * keyLevel * 2 * bytes;
  for (let digit: usize = 0; digit < level; digit++) {
    let at = digits + digit * bytes;
    if (digit == unit) at = word(args, 2) + digit * bytes;
    else if (word(args, 4) == 0) {
      forwardSpread(word(args, 1) + digit * bytes, at, modulusAt(ring, digit), modulus, degree, word(args, 8) != 0);
    }
    const place = digit % DIGITS;
    const term = scratch + place * TERM_BYTES;
    store<u32>(term, <u32>at);
    store<u32>(term, <u32>(key + digit * 2 * bytes), 4);
    store<u32>(term, <u32>(key + (digit * 2 + 1) * bytes), 8);
    if (sums != 0 && (place + 1 == DIGITS || digit + 1 == level)) {
      const x = sums + unit * bytes;
      sumProducts(scratch, <i32>place + 1, 0, x, x + (level + 1) * bytes, modulus, bytes, digit != place);
    }
  }
}

/**
 * Computes the coefficients of the limb to divide by, plus half of the prime, so that the division rounds to nearest.
 *
 * Arguments: first polynomial, bytes from one polynomial to the next, limb, modulus index, out. Units: polynomials.
 */
export function toRounded(ring: usize, args: usize, unit: usize): void {
  const bytes = limbBytes(ring);
  const modulus = modulusAt(ring, word(args, 3));
  const out = word(args, 4) + unit * bytes;
  memory.copy(out, word(args, 0) + unit * word(args, 1) + word(args, 2) * bytes, bytes);
  backwardNtt(out, modulus, degreeOf(ring));
  const q = v128.load32_splat(modulus + MODULUS_Q);
  const half = i32x4.splat(load<u32>(modulus + MODULUS_Q) >> 1);
  for (let at: usize = 0; at < bytes; at += 16)
    v128.store(out + at, lower(i32x4.add(v128.load(out + at), half), q));
}

/**
 * Divides one limb by a prime: (x − last) / divisor. It then adds another limb and permutes the result, where the
 * arguments say so. Rescales and key switches end with it.
 *
 * Arguments: first polynomial, bytes from one polynomial to the next, rounded coefficients, modulus index of the
 * divisor, out, limbs, addend or 0, number of polynomials that have an addend, permutation or 0. Units: polynomials ×
 * limbs.
 */
export function divide(ring: usize, args: usize, unit: usize, thread: i32): void {
  const bytes = limbBytes(ring);
  const limbs = word(args, 5);
  const polynomial = unit / limbs;
  const limb = unit % limbs;
  const modulus = modulusAt(ring, limb);
  const primes = <usize>load<u32>(ring + RING_PRIMES);
  const divisor = <usize>load<u32>(ring + RING_DIVISORS) + (word(args, 3) * primes + limb) * 16;
  const scratch = scratchOf(ring, thread) + SCRATCH_LIST;
  const q = v128.load32_splat(modulus + MODULUS_Q);
  const one = v128.load32_splat(modulus + MODULUS_ONE_QUOTIENT);
  const minusHalf = v128.load32_splat(divisor + 8);
  const w = i32x4.splat(1);
  const rounded = word(args, 2) + polynomial * bytes;
  for (let at: usize = 0; at < bytes; at += 16) {
    const value = mulConstant(v128.load(rounded + at), w, one, q);
    v128.store(scratch + at, i32x4.add(value, minusHalf));
  }
  forwardNtt(scratch, modulus, degreeOf(ring));
  const source = word(args, 0) + polynomial * word(args, 1) + limb * bytes;
  const inverse = v128.load32_splat(divisor);
  const quotient = v128.load32_splat(divisor + 4);
  const out = word(args, 4) + unit * bytes;
  const permutation = word(args, 8);
  const result = permutation != 0 ? scratch : out;
  const addend = polynomial < word(args, 7) ? word(args, 6) + unit * bytes : 0;
  for (let at: usize = 0; at < bytes; at += 16) {
    const difference = i32x4.add(i32x4.sub(v128.load(source + at), v128.load(scratch + at)), q);
    let value = lower(mulConstant(difference, inverse, quotient, q), q);
    if (addend != 0) value = lower(i32x4.add(value, v128.load(addend + at)), q);
    v128.store(result + at, value);
  }
  if (permutation != 0) permute(scratch, out, permutation, bytes);
}

/** Permutes residues: out[n] = from[permutation[n]]. */
function permute(from: usize, out: usize, permutation: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 16) {
    store<u32>(out + at, load<u32>(from + (<usize>load<u32>(permutation + at) << 2)));
    store<u32>(out + at, load<u32>(from + (<usize>load<u32>(permutation + at, 4) << 2)), 4);
    store<u32>(out + at, load<u32>(from + (<usize>load<u32>(permutation + at, 8) << 2)), 8);
    store<u32>(out + at, load<u32>(from + (<usize>load<u32>(permutation + at, 12) << 2)), 12);
  }
}

/** Adds two ciphertexts. Arguments: left, right, out, limbs per polynomial. Units: limbs of all polynomials. */
export function add(ring: usize, args: usize, unit: usize): void {
  const bytes = limbBytes(ring);
  const q = v128.load32_splat(modulusAt(ring, unit % word(args, 3)) + MODULUS_Q);
  const offset = unit * bytes;
  const left = word(args, 0) + offset;
  const right = word(args, 1) + offset;
  const out = word(args, 2) + offset;
  for (let at: usize = 0; at < bytes; at += 16)
    v128.store(out + at, lower(i32x4.add(v128.load(left + at), v128.load(right + at)), q));
}

/** Adds a plaintext in Montgomery form to the first polynomial. Arguments: value, plaintext, out. Units: level. */
export function addPlain(ring: usize, args: usize, unit: usize): void {
  const bytes = limbBytes(ring);
  const modulus = modulusAt(ring, unit);
  const q = v128.load32_splat(modulus + MODULUS_Q);
  const q2 = i32x4.add(q, q);
  const inverse = v128.load32_splat(modulus + MODULUS_INVERSE);
  const offset = unit * bytes;
  const value = word(args, 0) + offset;
  const plaintext = word(args, 1) + offset;
  const out = word(args, 2) + offset;
  for (let at: usize = 0; at < bytes; at += 16) {
    const form = v128.load(plaintext + at);
    const plain = montgomery(
      i64x2.extend_low_i32x4_u(form),
      i64x2.extend_high_i32x4_u(form),
      inverse,
      q,
      q2,
    );
    v128.store(out + at, lower(i32x4.add(v128.load(value + at), plain), q));
  }
}

/** All sums make so many bytes of a limb before the next ones, so that what they share stays in a near cache. */
const TILE: usize = 4096;

/**
 * Computes several sums Σ value·plaintext of values of one level.
 *
 * Arguments: sums, their number, parts of a limb. Each sum takes 16 bytes: list of terms, their count, out, bytes of a
 * polynomial of out. Units: limbs × parts.
 */
export function sumsOfProducts(ring: usize, args: usize, unit: usize): void {
  const bytes = limbBytes(ring);
  const parts = word(args, 2);
  const limb = unit / parts;
  const modulus = modulusAt(ring, limb);
  const part = bytes / parts;
  const tile = min(TILE, part);
  const first = limb * bytes + (unit % parts) * part;
  const last = word(args, 0) + (word(args, 1) << 4);
  for (let offset = first; offset < first + part; offset += tile)
    for (let sum = word(args, 0); sum < last; sum += 16) {
      const out = word(sum, 2) + offset;
      sumProducts(word(sum, 0), <i32>word(sum, 1), offset, out, out + word(sum, 3), modulus, tile, false);
    }
}

/**
 * Multiplies two ciphertexts (a0, a1) and (b0, b1) to (a0·b0, a0·b1 + a1·b0, a1·b1). Arguments: left, right, out, bytes
 * of a polynomial. Units: level.
 */
export function multiply(ring: usize, args: usize, unit: usize): void {
  const bytes = limbBytes(ring);
  const modulus = modulusAt(ring, unit);
  const q = v128.load32_splat(modulus + MODULUS_Q);
  const q2 = i32x4.add(q, q);
  const inverse = v128.load32_splat(modulus + MODULUS_INVERSE);
  const radix = v128.load32_splat(modulus + MODULUS_RADIX);
  const quotient = v128.load32_splat(modulus + MODULUS_RADIX_QUOTIENT);
  const offset = unit * bytes;
  const polynomial = word(args, 3);
  const left = word(args, 0) + offset;
  const right = word(args, 1) + offset;
  const out = word(args, 2) + offset;
  for (let at: usize = 0; at < bytes; at += 16) {
    const a0 = lower(mulConstant(v128.load(left + at), radix, quotient, q), q);
    const a1 = lower(mulConstant(v128.load(left + polynomial + at), radix, quotient, q), q);
    const b0 = v128.load(right + at);
    const b1 = v128.load(right + polynomial + at);
    v128.store(
      out + at,
      montgomery(i64x2.extmul_low_i32x4_u(a0, b0), i64x2.extmul_high_i32x4_u(a0, b0), inverse, q, q2),
    );
    v128.store(
      out + polynomial + at,
      montgomery(
        i64x2.add(i64x2.extmul_low_i32x4_u(a0, b1), i64x2.extmul_low_i32x4_u(a1, b0)),
        i64x2.add(i64x2.extmul_high_i32x4_u(a0, b1), i64x2.extmul_high_i32x4_u(a1, b0)),
        inverse,
        q,
        q2,
      ),
    );
    v128.store(
      out + 2 * polynomial + at,
      montgomery(i64x2.extmul_low_i32x4_u(a1, b1), i64x2.extmul_high_i32x4_u(a1, b1), inverse, q, q2),
    );
  }
}

/**
 * Brings one limb of a key into Montgomery form and permutes it. The arguments take 16 bytes per unit: from, out,
 * modulus index, permutation or 0.
 */
export function prepareKey(ring: usize, args: usize, unit: usize, thread: i32): void {
  const own = args + (unit << 4);
  const bytes = limbBytes(ring);
  const modulus = modulusAt(ring, word(own, 2));
  const q = v128.load32_splat(modulus + MODULUS_Q);
  const radix = v128.load32_splat(modulus + MODULUS_RADIX);
  const quotient = v128.load32_splat(modulus + MODULUS_RADIX_QUOTIENT);
  const permutation = word(own, 3);
  const from = word(own, 0);
  const out = word(own, 1);
  const result = permutation != 0 ? scratchOf(ring, thread) + SCRATCH_LIST : out;
  for (let at: usize = 0; at < bytes; at += 16)
    v128.store(result + at, lower(mulConstant(v128.load(from + at), radix, quotient, q), q));
  if (permutation != 0) permute(result, out, permutation, bytes);
}
