import type { Cost } from './cost.ts';
import type { BundleId } from './ids/bundle-id.ts';
import type { Digest } from './ids/digest.ts';
import type { JobId } from './ids/job-id.ts';
import type { KeyId } from './ids/key-id.ts';
import type { Doubt } from './image/doubt.ts';
import type { StatedContent } from './image/stated-content.ts';
import type { Discrimination } from './predictive-values.ts';

/**
 * The values that travel through the product, one type per stage. A radiograph becomes a latent, an encrypted latent, a
 * job, encrypted logits and findings. Only the encrypted latent and the encrypted logits cross the network.
 */

/** What a DICOM file says about its image that still matters after reading. No patient data are among it. */
export type RadiographFacts = {
  readonly modality: string;
  readonly viewPosition: string | null;
  readonly rows: number;
  readonly columns: number;
  readonly photometric: 'MONOCHROME1' | 'MONOCHROME2';
  readonly transferSyntax: string;
  readonly lossy: boolean;
  /** The grayscale that was applied, in words: `file window 1`, `VOI LUT`, `full range`, … */
  readonly window: string;
};

/**
 * A decoded radiograph. `values` has rows×columns brightnesses in [0, 1], row by row, 1 = bright. The polarity of the
 * file is already applied.
 */
export type Radiograph = {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
  readonly facts: RadiographFacts;
  readonly content: StatedContent;
};

/** The reduced image that enters the encoder: 256×256 values in [-1, 1], row by row, 1 = bright. */
export type EncoderImage = { readonly side: 256; readonly values: Float32Array };

/**
 * The *latent*: the small array of numbers into which the VQGAN's encoder turns an image. It is the encoder's output
 * before quantisation, channel by channel and row by row; `shape` is [channels, rows, columns].
 */
export type Latent = { readonly shape: readonly [number, number, number]; readonly values: Float32Array };

/**
 * The ciphertexts of one analysis in a frame that can be sent, and the frame's digest. The evaluator's result must name
 * this digest.
 */
export type EncryptedLatent = { readonly frame: Uint8Array; readonly digest: Digest };

/** What an evaluator returned: a frame with the ciphertext of the result. */
export type EncryptedLogits = { readonly frame: Uint8Array };

/**
 * How an image compares with the training images, as the input gate measured it (main/engine/input-gate.ts). `inverted`
 * is true when it was scored with black and white exchanged, because the file's tag contradicts its pixels.
 */
export type InputVerdict = {
  /** How far the latent lies from those of the training images; about 1 for an image like them. */
  readonly distance: number;
  readonly distanceLimit: number;
  /** The root mean square of the latent. */
  readonly size: number;
  readonly sizeLimit: number;
  /** How like the image the codec's drawing of it is (peak signal to noise), dB. */
  readonly psnr: number;
  readonly psnrLimit: number;
  readonly inverted: boolean;
  /** What the gate saw that did not make it refuse the film. Results of earlier versions have none. */
  readonly doubts?: readonly Doubt[];
};

/** Where a probability lies against the finding's two operating points: below both, between them, or above both. */
export type Verdict = 'below' | 'indeterminate' | 'above';

/** One finding of an analysis. `claimable` is false where the data were too few to claim anything about it. */
export type Finding = {
  readonly name: string;
  /** The network's raw score, rounded before it leaves the engine. */
  readonly logit: number;
  /** The calibrated probability, in [0, 1]. */
  readonly probability: number;
  readonly verdict: Verdict;
  /** The two operating points. From `low` on the verdict is indeterminate, from `high` on it is above. */
  readonly low: number;
  readonly high: number;
  readonly claimable: boolean;
  /** What each region of the image adds to the logit. It is null when the model gives no regions. */
  readonly regions: Regions | null;
  readonly reference: FindingReference;
};
/**
 * What is known of a finding from the validation images. `edges` are log-odds in ascending order; `positives` and
 * `negatives` count the images with and without the finding between two neighbouring edges.
 */
export type FindingReference = {
  readonly edges: readonly number[];
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
  readonly prevalence: number;
  readonly atLow: Discrimination;
  readonly atHigh: Discrimination;
};
/**
 * The logits of the regions of a film as it is stored: rows×columns numbers, row by row, whose sum is the finding's logit. They
 * divide the whole film, or the part `within` it that was left when margins had been cut off.
 */
export type Regions = {
  readonly rows: number;
  readonly columns: number;
  readonly logits: readonly number[];
  readonly within?: Field;
};
/** A part of an image: its first row and column, counted from 0, and how many of them it has. */
export type Field = {
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly columns: number;
};

/** The stages of an analysis in order, as progress events and the command line name them. */
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
/** The name of a stage. */
export type StageName = (typeof stageNames)[number];
/**
 * From these stages on the engine has the evaluator's answer. An analysis that failed there is not begun again by itself:
 * that could tell the evaluator something about what was decrypted.
 */
export const stagesWithAnswer: ReadonlySet<StageName> = new Set(['receiving', 'decrypting', 'done']);

/** One step of progress. `fraction` is how much of the stage is done, in [0, 1], or null where that is not known. */
export type Progress = {
  readonly stage: StageName;
  readonly fraction: number | null;
  readonly detail?: string;
};

/** The bytes that crossed the network. `sent` does not count the evaluation keys. */
export type BytesMoved = {
  readonly evaluationKeys: number;
  readonly sent: number;
  readonly received: number;
};

/** The wall time of each stage, milliseconds; 0 for a stage that was not needed, such as key generation after the first. */
export type StageTimes = {
  readonly decode: number;
  readonly encode: number;
  readonly keygen: number;
  readonly encrypt: number;
  readonly upload: number;
  readonly evaluate: number;
  readonly decrypt: number;
};

/**
 * Everything that a finished analysis tells. The latent stays in the engine. Logits leave the engine rounded
 * (main/engine/findings.ts).
 */
export type AnalysisResult = {
  readonly findings: readonly Finding[];
  readonly facts: RadiographFacts;
  readonly input: InputVerdict;
  readonly bundle: { readonly id: BundleId; readonly name: string };
  readonly evaluator: { readonly url: string; readonly embedded: boolean };
  readonly jobId: JobId;
  readonly keyId: KeyId;
  /** The digests of the frame that was sent and of the frame that came back. */
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

/** How an encrypted result compares with the same network on the same latent, computed in plaintext on this machine. */
export type LocalCheck = {
  /** The largest difference of a logit over the findings. */
  readonly logit: number;
  /** The largest difference of a probability over the findings. */
  readonly probability: number;
  readonly tookMs: number;
};

/** What the engine is given of an image: its reduced form without any patient data. */
export type EngineInput = {
  readonly facts: RadiographFacts;
  readonly content: StatedContent;
  /** What was left of the image when margins had been cut off, and became the reduced image. */
  readonly field: Field;
  readonly image: EncoderImage;
  /** True where somebody asked that a film is turned too of which only the picture shows how it lies, if that is certain. */
  readonly turnsByPicture?: boolean;
  readonly decodeMs: number;
};

/**
 * What the model saw, and what its codec drew from the latent. Both have side×side grey levels of 8 bits, row by row.
 * The input gate judged by comparing the two.
 */
export type InputPair = {
  readonly side: number;
  readonly image: Uint8Array;
  readonly reconstruction: Uint8Array;
};
