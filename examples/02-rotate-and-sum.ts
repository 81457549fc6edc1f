import { decryptVector, encryptVectors } from '../he/client/encryption.ts';
import { evaluationKeyParts, KeyHolder } from '../he/client/keys.ts';
import { measurePrecision } from '../he/precision.ts';
import { KernelEngine } from '../he/server/kernel-engine.ts';
import { openKernel } from '../kernel/open.ts';
import { smallParams } from './01-encode-encrypt.ts';

/**
 * Example 2 (after 1): the sum of sixteen numbers, by somebody who cannot read them.
 *
 *   node examples/02-rotate-and-sum.ts
 *
 * Slots cannot be picked out of a ciphertext. They can be rotated, all together, and two ciphertexts can be added.
 */
export async function main() {
  const params = smallParams();

  // ---- workstation ----
  using holder = await KeyHolder.forParams(params);
  const numbers = Float64Array.from({ length: 16 }, (_, index) => Math.cos(index) / 4);
  // The sixteen numbers are repeated through all slots, so that a rotation brings every slot another of them.
  const repeated = Float64Array.from({ length: params.slotCount }, (_, slot) => numbers[slot % 16]!);
  const [question] = encryptVectors(holder, [repeated], 2 ** params.scaleBits);

  // Every rotation step needs a public key of its own. Steps 8, 4, 2 and 1 are enough for sixteen numbers.
  const steps = [8, 4, 2, 1];
  const level = params.dataPrimes.length;
  const plan = { relinearizationLevel: level, rotations: steps.map((step) => ({ step, level })) };
  const keyBytes = [...evaluationKeyParts(holder, plan)];

  // ---- evaluator ----
  // Nothing here has a type that could hold a secret key.
  using memory = await openKernel(1);
  using engine = new KernelEngine(memory, params);
  const { backend } = engine;
  const received = [0, ...steps].map((step, index) => {
    const places = step === 0 ? 1 : params.polyModulusDegree;
    return { step, level, places, bytes: keyBytes[index]!, heapBytes: engine.keyBytes(level) };
  });
  using keys = engine.openKeys(received);
  for (const key of received) keys.add(key);
  engine.useKeys(keys);

  // After step 8 every slot holds the sum of 2 numbers, then of 4, of 8, of 16. With four numbers a b c d:
  //
  //     a b c d  +  c d a b  =  a+c b+d a+c b+d        rotated by 2
  //     … + rotated by 1     =  the sum of all four in every slot
  let sum = engine.readInput(question!, 2 ** params.scaleBits);
  for (const step of steps) {
    const rotated = backend.rotate(sum, step);
    const next = backend.add(sum, rotated);
    backend.release(rotated);
    backend.release(sum);
    sum = next;
  }
  const answer = engine.writeResult(sum);
  const { rotations } = backend.takeExecuted();
  backend.release(sum);

  // ---- workstation ----
  const decrypted = decryptVector(holder, answer);
  const plain = numbers.reduce((total, number) => total + number, 0);
  const { minBits } = measurePrecision(decrypted, new Float64Array(params.slotCount).fill(plain));
  return { rotations, sum: decrypted[0]!, plain, minBits };
}

if (import.meta.main) console.log(await main());
