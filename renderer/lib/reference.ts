import { type PredictiveValues, predictiveValues } from '../../contract/predictive-values.ts';
import type { Finding } from '../../contract/stages.ts';

export const logOdds = (probability: number): number => Math.log(probability / (1 - probability));

/** Share of the validation images with, and without, the finding in each bin; 0 to 1 of the fullest. */
export type Bars = {
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
  /** Where the study, the lower and the upper threshold lie between the first and the last edge, 0 to 1. */
  readonly place: number;
  readonly low: number;
  readonly high: number;
};

export function barsOf({ reference, probability, low, high }: Finding): Bars {
  const { edges } = reference;
  const shares = (counts: readonly number[]) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    return counts.map((count) => (total === 0 ? 0 : count / total));
  };
  const [positives, negatives] = [shares(reference.positives), shares(reference.negatives)];
  const most = Math.max(...positives, ...negatives, 1e-9);
  const [first, last] = [edges[0]!, edges.at(-1)!];
  const at = (value: number) => Math.min(Math.max((logOdds(value) - first) / (last - first), 0), 1);
  return {
    positives: positives.map((share) => share / most),
    negatives: negatives.map((share) => share / most),
    place: at(probability),
    low: at(low),
    high: at(high),
  };
}

/** Of the validation images with, and without, the finding, the share that scored as high as this study or higher. */
export function sharesAbove({ reference, probability }: Finding): { positives: number; negatives: number } {
  const at = logOdds(probability);
  const above = (counts: readonly number[]) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    // Whole bins from the one that the study falls into.
    const from = counts.reduce((sum, count, bin) => (reference.edges[bin + 1]! > at ? sum + count : sum), 0);
    return total === 0 ? 0 : from / total;
  };
  return { positives: above(reference.positives), negatives: above(reference.negatives) };
}

/** Predictive value that belongs to the verdict; null between the thresholds and where too little is known. */
export function predictiveValueOf(
  { verdict, reference }: Finding,
  prevalence: number,
): { kind: keyof PredictiveValues; share: number } | null {
  if (verdict === 'indeterminate') return null;
  const values = predictiveValues(verdict === 'above' ? reference.atHigh : reference.atLow, prevalence);
  if (values === null) return null;
  const kind = verdict === 'above' ? 'positive' : 'negative';
  return { kind, share: values[kind] };
}
