import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../he/wire/frame.ts';
import {
  idsOfSameModel,
  ofBundle,
  readResult,
  scoredSchema,
  trainingSchema,
} from '../../tools/bundle/results.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const description = read('native-models/cxr-f8-r1/client/bundle.json');
const id = sha256(Buffer.from(description));

describe('what is stated of the shipped bundle', () => {
  it('was measured on its model', async () => {
    for (const name of ['val-clear', 'test-encrypted']) {
      const { bundle } = await readResult(scoredSchema, `docs/results/${name}.json`);
      expect(idsOfSameModel(description)).toContain(bundle);
    }
  });

  it('stands in a model card that names the bundle', () => {
    expect(read('native-models/cxr-f8-r1/MODEL_CARD.md')).toContain(`Bundle ${id}.`);
  });

  it('takes the same model for another when any file that scores an image differs', () => {
    const changed = (file: string) =>
      `${JSON.stringify({ ...JSON.parse(description), files: { ...JSON.parse(description).files, [file]: '0'.repeat(64) } }, null, 2)}\n`;
    const shared = (file: string) =>
      idsOfSameModel(changed(file)).filter((one) => idsOfSameModel(description).includes(one));
    expect(idsOfSameModel(description)[0]).toBe(id);
    // Without the known answer, and without it and the film check.
    expect(shared('client/known-answer.json')).toHaveLength(2);
    expect(shared('client/encoder.onnx')).toEqual([]);
    expect(shared('server/weights.bin')).toEqual([]);
  });

  it('names figures of training by their bundle when it is another one', async () => {
    const training = await readResult(trainingSchema, 'training/results.json');
    const named = (of: string) => ofBundle(training, of).models.map(({ model }) => model);
    expect(named(training.bundle)).toEqual(training.models.map(({ model }) => model));
    const other = named('0'.repeat(64));
    expect(other.filter((model) => model.includes('(shipped)'))).toEqual([]);
    expect(other.filter((model) => model.includes(training.bundle.slice(0, 8)))).toHaveLength(1);
  });
});
