import { afterAll, beforeAll, expect, it } from 'vitest';
import { generateEvaluationKeys, KeyHolder } from '../../../he/client/keys.ts';
import { frameHeaderBytes } from '../../../he/wire/frame.ts';
import { packPayload } from '../../../he/wire/payload.ts';
import { partSizes, payloadFloors } from '../../../he/wire/sizes.ts';
import { randomHefNet } from '../random-network.ts';
import { smallBundle } from '../small-bundle.ts';

const { id, description, params } = smallBundle(
  randomHefNet(3, { side: 16, widths: [8, 16], findings: 14, squeeze: 4, attention: true }),
);
const floors = payloadFloors(description);
let holder: KeyHolder;
beforeAll(async () => {
  holder = await KeyHolder.forParams(params);
});
afterAll(() => holder[Symbol.dispose]());

it('real keys are larger than the floor, by less than a fifth', async () => {
  const { frame } = await generateEvaluationKeys(holder, id, description);
  const ratio = (frame.length - frameHeaderBytes) / floors.evaluationKeys;
  expect(ratio).toBeGreaterThan(1);
  expect(ratio).toBeLessThan(1.2);
});

it('a payload of zeros of the right sizes lies far below the floor', () => {
  const { evaluationKeys, input } = partSizes(description);
  const zeros = (sizes: readonly number[]) => packPayload(sizes.map((size) => new Uint8Array(size))).length;
  expect(zeros(evaluationKeys)).toBeLessThan(floors.evaluationKeys / 100);
  expect(zeros(input)).toBeLessThan(floors.input / 100);
});
