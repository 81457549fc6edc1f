import type { BundleDescription, KeyPlan } from '../../contract/bundle.ts';
import { CxrError } from '../../contract/errors.ts';
import { seededTensor } from '../seeded-tensor.ts';
import { frameHeaderBytes } from './frame.ts';
import { packPayload, payloadBound } from './payload.ts';
import { ciphertextBytes, keyBytes } from './seal-bytes.ts';

/** This decides which evaluation keys there are and how large they are. */
export type KeyDemand = Pick<BundleDescription, 'ckks' | 'evaluationKeys'>;

/**
 * A key place describes one evaluation key: its rotation step (0 for relinearisation), its level, and SEAL's number of
 * places for keys.
 */
export type KeyPlace = { readonly step: number; readonly level: number; readonly places: number };

/**
 * Lists the evaluation keys in the order of the payload: relinearisation, then rotations.
 *
 * @throws CxrError `bundle-invalid` for a level above the number of data primes.
 */
export function keyPlaces({ ckks, evaluationKeys }: KeyDemand): KeyPlace[] {
  const { relinearizationLevel, rotations } = evaluationKeys;
  const places = [
    { step: 0, level: relinearizationLevel, places: 1 },
    ...rotations.map((rotation) => ({ ...rotation, places: ckks.polyModulusDegree })),
  ];
  const expected = ckks.dataPrimes.length;
  for (const { level: got } of places)
    if (got > expected) throw new CxrError('bundle-invalid', { path: 'evaluationKeys', got, expected });
  return places;
}

/** Computes the exact expanded size of every part of each payload of a bundle, in bytes. */
export function partSizes(description: BundleDescription): {
  evaluationKeys: number[];
  input: number[];
  result: number[];
} {
  const polyModulusDegree = description.ckks.polyModulusDegree;
  const dataPrimes = description.ckks.dataPrimes.length;
  return {
    evaluationKeys: keyPartSizes(description),
    input: Array.from({ length: description.input.ciphertexts }, () =>
      ciphertextBytes({ polyModulusDegree, primes: dataPrimes, seeded: true }),
    ),
    result: [ciphertextBytes({ polyModulusDegree, primes: description.result.primes, seeded: false })],
  };
}

function keyPartSizes(demand: KeyDemand): number[] {
  const { polyModulusDegree } = demand.ckks;
  return keyPlaces(demand).map(({ level, places }) =>
    keyBytes({ polyModulusDegree, primes: level + 1, seeded: true }, places),
  );
}

/** Computes the largest payload of each kind that a frame of this bundle may carry, in bytes. */
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

/**
 * Computes the smallest payload that keys or an input of this bundle can have, in bytes. Their residues are uniformly
 * random, so that no compression takes less than log2 of the prime for each. A smaller payload is therefore forged, as
 * when all its residues are zero. The floor is a hundredth below that bound, to be safe from rounding.
 */
export function payloadFloors(description: BundleDescription): { evaluationKeys: number; input: number } {
  const { polyModulusDegree, dataPrimes, specialPrime } = description.ckks;
  const polynomial = (primes: readonly string[]) =>
    (polyModulusDegree * primes.reduce((bits, prime) => bits + Math.log2(Number(prime)), 0)) / 8;
  const keys = keyPlaces(description).map(
    ({ level }) => level * polynomial([...dataPrimes.slice(0, level), specialPrime]),
  );
  const floor = (bytes: number) => Math.floor(0.99 * bytes);
  return {
    evaluationKeys: floor(keys.reduce((sum, bytes) => sum + bytes, 0)),
    input: floor(description.input.ciphertexts * polynomial(dataPrimes)),
  };
}

/** These are the bytes of evaluation keys: the parts when expanded, and the frame that crosses the network. */
export type KeyBytes = { readonly expandedBytes: number; readonly transferBytes: number };

/**
 * Predicts how large the evaluation keys of a bundle will be, before any is made. The expanded size is exact. The size
 * on the network is what compression makes of random residues of the same primes, which is right within a few per cent.
 *
 * Cost: it compresses one polynomial per distinct level; this takes about 0.1 s for ten levels at N = 16384.
 */
export function predictKeyBytes(demand: KeyDemand): KeyBytes {
  const { ckks } = demand;
  const ratios = new Map<number, number>();
  for (const { level } of keyPlaces(demand)) {
    const primes = [...ckks.dataPrimes.slice(0, level), ckks.specialPrime];
    if (!ratios.has(level)) ratios.set(level, compressedShare(primes, ckks.polyModulusDegree));
  }
  const shape = { polyModulusDegree: ckks.polyModulusDegree, seeded: true };
  let transferBytes = frameHeaderBytes;
  for (const { level } of keyPlaces(demand)) {
    // The empty places of Galois keys are zeros and vanish.
    transferBytes += keyBytes({ ...shape, primes: level + 1 }, 1) * ratios.get(level)!;
  }
  const expandedBytes = keyPartSizes(demand).reduce((sum, size) => sum + size, 0);
  return { expandedBytes, transferBytes: Math.round(transferBytes) };
}

/**
 * Predicts how large one analysis's frames will be, in bytes, within a few per cent. The method is that of
 * `predictKeyBytes`.
 *
 * @param inputs        number of input ciphertexts.
 * @param resultPrimes  data primes that are left in the result.
 */
export function predictAnalysisBytes(
  ckks: BundleDescription['ckks'],
  inputs: number,
  resultPrimes: number,
): { readonly sentBytes: number; readonly receivedBytes: number } {
  const { polyModulusDegree, dataPrimes } = ckks;
  const frame = (count: number, primes: number, seeded: boolean) => {
    const bytes = ciphertextBytes({ polyModulusDegree, primes, seeded });
    const share = compressedShare(dataPrimes.slice(0, primes), polyModulusDegree);
    return Math.round(frameHeaderBytes + count * bytes * share);
  };
  return { sentBytes: frame(inputs, dataPrimes.length, true), receivedBytes: frame(1, resultPrimes, false) };
}

/** Measures which part of its size is left of a polynomial modulo `primes` after compression, on random residues. */
function compressedShare(primes: readonly string[], count: number): number {
  const sample = randomResidues(primes.map(Number), count);
  return packPayload([sample]).length / sample.length;
}

/** Makes 64-bit words as in a polynomial of a key: `count` residues for each modulus, the same ones every time. */
function randomResidues(moduli: readonly number[], count: number): Uint8Array {
  const words = new Uint32Array(2 * count * moduli.length);
  const random = seededTensor(words.length, 1, 1);
  for (const [index, modulus] of moduli.entries()) {
    for (let at = 2 * count * index; at < 2 * count * (index + 1); at += 2) {
      // Each draw has 24 bits.
      const fraction = random[at]! / 2 + 0.5 + (random[at + 1]! / 2 + 0.5) * 2 ** -24;
      const residue = Math.floor(fraction * modulus) % modulus;
      words[at] = residue % 2 ** 32;
      words[at + 1] = residue / 2 ** 32;
    }
  }
  return new Uint8Array(words.buffer);
}

/**
 * Merges the key plans of several programs under the same CKKS parameters. The result has every key that one of the
 * programs needs, at the highest level at which one of them needs it.
 */
export function mergeKeyPlans(plans: readonly KeyPlan[]): KeyPlan {
  const levels = new Map<number, number>();
  for (const { step, level } of plans.flatMap(({ rotations }) => rotations))
    levels.set(step, Math.max(level, levels.get(step) ?? 0));
  return {
    relinearizationLevel: Math.max(1, ...plans.map(({ relinearizationLevel }) => relinearizationLevel)),
    rotations: [...levels]
      .map(([step, level]) => ({ step, level }))
      .sort((left, right) => left.step - right.step),
  };
}
