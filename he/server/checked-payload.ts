import type { BundleDescription } from '../../contract/bundle.ts';
import type { CkksParams } from '../params.ts';
import type { ByteSource } from '../wire/byte-source.ts';
import { unpackPayload } from '../wire/payload.ts';
import { checkCiphertextBytes, checkKeyBytes, galoisIndex } from '../wire/seal-bytes.ts';
import { keyPlaces, partSizes } from '../wire/sizes.ts';

/** What the checks need of an engine: the parameters, and SEAL's id of those that are left at a level. */
export type Parameters = {
  readonly params: CkksParams;
  parmsId(level: number, key: boolean): Uint8Array;
};

/**
 * Expands a payload of evaluation keys and gives every key once all its bytes are checked, in the order of `keyPlaces`.
 * It holds one key at a time. The keys of the shipped network take about a second.
 *
 * @throws CxrError `evaluation-key-invalid` at the first byte that is not what the bundle asks for.
 */
export function* checkedKeys(
  description: BundleDescription,
  parameters: Parameters,
  payload: Uint8Array | ByteSource,
): Generator<Uint8Array> {
  const { polyModulusDegree, dataPrimes, specialPrime } = parameters.params;
  const places = keyPlaces(description);
  let index = 0;
  for (const bytes of unpackPayload(
    payload,
    partSizes(description).evaluationKeys,
    'evaluation-key-invalid',
  )) {
    const { step, level, places: of } = places[index]!;
    const form = {
      parmsId: parameters.parmsId(level, true),
      polyModulusDegree,
      moduli: [...dataPrimes.slice(0, level), specialPrime],
    };
    checkKeyBytes(bytes, form, { index: step === 0 ? 0 : galoisIndex(step, polyModulusDegree), of });
    yield bytes;
    index += 1;
  }
}

/**
 * Expands an input payload and gives every ciphertext once all its bytes are checked.
 *
 * @param scale  the scale that the program expects of its inputs.
 * @throws CxrError `ciphertext-invalid` at the first byte that is not what the bundle asks for.
 */
export function* checkedInputs(
  description: BundleDescription,
  parameters: Parameters,
  payload: Uint8Array,
  scale: number,
): Generator<Uint8Array> {
  const { polyModulusDegree, dataPrimes: moduli } = parameters.params;
  const form = {
    parmsId: parameters.parmsId(moduli.length, false),
    polyModulusDegree,
    moduli,
    seeded: true,
    scale,
  };
  for (const bytes of unpackPayload(payload, partSizes(description).input, 'ciphertext-invalid')) {
    checkCiphertextBytes(bytes, form, 'ciphertext-invalid');
    yield bytes;
  }
}
