import { afterAll, describe, expect, it } from 'vitest';
import { findNttPrimes, insecureParamsForTests } from '../../../he/params.ts';
import { KernelBackend } from '../../../he/run/backends/kernel.ts';
import type { KernelMemory } from '../../../he/run/kernel/memory.ts';
import { KernelRing } from '../../../he/run/kernel/ring.ts';
import { openKernel } from '../../../kernel/open.ts';

const opened: KernelMemory[] = [];
afterAll(() => {
  for (const memory of opened) memory[Symbol.dispose]();
});
async function open(threads = 1, limitBytes?: number): Promise<KernelMemory> {
  const memory = await openKernel(threads, limitBytes === undefined ? {} : { limitBytes });
  opened.push(memory);
  return memory;
}
function paramsOf(primeBits: number, specialPrimeBits: number, degree = 1024) {
  const [special] = findNttPrimes(degree, specialPrimeBits, 1);
  return insecureParamsForTests({
    polyModulusDegree: degree,
    dataPrimes: findNttPrimes(degree, primeBits, 3, [special!]).map(String),
    specialPrime: String(special),
    scaleBits: primeBits,
  });
}

describe("the kernel's memory", () => {
  it('uses freed blocks again and stops at its limit', async () => {
    const memory = await open(1, 2 ** 22);
    const first = memory.allocate(2 ** 20);
    memory.free(first, 2 ** 20);
    expect(memory.allocate(2 ** 20)).toBe(first);
    expect(() => {
      for (let index = 0; index < 8; index += 1) memory.allocate(2 ** 20);
    }).toThrow(/allowed/);
  });

  it('is as empty as before when a backend and its tables are gone', async () => {
    const memory = await open();
    const before = memory.held;
    {
      using ring = new KernelRing(memory, paramsOf(30, 30));
      using backend = new KernelBackend(ring);
      ring.permutation(3);
      const value = backend.create(2, 3, 2 ** 30);
      backend.shareRotations(value);
      const plaintext = backend.encode(new Float64Array(512).fill(0.5), 3, 2 ** 20);
      backend.release(backend.sumOfProducts([[value, plaintext]]));
      backend.releasePlaintext(plaintext);
      backend.release(value);
    }
    expect(memory.held).toBe(before);
  });
});

describe('the kernel refuses', () => {
  it('primes beyond its lanes', async () => {
    const memory = await open();
    expect(() => new KernelRing(memory, paramsOf(30, 31))).toThrow(/params-invalid.*below 2\^30/);
  });

  it('numbers that do not fit, not a number among them, and keeps nothing of them', async () => {
    const memory = await open();
    using ring = new KernelRing(memory, paramsOf(30, 30));
    using backend = new KernelBackend(ring);
    const before = memory.held;
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 40])
      expect(() => backend.encode(new Float64Array(512).fill(value), 3, 2 ** 30)).toThrow(/does not fit/);
    expect(memory.held).toBe(before);
  });

  it('operands of different level, scale or size', async () => {
    const memory = await open();
    using ring = new KernelRing(memory, paramsOf(30, 30));
    using backend = new KernelBackend(ring);
    const [value, lower, finer, product] = [
      backend.create(2, 3, 2 ** 30),
      backend.create(2, 2, 2 ** 30),
      backend.create(2, 3, 2 ** 31),
      backend.create(3, 3, 2 ** 30),
    ] as const;
    expect(() => backend.add(value, lower)).toThrow(/level 3 meets level 2/);
    expect(() => backend.add(value, finer)).toThrow(/scale/);
    expect(() => backend.add(value, product)).toThrow(/size/);
    expect(() => backend.multiply(value, product)).toThrow(/two polynomials/);
    expect(() => backend.relinearize(value)).toThrow(/three polynomials/);
    expect(() => backend.dropTo(lower, 3)).toThrow(/cannot drop/);
    expect(() => backend.rescale(backend.dropTo(lower, 1))).toThrow(/no prime/);
    expect(() => backend.rotate(value, 1)).toThrow(/no evaluation keys/);
  });
});
