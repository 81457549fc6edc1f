import { describe, expect, it } from 'vitest';
import { checkParams, findNttPrimes, isPrime, securityTables } from '../../he/params.ts';

const literal = (polyModulusDegree: number, count: number, bits = 30, specialBits = 40) => {
  const data = findNttPrimes(polyModulusDegree, bits, count);
  return {
    polyModulusDegree,
    dataPrimes: data.map(String),
    specialPrime: String(findNttPrimes(polyModulusDegree, specialBits, 1, data)[0]),
    scaleBits: 30,
  };
};

describe('CKKS parameters', () => {
  it('are accepted up to the stricter of the 2018 and 2024 tables and refused one prime beyond', () => {
    // N = 16384: 13·30 + 40 = 430 bits, all primes a little below their power of two; 14·30 + 40 = 470 is over both.
    expect(checkParams(literal(16384, 13)).securityBits).toBe(128);
    expect(() => checkParams(literal(16384, 14))).toThrow(/params-insecure.*"expected":430/);
    // N = 8192: 5·30 + 40 = 190 within 214; 6·30 + 36 = 216 is within 2018's 218 but not within 2024's 214.
    expect(checkParams(literal(8192, 5)).securityBits).toBe(128);
    expect(216).toBeLessThanOrEqual(securityTables[2018][8192]);
    expect(() => checkParams(literal(8192, 6, 30, 36))).toThrow(/params-insecure.*"expected":214/);
  });

  it('are refused for unknown rings, composite or repeated primes and a small special prime', () => {
    expect(() => checkParams(literal(4096, 2))).toThrow(/params-invalid.*polyModulusDegree/);
    const good = literal(16384, 3);
    expect(() => checkParams({ ...good, dataPrimes: [...good.dataPrimes, good.dataPrimes[0]!] })).toThrow(
      /distinct/,
    );
    expect(() => checkParams({ ...good, dataPrimes: [String(32768 * 3 + 1)] })).toThrow(/prime/);
    expect(() => checkParams({ ...good, dataPrimes: ['1000003'] })).toThrow(/1 mod 2N/);
    expect(() => checkParams({ ...good, specialPrime: String(findNttPrimes(16384, 25, 1)[0]) })).toThrow(
      /largest/,
    );
  });

  it('recognise primes', () => {
    // 3215031751 = 151·751·28351 is the smallest strong pseudoprime to bases 2, 3, 5 and 7.
    expect([2n, 3n, 1073643521n].every(isPrime)).toBe(true);
    expect([0n, 1n, 4n, 3215031751n, 1073643521n * 1073479681n].some(isPrime)).toBe(false);
  });
});
