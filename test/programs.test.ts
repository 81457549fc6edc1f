import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from './programs.ts';
import { findSamples } from './samples.ts';
import { titled } from './titled.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cipherfilm-programs-'));
  for (const name of ['first', 'second']) mkdirSync(join(folder, name));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a program of this machine', () => {
  const ending = process.platform === 'win32' ? '.EXE' : '';
  const path = () =>
    ['', join(folder, 'nowhere'), join(folder, 'first'), join(folder, 'second')].join(delimiter);
  const find = (name: string) => findProgram(name, { PATH: path(), PATHEXT: '.COM;.EXE' });

  it('is found in the first folder of PATH that has it', () => {
    for (const place of ['second', 'first']) {
      writeFileSync(join(folder, place, `tool${ending}`), '', { mode: 0o755 });
      expect(find('tool')).toBe(join(folder, place, `tool${ending}`));
    }
  });

  it('is neither a folder nor, where files have such a mark, a file that cannot be executed', () => {
    mkdirSync(join(folder, 'first', 'place'));
    expect(find('place')).toBeNull();
    writeFileSync(join(folder, 'first', 'text'), '');
    chmodSync(join(folder, 'first', 'text'), 0o644);
    expect(find('text') === null).toBe(process.platform !== 'win32');
  });

  it('is not found without PATH', () => {
    expect(findProgram('tool', {})).toBeNull();
  });
});

describe('the sample collection', () => {
  it('is found by its part', () => {
    mkdirSync(join(folder, 'dicom'));
    expect(findSamples('dicom', folder)).toEqual({
      kind: 'found',
      folder: join(folder, 'dicom'),
      reason: null,
    });
  });

  it('is missed with a reason, which the title tells', () => {
    const unset = findSamples('dicom', '');
    expect(titled('films', unset.reason)).toBe('films (skipped: CIPHERFILM_SAMPLES is not set)');
    expect(findSamples('nih', folder).reason).toBe('CIPHERFILM_SAMPLES has no folder nih');
    expect(titled('films', null)).toBe('films');
  });

  it('is not silently missed when the variable is misspelt', () => {
    expect(() => findSamples('dicom', join(folder, 'elsewhere'))).toThrow(/is not there/);
  });
});
