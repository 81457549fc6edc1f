import type { ImageRow, StudyRow } from '../../contract/ipc/worklist.ts';
import type { AnalysisResult } from '../../contract/stages.ts';

/** Modalities that may hold a chest film; the others are shown and not classified by themselves. */
const chestModalities = new Set(['CR', 'DX', 'RF', 'RG', 'OT', 'SC', '']);
/** Frontal views, best first: the model has seen more PA films. `null`: the file does not say. */
const frontalViews: readonly (string | null)[] = ['PA', 'AP', null];

/** The images of a study that may be frontal chest films by what their files say, in the order in which to try them. */
export function candidates(images: readonly ImageRow[]): ImageRow[] {
  const rank = ({ frame }: ImageRow) => frontalViews.indexOf(frame.view);
  const takenAt = ({ frame }: ImageRow) => `${frame.date ?? ''}T${frame.time ?? ''}`;
  return images
    .filter((image) => rank(image) >= 0 && chestModalities.has(image.series.modality))
    .sort((a, b) => rank(a) - rank(b) || takenAt(b).localeCompare(takenAt(a)));
}

/**
 * How far the most urgent finding lies above its upper threshold, as a share of what is left to 1; negative when none
 * does. Findings without a claim do not count.
 */
export function urgencyOf({ findings }: AnalysisResult): number {
  return Math.max(
    -1,
    ...findings
      .filter(({ claimable }) => claimable)
      .map(({ probability, high }) => (probability - high) / Math.max(1 - high, 1e-9)),
  );
}

/** The latest earlier study of the same patient. */
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

/** Number and issuer tell patients apart; without a number, name and birth date together. */
function patientKey({ patient }: StudyRow): string | null {
  if (patient.id !== null) return JSON.stringify([patient.issuer, patient.id]);
  if (patient.name === null || patient.birthDate === null) return null;
  return JSON.stringify([patient.name, patient.birthDate]);
}
