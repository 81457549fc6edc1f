/**
 * This file computes modulo primes below 2^30 in doubles. Every result is exact, because no intermediate reaches 2^53.
 * It fills tables and makes keys; ciphertexts are computed by the kernel.
 */

/** Multiplies modulo a prime: a·b mod q, for a, b < q < 2^30. */
export function mulMod(a: number, b: number, q: number): number {
  const high = (a * Math.floor(b / 32768)) % q;
  return (high * 32768 + a * (b % 32768)) % q;
}

/** Raises to a power modulo a prime: base^exponent mod q, for q < 2^30 and an exponent of 0 or more. */
export function powMod(base: number, exponent: number, q: number): number {
  let result = 1;
  let square = base % q;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = mulMod(result, square, q);
    square = mulMod(square, square, q);
  }
  return result;
}

/**
 * Finds the number that multiplies `value` to 1 modulo the prime q (Fermat: value^(q − 2)). `value` must not be 0
 * modulo q.
 */
export const inverseMod = (value: number, q: number): number => powMod(value % q, q - 2, q);

/**
 * Computes ⌊w·2^32 / q⌋ for w < q. With this number prepared, the kernel multiplies by w modulo q without a division
 * (Shoup's method).
 */
export function quotientOf(w: number, q: number): number {
  const high = Math.floor((w * 65536) / q);
  const rest = w * 65536 - high * q;
  return high * 65536 + Math.floor((rest * 65536) / q);
}

/**
 * Computes q^-1 mod 2^32 for an odd q, by Newton's iteration. Montgomery reduction needs it: it divides by 2^32 modulo
 * q without a division.
 */
export function inverseOfRadix(q: number): number {
  let inverse = q;
  for (let bits = 3; bits < 32; bits *= 2) inverse = Math.imul(inverse, 2 - Math.imul(q, inverse));
  return inverse >>> 0;
}

/**
 * Finds the smallest primitive 2N-th root of unity modulo q: the smallest r with r^N = −1. SEAL chooses this root, and
 * bytes that we exchange with it depend on the choice.
 *
 * @param degree  N, a power of two.
 * @param q       a prime that is 1 modulo 2N.
 */
export function minimalRoot(degree: number, q: number): number {
  const order = 2 * degree;
  let root = 1;
  for (let base = 2; powMod(root, degree, q) !== q - 1; base += 1) root = powMod(base, (q - 1) / order, q);
  const square = mulMod(root, root, q);
  let smallest = root;
  let power = root;
  for (let index = 1; index < degree; index += 1) {
    power = mulMod(power, square, q);
    if (power < smallest) smallest = power;
  }
  return smallest;
}

/**
 * Reverses the order of the lowest `bits` bits of a number: of 3 bits, 1 (001) becomes 4 (100). Number-theoretic
 * transforms leave their values in this order.
 */
export function reverseBits(index: number, bits: number): number {
  let reversed = 0;
  for (let bit = 0; bit < bits; bit += 1) reversed = (reversed << 1) | ((index >> bit) & 1);
  return reversed;
}
