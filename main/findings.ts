import type { Calibration } from '../contract/bundle.ts';
import { checkShape } from '../contract/check.ts';
import type { Finding } from '../contract/stages.ts';

/** Logits → calibrated probabilities, in the bundle's order: sigmoid(slope·logit + intercept), Platt's form. */
export function toFindings(logits: ArrayLike<number>, calibration: Calibration): Finding[] {
  checkShape(logits, [calibration.findings.length], 'result-invalid');
  return calibration.findings.map(({ name, slope, intercept, threshold, claimable }, index) => {
    const logit = logits[index]!;
    const probability = 1 / (1 + Math.exp(-(slope * logit + intercept)));
    return { name, logit, probability, threshold, above: probability >= threshold, claimable };
  });
}
