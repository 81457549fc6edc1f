import type { ImageRow, StudyRow } from '../../contract/ipc/worklist.ts';
import { dayInWords } from '../../contract/words/day.ts';
import { errorTextOf } from '../../contract/words/error-reason.ts';
import { outcomeOf } from '../lib/answer.ts';
import { ageAtStudy, stageWords, stateWords } from '../lib/words.ts';

/** Says what becomes of a study at this moment, or why nothing does. Whether keys are made or sent, it waits for them. */
export function stateOf({ state, progress, result, error }: StudyRow): string {
  if (state === 'done' && result !== null) return outcomeOf(result.findings);
  if ((state === 'failed' || state === 'refused') && error)
    return `${stateWords[state]}: ${errorTextOf(error).title}`;
  if (state !== 'working' || progress === null) return stateWords[state];
  const { label } = stageWords[progress.stage];
  const isAboutKeys = progress.stage === 'generating-keys' || progress.stage === 'uploading-keys';
  return isAboutKeys ? `Waiting for the keys (${label.toLowerCase()})` : label;
}

/** Names a study in the list: by its patient, or not at all while patients are hidden. */
export const nameOf = ({ patient, images }: StudyRow, hidden: boolean): string =>
  hidden ? 'Patient hidden' : (patient.name ?? patient.id ?? images[0]?.name ?? 'Study');

/** Who is on a film, for its corner: name and number, as far as the file states them. */
export const patientOf = (row: StudyRow | null): string | null =>
  [row?.patient.name, row?.patient.id].filter(Boolean).join(' · ') || null;

const sexLetters = { female: 'F', male: 'M', other: 'O' } as const;

/** Says who a patient is beside the name: the number, then sex, age and birth date, as far as the file states them. */
export function patientFacts(row: StudyRow): readonly string[] {
  const { id, birthDate, sex } = row.patient;
  const person = [sex && sexLetters[sex], ageAtStudy(row), birthDate && `born ${dayInWords(birthDate)}`];
  return [id ?? '', person.filter(Boolean).join(' · ')].filter(Boolean);
}

/** Says when a study was made and what its picture in the list shows, then the accession number unless it is hidden. */
export function studyFacts(
  { study, images }: StudyRow,
  cover: ImageRow | undefined,
  hidden: boolean,
): readonly string[] {
  const side = cover?.frame.laterality ?? null;
  const made = [
    study.date === null ? 'no date' : dayInWords(study.date),
    [cover?.frame.view, side === 'both' ? null : side].filter(Boolean).join(' '),
    images.length === 1 ? null : `${images.length} images`,
  ];
  const accession = hidden || study.accession === null ? [] : [`Accession ${study.accession}`];
  return [made.filter(Boolean).join(' · '), ...accession];
}

/** A series of a study, with its images in their order. */
export type SeriesOf = { readonly uid: string; readonly title: string; readonly images: readonly ImageRow[] };

/** Puts the images of a study into their series, in the order of the images. */
export function seriesOf({ images }: StudyRow): readonly SeriesOf[] {
  return [...Map.groupBy(images, ({ series }) => series.uid)].map(([uid, own]) => {
    const { number, description, modality } = own[0]!.series;
    const views = [...new Set(own.map(({ frame }) => frame.view).filter((view) => view !== null))].join(', ');
    const title = [number === null ? '' : `${number}.`, description ?? views, modality].filter(Boolean);
    const count = own.length === 1 ? '' : ` · ${own.length} images`;
    return { uid, title: `${title.join(' ') || 'Series'}${count}`, images: own };
  });
}

/**
 * Tells whether an image may have patient data drawn into its pixels: it says so, or it says nothing and is a picture of
 * a screen, which often has.
 */
export const mayNamePatient = (image: ImageRow | null | undefined): boolean =>
  image?.frame.burnedIn ?? image?.series.modality === 'SC';
