import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * Who may import whom (docs/architecture.md). Works on the text of the imports, so that a forbidden edge fails even
 * when nothing executes it.
 */
const root = join(import.meta.dirname, '..');
const layers = [
  'contract',
  'he',
  'kernel',
  'native-models',
  'main',
  'renderer',
  'evaluator',
  'examples',
] as const;
/** The word in quotes is a value, such as the name of a request, and imports nothing. */
const importPattern = /(?<!['"])(?:\bfrom\s*|\bimport\s*\(?\s*)['"]([^'"]+)['"]/g;

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|svelte)$/.test(entry.name))
    .filter((entry) => !entry.parentPath.includes('assembly'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

const files = layers.flatMap((layer) => sourceFiles(layer));
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');
const isTool = (file: string): boolean => /vite\.config\.ts$|svelte\.config/.test(file);

/** Modules a file imports: packages by name, files of ours by path from the root. */
function importsOf(file: string): string[] {
  return [...textOf(file).matchAll(importPattern)].map(([, target]) =>
    target!.startsWith('.') ? normalize(join(dirname(file), target!)) : target!,
  );
}

const layerOf = (path: string): string => {
  if (path.startsWith('main/electron/')) return 'main/electron';
  return layers.find((layer) => path.startsWith(`${layer}/`)) ?? 'package';
};

const allowed: Record<string, readonly string[]> = {
  contract: ['contract'],
  he: ['contract', 'he'],
  kernel: ['he', 'kernel'],
  'native-models': ['contract', 'he', 'native-models'],
  main: ['contract', 'he', 'kernel', 'native-models', 'main'],
  'main/electron': ['contract', 'main', 'main/electron'],
  renderer: ['contract', 'renderer'],
  evaluator: ['contract', 'he', 'kernel', 'native-models', 'evaluator'],
  examples: ['contract', 'he', 'kernel', 'native-models', 'main', 'evaluator', 'examples'],
};

/** Everything reachable from `starts`, following imports of ours. */
function closure(starts: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const queue = [...starts];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file) || !files.includes(file)) continue;
    seen.add(file);
    queue.push(...importsOf(file));
  }
  return seen;
}

const importersOf = (name: RegExp): string[] =>
  files.filter((file) => !isTool(file) && importsOf(file).some((target) => name.test(target)));

describe('layers', () => {
  it('import only what they may', () => {
    const edges = files
      .filter((file) => !isTool(file))
      .flatMap((file) =>
        importsOf(file).map((target) => ({ file, target, from: layerOf(file), to: layerOf(target) })),
      );
    const wrong = edges.filter(({ from, to }) => to !== 'package' && !allowed[from]!.includes(to));
    expect(edges.length).toBeGreaterThan(100);
    expect(wrong.map(({ file, target }) => `${file} → ${target}`)).toEqual([]);
  });

  it('keep electron, node-seal and onnxruntime-node each behind one door', () => {
    expect(importersOf(/^electron$/).filter((file) => !file.startsWith('main/electron/'))).toEqual([]);
    expect(importersOf(/^node-seal/)).toEqual(['he/run/seal/module.ts']);
    expect(importersOf(/^onnxruntime/)).toEqual(['native-models/encoder.ts']);
  });

  it('keep the vocabulary free of Node, DOM and Electron', () => {
    const packages = sourceFiles('contract')
      .flatMap(importsOf)
      .filter((target) => layerOf(target) === 'package');
    expect([...new Set(packages)]).toEqual(['zod']);
  });

  it('keep files and network out of the HE core', () => {
    const forbidden = /^(node:)?(fs|net|http|https|http2|tls|dgram|child_process|worker_threads)(\/|$)/;
    expect(
      sourceFiles('he').filter((file) => importsOf(file).some((target) => forbidden.test(target))),
    ).toEqual([]);
  });

  it('give the renderer nothing of Node', () => {
    const reachable = [...closure(sourceFiles('renderer'))].filter((file) => !isTool(file));
    expect(
      reachable.flatMap(importsOf).filter((target) => target.startsWith('node:') || target === 'electron'),
    ).toEqual([]);
  });
});

describe('the evaluator has no path to a secret key', () => {
  const reachable = closure(sourceFiles('evaluator'));

  it('reaches the evaluation half of the HE core, but neither key generation nor the client', () => {
    expect(reachable.has('he/server/evaluate.ts')).toBe(true);
    expect(
      ['he/client/keys.ts', 'he/client/encryption.ts', 'native-models/encoder.ts'].filter((file) =>
        reachable.has(file),
      ),
    ).toEqual([]);
    expect([...reachable].filter((file) => file.startsWith('main/'))).toEqual([]);
  });

  it('does without node-seal: keys and ciphertexts from outside never reach its parser', () => {
    expect(reachable.has('he/server/kernel-engine.ts')).toBe(true);
    expect(reachable.has('he/run/seal/module.ts')).toBe(false);
  });

  it('names no type or function that makes or holds one', () => {
    const secret = /\b(SecretKey|KeyGenerator|Decryptor|Encryptor|secretKey|loadSealWithSecrets|KeyHolder)\b/;
    const naming = [...reachable].filter(
      (file) => file !== 'he/run/seal/module.ts' && secret.test(textOf(file)),
    );
    expect(naming).toEqual([]);
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
    const users = files.filter(
      (file) => file !== 'he/run/seal/module.ts' && /loadSealWithSecrets/.test(textOf(file)),
    );
    expect(users).toEqual(['he/client/keys.ts']);
  });
});

describe('source files', () => {
  it('stay short enough to read in one sitting', () => {
    const long = files.filter((file) => textOf(file).split('\n').length > 400);
    expect(long).toEqual([]);
  });

  it('pass no error text from outside on: only coded errors cross a process border', () => {
    const leaking = [...sourceFiles('evaluator'), ...sourceFiles('main')].filter((file) =>
      /postMessage\(\s*(error|err)\b/.test(textOf(file)),
    );
    expect(leaking).toEqual([]);
  });
});
