import { randomBytes } from 'node:crypto';
import type { BundleDescription } from '../../contract/bundle.ts';
import { checkRange, checkShape } from '../../contract/check.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { EncryptedLatent, EncryptedLogits, Latent } from '../../contract/stages.ts';
import { gather, packPatches } from '../layout.ts';
import { parmsIdsByLevel } from '../run/seal/context.ts';
import { encodeFrame, frameDigest } from '../wire/frame.ts';
import { packPayload } from '../wire/payload.ts';
import { openResult } from '../wire/result.ts';
import { checkCiphertextBytes } from '../wire/seal-bytes.ts';
import type { KeyHolder } from './keys.ts';

/**
 * Encrypts slot vectors at the top level, symmetrically and seeded: half the bytes and less noise than with a public
 * key. Returns uncompressed SEAL bytes.
 *
 * @param scale  2^scaleBits.
 */
export function encryptVectors(
  holder: KeyHolder,
  vectors: readonly Float64Array[],
  scale: number,
): Uint8Array[] {
  const { seal, context } = holder;
  using generator = new seal.KeyGenerator(context, holder.secretKey);
  // SEAL's encryptor wants a public key to be built; it is never used for encryption and never leaves.
  using unusedPublicKey = generator.createPublicKey();
  using encryptor = new seal.Encryptor(context, unusedPublicKey, holder.secretKey);
  using encoder = new seal.CKKSEncoder(context);
  return vectors.map((vector) => {
    using plaintext = new seal.Plaintext();
    encoder.encode(vector, scale, plaintext);
    using ciphertext = encryptor.encryptSymmetricSerializable(plaintext);
    return ciphertext.saveToArray(seal.ComprModeType.none) as Uint8Array;
  });
}

/** Decrypts checked SEAL bytes to slots. @remarks The result is key material until rounded: never send it anywhere. */
export function decryptVector(holder: KeyHolder, bytes: Uint8Array): Float64Array {
  const { seal, context } = holder;
  using ciphertext = new seal.Ciphertext();
  ciphertext.loadFromArray(context, bytes);
  using decryptor = new seal.Decryptor(context, holder.secretKey);
  using plaintext = new seal.Plaintext();
  decryptor.decrypt(ciphertext, plaintext);
  using encoder = new seal.CKKSEncoder(context);
  return encoder.decodeFloat64(plaintext) as Float64Array;
}

/**
 * Encrypts a latent for one bundle.
 *
 * @param latent  C×H×W of the bundle's packing, |value| ≤ `latentBound`.
 * @throws CxrError `latent-shape`, `latent-range`.
 */
export function encrypt(
  latent: Latent,
  holder: KeyHolder,
  key: KeyId,
  bundle: BundleId,
  description: BundleDescription,
): EncryptedLatent {
  const { input, latentBound } = description;
  checkShape(latent.values, [input.channels, input.height, input.width], 'latent-shape');
  checkRange(latent.values, latentBound, 'latent-range');
  const vectors = packPatches(latent.values, input, holder.params.slotCount);
  const payload = packPayload(encryptVectors(holder, vectors, 2 ** description.ckks.scaleBits));
  const frame = encodeFrame({ kind: 'input', bundle, subject: key, nonce: randomBytes(16), payload });
  return { frame, digest: frameDigest(frame) };
}

/**
 * Decrypts an evaluator's answer to `question`.
 *
 * @returns count×rows×columns logits as the model's output layout says: per finding and region, the mean over all slots
 *          that repeat it. `sumRegions` makes one per finding of them.
 * @throws CxrError `result-foreign`, `result-invalid` before any secret is touched; `result-range` for non-finite or
 *         out-of-bound slots. The caller must not let the evaluator notice which.
 */
export function decrypt(
  logits: EncryptedLogits,
  question: EncryptedLatent,
  holder: KeyHolder,
  bundle: BundleId,
  description: BundleDescription,
): Float64Array {
  const [bytes] = openResult(logits.frame, question.digest, bundle, description);
  const ids = parmsIdsByLevel(holder.context, holder.params);
  const form = {
    parmsId: ids[description.result.primes]!,
    polyModulusDegree: holder.params.polyModulusDegree,
    moduli: holder.params.dataPrimes.slice(0, description.result.primes),
    seeded: false,
    scale: description.result.scale,
  };
  checkCiphertextBytes(bytes!, form, 'result-invalid');
  return readRegions(decryptVector(holder, bytes!), description);
}

/**
 * Refuses non-finite and out-of-bound slots, then reads one logit per finding and region: the mean over the slots that
 * repeat it.
 */
export function readRegions(
  slots: Float64Array,
  { output, logitBound }: Pick<BundleDescription, 'output' | 'logitBound'>,
): Float64Array {
  checkRange(slots, logitBound, 'result-range');
  return gather([slots], output.layout);
}

/** One logit per finding: the sum over its regions, of which there is one where a model does not tell regions apart. */
export function sumRegions(regions: Float64Array, count: number): Float64Array {
  const each = regions.length / count;
  return Float64Array.from({ length: count }, (_, index) =>
    regions.subarray(index * each, (index + 1) * each).reduce((sum, logit) => sum + logit, 0),
  );
}
