import { expect, it } from 'vitest';
import { runZipMutations } from './zip-mutations.ts';

const seed = Number(process.env.FAST_CHECK_SEED ?? 20261128);

it('mutated archives are read or refused with a code, each soon and in little memory', {
  timeout: 120_000,
}, async () => {
  const { outcomes, slowestMs, largestBytes } = await runZipMutations(5_000, seed);
  expect(outcomes.read).toBeGreaterThan(200);
  expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(['archive-unreadable', 'archive-encrypted']));
  expect(slowestMs).toBeLessThan(2000);
  expect(largestBytes).toBeLessThan(1e9);
});
