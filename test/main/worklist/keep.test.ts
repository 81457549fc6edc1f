import { describe, expect, it } from 'vitest';
import type { StoredStudy, WorklistStore } from '../../../main/worklist/store.ts';
import { finding, taken, workstation } from './harness.ts';

/** A store in memory on a disk that can be full. */
function fullDisk() {
  const disk = { isFull: false, order: [] as string[], studies: new Map<string, StoredStudy>() };
  const check = () => {
    if (disk.isFull) throw Object.assign(new Error('database or disk is full: /home/jane'), { errcode: 13 });
  };
  const store: WorklistStore = {
    load: () => [],
    save: (...studies) => {
      check();
      for (const study of studies) {
        disk.studies.set(study.row.id, study);
        disk.order.push(study.row.progress?.stage ?? study.row.state);
      }
    },
    remove: (id) => {
      check();
      disk.studies.delete(id);
    },
    [Symbol.dispose]: () => {},
  };
  return { disk, store };
}

describe('a worklist that cannot be saved', () => {
  it('says so once, goes on, and makes up for it when there is room again', async () => {
    const { disk, store } = fullDisk();
    const { drop, finish, list, told, row } = workstation(store);
    await drop(taken('a', { study: '1' }), taken('b', { study: '2' }), taken('c', { study: '3' }));
    const problems = () => told.flatMap((event) => (event.kind === 'keeping' ? [event.problem] : []));
    expect(problems()).toEqual([]);
    disk.isFull = true;
    await finish(finding(0.6, 0.2));
    list.remove(row(2).id);
    expect([row().state, row(1).state, list.rows.length]).toEqual(['done', 'working', 2]);
    const problem = { code: 'worklist-unwritable', detail: { reason: 'disk full' } };
    expect([problems(), list.problem]).toEqual([[problem], problem]);
    expect([...disk.studies.values()].map(({ row: { state } }) => state)).toEqual([
      'working',
      'waiting',
      'waiting',
    ]);
    disk.isFull = false;
    await finish(finding(0.1, 0.2));
    expect([...disk.studies.values()].map(({ row: { state } }) => state)).toEqual(['done', 'done']);
    expect([problems(), list.problem]).toEqual([[problem, null], null]);
  });
});

describe('a state', () => {
  it('is written before it is shown, each stage of an analysis too', async () => {
    const { disk, store } = fullDisk();
    const { drop, asked, list, told } = workstation(store);
    await drop(taken('a'));
    const [{ analysisId }] = asked as [(typeof asked)[number]];
    for (const stage of [
      'encoding',
      'encrypting',
      'sending',
      'queued',
      'evaluating',
      'decrypting',
    ] as const) {
      disk.order.length = 0;
      told.length = 0;
      list.hear({ kind: 'progress', analysisId, progress: { stage, fraction: 0 } });
      expect(disk.order).toEqual([stage]);
      expect(told).toHaveLength(1);
      // How far it has come is shown, and not worth a write.
      list.hear({ kind: 'progress', analysisId, progress: { stage, fraction: 0.5 } });
      expect([disk.order.length, told.length]).toEqual([1, 2]);
    }
    disk.isFull = true;
    told.length = 0;
    list.hear({ kind: 'progress', analysisId, progress: { stage: 'done', fraction: 1 } });
    // The disk answered before the window was told.
    expect(told.map(({ kind }) => kind)).toEqual(['keeping', 'rows']);
  });
});
