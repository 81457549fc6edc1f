import type { Standing } from '../../contract/words/finding-words.ts';
import { reportedFindings } from '../../contract/words/finding-words.ts';
import type { Report } from '../../dicom/objects/report.ts';

/**
 * One finding of one image as a row of a table. The UIDs join it with other tables about the same images; no name, number or
 * date of a patient is in it. Numbers are rounded as in the window, and empty for a finding that is not assessed.
 */
export type FindingRow = {
  readonly study_uid: string | null;
  readonly series_uid: string | null;
  readonly instance_uid: string | null;
  readonly finding: string;
  readonly verdict: Standing;
  readonly score_percent: number | null;
  readonly threshold_low_percent: number | null;
  readonly threshold_high_percent: number | null;
  readonly model: string;
  readonly model_id: string;
  readonly key_id: string;
  readonly job_id: string;
  readonly question: string;
  /** When the result was there, ISO 8601. It is null in an anonymous table without dates. */
  readonly result_at: string | null;
  readonly program: string;
};

/** The columns in the order in which they are written. */
export const columns = [
  ...['study_uid', 'series_uid', 'instance_uid', 'finding', 'verdict'],
  ...['score_percent', 'threshold_low_percent', 'threshold_high_percent'],
  ...['model', 'model_id', 'key_id', 'job_id', 'question', 'result_at', 'program'],
] as readonly (keyof FindingRow)[];

/** Makes the rows of a report, one for each finding in the model's order. */
export function findingRows({ source, result, at, version, deidentified }: Report): FindingRow[] {
  const number = (percent: string | undefined | null) => (percent == null ? null : Number(percent));
  return reportedFindings(result).map(({ name, standing, score, thresholds }) => ({
    study_uid: source.study.uid,
    series_uid: source.image.seriesUid,
    instance_uid: source.image.uid,
    finding: name,
    verdict: standing,
    score_percent: number(score),
    threshold_low_percent: number(thresholds?.low),
    threshold_high_percent: number(thresholds?.high),
    model: result.bundle.name,
    model_id: result.bundle.id,
    key_id: result.keyId,
    job_id: result.jobId,
    question: result.digests.sent,
    result_at: deidentified?.dates === 'removed' ? null : at.toISOString(),
    program: `Cipherfilm ${version}`,
  }));
}
