import type { CodedError } from '../errors.ts';
import type { FrameHeader, SeriesHeader } from '../header.ts';
import type { PatientIdentity, StudyIdentity } from '../identity.ts';
import type { AnalysisResult, InputPair, LocalCheck, Progress, StageName } from '../stages.ts';

/** One image of a study. `id` is the worklist's own. */
export type ImageRow = {
  readonly id: string;
  readonly name: string;
  readonly series: SeriesHeader;
  readonly frame: FrameHeader;
};

/**
 * What becomes of a study's classification. `unasked`: nothing in it is a frontal chest film by what its file says;
 * `refused`: the input gate let no image through, and nothing was sent; `failed`: anything else went wrong.
 */
export type StudyState = 'unasked' | 'waiting' | 'working' | 'done' | 'refused' | 'failed' | 'cancelled';

export type StudyRow = {
  readonly id: string;
  readonly patient: PatientIdentity;
  readonly study: StudyIdentity;
  readonly images: readonly ImageRow[];
  /** The image that is, was or will be classified. */
  readonly scoredImageId: string | null;
  readonly state: StudyState;
  readonly progress: Progress | null;
  readonly seen: readonly StageName[];
  readonly pair: InputPair | null;
  readonly result: AnalysisResult | null;
  /** The comparison that somebody asked for; `working` while it is made. */
  readonly check: LocalCheck | CodedError | 'working' | null;
  readonly error: CodedError | null;
  readonly addedAt: number;
  /** By how much the most urgent finding lies above its upper threshold, as a share of what is left to 1; null before. */
  readonly urgency: number | null;
  /** An earlier study of the same patient that is in the list. */
  readonly priorId: string | null;
};

/** What came of one drop. */
export type DropReport = {
  readonly id: string;
  readonly finished: boolean;
  readonly taken: number;
  /** Images that were in the list already. */
  readonly known: number;
  readonly skipped: readonly { readonly name: string; readonly error: CodedError }[];
  /** Skipped files beyond those that are listed. */
  readonly more: number;
};
