import { afterAll, describe, expect, it } from 'vitest';
import { decryptVector, encryptVectors } from '../../../he/client/encryption.ts';
import { evaluationKeyParts, KeyHolder } from '../../../he/client/keys.ts';
import { findNttPrimes, insecureParamsForTests } from '../../../he/params.ts';
import { KernelBackend, type KernelCiphertext, type KernelKey } from '../../../he/run/backends/kernel.ts';
import { SealBackend } from '../../../he/run/backends/seal.ts';
import type { KernelMemory } from '../../../he/run/kernel/memory.ts';
import { KernelRing } from '../../../he/run/kernel/ring.ts';
import { LevelContexts, parmsIdsByLevel } from '../../../he/run/seal/context.ts';
import { type Ciphertext, loadSeal } from '../../../he/run/seal/module.ts';
import {
  keyLimbs,
  parmsId,
  readCiphertext,
  readKey,
  readSeeded,
  writeCiphertext,
} from '../../../he/server/kernel-material.ts';
import { sealKeyCache } from '../../../he/server/seal-engine.ts';
import { compileKernel, moduleText } from '../../../kernel/compile.ts';
import { instructionSets, nativeSets } from '../../../kernel/native.ts';
import { type Arithmetic, openKernel } from '../../../kernel/open.ts';
import { titled } from '../../titled.ts';
import { seededNumbers } from '../random-network.ts';

/** WebAssembly on one thread and on two, then on two threads what native code there is. */
const kinds: readonly (readonly [threads: number, arithmetic: Arithmetic])[] = [
  [1, 'wasm'],
  [2, 'wasm'],
  ...nativeSets().map((set) => [2, set] as const),
];

/** The same value in SEAL and in each kind of kernel. */
type Everywhere = { seal: Ciphertext; kernels: readonly KernelCiphertext[] };

const memories: KernelMemory[] = [];
afterAll(() => {
  for (const memory of memories) memory[Symbol.dispose]();
});

/** SEAL and all kernels over one ring, with the same keys and the same fresh ciphertexts. */
async function laboratory(degree: number, levels: number, primeBits: number, centred: boolean) {
  const [special] = findNttPrimes(degree, 30, 1);
  const primes = findNttPrimes(degree, primeBits, levels, [special!]);
  const params = insecureParamsForTests({
    polyModulusDegree: degree,
    dataPrimes: primes.map(String),
    specialPrime: String(special),
    scaleBits: primeBits,
  });
  const seal = await loadSeal();
  const holder = await KeyHolder.forParams(params);
  const contexts = new LevelContexts(seal, params);
  const reference = new SealBackend(seal, contexts);
  const steps = [1, 5, degree / 4];
  const plan = { relinearizationLevel: levels, rotations: steps.map((step) => ({ step, level: levels })) };
  const checked = [...evaluationKeyParts(holder, plan)].map((bytes, index) => {
    const step = [0, ...steps][index]!;
    return { step, level: levels, places: step === 0 ? 1 : degree, bytes, heapBytes: 1 };
  });
  const sealKeys = sealKeyCache(seal, contexts, checked, 2 ** 31);
  for (const key of checked) sealKeys.add(key);
  reference.useKeys(sealKeys);
  const rings = await Promise.all(
    kinds.map(async ([threads, arithmetic]) => {
      const memory = await openKernel(threads, { arithmetic });
      memories.push(memory);
      return new KernelRing(memory, params);
    }),
  );
  const kernels = rings.map((ring) => {
    const backend = new KernelBackend(ring, centred);
    const keys = new Map<number, KernelKey>();
    for (const key of checked)
      keys.set(
        key.step,
        readKey(ring, key.bytes, key, ring.memory.allocate(keyLimbs(levels) * ring.limbBytes)),
      );
    backend.useKeys({ get: (step) => keys.get(step)! });
    return backend;
  });
  const scale = 2 ** primeBits;
  const next = seededNumbers(degree + levels);
  const slots = () => Float64Array.from({ length: degree / 2 }, next);
  const fresh = (): Everywhere => {
    const [bytes] = encryptVectors(holder, [slots()], scale);
    const ciphertext = new seal.Ciphertext();
    ciphertext.loadFromArray(contexts.top, bytes!);
    const read = rings.map((ring, index) => readSeeded(ring, kernels[index]!, bytes!, scale));
    return { seal: ciphertext, kernels: read };
  };
  const bytesOf = ({ seal: value, kernels: own }: Everywhere) => ({
    seal: value.saveToArray(seal.ComprModeType.none) as Uint8Array,
    kernels: own.map((one, index) => writeCiphertext(rings[index]!, one)),
  });
  return { params, seal, holder, contexts, reference, kernels, rings, fresh, bytesOf, slots, next, steps };
}
type Laboratory = Awaited<ReturnType<typeof laboratory>>;

const operations = ['add', 'multiply', 'rescale', 'dropTo', 'rotate', 'addPlain', 'sumOfProducts'] as const;

/** Does random operations on a pool of values; returns how many of each gave SEAL's very bytes. */
function work(
  lab: Laboratory,
  count: number,
  expectSame: (bytes: ReturnType<Laboratory['bytesOf']>, what: string) => void,
) {
  const { reference, kernels, next } = lab;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(((next() + 1) / 2) * list.length * 0.999999)]!;
  const levels = lab.params.dataPrimes.length;
  let pool = [lab.fresh(), lab.fresh(), lab.fresh()];
  const onEach = (
    make: (backend: KernelBackend, own: (value: Everywhere) => KernelCiphertext) => KernelCiphertext,
  ) => kernels.map((backend, index) => make(backend, (value) => value.kernels[index]!));
  const level = (value: Everywhere) => reference.level(value.seal);
  const bits = (value: Everywhere) => Math.log2(reference.scale(value.seal));
  const capacity = (at: number) =>
    lab.params.dataPrimes.slice(0, at).reduce((sum, prime) => sum + Math.log2(Number(prime)), 0);
  const done = new Map<string, number>();
  const check = (what: string, triple: Everywhere): Everywhere => {
    expectSame(lab.bytesOf(triple), what);
    done.set(what, (done.get(what) ?? 0) + 1);
    return triple;
  };
  for (let total = 0; total < count; ) {
    const value = pick(pool);
    const at = level(value);
    const operation = pick(operations);
    const encodeBits = 12;
    let made: Everywhere | undefined;
    if (operation === 'add') {
      const other = pool.find((candidate) => level(candidate) === at && bits(candidate) === bits(value))!;
      made = {
        seal: reference.add(value.seal, other.seal),
        kernels: onEach((backend, own) => backend.add(own(value), own(other))),
      };
    } else if (operation === 'multiply' && 2 * bits(value) + 4 < capacity(at)) {
      const product = check('multiply', {
        seal: reference.square(value.seal),
        kernels: onEach((backend, own) => backend.square(own(value))),
      });
      total += 1;
      made = check('relinearize', {
        seal: reference.relinearize(product.seal),
        kernels: onEach((backend, own) => backend.relinearize(own(product))),
      });
    } else if (operation === 'rescale' && at > 1 && bits(value) > 40) {
      made = {
        seal: reference.rescale(value.seal),
        kernels: onEach((backend, own) => backend.rescale(own(value))),
      };
    } else if (operation === 'dropTo' && at > 2 && bits(value) + 2 < capacity(at - 1)) {
      made = {
        seal: reference.dropTo(value.seal, at - 1),
        kernels: onEach((backend, own) => backend.dropTo(own(value), at - 1)),
      };
    } else if (operation === 'rotate' && bits(value) > lab.params.scaleBits - 1) {
      const step = pick(lab.steps);
      if (next() > 0)
        for (const [index, backend] of kernels.entries()) backend.shareRotations(value.kernels[index]!);
      made = {
        seal: reference.rotate(value.seal, step),
        kernels: onEach((backend, own) => backend.rotate(own(value), step)),
      };
    } else if (operation === 'addPlain' && bits(value) < 34) {
      const [slots, scale] = [lab.slots(), reference.scale(value.seal)];
      made = {
        seal: reference.addPlain(value.seal, reference.encode(slots, at, scale)),
        kernels: onEach((backend, own) => backend.addPlain(own(value), backend.encode(slots, at, scale))),
      };
    } else if (operation === 'sumOfProducts' && bits(value) + encodeBits + 4 < capacity(at)) {
      const terms = Array.from({ length: pick([1, 3, 16, 17, 40]) }, () => lab.slots());
      made = {
        seal: reference.sumOfProducts(
          terms.map((slots) => [value.seal, reference.encode(slots, at, 2 ** encodeBits)] as const),
        ),
        kernels: onEach((backend, own) =>
          backend.sumOfProducts(
            terms.map((slots) => [own(value), backend.encode(slots, at, 2 ** encodeBits)] as const),
          ),
        ),
      };
    }
    if (made === undefined) continue;
    pool.push(operation === 'multiply' ? made : check(operation, made));
    total += 1;
    if (operation === 'rotate') alignWithKernel(lab, made);
    if (pool.length > 6) pool = [...pool.slice(-4), lab.fresh()];
    if (!pool.some((candidate) => level(candidate) === levels)) pool.push(lab.fresh());
  }
  return done;
}

/** SEAL rotates before it takes digits, the kernel after: same value, other noise. From here on SEAL takes the kernel's. */
function alignWithKernel(lab: Laboratory, value: Everywhere): void {
  value.seal.loadFromArray(lab.contexts.top, writeCiphertext(lab.rings[0]!, value.kernels[0]!));
}

const same = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0;

describe('the kernel against SEAL', () => {
  const rings = [
    { degree: 1024, levels: 3, primeBits: 30, count: 300 },
    { degree: 2048, levels: 6, primeBits: 30, count: 350 },
    { degree: 4096, levels: 5, primeBits: 24, count: 250 },
    { degree: 16384, levels: 10, primeBits: 30, count: 100 },
  ];
  it.each(rings)(
    'gives its bytes in $count random operations, N $degree, $levels primes of $primeBits bits, on all kinds of kernel',
    async ({ degree, levels, primeBits, count }) => {
      const lab = await laboratory(degree, levels, primeBits, false);
      const done = work(lab, count, ({ seal, kernels: [one, ...others] }, what) => {
        for (const [index, other] of others.entries())
          expect(same(one!, other), `${what}: ${kinds[index + 1]!.join(' ')}`).toBe(true);
        if (what !== 'rotate') expect(same(one!, seal), what).toBe(true);
        else {
          expect(distance(lab, one!, seal), 'rotation').toBeLessThan(2 ** (primeBits - 4));
        }
      });
      expect([...done.keys()].sort()).toEqual([...operations, 'relinearize'].sort());
      lab.holder[Symbol.dispose]();
    },
    240_000,
  );

  it('gives the same slots with less noise when digits are centred, as the evaluator does it', async () => {
    const lab = await laboratory(4096, 4, 30, true);
    const value = lab.fresh();
    const { seal: bytes } = lab.bytesOf(value);
    const slots = decryptVector(lab.holder, bytes);
    for (const step of lab.steps) {
      const want = slots.map((_, index) => slots[(index + step) % slots.length]!);
      const rotated = {
        seal: lab.reference.rotate(value.seal, step),
        kernels: lab.kernels.map((backend, index) => backend.rotate(value.kernels[index]!, step)),
      };
      const {
        seal,
        kernels: [one, ...others],
      } = lab.bytesOf(rotated);
      for (const other of others) expect(same(one!, other)).toBe(true);
      const error = (got: Uint8Array) =>
        decryptVector(lab.holder, got).reduce(
          (most, slot, at) => Math.max(most, Math.abs(slot - want[at]!)),
          0,
        );
      expect(error(one!)).toBeLessThan(2e-4);
      expect(error(one!)).toBeLessThan(error(seal));
    }
  });

  it('reads back what it wrote, and names parameters as SEAL does', async () => {
    const lab = await laboratory(1024, 3, 30, true);
    const value = lab.fresh();
    const one = lab.bytesOf(value).kernels[0]!;
    const again = readCiphertext(lab.rings[0]!, lab.kernels[0]!, one, value.kernels[0]!.scale);
    expect(same(writeCiphertext(lab.rings[0]!, again), one)).toBe(true);
    const ids = parmsIdsByLevel(lab.contexts.top, lab.params);
    expect(ids.map((id) => [...id])).toEqual(
      [parmsId(lab.rings[0]!, 3, true), ...[1, 2, 3].map((level) => parmsId(lab.rings[0]!, level))].map(
        (id) => [...id],
      ),
    );
  });

  /**
   * Largest slot of the difference, in units of the last place: the noise of key switching. Of the ciphertexts'
   * difference, because values that have outgrown their modulus decrypt to anything.
   */
  function distance(
    { seal, contexts, holder, params }: Laboratory,
    left: Uint8Array,
    right: Uint8Array,
  ): number {
    const [a, b] = [left, right].map((bytes) => {
      const value = new seal.Ciphertext();
      value.loadFromArray(contexts.top, bytes);
      return value;
    }) as [Ciphertext, Ciphertext];
    contexts.evaluator(params.dataPrimes.length).subInplace(a, b);
    const slots = decryptVector(holder, a.saveToArray(seal.ComprModeType.none) as Uint8Array);
    return a.scale() * slots.reduce((most, slot) => Math.max(most, Math.abs(slot)), 0);
  }
});

describe('native code', () => {
  it.skipIf(nativeSets().length === 0)(
    titled(
      'is refused for what this processor or build does not have',
      nativeSets().length === 0 ? 'the native kernel is not built' : null,
    ),
    async () => {
      for (const set of instructionSets.filter((one) => !nativeSets().includes(one)))
        await expect(openKernel(1, { arithmetic: set })).rejects.toThrow(/no native kernel/);
      await expect(openKernel(65, { arithmetic: nativeSets()[0]! })).rejects.toThrow(/threads/);
    },
  );
});

describe('the compiled kernel in the repository', () => {
  it('is what its source compiles to', async () => {
    const { kernelBase64 } = await import('../../../kernel/wasm.ts');
    expect(moduleText(await compileKernel())).toContain(kernelBase64.slice(0, 100));
    expect(Buffer.from(await compileKernel()).toString('base64')).toBe(kernelBase64);
  });
});
