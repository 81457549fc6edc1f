import type { Cost } from './cost.ts';
import type { BundleId } from './ids/bundle-id.ts';
import type { Digest } from './ids/digest.ts';
import type { JobId } from './ids/job-id.ts';
import type { KeyId } from './ids/key-id.ts';
import type { Discrimination } from './predictive-values.ts';

/**
 * The values that travel through the product, one type per stage: a radiograph becomes a latent, an encrypted
 * latent, a job, encrypted logits, findings. Only the two arrows that touch the evaluator leave the machine.
 */

/** What DICOM says about the image that matters after reading; no patient data. */
export type RadiographFacts = {
  readonly modality: string;
  readonly viewPosition: string | null;
  readonly rows: number;
  readonly columns: number;
  readonly photometric: 'MONOCHROME1' | 'MONOCHROME2';
  readonly transferSyntax: string;
  readonly lossy: boolean;
  /** Which grayscale window was applied, in words: `file window 1`, `VOI LUT`, `full range`, … */
  readonly window: string;
};

/**
 * A decoded radiograph: `values` is rows×columns, row-major, in [0, 1], 1 = bright (polarity already applied).
 */
export type Radiograph = {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
  readonly facts: RadiographFacts;
};

/** The reduced image that enters the encoder: 256×256, row-major, in [-1, 1]. */
export type EncoderImage = { readonly side: 256; readonly values: Float32Array };

/** The VQGAN's un-quantised encoder output, CxHxW, channel-major. */
export type Latent = { readonly shape: readonly [number, number, number]; readonly values: Float32Array };

/** The framed ciphertexts of one analysis, ready to be sent, and their digest (which the result must name). */
export type EncryptedLatent = { readonly frame: Uint8Array; readonly digest: Digest };

/** What an evaluator returned: a framed result ciphertext. */
export type EncryptedLogits = { readonly frame: Uint8Array };

/**
 * How an image compares with the training images (main/engine/input-gate.ts). `inverted`: it was scored with black and white
 * exchanged, because the file's tag contradicts its pixels.
 */
export type InputVerdict = {
  readonly distance: number;
  readonly distanceLimit: number;
  /** Root mean square of the latent. */
  readonly size: number;
  readonly sizeLimit: number;
  /** Likeness of the codec's image, dB. */
  readonly psnr: number;
  readonly psnrLimit: number;
  readonly inverted: boolean;
};

/** Where a probability lies against the finding's two operating points. */
export type Verdict = 'below' | 'indeterminate' | 'above';

/** One finding of an analysis. `claimable` is false where the training data were too few to claim anything. */
export type Finding = {
  readonly name: string;
  readonly logit: number;
  readonly probability: number;
  readonly verdict: Verdict;
  /** Probabilities from which on it is indeterminate, and above. */
  readonly low: number;
  readonly high: number;
  readonly claimable: boolean;
  /** What each region of the image adds to the logit, row by row; null when the model gives none. */
  readonly regions: Regions | null;
  readonly reference: FindingReference;
};
/** What is known of a finding from the validation images; edges of the histograms are log-odds, ascending. */
export type FindingReference = {
  readonly edges: readonly number[];
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
  readonly prevalence: number;
  readonly atLow: Discrimination;
  readonly atHigh: Discrimination;
};
/** `logits` has rows×columns elements, whose sum is the finding's logit. */
export type Regions = { readonly rows: number; readonly columns: number; readonly logits: readonly number[] };

/** Stages in order, as progress events and the command line name them. */
export const stageNames = [
  'reading',
  'encoding',
  'generating-keys',
  'uploading-keys',
  'encrypting',
  'sending',
  'queued',
  'evaluating',
  'receiving',
  'decrypting',
  'done',
] as const;
export type StageName = (typeof stageNames)[number];

/** One step of progress; `fraction` in [0, 1] within the stage where it is known. */
export type Progress = {
  readonly stage: StageName;
  readonly fraction: number | null;
  readonly detail?: string;
};

/** Bytes that crossed the network. */
export type BytesMoved = {
  readonly evaluationKeys: number;
  readonly sent: number;
  readonly received: number;
};

/** Wall time per stage, milliseconds. */
export type StageTimes = {
  readonly decode: number;
  readonly encode: number;
  readonly keygen: number;
  readonly encrypt: number;
  readonly upload: number;
  readonly evaluate: number;
  readonly decrypt: number;
};

/** Everything a finished analysis tells. The latent stays in the engine; logits leave it rounded (main/engine/findings.ts). */
export type AnalysisResult = {
  readonly findings: readonly Finding[];
  readonly facts: RadiographFacts;
  readonly input: InputVerdict;
  readonly bundle: { readonly id: BundleId; readonly name: string };
  readonly evaluator: { readonly url: string; readonly embedded: boolean };
  readonly jobId: JobId;
  readonly keyId: KeyId;
  /** SHA-256 of the frame that was sent and of the one that came back. */
  readonly digests: { readonly sent: Digest; readonly received: Digest };
  readonly parameters: {
    readonly polyModulusDegree: number;
    readonly logQP: number;
    readonly securityBits: number;
  };
  readonly cost: Cost;
  readonly bytes: BytesMoved;
  readonly timesMs: StageTimes;
};

/** How an encrypted result compares with the same network on the same latent in plaintext, on this machine. */
export type LocalCheck = {
  /** Largest differences, over the findings, of logits and of probabilities. */
  readonly logit: number;
  readonly probability: number;
  readonly tookMs: number;
};

/** What the engine is given of an analysis: a reduced image without any patient data. */
export type EngineInput = {
  readonly facts: RadiographFacts;
  readonly image: EncoderImage;
  readonly decodeMs: number;
};

/** What the model saw and what its codec made of it, 8 bits, side×side: the ground of the input verdict. */
export type InputPair = {
  readonly side: number;
  readonly image: Uint8Array;
  readonly reconstruction: Uint8Array;
};
