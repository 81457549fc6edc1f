import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ternarySecret, transformedResidues } from '../../he/client/secret-from-seed.ts';
import { TraceFinder } from './find-traces.ts';
import type { Secrets } from './secrets.ts';

const primes = [1073479681n, 1073643521n];
const seed = randomBytes(32);
const params = { polyModulusDegree: 16_384, dataPrimes: [primes[0]!], specialPrime: primes[1]! };
const ternary = ternarySecret(seed, params);
const residues = primes.map((prime) => ({
  prime,
  values: new Uint32Array(transformedResidues(ternary, prime).slice().buffer).filter((_, at) => at % 2 === 0),
}));
const identity = `AGE-SECRET-KEY-PQ-1${'QPZRY9X8'.repeat(7)}`;
const secrets: Secrets = { seed, dataKey: randomBytes(32), identity, ternary, residues };
const finder = new TraceFinder(secrets);

/** Where a copy of 64 numbers begins. It is no round number. */
const from = 4_711;
const window = Array.from(ternary.subarray(from, from + 64));
const modulo = window.map((digit) => (digit < 0 ? Number(primes[1]) - 1 : digit));
const values = [...residues[1]!.values.subarray(from, from + 64)];
const bytesOf = ({ buffer }: { readonly buffer: ArrayBufferLike }) => new Uint8Array(buffer);
const text = (written: string) => Buffer.from(written, 'latin1');
const long = (numbers: readonly number[]) => bytesOf(BigInt64Array.from(numbers, BigInt));

const forms: readonly (readonly [string, Uint8Array])[] = [
  ['the seed', seed],
  ['the seed in hex', text(seed.toString('hex'))],
  ['the seed in base64', text(seed.toString('base64'))],
  ['the seed in base64url', text(seed.toString('base64url'))],
  ['the data key', secrets.dataKey],
  ['the identity', text(identity)],
  ['coefficients in bytes', bytesOf(Int8Array.from(window))],
  ['coefficients in bytes from 0', bytesOf(Uint8Array.from(window, (digit) => digit + 1))],
  ['coefficients in 32 bits', bytesOf(Int32Array.from(window))],
  ['coefficients in 32 bits from 0', bytesOf(Int32Array.from(window, (digit) => digit + 1))],
  ['coefficients in small integers of V8', bytesOf(Int32Array.from(window, (digit) => 2 * digit))],
  ['coefficients in 64 bits', long(window)],
  ['coefficients in 64 bits from 0', long(window.map((digit) => digit + 1))],
  ['coefficients in floats', bytesOf(Float32Array.from(window))],
  ['coefficients in doubles', bytesOf(Float64Array.from(window))],
  ['coefficients modulo a prime in 32 bits', bytesOf(Uint32Array.from(modulo))],
  ['coefficients modulo a prime in 64 bits', long(modulo)],
  ['coefficients modulo a prime in doubles', bytesOf(Float64Array.from(modulo))],
  ['residues in 32 bits', bytesOf(Uint32Array.from(values))],
  ['residues in 64 bits', long(values)],
  ['residues in doubles', bytesOf(Float64Array.from(values))],
];

/** A page of noise with a copy in it. */
function page(copy: Uint8Array, at: number): Uint8Array {
  const bytes = new Uint8Array(randomBytes(65_536));
  bytes.set(copy, at);
  return bytes;
}

describe('the search for secrets', () => {
  it.each(forms)('finds %s in memory', (_, copy) => {
    for (const at of [0, 8, 8_192 + 24, 8 * Math.floor((65_536 - copy.length) / 8)])
      expect([at, finder.inMemory(page(copy, at)).size > 0]).toEqual([at, true]);
  });

  it.each(forms)('finds %s in a file, wherever it begins', (_, copy) => {
    for (const at of [1, 1_002, 8_195, 8_196]) expect(finder.inFile(page(copy, at)).size).toBeGreaterThan(0);
  });

  it.each([',', ', '])('finds coefficients in digits, with “%s” between them', (between) => {
    expect(finder.inFile(text(`[7${between}${window.join(between)}]`))).toEqual(
      new Set(['coefficients in digits']),
    );
  });

  it('finds nothing in noise, in zeros, and in numbers as small as coefficients', () => {
    expect(finder.inFile(randomBytes(2 ** 20))).toEqual(new Set());
    expect(finder.inFile(new Uint8Array(65_536))).toEqual(new Set());
    const alike = Int8Array.from(randomBytes(65_536), (byte) => (byte % 3) - 1);
    for (const copy of [alike, Int32Array.from(alike), Float64Array.from(alike)])
      expect(finder.inFile(bytesOf(copy))).toEqual(new Set());
    const other = Uint32Array.from({ length: 16_384 }, (_, index) => residues[0]!.values[index]! ^ 1);
    expect(finder.inFile(bytesOf(other))).toEqual(new Set());
  });
});
