import type { CodedError } from '../../contract/errors.ts';
import type { StudyRow } from '../../contract/ipc/worklist.ts';
import { stagesWithAnswer } from '../../contract/stages.ts';
import { candidates } from './candidates.ts';
import type { Entry } from './entry.ts';

/** The codes with which the input gate and the reader refuse an image. Nothing was sent then. */
const refusals = /^(input-|dicom-|file-too-|reader-crashed$)/;
const mostCrashes = 2;

/**
 * Decides what becomes of a study whose analysis failed: another of its images takes its turn, the study is begun again,
 * or it ends as cancelled, refused or failed. A study that is begun again counts the crash.
 */
export function afterFailure(entry: Entry, error: CodedError): Partial<StudyRow> {
  if (error.code === 'cancelled') return { state: 'cancelled', progress: null, error };
  const again = { state: 'waiting', progress: null, seen: [], pair: null } as const;
  if (refusals.test(error.code)) {
    const another = candidates(entry.row.images).find(({ id }) => !entry.tried.has(id));
    if (entry.byRule && another !== undefined) return { ...again, scoredImageId: another.id };
    return { state: 'refused', error };
  }
  return mayBeginAgain(entry, error) ? again : { state: 'failed', error };
}

/**
 * Tells whether a study may be begun again by itself: after a crash of the engine, unless it had the evaluator's
 * answer. The reader's host begins again by itself.
 */
function mayBeginAgain(entry: Entry, { code }: CodedError): boolean {
  if (code !== 'engine-crashed') return false;
  if (entry.row.seen.some((stage) => stagesWithAnswer.has(stage))) return false;
  entry.crashes += 1;
  return entry.crashes <= mostCrashes;
}
