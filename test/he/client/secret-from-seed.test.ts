import { describe, expect, it } from 'vitest';
import { decryptVector, encryptVectors } from '../../../he/client/encryption.ts';
import { evaluationKeyParts, KeyHolder } from '../../../he/client/keys.ts';
import { parameterHash, ternarySecret, transformedResidues } from '../../../he/client/secret-from-seed.ts';
import { packPatches } from '../../../he/layout.ts';
import { checkParams, findNttPrimes } from '../../../he/params.ts';
import { measurePrecision } from '../../../he/precision.ts';
import { openEncryptedEvaluator } from '../../../he/server/evaluate.ts';
import { packPayload, unpackPayload } from '../../../he/wire/payload.ts';
import { partSizes } from '../../../he/wire/sizes.ts';
import { openEngine } from '../open-engine.ts';
import { randomHefNet, seededNumbers } from '../random-network.ts';
import { runClear, smallBundle } from '../small-bundle.ts';

const seedOf = (byte: number) => new Uint8Array(32).fill(byte);
const ring = (degree: number, bits = 30) => {
  const [specialPrime, ...dataPrimes] = findNttPrimes(degree, bits, 3) as [bigint, ...bigint[]];
  return { polyModulusDegree: degree, dataPrimes, specialPrime };
};

describe('a secret from a seed', () => {
  const params = ring(16384);
  const secret = ternarySecret(seedOf(7), params);

  it('is the same every time, and another for another seed or other parameters', () => {
    expect(ternarySecret(seedOf(7), params)).toEqual(secret);
    // The first digits, so that a change of the way is noticed: keys that exist would be lost.
    expect([...secret.subarray(0, 24)].join()).toBe('1,0,0,-1,0,1,0,1,1,-1,-1,-1,-1,1,1,0,-1,1,1,-1,0,0,1,1');
    const same = (other: Int8Array) => secret.filter((digit, at) => digit === other[at]).length / 16384;
    expect(same(ternarySecret(seedOf(8), params))).toBeCloseTo(1 / 3, 1);
    const fewer = { ...params, dataPrimes: params.dataPrimes.slice(1) };
    expect(parameterHash(fewer)).not.toBe(parameterHash(params));
    expect(same(ternarySecret(seedOf(7), fewer))).toBeCloseTo(1 / 3, 1);
  });

  it('has as many of each digit as chance gives, alone and in pairs', () => {
    const counts = new Map<string, number>();
    const rounds = 8;
    for (let round = 0; round < rounds; round += 1) {
      const digits = ternarySecret(seedOf(round + 1), params);
      for (let at = 0; at + 1 < digits.length; at += 2) {
        const pair = `${digits[at]} ${digits[at + 1]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    expect(counts.size).toBe(9);
    const expected = (rounds * 8192) / 9;
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // Eight degrees of freedom: above 26 once in a thousand, and the seeds are fixed.
    expect(chi).toBeLessThan(26);
  });

  it('refuses a seed of another length, or one that was erased', () => {
    expect(() => ternarySecret(new Uint8Array(31).fill(1), params)).toThrow(/32 bytes/);
    expect(() => ternarySecret(new Uint8Array(32), params)).toThrow(/erased/);
  });

  it.each([30, 45])(
    'is transformed to the values at the odd powers of the root, primes of %i bits',
    (bits) => {
      const small = ring(64, bits);
      const digits = ternarySecret(seedOf(3), small);
      const q = small.dataPrimes[0]!;
      const words = new BigUint64Array(transformedResidues(digits, q).buffer);
      const power = (base: bigint, exponent: number) => {
        let result = 1n;
        for (let count = 0; count < exponent; count += 1) result = (result * base) % q;
        return result;
      };
      const root = smallestRoot(64, q, power);
      const reversed = (index: number) =>
        Number.parseInt(index.toString(2).padStart(6, '0').split('').reverse().join(''), 2);
      for (let index = 0; index < 64; index += 1) {
        const at = power(root, 2 * reversed(index) + 1);
        let value = 0n;
        for (let degree = 63; degree >= 0; degree -= 1)
          value = (value * at + BigInt(digits[degree]!) + q) % q;
        expect(words[index]).toBe(value);
      }
    },
  );
});

/** The least number whose 64th power is -1: every such number is an odd power of any one of them. */
function smallestRoot(degree: number, q: bigint, power: (base: bigint, exponent: number) => bigint): bigint {
  const lift = (base: bigint, exponent: bigint): bigint =>
    exponent === 0n ? 1n : (lift((base * base) % q, exponent / 2n) * (exponent % 2n === 1n ? base : 1n)) % q;
  const candidates = Array.from({ length: 50 }, (_, index) =>
    lift(BigInt(index + 2), (q - 1n) / BigInt(2 * degree)),
  );
  const root = candidates.find((candidate) => power(candidate, degree) === q - 1n)!;
  const all = Array.from({ length: degree }, (_, index) => power(root, 2 * index + 1));
  return all.reduce((least, value) => (value < least ? value : least));
}

describe('SEAL with a secret from a seed', () => {
  it('encrypts under one holder what another opens, and makes keys that evaluate a network as precisely', async () => {
    const side = 16;
    const bundle = smallBundle(
      randomHefNet(33, { side, widths: [8, 16], findings: 14, squeeze: 4, attention: true }),
    );
    const { description, params, compiled } = bundle;
    const next = seededNumbers(5);
    const latent = Float32Array.from({ length: 4 * side * side }, () => 1.5 * next());
    using first = await KeyHolder.fromSeed(params, seedOf(1));
    using second = await KeyHolder.fromSeed(params, seedOf(1));
    using other = await KeyHolder.fromSeed(params, seedOf(2));
    const vectors = packPatches(latent, description.input, params.slotCount);
    const question = packPayload(encryptVectors(first, vectors, 2 ** params.scaleBits));
    using evaluator = await openEncryptedEvaluator(description, compiled.program, await openEngine(params));
    using keys = evaluator.loadKeys(packPayload([...evaluationKeyParts(second, description.evaluationKeys)]));
    const idle = { progress: () => {}, isAborted: () => false };
    const { payload } = evaluator.evaluate(question, keys, idle);
    const [bytes] = [...unpackPayload(payload, partSizes(description).result, 'result-invalid')];
    const clear = runClear(bundle, latent);
    const bits = (holder: KeyHolder) => measurePrecision(clear, decryptVector(holder, bytes!)).meanBits;
    expect(bits(second)).toBeGreaterThan(10);
    expect(bits(other)).toBeLessThan(0);
  });

  it('takes the shipped parameters', async () => {
    const literal = {
      polyModulusDegree: 16384,
      ...withText(ring(16384)),
      scaleBits: 23,
    };
    using holder = await KeyHolder.fromSeed(checkParams(literal), seedOf(9));
    const numbers = Float64Array.from({ length: 8192 }, (_, index) => Math.sin(index));
    const [bytes] = encryptVectors(holder, [numbers], 2 ** 23);
    const opened = decryptVector(holder, bytes!);
    expect(Math.max(...numbers.map((value, index) => Math.abs(value - opened[index]!)))).toBeLessThan(
      2 ** -9,
    );
  });
});

const withText = ({ dataPrimes, specialPrime }: ReturnType<typeof ring>) => ({
  dataPrimes: dataPrimes.map(String),
  specialPrime: String(specialPrime),
});
