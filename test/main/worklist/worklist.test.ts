import { describe, expect, it } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import { parseDigest } from '../../../contract/ids/digest.ts';
import type { Scanned } from '../../../contract/ipc/reader.ts';
import type { DropReport } from '../../../contract/ipc/worklist.ts';
import { Intake } from '../../../main/worklist/intake.ts';
import { finding, result, settled, taken, workstation } from './harness.ts';

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

  it('waits while the keys are locked, holds the others back too, and goes on with the same question', async () => {
    const { drop, fail, asked, row, list, paths, finish } = workstation();
    await drop(taken('one'), taken('two', { study: '2', pixels: 'b' }));
    const question = parseDigest('5'.repeat(64));
    list.hear({ kind: 'asked', analysisId: asked[0]!.analysisId, question });
    await fail('key-locked', 'encoding', 'sending', 'evaluating');
    expect([row(0).state, row(1).state, row(0).error, list.isUnderWay]).toEqual([
      ...['waiting', 'waiting', null, false],
    ]);
    await drop(taken('three', { study: '3', pixels: 'c' }));
    expect(paths()).toEqual(['/films/one.dcm']);
    expect(list.inFlight).toBe(3);
    list.resume();
    await settled();
    expect(asked.map((each) => each.question)).toEqual([null, question]);
    expect(list.isUnderWay).toBe(true);
    await finish(finding(0.1, 0.2));
    expect(paths()).toEqual(['/films/one.dcm', '/films/one.dcm', '/films/two.dcm']);
  });

  it('does not ask again by itself for an answer that had come before the keys were locked', async () => {
    const { drop, fail, row } = workstation();
    await drop(taken('pa'));
    await fail('key-locked', 'evaluating', 'receiving', 'decrypting');
    expect([row().state, row().error?.code]).toEqual(['failed', 'key-locked']);
  });

  it('keeps a question for as long as its job may go on, and for no other image', async () => {
    const { drop, fail, asked, row, list } = workstation();
    const question = parseDigest('7'.repeat(64));
    const ask = () => list.hear({ kind: 'asked', analysisId: asked.at(-1)!.analysisId, question });
    const last = () => asked.at(-1)!.question;
    await drop(taken('pa'), taken('ap', { view: 'AP' }));
    ask();
    // The engine dies with the answer at hand: it is on the disk.
    await fail('engine-crashed', 'evaluating', 'receiving', 'decrypting');
    expect(last()).toBe(question);
    // The evaluator goes away, and a person tries again.
    await fail('evaluator-unreachable');
    expect([row().state, row().asked]).toEqual(['failed', question]);
    list.retry(row().id, row().scoredImageId);
    await settled();
    expect(last()).toBe(question);
    // The way back is lost before the decryption, and the engine dies in it.
    list.hear({ kind: 'asked', analysisId: asked.at(-1)!.analysisId, question: null });
    await fail('engine-crashed', 'receiving', 'decrypting');
    expect([row().state, row().asked]).toEqual(['failed', null]);
    for (const code of ['result-invalid', 'cancelled'] as const) {
      list.retry(row().id, row().scoredImageId);
      await settled();
      expect(last()).toBeNull();
      ask();
      await fail(code);
      expect(row().asked).toBeNull();
    }
    list.retry(row().id, row().scoredImageId);
    await settled();
    ask();
    await fail('evaluator-unreachable');
    list.retry(row().id, row().images.find(({ id }) => id !== row().scoredImageId)!.id);
    await settled();
    expect(last()).toBeNull();
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
    expect([row().state, cancelled]).toEqual(['cancelled', [asked.at(-1)!.analysisId]]);
    await fail('cancelled');
    expect(row().state).toBe('cancelled');
  });

  it('answers a cancellation at once, goes on with the next, and hears no late result of the first', async () => {
    const { drop, list, row, asked, cancelled } = workstation();
    await drop(taken('a', { study: '1' }), taken('b', { study: '2' }));
    const [{ analysisId }] = asked as [(typeof asked)[number]];
    list.cancel(row().id);
    expect([row().state, row(1).state, cancelled]).toEqual(['cancelled', 'working', [analysisId]]);
    list.hear({ kind: 'done', analysisId, result: result(finding(0.9, 0.1)) });
    expect([row().state, row().result]).toEqual(['cancelled', null]);
    // Asked for again, it is a new analysis, and still nothing of the old one counts.
    list.retry(row().id, null);
    list.hear({ kind: 'failed', analysisId, error: { code: 'cancelled', detail: {} } });
    expect([row().state, row(1).state]).toEqual(['waiting', 'working']);
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

  it('names the dropped bytes that it needs, and no longer those of an image that moved or was removed', () => {
    const { list } = workstation();
    const dropped = (image: string, id: string, study: string) => ({
      ...taken(image, { study }),
      location: { kind: 'memory' as const, id, inside: [] },
    });
    list.add([dropped('a', 'first', '1'), dropped('b', 'second', '2'), taken('c', { study: '3' })]);
    expect([...list.memoryIds]).toEqual(['first', 'second']);
    list.add([dropped('a', 'again', '1')]);
    expect([...list.memoryIds].sort()).toEqual(['again', 'second']);
    list.remove(list.rows.find(({ study }) => study.uid === '2')!.id);
    // It can still be put back, until the next one is removed.
    expect([...list.memoryIds].sort()).toEqual(['again', 'second']);
    list.remove(list.rows.find(({ study }) => study.uid === '3')!.id);
    expect([...list.memoryIds]).toEqual(['again']);
  });

  it('has a film turned only where somebody said so, and not when it is asked for anew', async () => {
    const { drop, list, row, turned } = workstation();
    await drop(taken('a'));
    list.cancel(row().id);
    list.retry(row().id, null, true);
    await settled();
    expect(row().turns).toBe(true);
    list.cancel(row().id);
    list.retry(row().id, null);
    await settled();
    expect([turned(), row().turns]).toEqual([[false, true, false], false]);
  });

  it('knows an image that it has', async () => {
    const { list } = workstation();
    expect(list.add([taken('pa')]).known).toBe(0);
    expect(list.add([taken('pa'), taken('ap')]).known).toBe(1);
    expect(list.rows[0]!.images).toHaveLength(2);
  });

  it('does not let another image under the same identifier take the place of one that it has', async () => {
    const { list, drop, finish, row, paths } = workstation();
    await drop(taken('pa'));
    await finish(finding(0.3, 0.2));
    const other = { ...taken('pa', { pixels: 'b' }), name: 'other.dcm' } as const;
    const moved: Scanned = { ...other, location: { kind: 'file', path: '/elsewhere/pa.dcm', inside: [] } };
    const added = list.add([moved]);
    expect([added.known, added.touched, added.others]).toEqual([0, [], [moved]]);
    list.retry(row().id, null);
    await settled();
    expect(paths()).toEqual(['/films/pa.dcm', '/films/pa.dcm']);
  });

  it('follows an image that has moved', async () => {
    const { list, drop, finish, row, paths } = workstation();
    await drop(taken('pa'));
    await finish(finding(0.3, 0.2));
    list.add([{ ...taken('pa'), location: { kind: 'file', path: '/elsewhere/pa.dcm', inside: [] } }]);
    list.retry(row().id, null);
    await settled();
    expect(paths()).toEqual(['/films/pa.dcm', '/elsewhere/pa.dcm']);
  });

  it('shows no image under the name of another patient, whatever UID the study has', () => {
    const { list } = workstation();
    list.add([taken('a', { study: '1', patient: 'P1' }), taken('b', { study: '1', patient: 'P2' })]);
    expect(list.rows.map(({ patient, images }) => [patient.id, images.length])).toEqual([
      ['P1', 1],
      ['P2', 1],
    ]);
    list.remove(list.rows[0]!.id);
    list.add([taken('c', { study: '1', patient: 'P1' }), taken('d', { study: '1', patient: 'P2' })]);
    expect(list.rows.map(({ patient, images }) => [patient.id, images.length])).toEqual([
      ['P2', 2],
      ['P1', 1],
    ]);
  });

  it('counts what is in flight', async () => {
    const { list, drop, finish } = workstation();
    await drop(
      taken('a', { study: '1' }),
      taken('b', { study: '2' }),
      taken('l', { study: '3', view: 'LL' }),
    );
    expect(list.inFlight).toBe(2);
    await finish(finding(0.3, 0.2));
    await finish(finding(0.3, 0.2));
    expect(list.inFlight).toBe(0);
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

describe('a drop', () => {
  it('names the images that could not be told apart from others, and is being read until its end', async () => {
    const { list } = workstation();
    const reports: DropReport[] = [];
    const { promise: atEnd, resolve: end } = Promise.withResolvers<void>();
    const intake = new Intake(
      async (_sources, onScanned) => {
        onScanned([taken('pa'), taken('ap'), taken('pa', { pixels: 'b' })]);
        await atEnd;
      },
      list,
      (report) => reports.push(report),
    );
    intake.open([{ kind: 'path', path: '/films' }]);
    await settled();
    expect(intake.isReading).toBe(true);
    end();
    await settled();
    expect(intake.isReading).toBe(false);
    expect(reports.at(-1)).toMatchObject({ taken: 2, known: 0 });
    expect(reports.at(-1)!.skipped).toEqual([
      { name: 'pa.dcm', error: { code: 'dicom-uid-taken', detail: {} } },
    ]);
  });

  it('is reported: taken, known, skipped and why; its studies are asked for at the end', async () => {
    const { list, paths } = workstation();
    const reports: DropReport[] = [];
    const skipped = (name: string): Scanned => ({
      kind: 'skipped',
      location: { kind: 'file', path: `/films/${name}`, inside: [] },
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
