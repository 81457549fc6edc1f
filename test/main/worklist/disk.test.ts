import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseDigest } from '../../../contract/ids/digest.ts';
import { openStore } from '../../../main/worklist/store.ts';
import { finding, settled, taken, workstation } from './harness.ts';

describe('the worklist on disk', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cipherfilm-worklist-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const key = new Uint8Array(32).fill(7);
  const path = () => join(folder, 'worklist.sqlite');
  /** The store on disk, about which there is nothing to say. */
  const stored = (by = key) => {
    const { store, problem } = openStore(path(), by);
    expect(problem).toBeNull();
    return store!;
  };

  it('survives a restart: results are kept, what was under way begins again', async () => {
    {
      using store = stored();
      const { drop, finish } = workstation(store);
      await drop(taken('a', { study: '1' }), taken('b', { study: '2' }), taken('c', { study: '3' }));
      await finish(finding(0.6, 0.2));
    }
    using store = stored();
    const { list, paths } = workstation(store);
    expect(list.rows.map(({ state }) => state)).toEqual(['done', 'waiting', 'waiting']);
    expect(list.rows[0]!.result!.findings[0]!.probability).toBe(0.6);
    list.resume();
    await settled();
    expect(paths()).toEqual(['/films/b.dcm']);
  });

  it('does not ask again by itself once the answer had come, as after a crash of the engine', async () => {
    for (const stage of ['evaluating', 'receiving', 'decrypting'] as const) {
      {
        using store = stored();
        const { drop, asked, list } = workstation(store);
        await drop(taken(stage, { study: stage }));
        const { analysisId } = asked.at(-1)!;
        list.hear({ kind: 'progress', analysisId, progress: { stage, fraction: null } });
        // The power fails here.
      }
      using store = stored();
      const { list } = workstation(store);
      const row = list.rows.find(({ study }) => study.uid === stage)!;
      expect([row.state, row.error?.code]).toEqual(
        stage === 'evaluating' ? ['waiting', undefined] : ['failed', 'engine-crashed'],
      );
      list.remove(row.id);
    }
  });

  it('asks the question again that was under way, and goes on from the disk once the answer is there', async () => {
    const question = parseDigest('7'.repeat(64));
    for (const stage of ['evaluating', 'decrypting'] as const) {
      {
        using store = stored();
        const { drop, asked, list } = workstation(store);
        await drop(taken(stage, { study: stage }));
        const { analysisId } = asked.at(-1)!;
        list.hear({ kind: 'asked', analysisId, question });
        list.hear({ kind: 'progress', analysisId, progress: { stage, fraction: null } });
        // The power fails here.
      }
      using store = stored();
      const { list, asked } = workstation(store);
      list.resume();
      await settled();
      expect(asked.map((one) => one.question)).toEqual([question]);
      list.remove(list.rows[0]!.id);
    }
  });

  it('takes the end of its processes for no crash once it is closed: the study begins again next time', async () => {
    for (const code of ['cancelled', 'engine-crashed'] as const) {
      {
        using store = stored();
        const { list, drop, fail } = workstation(store);
        await drop(taken(code, { study: code }));
        list.close();
        await fail(code);
      }
      using store = stored();
      const { list } = workstation(store);
      expect(list.rows.find(({ study }) => study.uid === code)!.state).toBe('waiting');
    }
  });

  it('has no word about a patient or a path that can be read without the key', async () => {
    {
      using store = stored();
      await workstation(store).drop(taken('jane-doe'));
    }
    const bytes = readFileSync(path()).toString('latin1');
    for (const word of ['Doe', 'Jane', 'P1', '/films', 'jane-doe']) expect(bytes).not.toContain(word);
  });

  it('leaves out rows of another key, altered ones, and rows under another name', async () => {
    {
      using store = stored();
      await workstation(store).drop(
        taken('a', { study: '1' }),
        taken('b', { study: '2' }),
        taken('c', { study: '3' }),
      );
    }
    {
      const database = new DatabaseSync(path());
      const rows = database.prepare('SELECT id, sealed FROM study ORDER BY added_at, rowid').all();
      const altered = Uint8Array.from(rows[0]!.sealed as Uint8Array);
      altered[40]! ^= 1;
      database.prepare('UPDATE study SET sealed = ? WHERE id = ?').run(altered, rows[0]!.id as string);
      database
        .prepare('UPDATE study SET sealed = ? WHERE id = ?')
        .run(rows[2]!.sealed as Uint8Array, rows[1]!.id as string);
      database.close();
    }
    {
      using store = stored();
      expect(store.load()).toHaveLength(1);
      expect(store.load()).toHaveLength(1);
    }
    using other = stored(new Uint8Array(32).fill(8));
    expect(other.load()).toEqual([]);
  });

  it('removes a study for good', async () => {
    using store = stored();
    const { drop, list } = workstation(store);
    await drop(taken('a'));
    list.remove(list.rows[0]!.id);
    expect(store.load()).toEqual([]);
  });
});
