import type { Calibration, FindingCalibration, OperatingPoint } from '../../contract/bundle.ts';
import { checkShape } from '../../contract/check.ts';
import type { Finding, Regions, Verdict } from '../../contract/stages.ts';

/**
 * The step to which logits are rounded before they leave the engine. A decrypted CKKS value carries noise that depends
 * on the secret key. The step is above that noise for most values, so that what is shown, logged or exported tells
 * little about the key. This is a precaution, not a proof.
 *
 * @see Li, Micciancio, "On the security of homomorphic encryption on approximate numbers", Eurocrypt 2021.
 */
export const logitStep = 2 ** -10;
const round = (logit: number): number => Math.round(logit / logitStep) * logitStep;

/**
 * Makes findings of decrypted logits, in the bundle's order. A logit is rounded and then calibrated in Platt's form:
 * probability = sigmoid(slope·logit + intercept).
 *
 * @param logits  the logits as decrypted, findings×rows×columns: one per finding and region of the image.
 * @param shape   the numbers of findings, rows and columns of the model's output.
 * @throws        CxrError 'result-invalid' when the logits have another size.
 */
export function toFindings(
  logits: Float64Array,
  shape: readonly [number, number, number],
  { findings }: Calibration,
): Finding[] {
  checkShape(logits, shape, 'result-invalid');
  if (findings.length !== shape[0])
    throw new TypeError(`${findings.length} findings for ${shape[0]} outputs`);
  const each = shape[1] * shape[2];
  return findings.map((calibration, index) =>
    toFinding(logits.subarray(index * each, (index + 1) * each), shape, calibration),
  );
}

/** Turns a logit into a calibrated probability in [0, 1], by Platt's line and the logistic function (Platt, 1999). */
export const toProbability = (logit: number, { slope, intercept }: FindingCalibration): number =>
  1 / (1 + Math.exp(-(slope * logit + intercept)));

function toFinding(
  parts: Float64Array,
  [, rows, columns]: readonly [number, number, number],
  calibration: FindingCalibration,
): Finding {
  const { name, low, high, claimable, reference, prevalence } = calibration;
  const logit = round(parts.reduce((sum, part) => sum + part, 0));
  const probability = toProbability(logit, calibration);
  const regions: Regions | null =
    parts.length === 1 ? null : { rows, columns, logits: Array.from(parts, round) };
  const verdict = verdictOf(probability, low, high);
  return {
    name,
    logit,
    probability,
    verdict,
    low: low.probability,
    high: high.probability,
    claimable,
    regions,
    reference: { ...reference, prevalence, atLow: divided(low), atHigh: divided(high) },
  };
}

const divided = ({ sensitivity, specificity }: OperatingPoint) => ({ sensitivity, specificity });

const verdictOf = (probability: number, low: OperatingPoint, high: OperatingPoint): Verdict =>
  probability >= high.probability ? 'above' : probability >= low.probability ? 'indeterminate' : 'below';
