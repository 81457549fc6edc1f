import type { Calibration } from '../contract/bundle.ts';
import { checkShape } from '../contract/check.ts';
import type { Finding } from '../contract/stages.ts';

/**
 * Step to which logits are rounded before they leave the engine. A decrypted CKKS value carries noise that depends on
 * the secret key; the step is above that noise for most values, so that what is shown, logged or exported tells little of it. A precaution,
 * not a proof.
 *
 * @see Li, Micciancio, "On the security of homomorphic encryption on approximate numbers", Eurocrypt 2021.
 */
export const logitStep = 2 ** -10;

/**
 * Rounded logits → calibrated probabilities, in the bundle's order: sigmoid(slope·logit + intercept), Platt's form.
 *
 * @param logits  one per finding, as decrypted.
 */
export function toFindings(logits: ArrayLike<number>, calibration: Calibration): Finding[] {
  checkShape(logits, [calibration.findings.length], 'result-invalid');
  return calibration.findings.map(({ name, slope, intercept, threshold, claimable }, index) => {
    const logit = Math.round(logits[index]! / logitStep) * logitStep;
    const probability = 1 / (1 + Math.exp(-(slope * logit + intercept)));
    return { name, logit, probability, threshold, above: probability >= threshold, claimable };
  });
}
