import type { AnalysisResult, Finding, Verdict } from '../stages.ts';

/** The dataset's spelling → words: "Pleural_Thickening" → "Pleural thickening". */
export function findingName(name: string): string {
  const words = name.replaceAll('_', ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A share in [0, 1] as a number of percent; one decimal where a whole percent would hide the difference to a threshold. */
export const percentOf = (share: number): string => (share * 100).toFixed(share < 0.1 ? 1 : 0);

/** What a report says of a finding: where it lies, or that the model gives no answer about it. */
export type Standing = Verdict | 'not assessed';

/**
 * One finding as it leaves the program in a report. Numbers are rounded as in the window: a decrypted value has noise that
 * depends on the secret key (main/engine/findings.ts), and no report needs more digits.
 */
export type ReportedFinding = {
  /** The model's own name of it. */
  readonly name: string;
  readonly title: string;
  readonly standing: Standing;
  /** Percent. It is null for a finding that is not assessed: its number would be read as an answer. */
  readonly score: string | null;
  /** Percent: under the first the finding is below, from the second on above. */
  readonly thresholds: { readonly low: string; readonly high: string } | null;
};

/** Says of all findings of a result what a report may say, in the model's order. */
export const reportedFindings = ({ findings }: Pick<AnalysisResult, 'findings'>): ReportedFinding[] =>
  findings.map(reported);

function reported({ name, claimable, verdict, probability, low, high }: Finding): ReportedFinding {
  const title = findingName(name);
  if (!claimable) return { name, title, standing: 'not assessed', score: null, thresholds: null };
  return {
    ...{ name, title, standing: verdict, score: percentOf(probability) },
    thresholds: { low: percentOf(low), high: percentOf(high) },
  };
}

/** A standing in a few words, as every report writes it. */
export const standingWords: Readonly<Record<Standing, string>> = {
  above: 'above the threshold',
  indeterminate: 'between the thresholds, the model cannot tell',
  below: 'below the threshold, not the same as absent',
  'not assessed': 'not assessed',
};

/** What every report says first. The window's banner says the same. */
export const researchUse = 'Research use only. Not a medical device. Not for diagnosis or patient care.';

/** The description of the series of pictures that this program makes. The reader knows them by it: they are no radiographs. */
export const ownPictureSeries = 'Cipherfilm picture, research use only';
