import type { CodedError } from './errors.ts';
import type { Preview, Progress, RadiographFacts, StudyResult } from './stages.ts';

/** What is told about one study while it is processed; the same from engine to host and from host to window. */
export type StudyEvent =
  | { readonly kind: 'progress'; readonly studyId: string; readonly progress: Progress }
  | {
      readonly kind: 'image';
      readonly studyId: string;
      readonly preview: Preview;
      readonly facts: RadiographFacts;
    }
  | { readonly kind: 'done'; readonly studyId: string; readonly result: StudyResult }
  | { readonly kind: 'failed'; readonly studyId: string; readonly error: CodedError };
