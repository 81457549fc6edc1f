import { randomBytes } from 'node:crypto';
import type { BundleDescription } from '../../contract/bundle.ts';
import { checkRange, checkShape } from '../../contract/check.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { EncryptedLatent, EncryptedLogits, Latent } from '../../contract/stages.ts';
import { gather, packPatches } from '../layout.ts';
import { dataParmsId } from '../run/seal/context.ts';
import { encodeFrame, frameDigest } from '../wire/frame.ts';
import { packPayload } from '../wire/payload.ts';
import { openResult } from '../wire/result.ts';
import { checkCiphertextBytes, ciphertextLevel } from '../wire/seal-bytes.ts';
import type { KeyHolder } from './keys.ts';

/**
 * Encrypts vectors of slots at the top level. It encrypts symmetrically and seeded: the secret key makes the
 * ciphertext, and half of it is written as the seed of a generator. This takes half the bytes and adds less noise than
 * a public key would.
 *
 * @param scale  2^scaleBits; a value v is encrypted as the integer v·scale.
 * @returns for each vector the uncompressed bytes of a SEAL ciphertext.
 */
export function encryptVectors(
  holder: KeyHolder,
  vectors: readonly Float64Array[],
  scale: number,
): Uint8Array[] {
  const { seal } = holder;
  const { context, secretKey } = holder.top;
  using generator = new seal.KeyGenerator(context, secretKey);
  // SEAL's encryptor wants a public key to be built; it is never used for encryption and never leaves.
  using unusedPublicKey = generator.createPublicKey();
  using encryptor = new seal.Encryptor(context, unusedPublicKey, secretKey);
  using encoder = new seal.CKKSEncoder(context);
  return vectors.map((vector) => {
    using plaintext = new seal.Plaintext();
    encoder.encode(vector, scale, plaintext);
    using ciphertext = encryptor.encryptSymmetricSerializable(plaintext);
    return ciphertext.saveToArray(seal.ComprModeType.none) as Uint8Array;
  });
}

/**
 * Decrypts the bytes of a ciphertext, already checked, to its slots.
 *
 * @remarks The exact result would reveal the secret key until it is rounded. Never send it anywhere.
 * @see B. Li, D. Micciancio, "On the Security of Homomorphic Encryption on Approximate Numbers", EUROCRYPT 2021.
 */
export function decryptVector(holder: KeyHolder, bytes: Uint8Array): Float64Array {
  const { seal } = holder;
  const { context, secretKey } = holder.at(ciphertextLevel(bytes));
  using ciphertext = new seal.Ciphertext();
  ciphertext.loadFromArray(context, bytes);
  using decryptor = new seal.Decryptor(context, secretKey);
  using plaintext = new seal.Plaintext();
  decryptor.decrypt(ciphertext, plaintext);
  using encoder = new seal.CKKSEncoder(context);
  return encoder.decodeFloat64(plaintext) as Float64Array;
}

/**
 * Encrypts a latent for one bundle and wraps it in a frame (docs/wire-format.md).
 *
 * @param latent  C×H×W as the bundle's packing says, |value| ≤ `latentBound`.
 * @param key     the name of the evaluation keys with which the evaluator shall compute.
 * @returns the frame, and its digest, which the result will name as its subject.
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
 * @returns count×rows×columns logits, as the model's output layout says: one for each finding and region, the mean over
 *   all slots that repeat it. `sumRegions` makes one per finding of them.
 * @throws CxrError `result-foreign` or `result-invalid` before the secret key is used; `result-range` for slots that
 *   are not finite or out of bound. The caller must not let the evaluator notice which of them it was.
 */
export function decrypt(
  logits: EncryptedLogits,
  question: EncryptedLatent,
  holder: KeyHolder,
  bundle: BundleId,
  description: BundleDescription,
): Float64Array {
  const [bytes] = openResult(logits.frame, question.digest, bundle, description);
  const form = {
    parmsId: dataParmsId(holder.at(description.result.primes).context),
    polyModulusDegree: holder.params.polyModulusDegree,
    moduli: holder.params.dataPrimes.slice(0, description.result.primes),
    seeded: false,
    scale: description.result.scale,
  };
  checkCiphertextBytes(bytes!, form, 'result-invalid');
  return readRegions(decryptVector(holder, bytes!), description);
}

/**
 * Reads the logits from decrypted slots: one for each finding and region, the mean over the slots that repeat it.
 *
 * @throws CxrError `result-range` for slots that are not finite or out of bound.
 */
export function readRegions(
  slots: Float64Array,
  { output, logitBound }: Pick<BundleDescription, 'output' | 'logitBound'>,
): Float64Array {
  checkRange(slots, logitBound, 'result-range');
  return gather([slots], output.layout);
}

/**
 * Adds up the regions of each finding. A model that does not tell regions apart has one region per finding.
 *
 * @param regions  count×rows×columns logits, as `decrypt` returns them.
 * @param count    number of findings.
 * @returns one logit per finding.
 */
export function sumRegions(regions: Float64Array, count: number): Float64Array {
  const each = regions.length / count;
  return Float64Array.from({ length: count }, (_, index) =>
    regions.subarray(index * each, (index + 1) * each).reduce((sum, logit) => sum + logit, 0),
  );
}
