import { describe, expect, it } from 'vitest';
import { type Calibration, calibrationSchema } from '../../../contract/bundle.ts';
import { predictiveValues } from '../../../contract/predictive-values.ts';
import { logitStep, toFindings } from '../../../main/engine/findings.ts';
import { plainFinding } from '../../fixtures/calibration.ts';

const point = (probability: number) => ({ probability, sensitivity: null, specificity: null });
const calibration: Calibration = {
  format: 'cipherfilm-calibration/2',
  latentBound: 5,
  findings: [
    plainFinding('Mass', { slope: 2, intercept: -1, low: point(0.2), high: point(0.5) }),
    plainFinding('Hernia', { low: point(0.4), high: point(0.9), claimable: false }),
  ],
};
const shape = [2, 1, 1] as const;
const found = (logits: readonly number[]) => toFindings(Float64Array.from(logits), shape, calibration);

describe('findings', () => {
  it('are calibrated by their own slope and intercept and compared with their own operating points', () => {
    // sigmoid(2·0.5 − 1) = sigmoid(0) = 0.5, at the upper point: above. 0.4 <= sigmoid(0) = 0.5 < 0.9: indeterminate.
    const [mass, hernia] = found([0.5, 0]);
    expect(mass).toMatchObject({ name: 'Mass', probability: 0.5, verdict: 'above', low: 0.2, high: 0.5 });
    expect(hernia).toMatchObject({ probability: 0.5, verdict: 'indeterminate', claimable: false });
    // sigmoid(2·(−1) − 1) = 0.047, sigmoid(−0.41) = 0.399.
    expect(found([-1, -0.41]).map(({ verdict }) => verdict)).toEqual(['below', 'below']);
  });

  it('carry logits rounded to 2^-10, so that the noise of a decryption does not leave the engine', () => {
    const [mass, hernia] = found([0.5 + 1e-5, -0.25 - 2e-5]);
    expect([mass!.logit, hernia!.logit]).toEqual([0.5, -0.25]);
    expect(found([0.7312345, 0])[0]!.logit / logitStep).toBe(749);
  });

  it('are the sums of their regions, which are told beside them, rounded', () => {
    const parts = Float64Array.of(0.25, 0.125, -0.5, 0.625 + 1e-5, 1, 2, 3, 4 - 1e-5);
    const [mass, hernia] = toFindings(parts, [2, 2, 2], calibration);
    expect([mass!.logit, hernia!.logit]).toEqual([0.5, 10]);
    expect(mass!.regions).toEqual({ rows: 2, columns: 2, logits: [0.25, 0.125, -0.5, 0.625] });
    expect(hernia!.regions!.logits).toEqual([1, 2, 3, 4]);
    expect(found([1, 1])[0]!.regions).toBeNull();
  });

  it('are refused for another number of logits', () => {
    expect(() => found([1])).toThrow(/result-invalid/);
  });
});

describe('predictive values', () => {
  const at = { probability: 0.5, sensitivity: 0.8, specificity: 0.9 };

  it("follow from prevalence by Bayes' rule", () => {
    // Of 1,000 patients 100 have it: 80 found, 20 missed; of 900 others 90 alarms, 810 cleared.
    const { positive, negative } = predictiveValues(at, 0.1)!;
    expect(positive).toBeCloseTo(80 / 170, 12);
    expect(negative).toBeCloseTo(810 / 830, 12);
  });

  it('are certain where nobody or everybody has it', () => {
    expect(predictiveValues(at, 0)).toEqual({ positive: 0, negative: 1 });
    expect(predictiveValues(at, 1)).toEqual({ positive: 1, negative: 0 });
  });

  it('are not told where sensitivity is not known', () => {
    expect(predictiveValues(point(0.5), 0.1)).toBeNull();
  });
});

describe('a calibration', () => {
  it('is refused with crossed operating points or a histogram that does not fit its edges', () => {
    const accepted = (given: Parameters<typeof plainFinding>[1]) =>
      calibrationSchema.safeParse({ ...calibration, findings: [plainFinding('Mass', given)] }).success;
    expect(accepted({})).toBe(true);
    expect(accepted({ low: point(0.8), high: point(0.7) })).toBe(false);
    expect(accepted({ reference: { edges: [0, 1], positives: [1, 2], negatives: [1] } })).toBe(false);
    expect(accepted({ reference: { edges: [1, 0], positives: [1], negatives: [1] } })).toBe(false);
  });
});
