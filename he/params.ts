import type { CkksLiteral } from '../contract/bundle.ts';
import { CxrError } from '../contract/errors.ts';

/**
 * Gives the largest log2(QP) for each ring degree N that keeps 128-bit security against classical attacks, with a
 * ternary secret. QP is the product of all primes of a parameter set, the special prime included.
 *
 * @see HomomorphicEncryption.org security standard, 2018, table 1 (218 / 438 / 881), and "Security Guidelines for
 *   Implementing Homomorphic Encryption", ia.cr/2024/463, 2024, table 5.2 (214 / 430 / 868).
 */
export const securityTables = {
  2018: { 8192: 218, 16384: 438, 32768: 881 },
  2024: { 8192: 214, 16384: 430, 32768: 868 },
} as const;

/**
 * A ring degree N that the security tables know. A ciphertext polynomial has N coefficients, and a ciphertext carries
 * N/2 slots.
 */
export type RingDegree = keyof (typeof securityTables)[2024];
/** The ring degrees that parameters may have, smallest and cheapest first. */
export const ringDegrees = [8192, 16384, 32768] as const satisfies readonly RingDegree[];

/** Gives the largest log2(QP) of a ring degree that satisfies both security tables. */
export const securityLimit = (degree: RingDegree): number =>
  Math.min(securityTables[2018][degree], securityTables[2024][degree]);

/**
 * A checked parameter set of CKKS, the encryption scheme for approximate numbers. Only `checkParams` makes one, and in
 * tests `insecureParamsForTests`.
 */
export type CkksParams = {
  /** The ring degree N. */
  readonly polyModulusDegree: number;
  /** The number of slots of a ciphertext, N/2. */
  readonly slotCount: number;
  /**
   * The data primes q_0 … q_{L-1}. A ciphertext at level l uses the first l of them; rescaling divides by the last one
   * and drops it.
   */
  readonly dataPrimes: readonly bigint[];
  /** The prime that is used only while a key switches, so that the switch adds little noise. */
  readonly specialPrime: bigint;
  /** log2 of the scale. A value v is encoded as the integer v·2^scaleBits. */
  readonly scaleBits: number;
  /** log2 of the product of all primes, the special prime included. */
  readonly logQP: number;
  /** 128 where both security tables hold, 0 for the small rings of tests. */
  readonly securityBits: 128 | 0;
  readonly __brand: 'CkksParams';
};

const logOf = (primes: readonly bigint[]): number =>
  primes.reduce((sum, prime) => sum + Math.log2(Number(prime)), 0);

/**
 * Tells whether a number is prime, by the Miller–Rabin test. The answer is certain, not probable, below 3.3·10^24,
 * because the first twelve primes suffice as bases there.
 */
export function isPrime(candidate: bigint): boolean {
  if (candidate < 2n) return false;
  const bases = [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n];
  for (const base of bases) if (candidate % base === 0n) return candidate === base;
  let odd = candidate - 1n;
  let twos = 0;
  while (odd % 2n === 0n) {
    odd /= 2n;
    twos += 1;
  }
  witness: for (const base of bases) {
    let power = modPow(base, odd, candidate);
    if (power === 1n || power === candidate - 1n) continue;
    for (let round = 1; round < twos; round += 1) {
      power = (power * power) % candidate;
      if (power === candidate - 1n) continue witness;
    }
    return false;
  }
  return true;
}

function modPow(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/**
 * Counts the primes of `bits` bits that are 1 modulo 2N, and stops at `most`. Only such primes allow a number-theoretic
 * transform of N points.
 *
 * @param degree  ring degree N.
 */
export function countNttPrimes(degree: number, bits: number, most = 64): number {
  let count = 0;
  for (const _ of nttPrimes(degree, bits)) {
    count += 1;
    if (count === most) break;
  }
  return count;
}

/** Lists the primes of `bits` bits that are 1 modulo 2N, largest first. */
function* nttPrimes(degree: number, bits: number): Generator<bigint> {
  const step = BigInt(2 * degree);
  const top = 1n << BigInt(bits);
  for (let candidate = top - step + 1n; candidate > top >> 1n; candidate -= step)
    if (isPrime(candidate)) yield candidate;
}

/**
 * Finds the `count` largest primes of `bits` bits that are 1 modulo 2N and not in `taken`, largest first.
 *
 * @param degree  ring degree N.
 * @throws CxrError `params-invalid` when there are fewer.
 */
export function findNttPrimes(
  degree: number,
  bits: number,
  count: number,
  taken: readonly bigint[] = [],
): bigint[] {
  const found: bigint[] = [];
  for (const prime of nttPrimes(degree, bits)) {
    if (found.length === count) break;
    if (!taken.includes(prime)) found.push(prime);
  }
  if (found.length < count)
    throw new CxrError('params-invalid', { field: 'primes', got: found.length, expected: count });
  return found;
}

function checkShapeOfParams(literal: CkksLiteral): Omit<CkksParams, 'securityBits' | '__brand'> {
  const degree = literal.polyModulusDegree;
  const dataPrimes = literal.dataPrimes.map(BigInt);
  const specialPrime = BigInt(literal.specialPrime);
  const primes = [...dataPrimes, specialPrime];
  for (const [index, prime] of primes.entries()) {
    if (prime >= 1n << 60n)
      throw new CxrError('params-invalid', { field: 'primes', index, expected: 'below 2^60' });
    if (prime % BigInt(2 * degree) !== 1n)
      throw new CxrError('params-invalid', { field: 'primes', index, expected: '1 mod 2N' });
    if (!isPrime(prime)) throw new CxrError('params-invalid', { field: 'primes', index, expected: 'prime' });
  }
  if (new Set(primes).size !== primes.length)
    throw new CxrError('params-invalid', { field: 'primes', expected: 'distinct' });
  if (dataPrimes.some((prime) => prime > specialPrime)) {
    throw new CxrError('params-invalid', { field: 'specialPrime', expected: 'largest of all primes' });
  }
  return {
    polyModulusDegree: degree,
    slotCount: degree / 2,
    dataPrimes,
    specialPrime,
    scaleBits: literal.scaleBits,
    logQP: logOf(primes),
  };
}

/**
 * Checks a written parameter set and turns it into a usable one.
 *
 * @throws CxrError `params-insecure` if log2(QP) exceeds a security table; `params-invalid` for a ring degree other
 *   than 8192, 16384 and 32768, and for primes that are not distinct primes below 2^60, 1 modulo 2N, with the special
 *   prime the largest.
 */
export function checkParams(literal: CkksLiteral): CkksParams {
  const degree = ringDegrees.find((known) => known === literal.polyModulusDegree);
  if (degree === undefined) {
    throw new CxrError('params-invalid', {
      field: 'polyModulusDegree',
      got: literal.polyModulusDegree,
      expected: [...ringDegrees],
    });
  }
  const checked = checkShapeOfParams(literal);
  const limit = securityLimit(degree);
  if (checked.logQP > limit) {
    throw new CxrError('params-insecure', {
      got: Math.ceil(checked.logQP),
      expected: limit,
      polyModulusDegree: degree,
    });
  }
  return { ...checked, securityBits: 128 } as CkksParams;
}

/**
 * Accepts small rings, so that tests are fast. Such parameters have no security at all.
 *
 * @throws TypeError outside tests; CxrError `params-invalid` for unfit primes.
 */
export function insecureParamsForTests(literal: CkksLiteral): CkksParams {
  if (process.env.VITEST === undefined) throw new TypeError('insecureParamsForTests is for tests only');
  return { ...checkShapeOfParams(literal), securityBits: 0 } as CkksParams;
}
