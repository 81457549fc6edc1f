import type { CodedError } from '../errors.ts';
import type { StudyExport } from '../exchange/export-request.ts';
import type { PatientIdentity, StudyIdentity } from '../identity.ts';
import type { Digest } from '../ids/digest.ts';
import type { FrameHeader, SeriesHeader } from '../image/header.ts';
import type { AnalysisResult, InputPair, LocalCheck, Progress, StageName } from '../stages.ts';

/** One image of a study. `id` is the worklist's own name for it, a UUID. */
export type ImageRow = {
  readonly id: string;
  readonly name: string;
  readonly series: SeriesHeader;
  readonly frame: FrameHeader;
  /** The digest of the pixel data. It is null for an image that an earlier version put into the list. */
  readonly pixels: Digest | null;
};

/**
 * What has become of a study's classification.
 *
 * - `unasked`: by what its files say, the study has no frontal chest film.
 * - `waiting`: it is queued on this workstation.
 * - `working`: its analysis is under way.
 * - `refused`: the input gate let no image through, and nothing was sent.
 * - `failed`: anything else went wrong.
 */
export type StudyState = 'unasked' | 'waiting' | 'working' | 'done' | 'refused' | 'failed' | 'cancelled';

/** A study of the worklist with its images and with what its latest analysis told. */
export type StudyRow = {
  readonly id: string;
  readonly patient: PatientIdentity;
  readonly study: StudyIdentity;
  readonly images: readonly ImageRow[];
  /** The image that is, was or will be classified. */
  readonly scoredImageId: string | null;
  /** Somebody said that the film is to be turned as its picture shows (`EngineInput.turnsByPicture`). */
  readonly turns: boolean;
  readonly state: StudyState;
  readonly progress: Progress | null;
  /** The stages that the analysis has reached, in order. */
  readonly seen: readonly StageName[];
  /** What the model saw and what its codec made of it. It is null before the input gate let the image through. */
  readonly pair: InputPair | null;
  /**
   * The encrypted question under way, by its digest, while the engine keeps it on disk: an analysis that is begun again
   * goes on from there. The evaluator then gives the job that it has for it.
   */
  readonly asked: Digest | null;
  readonly result: AnalysisResult | null;
  /** When the result was there, ISO 8601: an export that is repeated says the same. It is null where there is none. */
  readonly resultAt: string | null;
  /** What became of the exports of this result, the oldest first. */
  readonly exports: readonly StudyExport[];
  /** The comparison with plaintext that somebody asked for. It is `working` while it is made. */
  readonly check: LocalCheck | CodedError | 'working' | null;
  readonly error: CodedError | null;
  /** When the study came into the list, in milliseconds since 1970. */
  readonly addedAt: number;
  /**
   * How far the most urgent finding lies above its upper threshold, as a share of the distance from there to 1. It is
   * null before there is a result.
   */
  readonly urgency: number | null;
  /** The latest earlier study of the same patient in the list. */
  readonly priorId: string | null;
};

/** What came of one drop of files. */
export type DropReport = {
  readonly id: string;
  readonly finished: boolean;
  /** The number of images that were taken into the list. */
  readonly taken: number;
  /** The number of images that were in the list already. */
  readonly known: number;
  readonly skipped: readonly { readonly name: string; readonly error: CodedError }[];
  /** The studies to which the images belong, those that were in the list already too, by the ids of their rows. */
  readonly studies: readonly string[];
  /** The number of skipped files beyond those that `skipped` names. */
  readonly more: number;
};
