import { z } from 'zod';
import { costSchema } from './cost.ts';
import { CxrError } from './errors.ts';
import { digestSchema } from './ids/digest.ts';

/**
 * A bundle is one trained model in two halves: `client/` (encoder, decoder, calibration, labels) and `server/`
 * (network and weights). Both halves hold the same public description; its SHA-256 is the bundle's id, so that
 * neither half can be exchanged alone.
 */

const side = z.int().min(1).max(512);

/** CKKS parameters as written down; only `checkParams` of he/params.ts turns them into usable ones. */
export const ckksLiteralSchema = z.object({
  polyModulusDegree: z.int(),
  /** Data primes, first dropped last: actual primes as decimal strings, so that nothing depends on a library's choice. */
  dataPrimes: z
    .array(z.string().regex(/^\d{5,19}$/))
    .min(1)
    .max(40),
  specialPrime: z.string().regex(/^\d{5,19}$/),
  scaleBits: z.number().min(15).max(60),
});
export type CkksLiteral = z.infer<typeof ckksLiteralSchema>;

/** Where the elements of a [channels, height, width] tensor lie in the slots; he/layout.ts explains the bits. */
export const slotLayoutSchema = z.object({
  shape: z.tuple([z.int().min(1).max(65536), side, side]),
  /** One name per slot bit, lowest first, then per bit of the ciphertext's number. */
  bits: z
    .array(z.string().regex(/^([cxy]([0-9]|1[0-5])|hole|replica)$/))
    .min(1)
    .max(24),
  displacement: z.int().min(0).max(32768),
});
export type SlotLayout = z.infer<typeof slotLayoutSchema>;

/**
 * How a latent becomes slot vectors: patches of the first convolution where that is strided, the latent as it is
 * (kernel 1×1) where not.
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
 * Where the logits lie in the result. The layout's channels are the findings; with more than one position per channel
 * they are per-region logits whose sum is the finding's logit.
 */
export const outputPackingSchema = z.object({ count: z.int().min(1).max(4096), layout: slotLayoutSchema });
export type OutputPacking = z.infer<typeof outputPackingSchema>;

/**
 * The evaluation keys of a program. Each is generated for the highest level (data primes left) at which it is used:
 * its size grows with level·(level + 1).
 */
export const keyPlanSchema = z.object({
  relinearizationLevel: z.int().min(1).max(40),
  /** Ascending steps, each once. */
  rotations: z.array(z.object({ step: z.int().positive(), level: z.int().min(1).max(40) })).max(64),
});
export type KeyPlan = z.infer<typeof keyPlanSchema>;

/** What both halves know, public: parameters, packings, keys, cost, and the digests of every file. */
export const bundleDescriptionSchema = z.object({
  format: z.literal('cipherfilm-bundle/2'),
  name: z.string().min(1).max(64),
  ckks: ckksLiteralSchema,
  /** How the compiler laid tensors out; he/compiler/passes/place.ts. */
  placement: z.enum(['phases', 'channels', 'raster']),
  input: inputPackingSchema,
  output: outputPackingSchema,
  /** Data primes left in the result and its exact scale. */
  result: z.object({ primes: z.int().min(1), scale: z.number().positive() }),
  evaluationKeys: keyPlanSchema,
  cost: costSchema,
  /** Latent magnitudes above this are refused before encryption; result magnitudes above `logitBound` after decryption. */
  latentBound: z.number().positive(),
  logitBound: z.number().positive(),
  programDigest: digestSchema,
  files: z.record(z.string().regex(/^(client|server)\/[a-z0-9.-]+$/), digestSchema),
});
export type BundleDescription = z.infer<typeof bundleDescriptionSchema>;

const share = z.number().min(0).max(1);

/** A probability to compare with, and what that gives on the validation set; null without enough positives there. */
const operatingPointSchema = z.object({
  probability: share,
  sensitivity: share.nullable(),
  specificity: share.nullable(),
});
export type OperatingPoint = z.infer<typeof operatingPointSchema>;

/** How many validation images with and without the finding fell between two neighbouring edges of log-odds. */
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
    slope: z.number().positive(),
    intercept: z.number(),
    /** A probability under `low` is below, from `high` on above, between them indeterminate. */
    low: operatingPointSchema,
    high: operatingPointSchema,
    reference: referenceSchema,
    /** Share of validation images with the finding, for which probabilities are calibrated. */
    prevalence: share,
    trainPositives: z.int().nonnegative(),
    valPositives: z.int().nonnegative(),
    claimable: z.boolean(),
  })
  .refine(({ low, high }) => low.probability <= high.probability, 'low above high');
export type FindingCalibration = z.infer<typeof findingCalibrationSchema>;

/** How logits become findings: per finding Platt's line, operating points and what is known from validation. */
export const calibrationSchema = z.object({
  format: z.literal('cipherfilm-calibration/2'),
  latentBound: z.number().positive(),
  findings: z.array(findingCalibrationSchema).min(1).max(4096),
});
export type Calibration = z.infer<typeof calibrationSchema>;

const numbers = (most: number) => z.array(z.number()).min(1).max(most);

/** What the input gate compares an image with (main/engine/input-gate.ts); made by training/gate/fit_gate.py. */
export const gateSchema = z
  .object({
    format: z.literal('cipherfilm-gate/1'),
    /** Cells per side over which each latent channel is averaged. */
    cells: z.int().min(1).max(64),
    mean: numbers(65_536),
    /** Orthonormal directions, and the variance of training latents along each and beside all of them. */
    basis: z.array(numbers(65_536)).min(1).max(1024),
    variances: z.array(z.number().positive()).min(1).max(1024),
    restVariance: z.number().positive(),
    /** Largest distance and size (root mean square) of a latent that is let through; least likeness of the codec's image, dB. */
    distanceLimit: z.number().positive(),
    sizeLimit: z.number().positive(),
    psnrLimit: z.number(),
  })
  .refine(
    ({ mean, basis, variances }) =>
      variances.length === basis.length && basis.every(({ length }) => length === mean.length),
    'directions as long as the mean, a variance for each',
  );
export type Gate = z.infer<typeof gateSchema>;

/** What the network makes of a latent that everybody knows (tools/bundle/known-answer.ts), computed in plaintext. */
export const knownAnswerSchema = z.object({
  format: z.literal('cipherfilm-known-answer/1'),
  /** One logit per finding. */
  logits: numbers(4096),
});
export type KnownAnswer = z.infer<typeof knownAnswerSchema>;

/** Parses text from a bundle folder; a wrong shape is `bundle-invalid` with the offending path, never its content. */
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
