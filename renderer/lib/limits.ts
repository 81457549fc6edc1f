import type { StudyRow } from '../../contract/ipc/worklist.ts';
import { ageInYears, cautionsOf as cautionsAbout } from '../../contract/words/cautions.ts';

export { ageInYears } from '../../contract/words/cautions.ts';

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

/** What about this very film makes its result weaker; empty for an ordinary film of an adult. */
export const cautionsOf = (row: Pick<StudyRow, 'patient' | 'study' | 'result'>): readonly string[] =>
  row.result === null ? [] : cautionsAbout(row.result, ageInYears(row), 'age');
