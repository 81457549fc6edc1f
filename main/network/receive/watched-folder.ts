import { createHash } from 'node:crypto';
import { lstat, opendir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type CodedError, CxrError } from '../../../contract/errors.ts';
import { HandedOn } from '../handed-on.ts';

/** How a folder is watched. */
export type WatchOptions = {
  readonly folder: string;
  /** The file in which is kept what has been handed on. It holds digests, no names. */
  readonly record: string;
  /** A file has settled when size and time of change were the same for so long, ms. */
  readonly settleMs: number;
  /** So often the folder is looked at, ms. Shares of the network tell of no changes themselves. */
  readonly everyMs: number;
  /** Does what is to be done with a file. It counts as handed on when this has come to an end. */
  readonly onSettled: (path: string) => Promise<void>;
  readonly onTrouble?: (error: CodedError) => void;
};

const deepest = 16;
const mostFiles = 50_000;
/** What systems and programs leave beside the files of people, and files that are still being copied. */
const litter = /^\.|^~\$|\.(part|partial|tmp|crdownload|filepart)$/i;

/**
 * Watches a folder and those in it until `signal` says that it is over. Each file is handed on once, when it has settled,
 * also over restarts. One that changes afterwards is another file. Whoever dies while a file is being dealt with gets it
 * again, so that none is lost.
 *
 * @throws CxrError 'folder-unusable' when the record cannot be written.
 */
export async function watchFolder(options: WatchOptions, signal: AbortSignal): Promise<void> {
  const { folder, everyMs, onSettled, onTrouble = () => {} } = options;
  const record = HandedOn.open(options.record);
  const seen = new Map<string, { readonly state: string; readonly since: number }>();
  let trouble: string | null = null;
  while (!signal.aborted) {
    try {
      const present = new Map<string, string>();
      for await (const { path, state } of filesIn(folder)) present.set(path, state);
      trouble = null;
      for (const path of seen.keys()) if (!present.has(path)) seen.delete(path);
      record.refresh([...present].map(([path, state]) => digestOf(folder, path, state)));
      for (const [path, state] of present) {
        if (signal.aborted) break;
        const digest = digestOf(folder, path, state);
        if (record.has(digest) || !hasSettled(seen, path, state, options.settleMs)) continue;
        await onSettled(path);
        record.add(digest);
      }
    } catch (error) {
      const coded = watchFault(error);
      // A share that is away is told once, and looked for further on.
      if (trouble !== coded.message) onTrouble(coded.coded);
      trouble = coded.message;
    }
    await wait(everyMs, undefined, { signal }).catch(() => {});
  }
}

function hasSettled(
  seen: Map<string, { readonly state: string; readonly since: number }>,
  path: string,
  state: string,
  settleMs: number,
): boolean {
  const before = seen.get(path);
  if (before?.state === state) return performance.now() - before.since >= settleMs;
  seen.set(path, { state, since: performance.now() });
  return false;
}

/** Finds the files in a folder, with what tells one state of a file from another. Links are not followed. */
async function* filesIn(
  folder: string,
  depth = 0,
  count = { files: 0 },
): AsyncGenerator<{ readonly path: string; readonly state: string }> {
  for await (const entry of await opendir(folder)) {
    if (litter.test(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth < deepest) yield* filesIn(path, depth + 1, count);
    if (!entry.isFile()) continue;
    count.files += 1;
    if (count.files > mostFiles) throw new CxrError('archive-too-large', { files: mostFiles });
    // It may be gone again, and another one in its place.
    const facts = await lstat(path).catch(() => null);
    if (facts?.isFile()) yield { path, state: `${facts.size} ${facts.mtimeMs}` };
  }
}

const digestOf = (folder: string, path: string, state: string): string =>
  createHash('sha256')
    .update(`${relative(folder, path)}\0${state}`)
    .digest('hex')
    .slice(0, 32);

function watchFault(error: unknown): CxrError {
  if (error instanceof CxrError) return error;
  const { code } = error as NodeJS.ErrnoException;
  return new CxrError('file-unreadable', { reason: code ?? 'unknown' });
}
