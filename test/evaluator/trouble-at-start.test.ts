import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { CxrError } from '../../contract/errors.ts';
import { folderFault } from '../../contract/folder-fault.ts';
import { options, usage } from '../../evaluator/options.ts';
import { makeFolder } from '../../evaluator/store/make-folder.ts';
import { makePrivateFolder } from '../../main/files/make-private-folder.ts';
import { inTemporaryFolder } from '../../main/host/headless.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'cipherfilm-trouble-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'file');
writeFileSync(file, '');
/** A folder that can be read by nobody but root, and written by nobody: it belongs to the kernel. */
const impossible = '/proc/nope';
const withoutProc = !existsSync('/proc/self');

/** What the evaluator's process says when it does not start. */
async function start(...argv: string[]) {
  const child = spawn(process.execPath, ['evaluator/index.ts', '--port', '0', ...argv], { cwd: root });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  return { code, out, err };
}

describe('an evaluator that cannot use its data folder', () => {
  it.each([
    ['a file', file],
    ['a folder below a file', join(file, 'data')],
  ])('names it, the reason and what is expected: %s', async (_, data) => {
    const { code, out, err } = await start('--data', data);
    expect(JSON.parse(err)).toEqual({
      event: 'not-started',
      code: 'folder-unusable',
      detail: { setting: '--data', folder: data, reason: 'ENOTDIR', expected: 'a folder, not a file' },
    });
    expect([code, out]).toEqual([1, '']);
  });

  it.skipIf(withoutProc)('refuses one that can never be made at once', async () => {
    const { code, err } = await start('--data', impossible);
    expect(JSON.parse(err)).toMatchObject({ code: 'folder-unusable', detail: { reason: 'ENOENT' } });
    expect(code).toBe(1);
  });

  it('gives the lock back when a folder inside is unusable', async () => {
    const data = join(folder, 'damaged');
    mkdirSync(data);
    writeFileSync(join(data, 'keys'), 'a file in the place of the folder of keys');
    const { err } = await start('--data', data);
    expect(JSON.parse(err)).toMatchObject({ code: 'folder-unusable', detail: { folder: data } });
    expect(existsSync(join(data, 'evaluator.lock'))).toBe(false);
  });
});

it.each(['server/weights.bin', 'server/graph.json'])(
  'does not start an evaluator with a model whose %s was changed, and names it',
  async (file) => {
    const bundles = mkdtempSync(join(folder, 'bundles-'));
    cpSync(join(root, 'native-models', 'cxr-f8-r1', 'server'), join(bundles, 'model', 'server'), {
      recursive: true,
    });
    const bytes = readFileSync(join(bundles, 'model', file));
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(join(bundles, 'model', file), bytes);
    const { code, err } = await start('--data', join(folder, 'model'), '--bundles', bundles);
    expect(JSON.parse(err)).toMatchObject({ code: 'bundle-digest', detail: { file } });
    expect(code).toBe(1);
  },
);

describe('an evaluator with flags that cannot be meant', () => {
  it.each([
    [['--nope=hush'], '--nope'],
    [['hush'], 'none'],
    [['--workers'], '--workers'],
    [['--log=hush'], '--log'],
    [['--threads', 'hush'], '--threads'],
    [['--threads', ''], '--threads'],
  ])('ends with 2 and one line that names the flag and not the value: %j', async (argv, flag) => {
    const { code, out, err } = await start(...argv);
    expect(JSON.parse(err)).toMatchObject({ code: 'request-invalid', detail: { flag } });
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err).not.toContain('hush');
    expect([code, out]).toEqual([2, '']);
  });

  it('names the host when the address is what cannot be used', async () => {
    const access = join(folder, 'access');
    writeFileSync(access, `${'ab'.repeat(32)} radiology\n`);
    const { code, err } = await start(
      '--access',
      access,
      '--data',
      join(folder, 'host'),
      '--host',
      '192.0.2.1',
      '--insecure-http',
    );
    expect(JSON.parse(err)).toMatchObject({ code: 'request-invalid', detail: { flag: '--host' } });
    expect(code).toBe(1);
  });
});

it('prints every flag with --help, and starts nothing', async () => {
  const data = join(folder, 'unmade');
  const { code, out, err } = await start('--data', data, '--help');
  expect([code, out, err]).toEqual([0, `${usage}\n`, '']);
  for (const name of Object.keys(options)) expect(usage).toContain(`\n  --${name} `);
  expect(existsSync(data)).toBe(false);
});

describe('what a file system refuses', () => {
  const refusal = (code: string) => Object.assign(new Error('hush'), { code, syscall: 'open' });

  it.each([
    ['EACCES', 'a folder that this user may write to'],
    ['EPERM', 'a folder that this user may write to'],
    ['EROFS', 'a folder on a file system that can be written to'],
    ['ENOSPC', 'a folder on a disk with free space'],
    ['ENOTDIR', 'a folder, not a file'],
    ['ENOENT', 'a folder that is there or can be made'],
  ])('is told with its code and advice: %s', (code, expected) => {
    expect(folderFault(refusal(code), '--data', '/data')).toMatchObject({
      code: 'folder-unusable',
      detail: { setting: '--data', folder: '/data', reason: code, expected },
    });
  });

  it('is not made of other errors', () => {
    for (const other of [new CxrError('cancelled'), new TypeError('a defect'), 'text'])
      expect(folderFault(other, '--data', '/data')).toBe(other);
  });

  it('of the folder for temporary files names TMPDIR', async () => {
    const before = process.env.TMPDIR;
    process.env.TMPDIR = file;
    try {
      await expect(inTemporaryFolder('x-', async () => {})).rejects.toMatchObject({
        code: 'folder-unusable',
        detail: { setting: 'TMPDIR', folder: file },
      });
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });
});

describe.each([
  ['the evaluator', makeFolder],
  ['the workstation', async (path: string) => makePrivateFolder(path)],
])('a folder that %s makes', (who, make) => {
  it('comes with those above it, for their owner alone, and may be there already', async () => {
    const above = join(folder, who);
    const path = join(above, 'b', 'c');
    await make(path);
    await make(path);
    if (process.platform !== 'win32')
      for (const made of [above, path]) expect(statSync(made).mode & 0o777).toBe(0o700);
    await expect(make(join(file, 'x', 'y'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(make(file)).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it.skipIf(withoutProc)('is refused where the system has no place for one', async () => {
    await expect(make(join(impossible, 'deeper'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
