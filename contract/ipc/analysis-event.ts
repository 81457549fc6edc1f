import type { CodedError } from '../errors.ts';
import type { InputPair, Progress, StudyResult } from '../stages.ts';

/** What is told about one study while it is processed; the same from engine to host and from host to window. */
export type StudyEvent =
  | { readonly kind: 'progress'; readonly studyId: string; readonly progress: Progress }
  /** The input gate let the image through. */
  | { readonly kind: 'admitted'; readonly studyId: string; readonly pair: InputPair }
  | { readonly kind: 'done'; readonly studyId: string; readonly result: StudyResult }
  | { readonly kind: 'failed'; readonly studyId: string; readonly error: CodedError };
