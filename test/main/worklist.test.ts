import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CxrError, type ErrorCode } from '../../contract/errors.ts';
import type { AnalysisId } from '../../contract/ids/analysis-id.ts';
import type { Location, Scanned } from '../../contract/ipc/reader.ts';
import type { DropReport, StudyRow } from '../../contract/ipc/worklist.ts';
import type { AnalysisResult, EngineInput, Finding, StageName } from '../../contract/stages.ts';
import { Intake } from '../../main/worklist/intake.ts';
import { openStore } from '../../main/worklist/store.ts';
import { Worklist } from '../../main/worklist/worklist.ts';

type Taken = Extract<Scanned, { kind: 'taken' }>;

const taken = (
  image: string,
  { study = '1', view = 'PA', modality = 'DX', date = '2024-01-02', patient = 'P1' } = {},
): Taken => ({
  kind: 'taken',
  location: { kind: 'file', path: `/films/${image}.dcm`, inside: [] },
  name: `${image}.dcm`,
  bytes: 1,
  header: {
    patient: { name: 'Doe, Jane', id: patient, issuer: null, birthDate: null, sex: null, age: null },
    study: { uid: study, date, time: null, accession: null, description: null },
    series: { uid: `${study}.1`, number: 1, description: null, modality },
    image: {
      uid: image,
      number: null,
      view,
      laterality: null,
      date: null,
      time: null,
      rows: 2,
      columns: 2,
      orientation: null,
      spacing: null,
      burnedIn: null,
      lossy: null,
    },
  },
});
const finding = (probability: number, high: number, claimable = true): Finding =>
  ({
    name: 'Effusion',
    logit: 0,
    probability,
    verdict: 'above',
    low: 0,
    high,
    claimable,
    regions: null,
  }) as Finding;
const result = (...findings: Finding[]) => ({ findings }) as unknown as AnalysisResult;

/** A worklist whose reader gives the path back and whose engine remembers what it was asked. */
function workstation(store: ReturnType<typeof openStore> | null = null) {
  const asked: { analysisId: AnalysisId; path: string }[] = [];
  const cancelled: string[] = [];
  const unreadable = new Map<string, ErrorCode>();
  const plain: { logits: number[]; probabilities: number[]; failure: ErrorCode | null } = {
    logits: [0.25],
    probabilities: [0.5],
    failure: null,
  };
  const list = new Worklist({
    input: async (location: Location) => {
      const path = location.kind === 'file' ? location.path : '';
      const code = unreadable.get(path);
      if (code !== undefined) throw new CxrError(code);
      return { path } as unknown as EngineInput;
    },
    engine: {
      classify: (analysisId, input) =>
        void asked.push({ analysisId, path: (input as unknown as { path: string }).path }),
      cancel: (analysisId) => cancelled.push(analysisId) > 0,
    },
    recompute: async () => {
      if (plain.failure !== null) throw new CxrError(plain.failure);
      return plain;
    },
    store,
    tell: () => {},
  });
  const drop = async (...films: Taken[]) => {
    list.askFor(list.add(films).touched);
    await settled();
  };
  const fail = async (code: ErrorCode, ...stages: StageName[]) => {
    const { analysisId } = asked.at(-1)!;
    for (const stage of stages)
      list.hear({ kind: 'progress', analysisId, progress: { stage, fraction: null } });
    list.hear({ kind: 'failed', analysisId, error: { code, detail: {} } });
    await settled();
  };
  const finish = async (...findings: Finding[]) => {
    list.hear({ kind: 'done', analysisId: asked.at(-1)!.analysisId, result: result(...findings) });
    await settled();
  };
  const paths = () => asked.map(({ path }) => path);
  return {
    list,
    asked,
    cancelled,
    unreadable,
    plain,
    drop,
    fail,
    finish,
    paths,
    row: (at = 0): StudyRow => list.rows[at]!,
  };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a comparison in plaintext', () => {
  it('keeps the largest differences, and nothing once the study is classified anew', async () => {
    const { drop, finish, list, row, plain } = workstation();
    await drop(taken('a'));
    expect(list.check(row().id)).toBe(false);
    await finish(finding(0.75, 0.5), finding(0.5, 0.5));
    Object.assign(plain, { logits: [0.25, -0.5], probabilities: [0.5, 0.375] });
    expect(list.check(row().id)).toBe(true);
    expect(row().check).toBe('working');
    expect(list.check(row().id)).toBe(false);
    await settled();
    expect(row().check).toMatchObject({ logit: 0.5, probability: 0.25 });
    list.check(row().id);
    list.retry(row().id, null);
    await settled();
    expect(row().check).toBeNull();
  });

  it('says why it could not be made, and can be asked for again', async () => {
    const { drop, finish, list, row, plain, unreadable } = workstation();
    await drop(taken('a'));
    await finish(finding(0.5, 0.5));
    unreadable.set('/films/a.dcm', 'file-unreadable');
    list.check(row().id);
    await settled();
    expect(row().check).toMatchObject({ code: 'file-unreadable' });
    unreadable.clear();
    plain.failure = 'bundle-missing';
    list.check(row().id);
    await settled();
    expect(row().check).toMatchObject({ code: 'bundle-missing' });
  });
});

describe('the worklist', () => {
  it('puts the images of a study together and classifies its best frontal one', async () => {
    const { drop, paths, row, list } = workstation();
    await drop(
      taken('lat', { view: 'LL' }),
      taken('ap', { view: 'AP' }),
      taken('pa'),
      taken('other', { study: '2' }),
    );
    expect(list.rows).toHaveLength(2);
    expect(row().images).toHaveLength(3);
    expect(paths()).toEqual(['/films/pa.dcm']);
    expect([row().state, row(1).state]).toEqual(['working', 'waiting']);
  });

  it('classifies one study after the other', async () => {
    const { drop, finish, paths, row } = workstation();
    await drop(taken('a', { study: '1' }), taken('b', { study: '2' }));
    await finish(finding(0.3, 0.2));
    expect(paths()).toEqual(['/films/a.dcm', '/films/b.dcm']);
    expect([row().state, row(1).state]).toEqual(['done', 'working']);
  });

  it('asks for nothing where no image is frontal, until somebody chooses one', async () => {
    const { drop, paths, row, list } = workstation();
    await drop(taken('lat', { view: 'LL' }), taken('breast', { modality: 'MG' }));
    expect([row().state, paths()]).toEqual(['unasked', []]);
    expect(list.retry(row().id, row().images[0]!.id)).toBe(true);
    await settled();
    expect(paths()).toHaveLength(1);
  });

  it('tries the next image when the gate refuses one, and is refused when it refuses all', async () => {
    const { drop, fail, paths, row } = workstation();
    await drop(taken('pa'), taken('ap', { view: 'AP' }));
    await fail('input-unlike-chest');
    expect(paths()).toEqual(['/films/pa.dcm', '/films/ap.dcm']);
    await fail('input-unlike-chest');
    expect([row().state, row().error?.code]).toEqual(['refused', 'input-unlike-chest']);
  });

  it('does not look for another image when somebody chose this one', async () => {
    const { drop, finish, fail, list, row, paths } = workstation();
    await drop(taken('pa'), taken('ap', { view: 'AP' }));
    await finish(finding(0.1, 0.2));
    list.retry(row().id, row().images.find(({ name }) => name === 'ap.dcm')!.id);
    await settled();
    await fail('input-unlike-chest');
    expect([row().state, paths().length]).toEqual(['refused', 2]);
  });

  it('begins again when the engine died, but not when it had the answer, and not for ever', async () => {
    const { drop, fail, paths, row, list } = workstation();
    await drop(taken('pa'));
    await fail('engine-crashed', 'encoding', 'sending', 'evaluating');
    await fail('engine-crashed');
    expect([row().state, paths().length]).toEqual(['working', 3]);
    await fail('engine-crashed');
    expect([row().state, row().error?.code]).toEqual(['failed', 'engine-crashed']);
    list.retry(row().id, null);
    await settled();
    // What the decryption did to the engine must not be told to the evaluator by a second question.
    await fail('engine-crashed', 'evaluating', 'receiving', 'decrypting');
    expect([row().state, paths().length]).toEqual(['failed', 4]);
  });

  it('goes on with the next study when a file has gone', async () => {
    const { drop, unreadable, paths, row } = workstation();
    unreadable.set('/films/gone.dcm', 'file-unreadable');
    await drop(taken('gone', { study: '1' }), taken('there', { study: '2' }));
    expect([row().state, row().error?.code, paths()]).toEqual([
      'failed',
      'file-unreadable',
      ['/films/there.dcm'],
    ]);
  });

  it('cancels what waits and what is under way', async () => {
    const { drop, list, row, asked, cancelled, fail } = workstation();
    await drop(taken('a', { study: '1' }), taken('b', { study: '2' }));
    list.cancel(row(1).id);
    expect(row(1).state).toBe('cancelled');
    list.cancel(row().id);
    expect(cancelled).toEqual([asked.at(-1)!.analysisId]);
    await fail('cancelled');
    expect(row().state).toBe('cancelled');
  });

  it('does not take what comes late for news', async () => {
    const { drop, list, row, asked, finish } = workstation();
    await drop(taken('a'));
    await finish(finding(0.1, 0.2));
    list.hear({
      kind: 'failed',
      analysisId: asked[0]!.analysisId,
      error: { code: 'engine-crashed', detail: {} },
    });
    list.remove(row().id);
    list.hear({ kind: 'done', analysisId: asked[0]!.analysisId, result: result() });
    expect(list.rows).toEqual([]);
  });

  it('knows an image that it has', async () => {
    const { list } = workstation();
    expect(list.add([taken('pa')]).known).toBe(0);
    expect(list.add([taken('pa'), taken('ap')]).known).toBe(1);
    expect(list.rows[0]!.images).toHaveLength(2);
  });

  it('tells how far the most urgent finding lies above its threshold', async () => {
    const { drop, finish, row } = workstation();
    await drop(taken('pa'));
    await finish(finding(0.6, 0.2), finding(0.1, 0.5), finding(0.9, 0.1, false));
    expect(row().urgency).toBeCloseTo(0.5, 12);
  });

  it('finds the latest earlier study of the same patient', async () => {
    const { list } = workstation();
    list.add([
      taken('a', { study: '1', date: '2020-01-01' }),
      taken('b', { study: '2', date: '2022-01-01' }),
    ]);
    list.add([taken('c', { study: '3', date: '2024-01-01' }), taken('d', { study: '4', patient: 'P2' })]);
    const [a, b, c, d] = list.rows;
    expect([a!.priorId, b!.priorId, c!.priorId, d!.priorId]).toEqual([null, a!.id, b!.id, null]);
  });
});

describe('the worklist on disk', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cipherfilm-worklist-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const key = new Uint8Array(32).fill(7);
  const path = () => join(folder, 'worklist.sqlite');

  it('survives a restart: results are kept, what was under way begins again', async () => {
    {
      using store = openStore(path(), key);
      const { drop, finish } = workstation(store);
      await drop(taken('a', { study: '1' }), taken('b', { study: '2' }), taken('c', { study: '3' }));
      await finish(finding(0.6, 0.2));
    }
    using store = openStore(path(), key);
    const { list, paths } = workstation(store);
    expect(list.rows.map(({ state }) => state)).toEqual(['done', 'waiting', 'waiting']);
    expect(list.rows[0]!.result!.findings[0]!.probability).toBe(0.6);
    list.resume();
    await settled();
    expect(paths()).toEqual(['/films/b.dcm']);
  });

  it('takes the end of its processes for no crash once it is closed: the study begins again next time', async () => {
    for (const code of ['cancelled', 'engine-crashed'] as const) {
      {
        using store = openStore(path(), key);
        const { list, drop, fail } = workstation(store);
        await drop(taken(code, { study: code }));
        list.close();
        await fail(code);
      }
      using store = openStore(path(), key);
      const { list } = workstation(store);
      expect(list.rows.find(({ study }) => study.uid === code)!.state).toBe('waiting');
    }
  });

  it('has no word about a patient or a path that can be read without the key', async () => {
    {
      using store = openStore(path(), key);
      await workstation(store).drop(taken('jane-doe'));
    }
    const bytes = readFileSync(path()).toString('latin1');
    for (const word of ['Doe', 'Jane', 'P1', '/films', 'jane-doe']) expect(bytes).not.toContain(word);
  });

  it('leaves out rows of another key, altered ones, and rows under another name', async () => {
    {
      using store = openStore(path(), key);
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
      using store = openStore(path(), key);
      expect(store.load()).toHaveLength(1);
      expect(store.load()).toHaveLength(1);
    }
    using other = openStore(path(), new Uint8Array(32).fill(8));
    expect(other.load()).toEqual([]);
  });

  it('removes a study for good', async () => {
    using store = openStore(path(), key);
    const { drop, list } = workstation(store);
    await drop(taken('a'));
    list.remove(list.rows[0]!.id);
    expect(store.load()).toEqual([]);
  });
});

describe('a drop', () => {
  it('is reported: taken, known, skipped and why; its studies are asked for at the end', async () => {
    const { list, paths } = workstation();
    const reports: DropReport[] = [];
    const skipped = (name: string): Scanned => ({
      kind: 'skipped',
      name,
      error: { code: 'dicom-not-dicom', detail: {} },
    });
    const intake = new Intake(
      async (_sources, onScanned) => {
        onScanned([taken('lat', { view: 'LL' }), skipped('a.txt')]);
        expect(paths()).toEqual([]);
        onScanned([taken('pa'), taken('pa'), skipped('b.txt')]);
      },
      list,
      (report) => reports.push(report),
    );
    const id = intake.open([{ kind: 'path', path: '/films' }]);
    await settled();
    expect(reports.at(-1)).toMatchObject({ id, finished: true, taken: 2, known: 1, more: 0 });
    expect(reports.at(-1)!.skipped.map(({ name }) => name)).toEqual(['a.txt', 'b.txt']);
    expect(paths()).toEqual(['/films/pa.dcm']);
  });

  it('says when it could not be read to its end, and keeps what it had', async () => {
    const { list } = workstation();
    const reports: DropReport[] = [];
    const intake = new Intake(
      async (_sources, onScanned) => {
        onScanned([taken('pa')]);
        throw new CxrError('reader-crashed');
      },
      list,
      (report) => reports.push(report),
    );
    intake.open([{ kind: 'path', path: '/films' }]);
    await settled();
    expect(reports.at(-1)).toMatchObject({ finished: true, taken: 1 });
    expect(reports.at(-1)!.skipped[0]!.error.code).toBe('reader-crashed');
  });
});
