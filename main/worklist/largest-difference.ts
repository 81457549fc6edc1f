import type { AnalysisResult } from '../../contract/stages.ts';

/** By how much an encrypted result differs at most from the same network in plaintext, over the findings. */
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
