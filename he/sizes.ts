import type { BundleDescription } from '../contract/bundle.ts';
import { payloadBound } from './payload.ts';
import { ciphertextBytes, keyBytes } from './seal/bytes.ts';

/** Exact expanded size of every part of each payload of a bundle, bytes. */
export function partSizes(description: BundleDescription): {
  evaluationKeys: number[];
  input: number[];
  result: number[];
} {
  const polyModulusDegree = description.ckks.polyModulusDegree;
  const dataPrimes = description.ckks.dataPrimes.length;
  const key = { polyModulusDegree, primes: dataPrimes + 1, seeded: true };
  const galois = keyBytes(key, polyModulusDegree);
  return {
    evaluationKeys: [keyBytes(key, 1), ...description.rotationSteps.map(() => galois)],
    input: Array.from({ length: description.input.ciphertexts }, () =>
      ciphertextBytes({ polyModulusDegree, primes: dataPrimes, seeded: true }),
    ),
    result: [ciphertextBytes({ polyModulusDegree, primes: description.result.primes, seeded: false })],
  };
}

/** Largest payload of each kind that a frame of this bundle may carry, bytes. */
export function payloadLimits(description: BundleDescription): {
  evaluationKeys: number;
  input: number;
  result: number;
} {
  const sizes = partSizes(description);
  return {
    evaluationKeys: payloadBound(sizes.evaluationKeys),
    input: payloadBound(sizes.input),
    result: payloadBound(sizes.result),
  };
}
