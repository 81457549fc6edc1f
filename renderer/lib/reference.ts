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

/** Reference films that scored about like the study, and how many of them had the finding. */
export type Frequency = {
  readonly films: number;
  readonly withFinding: number;
  /** Of 100 such films, this many had it, and the 95 % interval of that number. */
  readonly of100: number;
  readonly low: number;
  readonly high: number;
};

/** With fewer films than this a frequency says next to nothing: its interval is wider than 30 of 100. */
const fewestFilms = 40;

/**
 * Counts the reference films that scored about like the study. It begins with the study's bin of the histogram and takes
 * in a bin on each side until there are 40 films or no more bins. Null where the reference set is empty.
 */
export function frequencyOf({ reference, probability }: Finding): Frequency | null {
  const { edges, positives, negatives } = reference;
  const at = logOdds(probability);
  const last = positives.length - 1;
  const inside = edges.findLastIndex((edge) => edge <= at);
  const bin = Math.min(Math.max(inside, 0), last);
  const sum = (counts: readonly number[], width: number) =>
    counts.slice(Math.max(bin - width, 0), bin + width + 1).reduce((total, count) => total + count, 0);
  let width = 0;
  while (width < last && sum(positives, width) + sum(negatives, width) < fewestFilms) width += 1;
  const withFinding = sum(positives, width);
  const films = withFinding + sum(negatives, width);
  return films === 0
    ? null
    : { films, withFinding, of100: (100 * withFinding) / films, ...wilson(withFinding, films) };
}

/** The 95 % interval of a share by Wilson's score (1927), of 100: it stays right where the counts are small. */
function wilson(count: number, all: number): { low: number; high: number } {
  const z2 = 1.96 ** 2;
  const share = count / all;
  const middle = (share + z2 / (2 * all)) / (1 + z2 / all);
  const half =
    (Math.sqrt(z2) * Math.sqrt((share * (1 - share)) / all + z2 / (4 * all ** 2))) / (1 + z2 / all);
  return { low: 100 * Math.max(middle - half, 0), high: 100 * Math.min(middle + half, 1) };
}

/** Whether the study scored outside all reference films: then nothing is known about scores like it. */
export function outsideOf({ reference, probability }: Finding): 'lower' | 'higher' | null {
  const at = logOdds(probability);
  if (at < reference.edges[0]!) return 'lower';
  return at > reference.edges.at(-1)! ? 'higher' : null;
}

/** The number of reference films, and of those with the finding. */
export function referenceSize({ reference }: Finding): { films: number; withFinding: number } {
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
  const withFinding = total(reference.positives);
  return { films: withFinding + total(reference.negatives), withFinding };
}

/**
 * Where a study stands in the three zones of its verdicts, 0 to 1. Each zone is a third, so that the marks of all
 * findings can be compared although their thresholds differ by a factor of ten.
 */
export function zonePlace({ reference, probability, low, high }: Finding): number {
  const at = logOdds(probability);
  const bounds = [reference.edges[0]!, logOdds(low), logOdds(high), reference.edges.at(-1)!];
  const zone = probability >= high ? 2 : probability >= low ? 1 : 0;
  const [from, to] = [bounds[zone]!, bounds[zone + 1]!];
  const within = to > from ? (at - from) / (to - from) : 0.5;
  return (zone + Math.min(Math.max(within, 0), 1)) / 3;
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
