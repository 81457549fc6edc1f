import type { CodedError } from '../errors.ts';
import type { AnalysisId } from '../ids/analysis-id.ts';
import type { Digest } from '../ids/digest.ts';
import type { AnalysisResult, InputPair, Progress } from '../stages.ts';

/**
 * What the engine tells about one analysis while it processes it. The worklist hears it and makes the rows of the
 * window from it.
 */
export type AnalysisEvent =
  | { readonly kind: 'progress'; readonly analysisId: AnalysisId; readonly progress: Progress }
  /** The input gate let the image through. `pair` is what the model saw and what its codec made of it. */
  | { readonly kind: 'admitted'; readonly analysisId: AnalysisId; readonly pair: InputPair }
  /**
   * The encrypted question is kept on disk under this digest and is about to be sent. With null it is no longer so that
   * the analysis could go on from the disk.
   */
  | { readonly kind: 'asked'; readonly analysisId: AnalysisId; readonly question: Digest | null }
  | { readonly kind: 'done'; readonly analysisId: AnalysisId; readonly result: AnalysisResult }
  | { readonly kind: 'failed'; readonly analysisId: AnalysisId; readonly error: CodedError };
