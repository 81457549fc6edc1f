/** How an operating point divided the validation images. */
export type Discrimination = { readonly sensitivity: number | null; readonly specificity: number | null };

export type PredictiveValues = { readonly positive: number; readonly negative: number };

/**
 * What a result at or above, or below, an operating point means where `prevalence` of the patients have the finding
 * (Bayes' rule); null where sensitivity and specificity are not known.
 */
export function predictiveValues(
  { sensitivity, specificity }: Discrimination,
  prevalence: number,
): PredictiveValues | null {
  if (sensitivity === null || specificity === null) return null;
  const [found, missed] = [sensitivity * prevalence, (1 - sensitivity) * prevalence];
  const [alarms, cleared] = [(1 - specificity) * (1 - prevalence), specificity * (1 - prevalence)];
  const of = (part: number, other: number) => (part + other === 0 ? 0 : part / (part + other));
  return { positive: of(found, alarms), negative: of(cleared, missed) };
}
