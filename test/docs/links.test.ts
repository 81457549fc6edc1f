import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/** What documents link to and what documents and comments name by its path is there. */
const root = join(import.meta.dirname, '..', '..');
const folders = [
  'contract',
  'dicom',
  'docs',
  'evaluator',
  'examples',
  'he',
  'kernel',
  'main',
  'native-models',
  'renderer',
  'test',
  'tools',
  'training',
];
/** A changelog names files by the paths that they had. */
const history: ReadonlySet<string> = new Set(['CHANGELOG.md']);
const made = /(^|\/)(node_modules|build|__pycache__|fixtures)(\/|$)/;

function textFiles(): string[] {
  const inFolders = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/')),
  );
  const beside = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isFile());
  return [...inFolders, ...beside.map((entry) => entry.name)].filter(
    (file) => /\.(md|ts|svelte|py|yml)$/.test(file) && !made.test(file) && !history.has(file),
  );
}

type Named = { readonly line: number; readonly path: string };

/** Relative targets of Markdown links, without what stands after `#`. */
function linksIn(text: string): Named[] {
  return text.split('\n').flatMap((line, index) =>
    [...line.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^([a-z]+:|#)/.test(target))
      .map((target) => ({ line: index + 1, path: target.replace(/#.*/, '') })),
  );
}

const pathPattern = new RegExp(
  String.raw`(?<![\w./@}\\-]|\]\()(?:${folders.join('|')})/(?:[\w.-]+/)*[\w.-]+\.(?:md|py|ts|svelte|json|png|cc|h|yml)\b`,
  'g',
);

/** Paths from the root that a line names: in documents any line, in code the comments, since strings may be made up. */
function pathsIn(text: string, isDocument: boolean): Named[] {
  return text.split('\n').flatMap((line, index) => {
    const prose = isDocument ? line : (/(?:^\s*\/?\*|(?:^|\s)\/\/|(?:^|\s)#|""").*/.exec(line)?.[0] ?? '');
    return [...prose.matchAll(pathPattern)].map(([path]) => ({ line: index + 1, path }));
  });
}

describe('documents and comments', () => {
  // The made-up paths of this file itself aside.
  const files = textFiles().filter((file) => file !== 'test/docs/links.test.ts');
  const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');
  const missing = (file: string, from: string, named: readonly Named[]): string[] =>
    named
      .filter(({ path }) => !existsSync(join(from, path)))
      .map(({ line, path }) => `${file}:${line} → ${path}`);

  it('link to files that are there', () => {
    const documents = files.filter((file) => file.endsWith('.md'));
    const broken = documents.flatMap((file) =>
      missing(file, join(root, dirname(file)), linksIn(textOf(file))),
    );
    expect(broken).toEqual([]);
  });

  it('name files by the path at which they are', () => {
    const stale = files.flatMap((file) => missing(file, root, pathsIn(textOf(file), file.endsWith('.md'))));
    expect(stale).toEqual([]);
  });

  it('are searched for links and paths, the made-up ones in code aside', () => {
    expect(linksIn('see [it](a/b.md#c), [that](https://x.invalid) and\n[more](#d)')).toEqual([
      { line: 1, path: 'a/b.md' },
    ]);
    expect(pathsIn(' * made by training/gone.py; ../main/no.ts', false)).toEqual([
      { line: 1, path: 'training/gone.py' },
    ]);
    expect(pathsIn("const path = 'main/made-up.ts'; // as docs/adr/gone.md says", false)).toEqual([
      { line: 1, path: 'docs/adr/gone.md' },
    ]);
    expect(pathsIn('`he/gone.ts`', true)).toEqual([{ line: 1, path: 'he/gone.ts' }]);
  });
});
