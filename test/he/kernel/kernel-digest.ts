import { createHash } from 'node:crypto';
import { findNttPrimes, insecureParamsForTests } from '../../../he/params.ts';
import { KernelBackend } from '../../../he/run/backends/kernel.ts';
import { KernelRing } from '../../../he/run/kernel/ring.ts';
import { nativeSets } from '../../../kernel/native.ts';
import { openKernel } from '../../../kernel/open.ts';
import { seededNumbers } from '../random-network.ts';

/**
 * Prints one line per kind of kernel that this runtime has: its name and a digest of what it computes from fixed
 * residues. Run by the tests in Node and in Electron's Node; all digests are the same.
 */
const degree = 2048;
const levels = 4;
const [special] = findNttPrimes(degree, 30, 1);
const params = insecureParamsForTests({
  polyModulusDegree: degree,
  dataPrimes: findNttPrimes(degree, 30, levels, [special!]).map(String),
  specialPrime: String(special),
  scaleBits: 30,
});

for (const arithmetic of ['wasm', ...nativeSets()] as const) {
  using memory = await openKernel(2, { arithmetic });
  using ring = new KernelRing(memory, params);
  using backend = new KernelBackend(ring);
  const next = seededNumbers(1);
  const residues = (at: number, limbs: number, modulusOf: (limb: number) => number) => {
    for (let limb = 0; limb < limbs; limb += 1) {
      const q = ring.moduli[modulusOf(limb)]!;
      memory.words(at + limb * ring.limbBytes, degree).forEach((_, index, words) => {
        words[index] = Math.floor(((next() + 1) / 2) * (q - 1));
      });
    }
  };
  const value = backend.create(2, levels, 2 ** 30);
  residues(value.at, 2 * levels, (limb) => limb % levels);
  const keyLimbs = 2 * levels * (levels + 1);
  const keyAt = memory.allocate(keyLimbs * ring.limbBytes);
  residues(keyAt, keyLimbs, (limb) => Math.floor(limb / (2 * levels)));
  backend.useKeys({
    get: (step) => ({ at: keyAt, level: levels, permutation: step === 0 ? 0 : ring.permutation(5) }),
  });
  const weights = backend.encode(Float64Array.from({ length: degree / 2 }, next), levels, 2 ** 30);
  const rotated = backend.rotate(value, 1);
  const product = backend.sumOfProducts([
    [value, weights],
    [rotated, weights],
  ]);
  const result = backend.rescale(backend.relinearize(backend.multiply(product, product)));
  const bytes = memory.bytes(result.at, result.size * result.level * ring.limbBytes);
  process.stdout.write(`${arithmetic} ${createHash('sha256').update(bytes.slice()).digest('hex')}\n`);
}
