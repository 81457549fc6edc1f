import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorTexts } from '../../../contract/words/error-text.ts';
import { titled } from '../../titled.ts';
import { cipherfilmIn, whyNoModel } from './cipherfilm.ts';

const cipherfilm = (...args: string[]) => cipherfilmWith({}, ...args);
const cipherfilmWith = (environment: Readonly<Record<string, string>>, ...args: string[]) =>
  cipherfilmIn(environment, args);

describe('the command line', () => {
  it('answers no arguments with its usage on standard error and status 2', async () => {
    const { code, stdout, stderr } = await cipherfilm();
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^Usage: cipherfilm classify PATH/);
  });

  it('answers wrong usage with one line that says where help is, and status 2', async () => {
    const { code, stdout, stderr } = await cipherfilm('classify', 'study.dcm', '--fast');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe(
      'cipherfilm: classify has no option "--fast"; "cipherfilm classify --help" says what there is\n',
    );
  });

  it('prints its usage, and that of a command, on request with status 0', async () => {
    const program = await cipherfilm('--help');
    expect(program.code).toBe(0);
    expect(program.stdout).toMatch(/^Usage: cipherfilm classify PATH/);
    const command = await cipherfilm('completion', '--help');
    expect(command.stdout).toMatch(/^Usage: cipherfilm completion bash\|zsh\|fish\n/);
  });
});

describe.skipIf(whyNoModel !== null)(titled('the command line with a model', whyNoModel), () => {
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
        { file: missing, error: { code: 'file-unreadable', detail: { reason: 'ENOENT' } } },
        { file: text, error: { code: 'dicom-not-dicom', detail: { reason: 'no DICM marker' } } },
      ],
    });
    expect(stderr).not.toContain('notes about');
  });

  it('tells refusals on standard output in the window’s words, as lines of JSON too', async () => {
    const text = join(folder, 'more-notes.txt');
    await writeFile(text, 'Notes.');
    const plain = await cipherfilm('classify', text);
    expect(plain.code).toBe(1);
    const { title, advice } = errorTexts['dicom-not-dicom'];
    expect(plain.stdout).toBe(
      `\n${text}\n${title}\n${advice}\ndicom-not-dicom · reason no DICM marker (docs/errors.md)\n`,
    );
    const lines = await cipherfilm('classify', join(folder, 'none*.dcm'), text, '--json-lines');
    expect(
      lines.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { file: join(folder, 'none*.dcm'), error: { code: 'nothing-found', detail: { reason: 'no match' } } },
      { file: text, error: { code: 'dicom-not-dicom', detail: { reason: 'no DICM marker' } } },
      { summary: { files: 2, classified: 0, failed: 2, skipped: 0, cancelled: 0, untried: 0 } },
    ]);
  });

  it('follows the policy, the person’s own file and the variable, before any file is read', async () => {
    const policy = join(folder, 'policy.json');
    await writeFile(policy, '{"evaluator":"https://evaluator.invalid"}');
    const locked = await cipherfilmWith(
      { CIPHERFILM_POLICY: policy },
      ...['classify', 'study.dcm', '--evaluator', 'https://other.invalid', '--json'],
    );
    expect(locked.code).toBe(1);
    expect(JSON.parse(locked.stdout)).toEqual({
      error: { code: 'setting-locked', detail: { setting: 'evaluator', by: 'policy' } },
    });
    const warned = await cipherfilmWith(
      { CIPHERFILM_POLICY: policy, CIPHERFILM_EVALUATOR: 'https://other.invalid' },
      ...['classify', join(folder, 'missing.dcm')],
    );
    expect(warned.stderr).toContain(
      `warning: CIPHERFILM_EVALUATOR does not count: the policy ${policy} decides "evaluator"`,
    );
    expect(warned.stderr).toContain('evaluator, https://evaluator.invalid');
    await writeFile(policy, '{"evaluator":7}');
    const broken = await cipherfilmWith(
      { CIPHERFILM_POLICY: policy },
      ...['classify', 'study.dcm', '--json'],
    );
    expect(JSON.parse(broken.stdout)).toEqual({
      error: {
        code: 'setting-invalid',
        detail: { file: 'policy.json', setting: 'evaluator', reason: 'wrong value' },
      },
    });
    expect(broken.stderr).not.toContain('http://127.0.0.1');
  });

  const isMac = process.platform === 'darwin';
  const title = titled(
    'takes the evaluator from the person’s own file',
    isMac ? 'macOS has no variable for its folder' : null,
  );
  it.skipIf(isMac)(title, async () => {
    await mkdir(join(folder, 'cipherfilm'), { recursive: true });
    await writeFile(join(folder, 'cipherfilm', 'config.json'), '{"evaluator":"https://own.invalid"}');
    const { stderr } = await cipherfilmWith(
      { XDG_CONFIG_HOME: folder, APPDATA: folder },
      ...['classify', join(folder, 'missing.dcm')],
    );
    expect(stderr).toContain('evaluator, https://own.invalid');
  });

  it('refuses an evaluator address that is neither https nor loopback, with status 1', async () => {
    const { code, stderr } = await cipherfilm('classify', 'study.dcm', '--evaluator', 'http://192.0.2.1');
    expect(code).toBe(1);
    expect(stderr).toContain('evaluator-url');
  });
});
