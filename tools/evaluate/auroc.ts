/**
 * Area under the ROC curve by ranks, ties counted half.
 *
 * @returns null without at least one positive and one negative.
 */
export function auroc(scores: readonly number[], labels: readonly boolean[]): number | null {
  const order = scores.map((_, index) => index).sort((left, right) => scores[left]! - scores[right]!);
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end += 1;
    const meanRank = (start + 1 + end) / 2;
    for (let at = start; at < end; at += 1) {
      if (!labels[order[at]!]) continue;
      positives += 1;
      rankSum += meanRank;
    }
    start = end;
  }
  const negatives = labels.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

export type Scored = {
  readonly patient: string;
  readonly logits: ArrayLike<number>;
  readonly labels: readonly boolean[];
};

/** Which findings the mean is taken over: by default all. The others are measured all the same. */
type Averaged = ReadonlySet<number> | null;

/** Counts the images with each finding. */
export const countPositives = (rows: readonly Scored[], findings: number): number[] =>
  Array.from(
    { length: findings },
    (_, finding) => rows.filter(({ labels }) => labels[finding] === true).length,
  );

/** The findings of which there are enough images with and without, to average over. */
export function commonFindings(rows: readonly Scored[], findings: number, least: number): Set<number> {
  const positives = countPositives(rows, findings);
  const isCommon = (count: number) => count >= least && count < rows.length;
  return new Set([...positives.keys()].filter((finding) => isCommon(positives[finding]!)));
}

/** AUROC per finding, and the mean over those that are averaged and have both classes. */
export function macroAuroc(
  rows: readonly Scored[],
  findings: number,
  averaged: Averaged = null,
): { macro: number | null; perFinding: (number | null)[] } {
  const perFinding = Array.from({ length: findings }, (_, finding) =>
    auroc(
      rows.map(({ logits }) => logits[finding]!),
      rows.map(({ labels }) => labels[finding]!),
    ),
  );
  const present = perFinding.filter(
    (value, finding) => value !== null && (averaged === null || averaged.has(finding)),
  ) as number[];
  return {
    macro: present.length === 0 ? null : present.reduce((sum, value) => sum + value, 0) / present.length,
    perFinding,
  };
}

/** The middle 95 % of what was measured on resampled patients; null where too few draws had both classes. */
export type Interval = readonly [low: number, high: number] | null;

/** How an interval is found. */
export type Resampling = {
  readonly averaged?: Averaged;
  /** 1,000 for anything that is reported. */
  readonly draws?: number;
  /** Of the generator (xorshift32), so that an interval can be computed again. */
  readonly seed?: number;
};

/**
 * 95 % intervals of the macro AUROC and of each finding's, by resampling patients, not images.
 */
export function patientBootstrap(
  rows: readonly Scored[],
  findings: number,
  { averaged = null, draws = 1000, seed = 20250615 }: Resampling = {},
): { readonly macro: Interval; readonly perFinding: readonly Interval[] } {
  const byPatient = Map.groupBy(rows, ({ patient }) => patient);
  const patients = [...byPatient.values()];
  let state = seed | 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const macros: number[] = [];
  const values: number[][] = Array.from({ length: findings }, () => []);
  for (let draw = 0; draw < draws; draw += 1) {
    const sample = patients.flatMap(() => patients[Math.floor(next() * patients.length)]!);
    const { macro, perFinding } = macroAuroc(sample, findings, averaged);
    if (macro !== null) macros.push(macro);
    for (const [finding, value] of perFinding.entries()) if (value !== null) values[finding]!.push(value);
  }
  return { macro: middle(macros, draws), perFinding: values.map((each) => middle(each, draws)) };
}

/** A draw that lacks a class tells nothing; where that is every second one, neither do the others. */
function middle(values: readonly number[], draws: number): Interval {
  if (values.length < draws / 2) return null;
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return [at(0.025), at(0.975)];
}
