import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DestructionProof, KeyState } from '../../../contract/ipc/vault.ts';
import type { AnalysisResult } from '../../../contract/stages.ts';
import { keyCommands } from '../../../main/cli/keys/key-commands.ts';
import { logitStep } from '../../../main/engine/findings.ts';
import { bundleRoot, startEmbeddedEvaluator } from '../../../main/host/headless.ts';
import { keyFolder } from '../../../main/settings/custody.ts';
import { findProgram } from '../../programs.ts';
import { titled } from '../../titled.ts';
import { readByKeyOf } from '../../workstations/read-by-key.ts';
import { openRecordingEvaluator } from '../../workstations/recording-evaluator.ts';
import { otherPassphrase, passphrase, systemKey, writeCheapVault } from '../vault/fixture.ts';
import { cipherfilmIn, cleanEnvironment, program, root, whyNoModel } from './cipherfilm.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cipherfilm-keys-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secret = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  return path;
};
const keys = (...args: string[]) => cipherfilmIn({}, ['keys', ...args]);
const last = (text: string) => text.trim().split('\n').at(-1);

describe('the commands about keys', () => {
  it('say what they take, alone and each', async () => {
    const all = await keys('--help');
    expect([all.code, all.stderr]).toEqual([0, '']);
    for (const name of Object.keys(keyCommands))
      expect(all.stdout).toMatch(new RegExp(`^  ${name} +[A-Z]`, 'm'));
    // Why there is no flag for a passphrase.
    expect(all.stdout).toContain('every program of this account can read the arguments and the environment');
    const one = await keys('export', '--help');
    expect(one.stdout).toMatch(/^Usage: cipherfilm keys export FILE .*--export-passphrase-file FILE/);
    expect((await keys()).code).toBe(2);
  });

  it.each([
    ['an unknown command', ['forget'], "unknown command 'keys forget'"],
    ['an unknown flag', ['list', '--passphrase', 'violet'], "Unknown option '--passphrase'"],
    ['the flag of another command', ['list', '--label', 'x'], "'keys list' takes no --label"],
    ['a missing argument', ['export'], "'keys export' takes FILE"],
    ['too many arguments', ['list', 'x'], "'keys list' takes no argument"],
    ['more files than belong together', ['import', 'a', 'b', 'c'], "'keys import' takes FILE [FILE]"],
    [
      'standard input for two passphrases',
      ['export', 'x', '--passphrase-file', '-', '--export-passphrase-file=-'],
      'standard input can be only one of the files',
    ],
  ])('answer %s with one line and status 2', async (_, args, said) => {
    const { code, stdout, stderr } = await keys(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`cipherfilm: ${said}`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

describe.skipIf(whyNoModel !== null)(titled('keys on disk', whyNoModel), () => {
  it('begin with a passphrase that is not shown and not stored, and end with another one', async () => {
    const data = join(folder, 'begin');
    const first = secret('first', passphrase);
    const second = secret('second', otherPassphrase);
    expect((await keys('list', '--data', data)).stdout).toBe('No keys are kept here yet.\n');
    expect(existsSync(data)).toBe(false);
    const asked = await keys('address', '--data', data);
    expect([asked.code, existsSync(data)]).toEqual([2, false]);
    expect(asked.stderr).toContain('there is no terminal to ask at; give --passphrase-file');
    const weak = await keys(
      'address',
      '--data',
      data,
      '--passphrase-file',
      secret('weak', 'radiology'),
      '--json',
    );
    expect(JSON.parse(weak.stdout)).toMatchObject({ error: { code: 'key-passphrase-weak' } });
    expect(weak.stderr).toContain('The passphrase is too easy to guess.\nChoose four or more words');

    const { stdout: address } = await keys('address', '--data', data, '--passphrase-file', first);
    expect(address).toMatch(/^age1pq1\w{1900,}\n$/);
    expect(readFileSync(join(data, 'keys', 'vault.json'), 'latin1')).not.toContain(passphrase);
    if (process.platform !== 'win32')
      expect(statSync(join(data, 'keys', 'vault.json')).mode & 0o777).toBe(0o600);
    const changed = await keys(
      ...['protect', '--data', data, '--passphrase-file', first, '--new-passphrase-file', second],
    );
    expect(changed.code).toBe(0);
    const wrong = await keys('unlock', '--data', data, '--passphrase-file', first);
    expect([wrong.code, last(wrong.stderr)]).toEqual([1, 'key-passphrase (docs/errors.md)']);
    const right = await cipherfilmIn(
      {},
      ['keys', 'unlock', '--data', data, '--passphrase-file', '-'],
      otherPassphrase,
    );
    expect([right.code, right.stdout]).toEqual([0, 'The keys open.\n']);
    const without = await keys('protect', '--data', data, '--passphrase-file', second, '--no-passphrase');
    expect([without.code, last(without.stderr)]).toEqual([
      2,
      'cipherfilm: nothing would open the keys without a passphrase',
    ]);
  }, 120_000);

  it('need no passphrase where the settings say so, and open as for the application', async () => {
    const data = join(folder, 'plain');
    mkdirSync(data);
    writeFileSync(join(data, 'config.json'), '{"withoutKeychain":true}');
    expect((await keys('address', '--data', data)).code).toBe(0);
    expect(readFileSync(join(data, 'keys', 'vault.plain-key'))).toHaveLength(32);
    const { stdout } = await keys('list', '--data', data, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ kept: true, locked: false, opensWith: ['system'] });
    // What opens is not set aside.
    const aside = await keys('set-aside', '--data', data, '--yes');
    expect([aside.code, aside.stderr]).toEqual([2, expect.stringContaining('these keys open by themselves')]);
  }, 60_000);

  it('are set aside without their passphrase when it is lost, not deleted, and taken in from there when it is found', async () => {
    const data = join(folder, 'lost');
    const first = secret('lost-passphrase', passphrase);
    const next = secret('next-passphrase', otherPassphrase);
    const made = await keys('create', '--data', data, '--passphrase-file', first, '--json');
    const { fingerprint } = (JSON.parse(made.stdout) as KeyState).keys[0]!;
    // Nobody can be asked here.
    expect((await keys('set-aside', '--data', data)).code).toBe(2);
    const aside = await keys('set-aside', '--data', data, '--yes', '--json');
    expect(aside.code).toBe(0);
    const { file } = JSON.parse(aside.stdout) as { readonly file: string };
    expect(readdirSync(keyFolder(data))).toEqual([basename(file)]);
    const again = await keys('set-aside', '--data', data, '--yes');
    expect([again.code, last(again.stderr)]).toEqual([1, 'key-vault · reason missing (docs/errors.md)']);
    const taken = await keys(
      ...['import', file, '--data', data, '--passphrase-file', next],
      ...['--export-passphrase-file', first, '--fingerprint', fingerprint, '--json'],
    );
    expect(taken.code).toBe(0);
    expect((JSON.parse(taken.stdout) as KeyState).keys.map((key) => key.fingerprint)).toEqual([fingerprint]);
  });

  it('of a keychain are told as such, and it is not shut out unasked', async () => {
    const data = join(folder, 'keychain');
    mkdirSync(join(data, 'keys'), { recursive: true });
    const file = join(data, 'keys', 'vault.json');
    await writeCheapVault(file, [{ kind: 'system', key: systemKey }]);
    const closed = await keys('list', '--data', data);
    expect(closed.code).toBe(1);
    expect(closed.stderr).toContain('Only the system’s keychain opens these keys');
    // Without a question this key does not open: the run goes on without it.
    const classified = await cipherfilmIn({}, ['classify', join(folder, 'none.dcm'), '--data', data]);
    expect(classified.stderr).toContain(
      'the key that is kept here does not open: this run makes one of its own',
    );
    writeFileSync(file, 'damaged');
    const damaged = await cipherfilmIn({}, ['classify', join(folder, 'none.dcm'), '--data', data]);
    expect(damaged.stderr).toContain('key-vault');
    expect(damaged.stderr).toContain('file-unreadable');
    await writeCheapVault(file, [
      { kind: 'system', key: systemKey },
      { kind: 'passphrase', passphrase },
    ]);
    const before = readFileSync(file);
    const protect = ['protect', '--data', data, '--passphrase-file', secret('old', passphrase)];
    const refused = await keys(...protect, '--new-passphrase-file', secret('new', otherPassphrase));
    expect([refused.code, refused.stderr.includes('--drop-keychain')]).toEqual([2, true]);
    expect(readFileSync(file).equals(before)).toBe(true);
  }, 60_000);

  const script = findProgram('script');
  const reason =
    script === null || process.platform !== 'linux' ? 'this machine has no script of util-linux' : null;
  it.skipIf(reason !== null)(
    titled('ask at a terminal without showing what is typed', reason),
    async () => {
      const data = join(folder, 'terminal');
      const command = `'${process.execPath}' '${program}' keys address --data '${data}'`;
      const child = spawn(script!, ['-qec', command, '/dev/null'], { cwd: root, env: cleanEnvironment() });
      let seen = '';
      let asked = 0;
      child.stdout.on('data', (bytes: Buffer) => {
        seen += bytes.toString('utf8');
        if (seen.split('workstation').length - 1 === asked || !seen.endsWith(': ')) return;
        asked += 1;
        child.stdin.write(`${passphrase}\r`);
      });
      await once(child, 'close');
      expect(asked).toBe(2);
      expect(seen).toMatch(
        /^New passphrase for the keys of this workstation: \s+New passphrase .*, once more: \s+age1pq1/,
      );
      expect(seen).not.toContain('violet');
    },
    60_000,
  );
});

describe.skipIf(whyNoModel !== null)(titled('a key between two data folders', whyNoModel), () => {
  const at = (name: string) => [
    '--data',
    join(folder, name),
    '--passphrase-file',
    join(folder, `${name}-passphrase`),
  ];
  const stateOf = async (name: string) =>
    JSON.parse((await keys('list', ...at(name), '--json')).stdout) as KeyState;

  it('is made, sent, taken in, checked, used and destroyed', async () => {
    secret('here-passphrase', passphrase);
    secret('there-passphrase', otherPassphrase);
    const ofFile = secret('file-passphrase', 'granite falcon umbrella soda');
    const file = join(folder, 'out.key');
    const made = await keys('create', '--label', 'Room 4', ...at('here'));
    expect(made.stderr).toContain('working: 100 %');
    expect((await keys('create', ...at('here'))).stderr).toContain('a key is in use already');
    const [key] = (await stateOf('here')).keys;
    expect(key).toMatchObject({ label: 'Room 4', state: 'active', decryptions: 0 });

    const { stdout: address } = await keys('address', ...at('there'));
    const list = secret('addresses.txt', `# the other one\n${address}`);
    expect((await keys('share', file, '--to-file', list, ...at('here'))).code).toBe(0);
    expect((await keys('share', file, '--to-file', list, ...at('here'))).stderr).toContain(
      '--force replaces it',
    );
    const inspected = await keys('inspect', file, ...at('there'));
    expect(inspected.stdout).toContain(`Words        ${key!.words.join(' ')}`);
    const other = await keys('import', file, ...at('there'), '--fingerprint', '0'.repeat(64));
    expect(last(other.stderr)).toBe('key-mismatch (docs/errors.md)');
    await keys('export', file, '--force', '--export-passphrase-file', ofFile, ...at('here'));
    const unasked = await keys('import', file, '--export-passphrase-file', ofFile, ...at('there'));
    expect([unasked.code, (await stateOf('there')).keys]).toEqual([2, []]);
    const taken = await keys(
      ...[
        'import',
        file,
        '--export-passphrase-file',
        ofFile,
        '--fingerprint',
        key!.fingerprint,
        ...at('there'),
      ],
    );
    expect(taken.code).toBe(0);
    expect((await stateOf('there')).keys).toMatchObject([
      { fingerprint: key!.fingerprint, origin: 'imported', label: 'Room 4' },
    ]);

    const checked = await keys('verify', ...at('there'), '--json');
    expect(JSON.parse(checked.stdout)).toMatchObject({ fingerprint: key!.fingerprint, matches: true });
    const sample = join(root, 'native-models', 'samples', '00000002_000.dcm');
    const evaluator = await startEmbeddedEvaluator({ dataDir: join(folder, 'evaluator'), bundleRoot });
    const door = await openRecordingEvaluator(evaluator.url);
    const classified = await cipherfilmIn({}, [
      ...['classify', sample, '--json', '--evaluator', door.url, ...at('here')],
    ]);
    await door[Symbol.asyncDispose]();
    await evaluator.stop();
    expect([classified.code, classified.stderr.includes('generating keys')]).toEqual([0, false]);
    // What the one encrypted, the other one’s key reads.
    const { findings } = JSON.parse(classified.stdout).analyses[0].result as AnalysisResult;
    const elsewhere = { folder: keyFolder(join(folder, 'there')), systemKey: null };
    const read = await readByKeyOf(elsewhere, otherPassphrase, door.last!);
    for (const [index, { logit }] of findings.entries())
      expect(Math.abs(read[index]! - logit)).toBeLessThanOrEqual(0.51 * logitStep);
    expect((await stateOf('here')).keys).toMatchObject([{ fingerprint: key!.fingerprint, decryptions: 1 }]);

    const pages = join(folder, 'pages');
    const split = await keys('export', pages, '--custodians', '3', ...at('here'));
    expect([split.code, split.stdout.includes(`3 pages in ${pages}`)]).toEqual([0, true]);
    const [one, two] = readdirSync(pages)
      .toSorted()
      .map((name) => join(pages, name)) as [string, string, string];
    const alone = await keys('inspect', one, ...at('there'));
    expect([alone.code, last(alone.stderr)]).toEqual([
      1,
      'key-share-missing · number 1 · of 3 (docs/errors.md)',
    ]);
    expect(alone.stderr).toContain('choose page 2 or 3 too');
    const both = await keys('import', two, one, '--fingerprint', key!.fingerprint, ...at('there'));
    expect([both.code, (await stateOf('there')).keys.length]).toEqual([0, 1]);

    const proofFile = join(folder, 'proof.json');
    const destroy = ['destroy', key!.fingerprint, '--proof', proofFile, ...at('there')];
    expect((await keys(...destroy)).code).toBe(2);
    expect((await keys(...destroy, '--yes')).code).toBe(0);
    const proof = JSON.parse(readFileSync(proofFile, 'utf8')) as DestructionProof;
    expect(proof).toMatchObject({ fingerprint: key!.fingerprint, evaluatorTold: true });
    expect((await stateOf('there')).keys).toEqual([]);
    const sheet = join(folder, 'sheet.html');
    const printed = await keys('export', sheet, '--sheet', '--export-passphrase-file', ofFile, ...at('here'));
    expect([printed.code, readFileSync(sheet, 'utf8').includes(key!.words.join(' '))]).toEqual([0, true]);
  }, 300_000);
});
