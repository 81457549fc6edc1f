import { expect, it } from 'vitest';
import { runFileMutations } from './file-mutations.ts';

const seed = Number(process.env.FAST_CHECK_SEED ?? 20261123);

it('mutated files of every form and coding are films or coded refusals, each soon and in little memory', {
  timeout: 120_000,
}, async () => {
  const { outcomes, slowestMs, largestBytes } = await runFileMutations(10_000, seed);
  // Some of the changes hit what does not matter: both sides are exercised.
  expect(outcomes.film).toBeGreaterThan(500);
  expect(Object.keys(outcomes)).toEqual(
    expect.arrayContaining(['dicom-malformed', 'dicom-pixels', 'dicom-truncated', 'dicom-unsupported']),
  );
  expect(slowestMs).toBeLessThan(2000);
  expect(largestBytes).toBeLessThan(1e9);
});
