import type { CodedError } from '../errors.ts';
import type { AnalysisId } from '../ids/analysis-id.ts';
import type { AnalysisResult, InputPair, Progress } from '../stages.ts';

/** What is told about one analysis while it is processed; the same from engine to host and from host to window. */
export type AnalysisEvent =
  | { readonly kind: 'progress'; readonly analysisId: AnalysisId; readonly progress: Progress }
  /** The input gate let the image through. */
  | { readonly kind: 'admitted'; readonly analysisId: AnalysisId; readonly pair: InputPair }
  | { readonly kind: 'done'; readonly analysisId: AnalysisId; readonly result: AnalysisResult }
  | { readonly kind: 'failed'; readonly analysisId: AnalysisId; readonly error: CodedError };
