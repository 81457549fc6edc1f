import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CxrError } from '../../contract/errors.ts';
import { FrameStreamCheck } from '../../evaluator/store/frame-stream.ts';
import { decodeFrame, frameDigest, noSubject } from '../../he/wire/frame.ts';
import {
  bundle,
  expectServing,
  type FakeEvaluator,
  frame,
  inputFrame,
  keyFrame,
  postJob,
  putKeys,
  startFakeEvaluator,
} from './fake-evaluator.ts';

/** What may happen to bytes on their way: a byte set, a tail cut or added, a piece doubled or taken out. */
type Mutation =
  | { readonly kind: 'set'; readonly at: number; readonly value: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'append'; readonly bytes: Uint8Array }
  | { readonly kind: 'double' | 'remove'; readonly at: number; readonly length: number };

const at = fc.integer({ min: 0, max: 400 });
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), at, value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant('cut' as const), at }),
  fc.record({ kind: fc.constant('append' as const), bytes: fc.uint8Array({ maxLength: 64 }) }),
  fc.record({ kind: fc.constantFrom('double' as const, 'remove' as const), at, length: at }),
);

function mutate(bytes: Uint8Array, change: Mutation): Uint8Array {
  switch (change.kind) {
    case 'set': {
      const copy = bytes.slice();
      if (copy.length > 0) copy[change.at % copy.length] = change.value;
      return copy;
    }
    case 'cut':
      return bytes.slice(0, change.at);
    case 'append':
      return Buffer.concat([bytes, change.bytes]);
    case 'double': {
      const end = change.at + change.length;
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(change.at)]);
    }
    case 'remove':
      return Buffer.concat([bytes.subarray(0, change.at), bytes.subarray(change.at + change.length)]);
  }
}

const codeOf = (action: () => unknown): string => {
  try {
    action();
    return 'accepted';
  } catch (error) {
    if (error instanceof CxrError) return error.code;
    throw error;
  }
};

describe('an evaluator under random mutations of a valid input frame', () => {
  let evaluator: FakeEvaluator;
  const key = keyFrame();
  beforeAll(async () => {
    evaluator = await startFakeEvaluator({ jobs: { queued: 10_000 } });
    await putKeys(evaluator.url, key);
  });
  afterAll(() => evaluator.destroy());

  it('refuses each with a client error, or accepts what is still valid, and goes on serving', async () => {
    const valid = inputFrame(key.id, 'x'.repeat(200));
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (changes) => {
        const { status } = await postJob(evaluator.url, changes.reduce(mutate, valid));
        expect(status).toBeGreaterThanOrEqual(200);
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 200 },
    );
    await expectServing(evaluator.url);
  });
});

describe('the check of a streaming frame', () => {
  /** The verdict on bytes that arrive in pieces of the given sizes. */
  const streamed = (bytes: Uint8Array, sizes: readonly number[]): string =>
    codeOf(() => {
      const check = new FrameStreamCheck('evaluationKeys', () => 1000);
      let from = 0;
      for (let index = 0; from < bytes.length; index += 1) {
        const size = sizes[index % sizes.length]!;
        check.update(bytes.subarray(from, from + size));
        from += size;
      }
      const { digest, bytes: total } = check.finish();
      if (digest !== frameDigest(bytes) || total !== bytes.length) throw new TypeError('wrong facts');
    });

  it('gives the verdict of decodeFrame however the bytes are cut', () => {
    const valid = frame('evaluationKeys', noSubject, 'x'.repeat(200), bundle);
    const expected = { kind: 'evaluationKeys', maxPayloadBytes: 1000, subject: noSubject } as const;
    const sizes = fc.array(fc.integer({ min: 1, max: 150 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(mutation, { maxLength: 3 }), sizes, (changes, cuts) => {
        const bytes = changes.reduce(mutate, valid);
        const whole = codeOf(() => decodeFrame(bytes, expected));
        const piecewise = streamed(bytes, cuts);
        // The stream sees a foreign subject before it can know the digest; both refuse.
        if (piecewise === 'frame-foreign') expect(whole).not.toBe('accepted');
        else expect(piecewise).toBe(whole);
      }),
      { numRuns: 500 },
    );
  });
});
