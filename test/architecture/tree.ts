import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** Source files by their path from the root of the repository, with forward slashes, and their text. */
export type Tree = ReadonlyMap<string, string>;

/** What a process can be started from or a module be imported from. */
export const sourceFile = /\.([cm]?[jt]sx?|svelte)$/;

/** Made by a tool, installed or not ours: `bundled` is what `npm run build` leaves in out/. */
const notOurs = new Set([
  'node_modules',
  'out',
  'dist',
  'build',
  'coverage',
  'test-results',
  'bench-results',
]);

function filesUnder(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    // In a linked work tree .git is a file.
    if (entry.isFile()) return entry.name === '.git' ? [] : [entry];
    const skipped = !entry.isDirectory() || entry.name.startsWith('.') || notOurs.has(entry.name);
    return skipped ? [] : filesUnder(join(folder, entry.name));
  });
}

/** Every file of ours under `root` by its path, also documents and data. Links are not followed. */
export const pathsOf = (root: string): string[] =>
  filesUnder(root)
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();

export const readTree = (root: string): Tree =>
  new Map(
    pathsOf(root)
      .filter((path) => sourceFile.test(path))
      .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
  );
