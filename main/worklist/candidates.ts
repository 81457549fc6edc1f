import type { ImageRow, StudyRow } from '../../contract/ipc/worklist.ts';
import type { AnalysisResult } from '../../contract/stages.ts';

/** The modalities that may hold a chest film. Images of others are shown, but classified only when somebody asks. */
const chestModalities = new Set(['CR', 'DX', 'RF', 'RG', 'OT', 'SC', '']);
/**
 * The frontal views, best first, because the model has seen more PA films. `null` stands for a file that does not say.
 */
const frontalViews: readonly (string | null)[] = ['PA', 'AP', null];

/** Lists the images that may be frontal chest films by what their files say, in the order in which to try them. */
export function candidates(images: readonly ImageRow[]): ImageRow[] {
  const rank = ({ frame }: ImageRow) => frontalViews.indexOf(frame.view);
  const takenAt = ({ frame }: ImageRow) => `${frame.date ?? ''}T${frame.time ?? ''}`;
  return images
    .filter((image) => rank(image) >= 0 && chestModalities.has(image.series.modality))
    .sort((a, b) => rank(a) - rank(b) || takenAt(b).localeCompare(takenAt(a)));
}

/**
 * Measures how urgent a result is: how far the most urgent finding lies above its upper threshold, as a share of the
 * distance from the threshold to 1. It is negative when no finding lies above. Findings that may not be claimed do not
 * count.
 *
 * @returns a number in [-1, 1].
 */
export function urgencyOf({ findings }: AnalysisResult): number {
  return Math.max(
    -1,
    ...findings
      .filter(({ claimable }) => claimable)
      .map(({ probability, high }) => (probability - high) / Math.max(1 - high, 1e-9)),
  );
}

/**
 * Finds for every study the latest earlier one of the same patient. It takes as long as sorting them.
 *
 * @returns the prior's id by the study's id; a study without one is not in it.
 */
export function priorsOf(rows: readonly StudyRow[]): ReadonlyMap<string, string> {
  const at = ({ study }: StudyRow) => `${study.date}T${study.time ?? ''}`;
  const dated = rows.filter((row) => row.study.date !== null && patientKey(row) !== null);
  const priors = new Map<string, string>();
  for (const own of Map.groupBy(dated, patientKey).values()) {
    const inOrder = own.toSorted((a, b) => at(a).localeCompare(at(b)));
    inOrder.forEach((row, index) => {
      // Studies of one moment are not prior to each other.
      const earlier = inOrder.slice(0, index).findLast((other) => at(other) < at(row));
      if (earlier !== undefined) priors.set(row.id, earlier.id);
    });
  }
  return priors;
}

/** Tells patients apart by number and issuer, or, where there is no number, by name and birth date together. */
function patientKey({ patient }: Pick<StudyRow, 'patient'>): string | null {
  if (patient.id !== null) return JSON.stringify([patient.issuer, patient.id]);
  if (patient.name === null || patient.birthDate === null) return null;
  return JSON.stringify([patient.name, patient.birthDate]);
}

/**
 * Tells studies apart by their UID and by their patient. Files of two patients under one UID contradict each other, and
 * no image may stand under another patient's name.
 */
export const studyKey = (row: Pick<StudyRow, 'patient' | 'study'>): string =>
  JSON.stringify([row.study.uid, patientKey(row) ?? row.patient.name]);
