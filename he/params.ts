import type { CkksLiteral } from '../contract/bundle.ts';
import { CxrError } from '../contract/errors.ts';

/**
 * Largest log2(QP) that keeps 128-bit security against classical attacks, ternary secret.
 *
 * @see HomomorphicEncryption.org security standard, 2018, table 1 (218 / 438 / 881), and
 *      "Security Guidelines for Implementing Homomorphic Encryption", ia.cr/2024/463, 2024, table 5.2 (214 / 430 / 868).
 */
export const securityTables = {
  2018: { 8192: 218, 16384: 438, 32768: 881 },
  2024: { 8192: 214, 16384: 430, 32768: 868 },
} as const;

export type RingDegree = keyof (typeof securityTables)[2024];
export const ringDegrees = [8192, 16384, 32768] as const satisfies readonly RingDegree[];

/** Largest log2(QP) of a ring that satisfies both tables. */
export const securityLimit = (degree: RingDegree): number =>
  Math.min(securityTables[2018][degree], securityTables[2024][degree]);

/** Checked parameters; made only by `checkParams` (or, in tests, by `insecureParamsForTests`). */
export type CkksParams = {
  readonly polyModulusDegree: number;
  /** Number of slots, half the ring degree. */
  readonly slotCount: number;
  /** The data primes q_0 … q_{L-1}; rescaling drops from the end. */
  readonly dataPrimes: readonly bigint[];
  readonly specialPrime: bigint;
  readonly scaleBits: number;
  /** log2 of the product of all primes, special prime included. */
  readonly logQP: number;
  /** 128 where both tables hold, 0 for test rings. */
  readonly securityBits: 128 | 0;
  readonly __brand: 'CkksParams';
};

const logOf = (primes: readonly bigint[]): number =>
  primes.reduce((sum, prime) => sum + Math.log2(Number(prime)), 0);

/** Deterministic Miller–Rabin for 64-bit integers (first twelve primes as bases suffice below 3.3e24). */
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

/** How many primes of `bits` bits are 1 modulo 2N, up to `most`. */
export function countNttPrimes(degree: number, bits: number, most = 64): number {
  let count = 0;
  for (const _ of nttPrimes(degree, bits)) {
    count += 1;
    if (count === most) break;
  }
  return count;
}

/** The primes of `bits` bits that are 1 modulo 2N, descending. */
function* nttPrimes(degree: number, bits: number): Generator<bigint> {
  const step = BigInt(2 * degree);
  const top = 1n << BigInt(bits);
  for (let candidate = top - step + 1n; candidate > top >> 1n; candidate -= step)
    if (isPrime(candidate)) yield candidate;
}

/**
 * The `count` largest primes of `bits` bits that are 1 modulo 2N, descending, skipping those in `taken`.
 *
 * @param degree  ring degree N.
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
 * Turns written parameters into usable ones.
 *
 * @throws CxrError `params-insecure` if log QP exceeds either table, `params-invalid` for a ring degree outside
 *         8192/16384/32768, or primes that are not distinct NTT primes below 2^60 with the special prime largest.
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

/** Small rings for fast tests; no security at all. @throws TypeError outside tests. */
export function insecureParamsForTests(literal: CkksLiteral): CkksParams {
  if (process.env.VITEST === undefined) throw new TypeError('insecureParamsForTests is for tests only');
  return { ...checkShapeOfParams(literal), securityBits: 0 } as CkksParams;
}
