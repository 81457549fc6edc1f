import { CxrError } from '../../../contract/errors.ts';
import { encryptVectors } from '../../../he/client/encryption.ts';
import { evaluationKeyParts, KeyHolder } from '../../../he/client/keys.ts';
import { findNttPrimes, insecureParamsForTests } from '../../../he/params.ts';
import { KernelEngine } from '../../../he/server/kernel-engine.ts';
import { checkCiphertextBytes, checkKeyBytes, galoisIndex } from '../../../he/wire/seal-bytes.ts';
import { openKernel } from '../../../kernel/open.ts';
import { seededNumbers } from '../random-network.ts';

const degree = 1024;
const level = 2;
const step = 3;
const memoryLimit = 64 * 2 ** 20;

export type MutationCounts = { refused: number; accepted: number; fields: Record<string, number> };

/** Valid bytes of each kind, and what the evaluator does with such bytes from outside. */
async function subjects() {
  const [special, ...primes] = findNttPrimes(degree, 30, level + 1) as [bigint, ...bigint[]];
  const params = insecureParamsForTests({
    polyModulusDegree: degree,
    dataPrimes: primes.map(String),
    specialPrime: String(special),
    scaleBits: 30,
  });
  using holder = await KeyHolder.forParams(params);
  const plan = { relinearizationLevel: level, rotations: [{ step, level }] };
  const [relinearization, rotation] = [...evaluationKeyParts(holder, plan)];
  const [question] = encryptVectors(holder, [new Float64Array(degree / 2).fill(0.5)], 2 ** 30);
  const memory = await openKernel(1, { limitBytes: memoryLimit });
  const engine = new KernelEngine(memory, params);
  const input = {
    parmsId: engine.parmsId(level, false),
    polyModulusDegree: degree,
    moduli: primes,
    seeded: true,
    scale: 2 ** 30,
  };
  const key = {
    parmsId: engine.parmsId(level, true),
    polyModulusDegree: degree,
    moduli: [...primes, special],
  };
  const fresh = engine.readInput(question!, input.scale);
  const takeKey = (bytes: Uint8Array, of: number, places: number) => {
    checkKeyBytes(bytes, key, { index: of === 0 ? 0 : galoisIndex(of, degree), of: places });
    const one = { step: of, level, places, bytes, heapBytes: 1 };
    using keys = engine.openKeys([one]);
    keys.add(one);
    engine.useKeys(keys);
    const { backend } = engine;
    if (of !== 0) backend.release(backend.rotate(fresh, of));
    else {
      const product = backend.square(fresh);
      backend.release(backend.relinearize(product));
      backend.release(product);
    }
    engine.useKeys(undefined);
  };
  const takeInput = (bytes: Uint8Array) => {
    checkCiphertextBytes(bytes, input, 'ciphertext-invalid');
    engine.backend.release(engine.readInput(bytes, input.scale));
  };
  return {
    memory,
    kinds: [
      { valid: relinearization!, take: (bytes: Uint8Array) => takeKey(bytes, 0, 1) },
      { valid: rotation!, take: (bytes: Uint8Array) => takeKey(bytes, step, degree) },
      { valid: question!, take: takeInput },
    ],
  };
}

/** One or several changes: bits, bytes, words that matter, cut, grown, shuffled. */
function mutate(valid: Uint8Array, next: () => number): Uint8Array {
  const pick = (count: number): number => Math.floor(((next() + 1) / 2) * count * 0.999999);
  let bytes = valid.slice();
  // Headers, counts and seeds are few among the residues: half of the changes go there.
  const place = () => (next() > 0 ? pick(Math.min(bytes.length, 200)) : pick(bytes.length));
  const words = [0n, 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, BigInt(bytes.length)];
  for (let change = pick(3); change >= 0 && bytes.length > 0; change -= 1) {
    const at = place();
    const kind = pick(8);
    if (kind < 2) bytes[at]! ^= 1 << pick(8);
    else if (kind === 2) bytes[at] = pick(256);
    else if (kind === 3 && at + 8 <= bytes.length)
      new DataView(bytes.buffer).setBigUint64(at, words[pick(words.length)]!, true);
    else if (kind === 4) bytes = bytes.slice(0, pick(bytes.length));
    else if (kind === 5) bytes = Uint8Array.from([...bytes.subarray(0, 300), ...bytes.subarray(200)]);
    else if (kind === 6) bytes.copyWithin(at, place(), place());
    else bytes.fill(pick(256), at, at + pick(64));
  }
  return bytes;
}

/**
 * Gives `count` mutated keys and ciphertexts to what the evaluator does with such bytes.
 *
 * @throws anything but a coded refusal, and TypeError when the kernel's memory has grown.
 */
export async function runMutations(count: number, seed: number): Promise<MutationCounts> {
  const { memory, kinds } = await subjects();
  const next = seededNumbers(seed);
  const counts: MutationCounts = { refused: 0, accepted: 0, fields: {} };
  // Permutation tables and the blocks of each size are there once the valid bytes have been through.
  for (const { valid, take } of kinds) take(valid);
  const [held, grown] = [memory.held, memory.grown];
  for (let index = 0; index < count; index += 1) {
    const { valid, take } = kinds[index % kinds.length]!;
    try {
      take(mutate(valid, next));
      counts.accepted += 1;
    } catch (error) {
      if (!(error instanceof CxrError)) throw error;
      counts.refused += 1;
      const field = `${error.code} ${String(error.detail.field)}`;
      counts.fields[field] = (counts.fields[field] ?? 0) + 1;
    }
    if (memory.held !== held || memory.grown !== grown)
      throw new TypeError(
        `mutation ${index}: ${memory.held - held} bytes more, grown ${memory.grown - grown}`,
      );
  }
  memory[Symbol.dispose]();
  return counts;
}
