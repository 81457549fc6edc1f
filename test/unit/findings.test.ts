import { describe, expect, it } from 'vitest';
import type { Calibration } from '../../contract/bundle.ts';
import { logitStep, toFindings } from '../../main/findings.ts';

const calibration: Calibration = {
  format: 'cipherfilm-calibration/1',
  latentBound: 5,
  findings: [
    {
      name: 'Mass',
      slope: 2,
      intercept: -1,
      threshold: 0.5,
      trainPositives: 300,
      valPositives: 30,
      claimable: true,
    },
    {
      name: 'Hernia',
      slope: 1,
      intercept: 0,
      threshold: 0.9,
      trainPositives: 13,
      valPositives: 1,
      claimable: false,
    },
  ],
};

describe('findings', () => {
  it('are calibrated by their own slope and intercept and compared with their own threshold', () => {
    // sigmoid(2·0.5 − 1) = sigmoid(0) = 0.5, at the threshold: above. sigmoid(0) = 0.5 < 0.9: below.
    const [mass, hernia] = toFindings([0.5, 0], calibration);
    expect(mass).toMatchObject({ name: 'Mass', probability: 0.5, above: true, claimable: true });
    expect(hernia).toMatchObject({ name: 'Hernia', probability: 0.5, above: false, claimable: false });
  });

  it('carry logits rounded to 2^-10, so that the noise of a decryption does not leave the engine', () => {
    const noisy = [0.5 + 1e-5, -0.25 - 2e-5];
    const [mass, hernia] = toFindings(noisy, calibration);
    expect([mass!.logit, hernia!.logit]).toEqual([0.5, -0.25]);
    expect(toFindings([0.7312345, 0], calibration)[0]!.logit / logitStep).toBe(749);
  });

  it('are refused for another number of logits', () => {
    expect(() => toFindings([1], calibration)).toThrow(/result-invalid/);
  });
});
