import { describe, expect, it } from 'vitest';
import type { StudyRow } from '../../../contract/ipc/worklist.ts';
import type { WorklistStore } from '../../../main/worklist/store.ts';
import { finding, settled, taken, workstation } from './harness.ts';

describe('a study that was removed', () => {
  it('is put back with its result and as the prior that it was, on the disk too, as long as it was the last', async () => {
    const saved = new Map<string, StudyRow>();
    const { list, drop, finish, row } = workstation({
      load: () => [],
      save: (...studies: readonly { readonly row: StudyRow }[]) => {
        for (const { row: study } of studies) saved.set(study.id, study);
      },
      remove: (id: string) => void saved.delete(id),
    } as unknown as WorklistStore);
    await drop(
      taken('a', { study: '1', date: '2023-01-01' }),
      taken('b', { study: '2', date: '2024-01-01' }),
    );
    await finish(finding(0.9, 0.1));
    await finish(finding(0.3, 0.2));
    const [first, second] = [row(), row(1)];
    expect(second.priorId).toBe(first.id);
    list.remove(first.id);
    expect([list.rows.length, list.rows[0]!.priorId, saved.has(first.id)]).toEqual([1, null, false]);
    expect([list.restore(second.id), list.restore(first.id), list.restore(first.id)]).toEqual([
      ...[false, true, false],
    ]);
    const back = list.rows.find(({ id }) => id === first.id)!;
    expect([back.state, back.result, saved.get(first.id)]).toEqual(['done', first.result, back]);
    expect(list.rows.find(({ id }) => id === second.id)!.priorId).toBe(first.id);
  });

  it('is classified when it is put back, if it was under way', async () => {
    const { list, drop, row, paths } = workstation();
    await drop(taken('a', { study: '1' }), taken('b', { study: '2' }));
    const { id } = row();
    list.remove(id);
    await settled();
    expect([row().state, paths()]).toEqual(['working', ['/films/a.dcm', '/films/b.dcm']]);
    expect(list.restore(id)).toBe(true);
    expect(list.rows.map(({ state }) => state)).toEqual(['working', 'waiting']);
  });

  it('is not put back beside itself, when its files were opened again', () => {
    const { list } = workstation();
    list.add([taken('a')]);
    const { id } = list.rows[0]!;
    list.remove(id);
    list.add([taken('a')]);
    expect([list.restore(id), list.rows.length]).toEqual([false, 1]);
  });
});
