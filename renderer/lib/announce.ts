import type { StudyRow } from '../../contract/ipc/worklist.ts';
import { leadOf } from './answer.ts';

type Known = ReadonlyMap<string, StudyRow['state']>;

/**
 * What a screen reader says when a study has come to its end, and the states to compare with next time. A study that was
 * done when it was first seen is not told of, and one that stays done is told of once. Patients are not named: others
 * may hear it.
 */
export function announced(
  known: Known,
  rows: readonly StudyRow[],
  selectedId: string | null,
): { readonly text: string | null; readonly known: Known } {
  const finished = rows.filter(({ id, state }) => {
    const before = known.get(id);
    return state === 'done' && before !== undefined && before !== 'done';
  });
  const shown = finished.find(({ id }) => id === selectedId);
  const others = finished.length - (shown ? 1 : 0);
  const sentences = [
    shown?.result ? `Result ready. ${leadOf(shown.result.findings)}` : '',
    others > 0
      ? `${others === 1 ? 'Another study' : `${others} other studies`} in the list: result ready.`
      : '',
  ].filter((sentence) => sentence !== '');
  return {
    text: sentences.length === 0 ? null : sentences.join(' '),
    known: new Map(rows.map(({ id, state }) => [id, state])),
  };
}
