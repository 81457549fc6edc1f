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

/** AUROC per finding and their mean over the findings that have both classes. */
export function macroAuroc(
  rows: readonly Scored[],
  findings: number,
): { macro: number | null; perFinding: (number | null)[] } {
  const perFinding = Array.from({ length: findings }, (_, finding) =>
    auroc(
      rows.map(({ logits }) => logits[finding]!),
      rows.map(({ labels }) => labels[finding]!),
    ),
  );
  const present = perFinding.filter((value) => value !== null);
  return {
    macro: present.length === 0 ? null : present.reduce((sum, value) => sum + value, 0) / present.length,
    perFinding,
  };
}

/**
 * 95 % interval of the macro AUROC by resampling patients, not images.
 *
 * @param draws  1,000 for anything that is reported.
 * @param seed   of the generator (xorshift32), so that an interval can be computed again.
 */
export function patientBootstrap(
  rows: readonly Scored[],
  findings: number,
  draws = 1000,
  seed = 20250615,
): [number, number] {
  const byPatient = Map.groupBy(rows, ({ patient }) => patient);
  const patients = [...byPatient.values()];
  let state = seed | 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const values: number[] = [];
  for (let draw = 0; draw < draws; draw += 1) {
    const sample = patients.flatMap(() => patients[Math.floor(next() * patients.length)]!);
    const { macro } = macroAuroc(sample, findings);
    if (macro !== null) values.push(macro);
  }
  values.sort((left, right) => left - right);
  const at = (share: number) =>
    values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? Number.NaN;
  return [at(0.025), at(0.975)];
}
