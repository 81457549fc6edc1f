import { z } from 'zod';
import { costSchema } from './cost.ts';
import { CxrError } from './errors.ts';
import { digestSchema } from './ids/digest.ts';

/**
 * A *bundle* is one trained model in two halves. The folder `client/` holds what the workstation needs: encoder,
 * decoder, calibration, input gate and known answer. The folder `server/` holds what the evaluator needs: the network
 * and its weights. Both halves hold the same public description. The SHA-256 of that description is the bundle's id, so
 * that neither half can be exchanged alone.
 */

const side = z.int().min(1).max(512);

/**
 * CKKS parameters as they are written down. CKKS is the encryption scheme: it computes on vectors of approximate
 * numbers. These values are not checked for security; only `checkParams` of he/params.ts turns them into usable ones.
 */
export const ckksLiteralSchema = z.object({
  /** The ring degree N. A ciphertext has N / 2 slots, one number in each. */
  polyModulusDegree: z.int(),
  /**
   * The primes whose product is the modulus of a fresh ciphertext. Each level of the computation drops the last one.
   * They are written as decimal strings, so that nothing depends on a library's choice of primes.
   */
  dataPrimes: z
    .array(z.string().regex(/^\d{5,19}$/))
    .min(1)
    .max(40),
  /** A further prime that only the evaluation keys use. */
  specialPrime: z.string().regex(/^\d{5,19}$/),
  /** Numbers are multiplied by 2^scaleBits and rounded before they are encrypted. */
  scaleBits: z.number().min(15).max(60),
});
export type CkksLiteral = z.infer<typeof ckksLiteralSchema>;

/** Says in which slot each element of a [channels, height, width] tensor lies. he/layout.ts explains the bits. */
export const slotLayoutSchema = z.object({
  shape: z.tuple([z.int().min(1).max(65536), side, side]),
  /**
   * One name for each bit of the slot's number, lowest first, and then for each bit of the ciphertext's number. `c`,
   * `x` and `y` with a digit name a bit of a coordinate; `hole` marks unused slots, `replica` repeated ones.
   */
  bits: z
    .array(z.string().regex(/^([cxy]([0-9]|1[0-5])|hole|replica)$/))
    .min(1)
    .max(24),
  /** By how many slots the whole tensor is shifted upwards. */
  displacement: z.int().min(0).max(32768),
});
export type SlotLayout = z.infer<typeof slotLayoutSchema>;

/**
 * Says how the workstation turns a latent into slot vectors before it encrypts them. Where the first convolution has a
 * stride, each slot vector gathers the patches that the convolution reads. Where it has none, the latent is taken as it
 * is, which is written as a kernel of 1×1.
 */
export const inputPackingSchema = z.object({
  kind: z.literal('patches'),
  channels: side,
  height: side,
  width: side,
  kernel: z.tuple([side, side]),
  stride: z.tuple([side, side]),
  padding: z.tuple([z.int().min(0).max(16), z.int().min(0).max(16)]),
  ciphertexts: z.int().min(1).max(64),
  layout: slotLayoutSchema,
});
export type InputPacking = z.infer<typeof inputPackingSchema>;

/**
 * Says where the logits lie in the decrypted result. A *logit* is the network's raw score for a finding. The layout's
 * channels are the findings. A channel with more than one position holds one logit per region of the image; their sum
 * is the finding's logit. `count` is the number of findings.
 */
export const outputPackingSchema = z.object({ count: z.int().min(1).max(4096), layout: slotLayoutSchema });
export type OutputPacking = z.infer<typeof outputPackingSchema>;

/**
 * Lists the evaluation keys that a program needs. *Evaluation keys* are public keys with which the evaluator rotates
 * and multiplies ciphertexts; they decrypt nothing. Each is generated for the highest level at which it is used, where
 * the *level* counts the data primes that are left. The size of a key grows with level·(level + 1).
 */
export const keyPlanSchema = z.object({
  relinearizationLevel: z.int().min(1).max(40),
  /** Ascending steps, each once. */
  rotations: z.array(z.object({ step: z.int().positive(), level: z.int().min(1).max(40) })).max(64),
});
export type KeyPlan = z.infer<typeof keyPlanSchema>;

/**
 * The public description of a bundle, which both halves hold. Format 2 gives every evaluation key its own level; a
 * bundle of another format is refused and has to be built again.
 */
export const bundleDescriptionSchema = z.object({
  format: z.literal('cipherfilm-bundle/2'),
  name: z.string().min(1).max(64),
  ckks: ckksLiteralSchema,
  /** The strategy by which the compiler laid tensors out; he/compiler/passes/place.ts explains the three. */
  placement: z.enum(['phases', 'channels', 'raster']),
  input: inputPackingSchema,
  output: outputPackingSchema,
  /** The number of data primes that are left in the result, and its exact scale. */
  result: z.object({ primes: z.int().min(1), scale: z.number().positive() }),
  evaluationKeys: keyPlanSchema,
  cost: costSchema,
  /** The workstation refuses a latent with a larger magnitude before it encrypts. */
  latentBound: z.number().positive(),
  /** The workstation refuses a result with a larger magnitude after it decrypted. */
  logitBound: z.number().positive(),
  /** SHA-256 of the program that the compiler makes of the network and its weights. */
  programDigest: digestSchema,
  /** SHA-256 of every file of both halves, by its path in the bundle's folder. */
  files: z.record(z.string().regex(/^(client|server)\/[a-z0-9.-]+$/), digestSchema),
});
export type BundleDescription = z.infer<typeof bundleDescriptionSchema>;

const share = z.number().min(0).max(1);

/**
 * A threshold of probability, with the sensitivity and specificity that it has on the validation set. Both are null
 * where the validation set has too few images with the finding.
 */
const operatingPointSchema = z.object({
  probability: share,
  sensitivity: share.nullable(),
  specificity: share.nullable(),
});
export type OperatingPoint = z.infer<typeof operatingPointSchema>;

/**
 * A histogram of the validation images over the log-odds of the calibrated probability. `positives` counts the images
 * with the finding between two neighbouring edges, `negatives` those without it.
 */
const referenceSchema = z
  .object({
    edges: z.array(z.number()).min(2).max(257),
    positives: z.array(z.int().nonnegative()),
    negatives: z.array(z.int().nonnegative()),
  })
  .refine(
    ({ edges, positives, negatives }) =>
      positives.length === edges.length - 1 &&
      negatives.length === edges.length - 1 &&
      edges.every((edge, index) => index === 0 || edge > edges[index - 1]!),
    'ascending edges, one more than counts',
  );
export type ReferenceHistogram = z.infer<typeof referenceSchema>;

const findingCalibrationSchema = z
  .object({
    name: z.string().min(1).max(64),
    /** Platt's line: probability = sigmoid(slope · logit + intercept). */
    slope: z.number().positive(),
    intercept: z.number(),
    /**
     * A probability less than `low` counts as below, one of at least `high` as above, and one between as indeterminate.
     */
    low: operatingPointSchema,
    high: operatingPointSchema,
    reference: referenceSchema,
    /** The share of validation images with the finding. The probabilities hold where a finding is as common as this. */
    prevalence: share,
    trainPositives: z.int().nonnegative(),
    valPositives: z.int().nonnegative(),
    /** False where the data have too few examples to claim anything about this finding. */
    claimable: z.boolean(),
  })
  .refine(({ low, high }) => low.probability <= high.probability, 'low above high');
export type FindingCalibration = z.infer<typeof findingCalibrationSchema>;

/**
 * Says how logits become findings. Each finding has Platt's line, two operating points and its validation histogram.
 */
export const calibrationSchema = z.object({
  format: z.literal('cipherfilm-calibration/2'),
  latentBound: z.number().positive(),
  findings: z.array(findingCalibrationSchema).min(1).max(4096),
});
export type Calibration = z.infer<typeof calibrationSchema>;

const numbers = (most: number) => z.array(z.number()).min(1).max(most);

/**
 * What the input gate compares an image with, so that only frontal chest radiographs are encrypted. training/gate/fit_gate.py
 * makes it from the training images; main/engine/input-gate.ts applies it.
 */
export const gateSchema = z
  .object({
    format: z.literal('cipherfilm-gate/1'),
    /** Each channel of the latent is averaged over cells×cells equal parts. */
    cells: z.int().min(1).max(64),
    /** The mean of the averaged training latents, channel by channel. */
    mean: numbers(65_536),
    /** Orthonormal directions in which the training latents vary most. */
    basis: z.array(numbers(65_536)).min(1).max(1024),
    /** The variance of the training latents along each direction. */
    variances: z.array(z.number().positive()).min(1).max(1024),
    /** The variance that they share in every other direction. */
    restVariance: z.number().positive(),
    /** The largest distance from the training latents that is let through. */
    distanceLimit: z.number().positive(),
    /** The largest root mean square of a latent that is let through. */
    sizeLimit: z.number().positive(),
    /** The least likeness between an image and the codec's drawing of it (peak signal to noise), dB. */
    psnrLimit: z.number(),
  })
  .refine(
    ({ mean, basis, variances }) =>
      variances.length === basis.length && basis.every(({ length }) => length === mean.length),
    'directions as long as the mean, a variance for each',
  );
export type Gate = z.infer<typeof gateSchema>;

/**
 * What the network makes of a latent that everybody knows, computed in plaintext. A workstation encrypts that latent
 * and compares the answer, so that a wrong key or a wrong program shows. tools/bundle/known-answer.ts computes it.
 */
export const knownAnswerSchema = z.object({
  format: z.literal('cipherfilm-known-answer/1'),
  /** One logit per finding. */
  logits: numbers(4096),
});
export type KnownAnswer = z.infer<typeof knownAnswerSchema>;

/**
 * Parses the text of a file in a bundle folder.
 *
 * @param file  name of the file, for the error.
 * @throws      CxrError 'bundle-invalid' when the text is not JSON or has another shape. The error names the path of
 *              the offending value, never the value.
 */
export function parseBundleFile<T>(schema: z.ZodType<T>, text: string, file: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new CxrError('bundle-invalid', { file, reason: 'not JSON' });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    throw new CxrError('bundle-invalid', { file, path: parsed.error.issues[0]?.path.join('.') ?? '' });
  }
  return parsed.data;
}
