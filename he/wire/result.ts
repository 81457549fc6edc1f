import type { BundleDescription } from '../../contract/bundle.ts';
import { CxrError } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { Digest } from '../../contract/ids/digest.ts';
import { decodeFrame } from './frame.ts';
import { unpackPayload } from './payload.ts';
import { partSizes, payloadLimits } from './sizes.ts';

/**
 * Checks a result frame and takes the ciphertexts out of it. A result is checked here and nowhere else: whoever fetched it
 * saw to its length only, and `decrypt` gives SEAL nothing that did not come through here.
 *
 * @param frame  bytes as they came from the evaluator, not trusted.
 * @param question  digest of the input frame that the result has to answer.
 * @param bundle  whose result it has to be; `description` is that bundle's.
 * @returns SEAL bytes of each ciphertext, not yet compared with the ring.
 * @throws CxrError `result-foreign` when it answers another frame or bundle; `result-invalid` when it is altered, cut, of
 *         another kind, larger than the bundle's results are, or does not hold the ciphertexts that it should.
 */
export function openResult(
  frame: Uint8Array,
  question: Digest,
  bundle: BundleId,
  description: BundleDescription,
): Uint8Array[] {
  const maxPayloadBytes = payloadLimits(description).result;
  try {
    const { payload } = decodeFrame(frame, { kind: 'result', bundle, subject: question, maxPayloadBytes });
    return [...unpackPayload(payload, partSizes(description).result, 'result-invalid')];
  } catch (error) {
    if (!(error instanceof CxrError) || error.code === 'result-invalid') throw error;
    const code = error.code === 'frame-foreign' ? 'result-foreign' : 'result-invalid';
    throw new CxrError(code, { reason: error.code, got: frame.length });
  }
}
