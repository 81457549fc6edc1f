import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { readLabelTable } from '../../tools/evaluate/label-table.ts';
import { electronFolder } from '../window-command.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'cipherfilm-commands-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
/** Scripts that start other people's programs, which have a usage of their own. */
const foreign = ['test:unit', 'coverage', 'build', 'typecheck', 'lint', 'format', 'postinstall'];
const commands = Object.keys(scripts).filter((name) => !foreign.includes(name));
/** They take flags that are not theirs: of vitest; and of the person whose usage is tested in cli.test.ts. */
const lenient = ['test', 'cipherfilm'];

async function execute(script: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, [...script.split(' '), ...args], { cwd: root, env });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  return { code, out, err };
}
const execution = (name: string, args: readonly string[], environment?: NodeJS.ProcessEnv) =>
  execute(scripts[name]!.replace(/^node /, ''), args, environment);

describe('a script of package.json that is ours', () => {
  it('is one file that Node runs', () => {
    expect(commands.filter((name) => !/^node [\w/-]+\.ts$/.test(scripts[name]!))).toEqual([]);
    expect(foreign.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it.each(commands)(
    'prints its usage and nothing else with --help: %s',
    { timeout: 60_000 },
    async (name) => {
      const { code, out, err } = await execution(name, ['--help']);
      expect([code, err]).toEqual([0, '']);
      const called = name === 'test' ? 'npm test' : name === 'cipherfilm' ? name : `npm run ${name}`;
      const [first = ''] = out.split('\n');
      expect(`${first} `.toLowerCase()).toContain(`usage: ${called} `);
      // A command that goes on to work would write more than its usage.
      expect(out.trimEnd().split('\n').slice(1)).toEqual(
        out
          .trimEnd()
          .split('\n')
          .slice(1)
          .filter(
            (line) => line === '' || line.startsWith('  ') || /^([A-Z][\w ]*:|Research .*)$/.test(line),
          ),
      );
    },
  );

  it.each(commands.filter((name) => !lenient.includes(name)))(
    'ends with 2 and one line for an unknown flag: %s',
    { timeout: 60_000 },
    async (name) => {
      const { code, out, err } = await execution(name, ['--no-such-flag']);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(/^[^\n]*--no-such-flag[^\n]*\n$/);
    },
  );
});

describe('a choice that leaves nothing to do', () => {
  it.each([
    ['fuzz', ['0'], /COUNT takes whole numbers/],
    ['fuzz', ['many'], /not 'many'/],
    ['fuzz', ['1', '2', '3'], /unexpected argument '3'/],
    ['bench', ['--runs', '0'], /--runs/],
    ['bench:he', ['--networks', 'alexnet'], /--networks takes .*hefnet-f8-none.*, not 'alexnet'/],
    ['bench:he', ['--backends', 'kernel,abacus'], /not 'abacus'/],
    ['bench:he', ['--tenants', '1,many'], /--tenants .*not 'many'/],
    ['calibrate', ['--rounds', '0'], /--rounds takes whole numbers from 1 to 99/],
    ['calibrate', ['--place', 'kernel:8192:99'], /--place/],
    ['evaluate', [], /--images DIR and --labels CSV are needed/],
    ['evaluate', ['--images', '.', '--labels', 'x.csv', '--limit', '0'], /--limit/],
    ['circuits', ['--measure', 'abacus1'], /not 'abacus1'/],
  ] as const)('is refused before any work: %s %j', async (name, args, message) => {
    const { code, out, err } = await execution(name, args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it('of a label table is refused with its splits, before an evaluator is started', async () => {
    const labels = join(folder, 'labels.csv');
    // NIH's own form names the findings in one column.
    writeFileSync(labels, 'file,patient_id,split,Finding Labels\na.png,1,val,Mass\nb.png,2,test,Mass\n');
    for (const split of ['tets', '']) {
      const args = ['--images', folder, '--labels', labels, '--split', split, '--encrypted'];
      const { code, out, err } = await execution('evaluate', args);
      expect([code, out]).toEqual([1, '']);
      expect(err).toContain('"expected":"val, test"');
    }
  });

  it('of factors is refused by the folder that holds none', async () => {
    const { code, err } = await execute('tools/bundle/write-costs.ts', [folder]);
    expect(code).toBe(1);
    expect(err).toMatch(/^write-costs: .* holds no f2\.json/);
  });
});

describe('a label table', () => {
  const table = 'file,patient_id,split,Mass\nx/a.png,1,val,1\ny/b.png,2,test,0\n';
  const files = (choice: Parameters<typeof readLabelTable>[2]) =>
    readLabelTable(table, ['Mass'], choice).map(({ file }) => file);

  it('gives the images of a split and a prefix', () => {
    expect(files({})).toEqual(['x/a.png', 'y/b.png']);
    expect(files({ split: 'val', prefix: 'x/' })).toEqual(['x/a.png']);
  });

  it.each([
    [{ split: 'train' }, '--split'],
    [{ split: '' }, '--split'],
    [{ split: 'val', prefix: 'y/' }, '--prefix'],
  ])('refuses a choice without an image: %j', (choice, field) => {
    expect(() => files(choice)).toThrow(
      expect.objectContaining({ detail: expect.objectContaining({ field }) }),
    );
  });

  it('refuses to be empty', () => {
    expect(() => readLabelTable('file,patient_id,Mass\n', ['Mass'])).toThrow(/no rows/);
  });
});

describe('a tool that needs Electron', () => {
  it.each(['app', 'screenshots', 'package'])(
    'says how to install it where it is missing: %s',
    async (name) => {
      const { code, out, err } = await execution(name, [], { ELECTRON_OVERRIDE_DIST_PATH: folder });
      expect([code, out]).toEqual([1, '']);
      expect(err).toMatch(
        /^\w+: Electron is not in ELECTRON_OVERRIDE_DIST_PATH: run `npx install-electron`, or set/,
      );
    },
  );

  it('finds it in the folder that the variable names', () => {
    const program = join(folder, process.platform === 'win32' ? 'electron.exe' : 'electron');
    const environment = { ELECTRON_OVERRIDE_DIST_PATH: folder };
    expect(electronFolder(environment).kind).toBe('missing');
    writeFileSync(program, '');
    expect(electronFolder(environment)).toEqual({ kind: 'found', folder, program });
  });
});
