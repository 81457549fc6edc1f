import type { StudyRow } from '../../contract/ipc/worklist.ts';

export type Order = 'arrival' | 'urgency';

const rank = { working: 0, waiting: 1, done: 2, refused: 3, failed: 3, cancelled: 4, unasked: 4 } as const;

/** As they came, or the most urgent first; what has no result yet stands behind all that has one. */
export function ordered(rows: readonly StudyRow[], order: Order): StudyRow[] {
  if (order === 'arrival') return rows.toSorted((a, b) => a.addedAt - b.addedAt);
  return rows.toSorted(
    (a, b) => (b.urgency ?? -2) - (a.urgency ?? -2) || rank[a.state] - rank[b.state] || a.addedAt - b.addedAt,
  );
}
