import type { CodedError } from '../../contract/errors.ts';
import { isEvaluatorTrouble } from '../../contract/ipc/standing.ts';
import type { StudyRow } from '../../contract/ipc/worklist.ts';
import { candidates } from './candidates.ts';
import type { Entry } from './entry.ts';
import { hasAnswer } from './has-answer.ts';

/** The codes with which the input gate and the reader refuse an image. Nothing was sent then. */
const refusals = /^(input-|dicom-|file-too-|reader-crashed$)/;
const mostCrashes = 2;

/**
 * Decides what becomes of a study whose analysis failed: another of its images takes its turn, the study is begun again,
 * or it ends as cancelled, refused or failed. A study that is begun again counts the crash.
 */
export function afterFailure(entry: Entry, error: CodedError): Partial<StudyRow> {
  if (error.code === 'cancelled') return { state: 'cancelled', progress: null, asked: null, error };
  const again = { state: 'waiting', progress: null, seen: [], pair: null } as const;
  if (refusals.test(error.code)) {
    const another = candidates(entry.row.images).find(({ id }) => !entry.tried.has(id));
    if (entry.byRule && another !== undefined) return { ...again, scoredImageId: another.id, asked: null };
    return { state: 'refused', asked: null, error };
  }
  if (mayBeginAgain(entry, error)) return again;
  // Behind an evaluator in trouble the job may go on: another try asks for it by the same question.
  return isEvaluatorTrouble(error) ? { state: 'failed', error } : { state: 'failed', asked: null, error };
}

/**
 * Tells whether a study may be begun again by itself: after a crash of the engine or when the keys were locked, unless it
 * had the evaluator's answer and cannot go on with it from the disk. To ask again then could tell the evaluator how the
 * decryption went. The reader's host begins again by itself.
 */
function mayBeginAgain(entry: Entry, { code }: CodedError): boolean {
  if (code !== 'engine-crashed' && code !== 'key-locked') return false;
  if (hasAnswer(entry.row) && entry.row.asked === null) return false;
  if (code === 'key-locked') return true;
  entry.crashes += 1;
  return entry.crashes <= mostCrashes;
}
