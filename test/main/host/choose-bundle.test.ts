import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chooseBundle } from '../../../main/host/choose-bundle.ts';

describe('the bundle of a workstation', () => {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });
  const rootWith = (...halves: string[]) => {
    const root = mkdtempSync(join(tmpdir(), 'cipherfilm-bundles-'));
    folders.push(root);
    for (const half of halves) {
      mkdirSync(join(root, half), { recursive: true });
      writeFileSync(join(root, half, 'bundle.json'), '{}');
    }
    return root;
  };

  it('is the standard one where it is there, otherwise the first by name', async () => {
    expect(await chooseBundle(rootWith('a/client', 'cxr-f8-r1/client', 'd/client'))).toBe('cxr-f8-r1');
    expect(await chooseBundle(rootWith('d/client', 'b/client'))).toBe('b');
  });

  it('has a client half: an evaluator\u2019s half alone, no bundle and no folder are a coded error', async () => {
    for (const root of [rootWith('cxr-f8-r1/server'), rootWith(), '/none'])
      await expect(chooseBundle(root)).rejects.toMatchObject({ code: 'bundle-missing' });
  });
});
