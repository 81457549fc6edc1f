import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const half = join(root, 'native-models', 'cxr-f8-r1');
const hasBundle = ['client', 'server'].every((side) => existsSync(join(half, side, 'bundle.json')));

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

function cipherfilm(...args: string[]): Promise<Ended> {
  const { CIPHERFILM_EVALUATOR: _, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(root, 'main', 'cli', 'index.ts'), ...args],
      { cwd: root, env },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    );
  });
}

describe('the command line', () => {
  it.each([
    ['no command', []],
    ['another command', ['diagnose', 'study.dcm']],
    ['no file', ['classify']],
    ['an unknown flag', ['classify', 'study.dcm', '--fast']],
    ['a flag without its value', ['classify', 'study.dcm', '--evaluator']],
  ])('answers %s with its usage on standard error and status 2', async (_, args) => {
    const { code, stdout, stderr } = await cipherfilm(...args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^Usage: cipherfilm classify FILE/);
  });

  it('prints its usage on request with status 0', async () => {
    const { code, stdout } = await cipherfilm('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: cipherfilm classify FILE/);
  });
});

const why = hasBundle ? '' : ' (skipped: native-models/cxr-f8-r1 has no bundle.json)';
describe.skipIf(!hasBundle)(`the command line with a model${why}`, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cipherfilm-cli-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('refuses a missing file and one that is not DICOM with codes, in JSON, with status 1', async () => {
    const text = join(folder, 'notes.txt');
    const missing = join(folder, 'missing.dcm');
    await writeFile(text, 'These are notes about an X-ray, not an X-ray.');
    const { code, stdout, stderr } = await cipherfilm('classify', missing, text, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      analyses: [
        { file: missing, error: { code: 'image-unreadable', detail: { reason: 'ENOENT' } } },
        { file: text, error: { code: 'dicom-not-dicom', detail: { reason: 'no DICM marker' } } },
      ],
    });
    expect(stderr).not.toContain('notes about');
  });

  it('refuses an evaluator address that is neither https nor loopback, with status 1', async () => {
    const { code, stderr } = await cipherfilm('classify', 'study.dcm', '--evaluator', 'http://192.0.2.1');
    expect(code).toBe(1);
    expect(stderr).toContain('evaluator-url');
  });
});
