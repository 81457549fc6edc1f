import { readFileSync } from 'node:fs';
import { auditFiles } from './audit-log.ts';
import { entryIn, origin } from './entries.ts';

/**
 * What a look at the whole log found. `first` is the number of the oldest entry that is kept; `broken` is the number that the
 * first line has, counted in lines from there, that is no entry or does not follow the one before it.
 */
export type Verified = {
  readonly entries: number;
  readonly first: number | null;
  readonly broken: number | null;
};

/**
 * Checks the chain of a log from its oldest entry on. A chain without a break shows that no line was changed, removed or put in
 * between, unless somebody wrote all that follow anew; who has to exclude that keeps a digest elsewhere.
 */
export function verifyAuditLog(folder: string): Verified {
  const lines = auditFiles(folder).flatMap((path) => readFileSync(path, 'utf8').split('\n').slice(0, -1));
  let last = null as ReturnType<typeof entryIn>;
  let first: number | null = null;
  for (const [index, line] of lines.entries()) {
    const entry = entryIn(line);
    const follows =
      entry !== null &&
      (last === null
        ? entry.number > 1 || entry.previous === origin.hash
        : entry.number === last.number + 1 && entry.previous === last.hash);
    if (!follows) return { entries: index, first, broken: index + 1 };
    first ??= entry.number;
    last = entry;
  }
  return { entries: lines.length, first, broken: null };
}
