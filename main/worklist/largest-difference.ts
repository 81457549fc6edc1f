import type { AnalysisResult } from '../../contract/stages.ts';

/**
 * Finds by how much an encrypted result differs at most, over the findings, from the same network in plaintext.
 *
 * @param plain  one logit and one probability per finding, in the bundle's order, not rounded.
 */
export function largestDifference(
  { findings }: AnalysisResult,
  plain: { readonly logits: readonly number[]; readonly probabilities: readonly number[] },
): { readonly logit: number; readonly probability: number } {
  const largest = (each: (index: number) => number) =>
    Math.max(...findings.map((_, index) => Math.abs(each(index))));
  return {
    logit: largest((index) => findings[index]!.logit - plain.logits[index]!),
    probability: largest((index) => findings[index]!.probability - plain.probabilities[index]!),
  };
}
