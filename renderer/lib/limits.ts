import type { StudyRow } from '../../contract/ipc/worklist.ts';

/** What a model is good for, in the words of its model card. */
export type ModelLimits = {
  readonly trainedOn: string;
  readonly accuracy: string;
  readonly notFor: string;
  readonly notMeasured: string;
};

/**
 * The limits of each bundle by its name. A test compares the figures with native-models/<bundle>/MODEL_CARD.md, so a new
 * card needs new words here.
 */
const limits: Readonly<Record<string, ModelLimits>> = {
  'cxr-f8-r1': {
    trainedOn:
      '11,331 frontal films of one hospital (NIH ChestX-ray14), reduced to 128\u00a0×\u00a0128 or less. Adults and children, PA and AP are mixed. Their labels were taken from reports by a program and are about 90 % right.',
    accuracy:
      'AUROC 0.73 on the reference films, 0.66 on the harder test films (1 would be perfect, 0.5 is chance). The thresholds were chosen on the reference films. That is far from clinical use.',
    notFor:
      'Lateral films and anything but a chest. Small findings are lost in the reduction to 128\u00a0×\u00a0128. Whether the film is good enough to read is not checked.',
    notMeasured:
      'Films of other hospitals, and how well it does for children, for AP films and for portable ones taken by themselves.',
  },
};

/** The limits of a bundle; null for one that this program knows nothing about. */
export const limitsOf = (bundleName: string): ModelLimits | null =>
  Object.hasOwn(limits, bundleName) ? limits[bundleName]! : null;

/** Age in years from DICOM's `057Y`, `018M`, `003W`, `010D`, or from the dates; null where neither is stated. */
export function ageInYears({ patient, study }: Pick<StudyRow, 'patient' | 'study'>): number | null {
  const stated = /^(\d{3})([YMWD])$/.exec(patient.age ?? '');
  const perYear = { Y: 1, M: 12, W: 52.18, D: 365.25 } as const;
  if (stated !== null) return Number(stated[1]) / perYear[stated[2] as keyof typeof perYear];
  const days = (Date.parse(study.date ?? '') - Date.parse(patient.birthDate ?? '')) / 86_400_000;
  return Number.isFinite(days) && days >= 0 ? days / 365.25 : null;
}

/** What about this very film makes its result weaker; empty for an ordinary film of an adult. */
export function cautionsOf(row: Pick<StudyRow, 'patient' | 'study' | 'result'>): readonly string[] {
  const { result } = row;
  if (result === null) return [];
  const age = ageInYears(row);
  const { viewPosition, lossy } = result.facts;
  return [
    ...(result.input.inverted
      ? [
          'Scored with black and white exchanged: the file’s tag (MONOCHROME1) contradicts its pixels. Check the image.',
        ]
      : []),
    ...(age !== null && age < 18
      ? [
          `The patient is ${age < 2 ? 'less than 2 years' : `${Math.floor(age)} years`} old: accuracy for children was not measured.`,
        ]
      : []),
    ...(viewPosition === 'AP' ? ['AP film: accuracy for AP films by themselves was not measured.'] : []),
    ...(viewPosition === null ? ['The file does not state the view (PA or AP).'] : []),
    ...(lossy ? ['The file was compressed with loss.'] : []),
  ];
}
