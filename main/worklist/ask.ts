import { candidates } from './candidates.ts';
import type { Entry } from './entry.ts';

/**
 * Puts a study into the queue. It gives up what an earlier analysis told. A study that failed keeps its question, unless
 * another image is asked about: its job may have gone on behind an evaluator in trouble.
 *
 * @param imageId  the image; null leaves the choice to the rules.
 * @param turns    whether the film is to be turned as its picture shows.
 */
export function ask(entry: Entry, imageId: string | null, turns = false): void {
  entry.tried.clear();
  entry.crashes = 0;
  entry.byRule = imageId === null;
  const { row } = entry;
  const scoredImageId = imageId ?? candidates(row.images)[0]?.id ?? null;
  const isSame = row.state === 'failed' && scoredImageId === row.scoredImageId;
  entry.row = {
    ...row,
    scoredImageId,
    turns,
    asked: isSame ? row.asked : null,
    state: scoredImageId === null ? 'unasked' : 'waiting',
    ...{ progress: null, seen: [], pair: null, result: null, check: null, error: null, urgency: null },
    ...{ resultAt: null, exports: [] },
  };
}
