import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import { runNetworkMutations } from './network-mutations.ts';
import { pdusIn } from './pdus.ts';

const seed = Number(process.env.FAST_CHECK_SEED ?? 20261123);

it('mutated conversations are understood or refused with a code, each soon and in little memory', () => {
  const { outcomes, slowestMs, largestBytes } = runNetworkMutations(20_000, seed);
  expect(Object.keys(outcomes)).toEqual(
    expect.arrayContaining([
      ...['associate-request', 'release-request', 'data', 'network-malformed', 'network-too-large'],
      ...['both-parts', 'no-json', 'another-form', 'study', 'dicom-malformed'],
    ]),
  );
  expect(slowestMs).toBeLessThan(1000);
  expect(largestBytes).toBeLessThan(1e9);
});

it('any bytes at all are PDUs, or are refused with a code', () => {
  const typed = fc
    .tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 80 }), fc.uint8Array({ maxLength: 80 }))
    .map(([type, length, content]) => Uint8Array.from([type, 0, 0, 0, 0, length, ...content]));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), typed), (bytes) => {
      try {
        pdusIn(bytes);
      } catch (error) {
        if (!(error instanceof CxrError)) throw error;
      }
    }),
    { numRuns: 5000 },
  );
});
