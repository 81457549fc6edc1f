import { CxrError, toCodedError } from '../../contract/errors.ts';
import type { StudyRow } from '../../contract/ipc/worklist.ts';
import type { Entry } from './entry.ts';
import { largestDifference } from './largest-difference.ts';
import type { WorklistDeps } from './worklist-deps.ts';

/**
 * Computes a result again in plaintext, and notes by how much the two differ, or why that could not be found out. It never
 * rejects.
 *
 * @param change  changes the study's row, unless the study was removed meanwhile.
 */
export async function compare(
  entry: Entry,
  { input, recompute }: Pick<WorklistDeps, 'input' | 'recompute'>,
  change: (part: Pick<StudyRow, 'check'>) => void,
): Promise<void> {
  const { result, scoredImageId } = entry.row;
  const location = entry.locations.get(scoredImageId ?? '');
  change({ check: 'working' });
  const keep = (check: StudyRow['check']) => {
    // Classified anew meanwhile.
    if (entry.row.result === result) change({ check });
  };
  try {
    if (location === undefined) throw new CxrError('file-unreadable', { reason: 'no longer known' });
    const started = performance.now();
    const plain = await recompute({ ...(await input(location)), turnsByPicture: entry.row.turns });
    keep({ ...largestDifference(result!, plain), tookMs: performance.now() - started });
  } catch (error) {
    keep(toCodedError(error));
  }
}
