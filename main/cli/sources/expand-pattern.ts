import { glob, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const wild = /[*?[{]/;

/**
 * Finds the files and folders that fit a pattern, for a shell that did not: those of Windows never do, and others leave a
 * pattern as it is when nothing fits. `**` stands for any number of folders. Names that begin with a dot fit only a
 * pattern that says so. What lies in a folder that fits itself is left to that folder.
 *
 * @returns null for a path that is there, or that is no pattern; the matches in the order of their names otherwise.
 */
export async function expandPattern(path: string, signal: AbortSignal): Promise<string[] | null> {
  if (!wild.test(path) || (await isThere(path))) return null;
  const matches = new Set<string>();
  for await (const match of glob(path)) {
    if (signal.aborted) break;
    matches.add(match);
  }
  return [...matches]
    .filter((match) => !foldersAbove(match).some((folder) => matches.has(folder)))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

function foldersAbove(path: string): string[] {
  const folders: string[] = [];
  for (let at = path; dirname(at) !== at; at = dirname(at)) folders.push(dirname(at));
  return folders;
}
