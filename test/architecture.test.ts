import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { brandedTypes } from './architecture/casts.ts';
import { documents, withTable } from './architecture/document.ts';
import { graphOf, reached } from './architecture/graph.ts';
import { edgesOf } from './architecture/imports.ts';
import { planted } from './architecture/planted/planted.ts';
import { unusedEntries, violations } from './architecture/rules.ts';
import { computed, exceptions, scripts, touching } from './architecture/table/edges.ts';
import { rooms } from './architecture/table/table.ts';
import { pathsOf, readTree } from './architecture/tree.ts';

const root = join(import.meta.dirname, '..');
const tree = readTree(root);
const edges = edgesOf(tree);
const under = (...folders: string[]): string[] =>
  [...tree.keys()].filter((file) => folders.some((folder) => file.startsWith(`${folder}/`)));
const importersOf = (name: RegExp): string[] => [
  ...new Set(edges.filter(({ to, kind }) => kind === 'package' && name.test(to)).map(({ from }) => from)),
];
/** Outside the product, where everything may be imported. */
const isTool = (file: string): boolean => /^(tools|test|examples)\/|vite(st)?\.config\.ts$/.test(file);

describe('the import table', () => {
  it('holds for every import, script path, circle, cast and invariant', () => {
    expect(tree.size).toBeGreaterThan(350);
    expect(edges.filter(({ kind }) => kind === 'import').length).toBeGreaterThan(1_000);
    expect(violations(tree)).toEqual([]);
  });

  it('names rooms that are there and lists exceptions that are needed', () => {
    expect(rooms.filter(({ room }) => !existsSync(join(root, room))).map(({ room }) => room)).toEqual([]);
    const names = rooms.map(({ room }) => room);
    const named = rooms.flatMap(({ mayImport }) => (mayImport === 'anything' ? [] : mayImport));
    expect(named.filter((name) => !names.includes(name))).toEqual([]);
    expect(unusedEntries(tree)).toEqual([]);
  });

  it('has few exceptions, each with its reason', () => {
    expect(exceptions.length).toBeLessThanOrEqual(6);
    const reasons = [...exceptions, ...touching, ...scripts, ...computed].map(({ because }) => because);
    expect(reasons.filter((because) => because.split(' ').length < 3)).toEqual([]);
  });

  it('explains a room that is still empty in its README', () => {
    const empty = rooms.filter(({ room }) => !tree.has(room) && under(room).length === 0);
    const silent = empty.filter(({ room }) => !existsSync(join(root, room, 'README.md')));
    expect(silent.map(({ room }) => room)).toEqual([]);
  });

  it.each(documents)('is the one that %s shows', (document) => {
    const text = readFileSync(join(root, document), 'utf8');
    expect(text === withTable(text), 'npm run architecture writes the table').toBe(true);
  });
});

describe('a planted violation is reported', () => {
  it.each(planted)('$rule', ({ files, message }) => {
    const found = violations(new Map([...tree, ...Object.entries(files)]));
    expect(found.filter((line) => line.startsWith(message))).toHaveLength(1);
  });
});

describe('the lint rule of the editor', () => {
  it('knows every id', () => {
    const rule = readFileSync(join(root, 'tools', 'lint', 'no-id-cast.grit'), 'utf8');
    const [, names = ''] = /\(\?:([\w|]+)\)/.exec(rule) ?? [];
    expect(new Set(names.split('|'))).toEqual(brandedTypes(tree));
  });
});

describe('doors', () => {
  it('keep electron, node-seal and onnxruntime-node each behind one', () => {
    const product = (name: RegExp) => importersOf(name).filter((file) => !isTool(file));
    expect(product(/^electron$/).length).toBeGreaterThan(0);
    expect(product(/^electron$/).filter((file) => !file.startsWith('main/electron/'))).toEqual([]);
    expect(importersOf(/^node-seal/)).toEqual(['he/run/seal/module.ts']);
    expect(product(/^onnxruntime/)).toEqual(['native-models/encoder.ts']);
  });

  it('leave the vocabulary zod alone', () => {
    const packages = edges.filter(({ from, kind }) => kind === 'package' && from.startsWith('contract/'));
    expect([...new Set(packages.map(({ to }) => to))]).toEqual(['zod']);
  });
});

describe('the evaluator has no path to a secret key', () => {
  const seen = reached(graphOf(edges), under('evaluator'));

  it('reaches the evaluation half of the HE core, but neither key generation nor the client', () => {
    expect(seen.has('he/server/evaluate.ts')).toBe(true);
    expect([...seen.keys()].filter((file) => /^(he\/client|main)\//.test(file))).toEqual([]);
    expect(seen.has('native-models/encoder.ts')).toBe(false);
  });

  it('does without node-seal: keys and ciphertexts from outside never reach its parser', () => {
    expect(seen.has('he/server/kernel-engine.ts')).toBe(true);
    expect(seen.has('he/run/seal/module.ts')).toBe(false);
  });

  it('gets a module at run time in which none can be constructed', async () => {
    const { loadSeal } = await import('../he/run/seal/module.ts');
    const names = Object.keys(await loadSeal());
    expect(names).toContain('Evaluator');
    expect(
      names.filter(
        (name) =>
          /Secret|KeyGenerator|crypt/i.test(name) && name !== 'Ciphertext' && name !== 'EncryptionParameters',
      ),
    ).toEqual([]);
  });

  it('leaves the secret door to key generation and client alone', () => {
    const users = [...tree].filter(
      ([file, text]) => !isTool(file) && /\b(loadWholeSeal|loadSealWithSecrets)\b/.test(text),
    );
    expect(users.map(([file]) => file)).toEqual([
      'he/client/keys.ts',
      'he/client/seal-with-secrets.ts',
      'he/run/seal/module.ts',
    ]);
  });
});

describe('source files', () => {
  it('stay short enough to read in one sitting', () => {
    const lines = (file: string): number => tree.get(file)!.trimEnd().split('\n').length;
    const most = (file: string): number => (/^(main|dicom|evaluator|renderer)\//.test(file) ? 300 : 400);
    expect(
      [...tree.keys()]
        .filter((file) => lines(file) > most(file))
        .map(
          (file) => `${file} has ${lines(file)} lines, of at most ${most(file)}: split it by what it does`,
        ),
    ).toEqual([]);
  });

  it('lie at most 15 side by side', () => {
    const folders = Map.groupBy(pathsOf(root), dirname);
    const crowded = [...folders].filter(([, files]) => files.length > 15);
    expect(crowded.map(([folder, files]) => `${folder} holds ${files.length} files: give it rooms`)).toEqual(
      [],
    );
  });

  it('pass no error text from outside on: only coded errors cross a process border', () => {
    const leaking = under('evaluator', 'main').filter((file) =>
      /postMessage\(\s*(error|err)\b/.test(tree.get(file)!),
    );
    expect(leaking).toEqual([]);
  });
});
