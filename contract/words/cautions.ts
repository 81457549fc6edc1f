import type { AnalysisResult } from '../stages.ts';
import { doubtInWords } from './doubt-words.ts';

/** What of a patient and a study says how old somebody was. Dates are ISO 8601, the age as DICOM writes it. */
export type AgeSources = {
  readonly patient: { readonly age: string | null; readonly birthDate: string | null };
  readonly study: { readonly date: string | null };
};

/** Age in years from DICOM's `057Y`, `018M`, `003W`, `010D`, or from the dates; null where neither is stated. */
export function ageInYears({ patient, study }: AgeSources): number | null {
  const stated = /^(\d{3})([YMWD])$/.exec(patient.age ?? '');
  const perYear = { Y: 1, M: 12, W: 52.18, D: 365.25 } as const;
  if (stated !== null) return Number(stated[1]) / perYear[stated[2] as keyof typeof perYear];
  const days = (Date.parse(study.date ?? '') - Date.parse(patient.birthDate ?? '')) / 86_400_000;
  return Number.isFinite(days) && days >= 0 ? days / 365.25 : null;
}

const adult = 18;

/**
 * What about a film makes its result weaker; empty for an ordinary film of an adult. The window and every report say it.
 *
 * @param age   years; null where it is not known.
 * @param says  whether a child's age may be told. An anonymous report tells only that it was a child.
 */
export function cautionsOf(
  { facts, input }: Pick<AnalysisResult, 'facts' | 'input'>,
  age: number | null,
  says: 'age' | 'no age',
): readonly string[] {
  return [
    ...(input.inverted
      ? [
          'Scored with black and white exchanged: the file’s tag (MONOCHROME1) contradicts its pixels. Check the image.',
        ]
      : []),
    ...(input.doubts ?? []).map(doubtInWords),
    ...(age !== null && age < adult
      ? [`The patient is ${ageInWords(age, says)}: accuracy for children was not measured.`]
      : []),
    ...(facts.viewPosition === 'AP'
      ? ['AP film: accuracy for AP films by themselves was not measured.']
      : []),
    ...(facts.viewPosition === null ? ['The file does not state the view (PA or AP).'] : []),
    ...(facts.lossy ? ['The file was compressed with loss.'] : []),
  ];
}

function ageInWords(age: number, says: 'age' | 'no age'): string {
  if (says === 'no age') return `less than ${adult} years old`;
  return `${age < 2 ? 'less than 2 years' : `${Math.floor(age)} years`} old`;
}
