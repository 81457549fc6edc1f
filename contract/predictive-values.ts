/**
 * How well an operating point divided the validation images. *Sensitivity* is the share of images with the finding that
 * lie at or above it. *Specificity* is the share of images without the finding that lie below it. An *operating point*
 * is a threshold of probability. Both are null where the validation set has too few examples.
 */
export type Discrimination = { readonly sensitivity: number | null; readonly specificity: number | null };

/**
 * What a result says about a patient, in [0, 1]. `positive` is the probability of the finding for a result at or above
 * the operating point. `negative` is the probability of its absence for a result below it.
 */
export type PredictiveValues = { readonly positive: number; readonly negative: number };

/**
 * Computes the predictive values of an operating point by Bayes' rule.
 *
 * @param prevalence  the share of patients who have the finding, in [0, 1].
 * @returns           null where sensitivity or specificity is not known.
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
