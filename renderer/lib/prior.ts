import type { StudyRow } from '../../contract/ipc/worklist.ts';
import type { Finding } from '../../contract/stages.ts';
import { dayInWords } from '../../contract/words/day.ts';

/** What an earlier study of the patient adds to a result. */
export type Prior =
  | { readonly kind: 'comparable'; readonly date: string; readonly findings: ReadonlyMap<string, Finding> }
  | { readonly kind: 'not comparable'; readonly date: string; readonly why: string };

/**
 * The earlier result, if it may stand beside this one. Scores of two models are not on the same scale, so only a result
 * of the very same bundle, by its digest, is set beside it.
 */
export function priorOf(study: StudyRow, rows: readonly StudyRow[]): Prior | null {
  const earlier = rows.find(({ id }) => id === study.priorId);
  if (earlier === undefined || study.result === null) return null;
  const date = earlier.study.date === null ? 'without a date' : `of ${dayInWords(earlier.study.date)}`;
  if (earlier.result === null) return { kind: 'not comparable', date, why: 'has no result' };
  if (earlier.result.bundle.id !== study.result.bundle.id)
    return {
      kind: 'not comparable',
      date,
      why: `was classified by another model (${earlier.result.bundle.name}), whose scores cannot be compared`,
    };
  const findings = new Map(earlier.result.findings.map((finding) => [finding.name, finding]));
  return { kind: 'comparable', date, findings };
}
