import {
  commonFindings,
  countPositives,
  type Interval,
  macroAuroc,
  patientBootstrap,
  type Scored,
} from './auroc.ts';

/** An image with its labels, its logits in plaintext, and those that came back encrypted where that was asked for. */
export type Row = Scored & { readonly encrypted: readonly number[] | null };

/** AUROC of the mean and of each finding, with intervals of 95 % over patients. */
export type Measured = {
  readonly macroAuroc: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly perFinding: Readonly<Record<string, number | null>>;
  readonly perFindingIntervals: Readonly<Record<string, Interval>>;
};

/** Measures what was scored. Findings with fewer positives than `least` are listed, and not averaged. */
export function summarise(rows: readonly Row[], names: readonly string[], least: number) {
  const count = names.length;
  const positives = countPositives(rows, count);
  const averaged = commonFindings(rows, count, least);
  const byName = <T>(values: readonly T[]): Record<string, T> =>
    Object.fromEntries(names.map((name, index) => [name, values[index]!]));
  const measure = (scored: readonly Scored[]): Measured => {
    const { macro, perFinding } = macroAuroc(scored, count, averaged);
    const intervals = patientBootstrap(scored, count, { averaged });
    return {
      macroAuroc: macro,
      low: intervals.macro?.[0] ?? null,
      high: intervals.macro?.[1] ?? null,
      perFinding: byName(perFinding),
      perFindingIntervals: byName(intervals.perFinding),
    };
  };
  const encrypted = rows.every((row) => row.encrypted !== null)
    ? rows.map((row) => ({ ...row, logits: row.encrypted! }))
    : null;
  const errors = encrypted?.flatMap((row, index) =>
    row.logits.map((logit, at) => Math.abs(logit - rows[index]!.logits[at]!)),
  );
  return {
    images: rows.length,
    patients: new Set(rows.map(({ patient }) => patient)).size,
    positives: byName(positives),
    leastPositives: least,
    averaged: names.filter((_, index) => averaged.has(index)),
    findingsWithBothClasses: positives.filter((own) => own > 0 && own < rows.length).length,
    clear: measure(rows),
    encrypted: encrypted === null ? null : measure(encrypted),
    maxAbsLogitError:
      errors === undefined ? null : errors.reduce((worst, error) => Math.max(worst, error), 0),
  };
}
