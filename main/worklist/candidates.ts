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

/** Finds the latest earlier study of the same patient. @returns its id, or null where the list has none. */
export function priorOf(row: StudyRow, all: readonly StudyRow[]): string | null {
  const own = patientKey(row);
  const { date } = row.study;
  if (own === null || date === null) return null;
  const at = (other: StudyRow) => `${other.study.date}T${other.study.time ?? ''}`;
  const earlier = all
    .filter((other) => other.id !== row.id && other.study.date !== null && patientKey(other) === own)
    .filter((other) => at(other) < at(row))
    .sort((a, b) => at(b).localeCompare(at(a)));
  return earlier[0]?.id ?? null;
}

/** Tells patients apart by number and issuer, or, where there is no number, by name and birth date together. */
function patientKey({ patient }: StudyRow): string | null {
  if (patient.id !== null) return JSON.stringify([patient.issuer, patient.id]);
  if (patient.name === null || patient.birthDate === null) return null;
  return JSON.stringify([patient.name, patient.birthDate]);
}
