import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** What several files of the repository say alike. */
const root = join(import.meta.dirname, '..');
const textOf = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
const own = JSON.parse(textOf('package.json')) as {
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
};
const { packages } = JSON.parse(textOf('package-lock.json')) as {
  readonly packages: Readonly<Record<string, { readonly version: string; readonly hasInstallScript?: true }>>;
};

describe('the tools', () => {
  it('are the same Node for npm, types, version managers and the container', () => {
    const major = textOf('.nvmrc').trim();
    expect(major).toMatch(/^\d+$/);
    for (const name of ['node', '@types/node']) expect(own.devDependencies[name]).toMatch(`^${major}.`);
    expect(textOf('.devcontainer', 'Dockerfile')).toMatch(new RegExp(`^FROM node:${major}-`, 'm'));
  });

  it('measure coverage with the version of the test runner', () => {
    const versionOf = (name: string) => packages[`node_modules/${name}`]!.version;
    expect(own.devDependencies['@vitest/coverage-v8']).toBe(versionOf('vitest'));
    expect(versionOf('@vitest/coverage-v8')).toBe(versionOf('vitest'));
  });

  it('run or leave out the install script of every dependency by decision', () => {
    const announced = Object.entries(packages)
      .filter(([path, { hasInstallScript }]) => path !== '' && hasInstallScript === true)
      .map(([path]) => path.split('node_modules/').at(-1)!);
    const run = Object.keys(own.allowScripts).filter((name) => own.allowScripts[name]);
    const decide =
      'decide in allowScripts; of what is left out, delete hasInstallScript from package-lock.json';
    expect(announced.sort(), decide).toEqual(run.sort());
    for (const name of Object.keys(own.allowScripts))
      expect(packages).toHaveProperty([`node_modules/${name}`]);
  });
});

describe('a workflow', () => {
  const workflows = readdirSync(join(root, '.github', 'workflows'));
  it.each(workflows)('%s uses actions by commit, with the version beside it, or files of ours', (name) => {
    const used = textOf('.github', 'workflows', name).matchAll(/^\s*-?\s*uses: (.+)$/gm);
    const actions = [...used].map(([, action]) => action!);
    expect(actions.length).toBeGreaterThan(0);
    const loose = actions.filter((one) => !/^(\.\/\S+|[\w/.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/.test(one));
    expect(loose).toEqual([]);
  });
});

describe('CODEOWNERS', () => {
  it('names folders and files that exist', () => {
    const paths = textOf('.github', 'CODEOWNERS').match(/^\/\S+/gm)!;
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe('tests and tools', () => {
  it('know no folder beside the checkout', () => {
    const sources = ['test', 'tools', 'main'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => join(folder, name)),
    );
    const sibling = /\.\.\/shared|'\.\.', 'shared'/;
    const itself = join('test', 'repository.test.ts');
    expect(sources.filter((name) => name !== itself && sibling.test(textOf(name)))).toEqual([]);
  });
});
