import { describe, expect, it } from 'vitest';
import type { ImageRow, StudyRow } from '../../contract/ipc/worklist.ts';
import { type StageName, stageNames } from '../../contract/stages.ts';
import { filtered } from '../../renderer/worklist/filter.ts';
import { ordered } from '../../renderer/worklist/order.ts';
import {
  mayNamePatient,
  nameOf,
  patientFacts,
  seriesOf,
  stateOf,
  studyFacts,
} from '../../renderer/worklist/study-words.ts';
import { doneRow, type Places } from './study-rows.ts';

const image = (id: string, fields: object = {}): ImageRow =>
  ({
    id,
    name: `${id}.dcm`,
    series: {
      uid: '1',
      number: 1,
      description: null,
      modality: 'DX',
      ...('series' in fields ? fields.series! : {}),
    },
    frame: { view: 'PA', burnedIn: null, ...('frame' in fields ? fields.frame! : {}) },
  }) as ImageRow;

const row = (id: string, fields: Partial<StudyRow> = {}): StudyRow =>
  ({
    id,
    patient: { name: 'Müller, Anna', id: '4711', birthDate: null },
    study: { accession: 'A-12', description: 'Thorax pa', date: '2024-01-02' },
    images: [image('a')],
    scoredImageId: 'a',
    state: 'done',
    progress: null,
    result: null,
    urgency: null,
    addedAt: Number(id),
    ...fields,
  }) as unknown as StudyRow;
const ids = (rows: readonly StudyRow[]) => rows.map(({ id }) => id).join('');

describe('the list of studies', () => {
  const rows = [
    row('1', { state: 'done', urgency: -0.2 }),
    row('2', { state: 'done', urgency: 0.1 }),
    row('3', { state: 'working' }),
    row('4', { state: 'waiting' }),
    row('5', { state: 'refused' }),
    row('6', { state: 'failed' }),
    row('7', { state: 'cancelled' }),
    row('8', { state: 'unasked' }),
  ];

  it('is narrowed to a group, and every state but those with a result is in exactly one of the others', () => {
    const of = (group: Parameters<typeof filtered>[1]) => ids(filtered(rows, group, ''));
    expect([of('all'), of('above'), of('done')]).toEqual(['12345678', '2', '12']);
    expect([of('in-progress'), of('attention'), of('unasked')]).toEqual(['34', '567', '8']);
  });

  it('is searched by name, number, accession and description, in any order, case and accent', () => {
    const other = row('9', {
      patient: { name: 'Doe, Jane', id: '99', birthDate: null } as StudyRow['patient'],
      study: { accession: null, description: null } as StudyRow['study'],
    });
    const found = (text: string) => ids(filtered([...rows.slice(0, 1), other], 'all', text));
    expect([found(''), found('muller ANNA'), found('anna müll'), found('4711'), found('a-12')]).toEqual([
      '19',
      '1',
      '1',
      '1',
      '1',
    ]);
    expect([found('jane'), found('anna jane'), found('thorax')]).toEqual(['9', '', '1']);
  });

  it('has the most urgent first, then what is under way, what waits, what failed', () => {
    expect(ids(ordered(rows.toReversed(), 'arrival'))).toBe('12345678');
    expect(ids(ordered(rows.toReversed(), 'urgency'))).toBe('21345678');
  });
});

describe('a row', () => {
  it('has words of its own for every state, and for every stage while it is under way', () => {
    const states = ['unasked', 'waiting', 'done', 'refused', 'failed', 'cancelled'] as const;
    const said = states.map((state) => stateOf(row('1', { state })));
    const under = stageNames.map((stage: StageName) =>
      stateOf(row('1', { state: 'working', progress: { stage, fraction: null } })),
    );
    expect(new Set([...said, ...under]).size).toBe(states.length + stageNames.length);
    expect(under.filter((words) => words.startsWith('Waiting for the keys'))).toHaveLength(2);
  });

  it('says why a study was refused or not done', () => {
    const failed = row('1', { state: 'failed', error: { code: 'queue-full', detail: {} } });
    expect(stateOf(failed)).toBe('Not done: The evaluator is busy.');
  });

  it('names the findings that are above, the leading two of many, and says when there is none', () => {
    const said = (places: Places) => stateOf(doneRow(1, places));
    expect(said({})).toBe('No finding above threshold');
    expect(said({ Fibrosis: 'between' })).toBe('No finding above threshold');
    expect(said({ Effusion: 'above' })).toBe('Effusion above threshold');
    // The order is that of the result: 27 of 100 reference films had atelectasis, 23 effusion.
    expect(said({ Effusion: 'above', Atelectasis: 'above' })).toBe(
      'Atelectasis and effusion above threshold',
    );
    expect(said({ Effusion: 'above', Atelectasis: 'above', Fibrosis: 'above', Emphysema: 'above' })).toBe(
      'Atelectasis, effusion, +2 above threshold',
    );
    // The model makes no claim about a hernia.
    expect(said({ Hernia: 'above' })).toBe('No finding above threshold');
    const { result } = doneRow(1, {});
    const silent = result!.findings.map((finding) => ({ ...finding, claimable: false }));
    expect(stateOf(doneRow(1, {}, { result: { ...result!, findings: silent } }))).toBe('No finding assessed');
  });

  it('names nobody while patients are hidden, not even by the name of a file', () => {
    const nameless = row('1', { patient: { name: null, id: null } as StudyRow['patient'] });
    expect([nameOf(nameless, false), nameOf(row('1'), false)]).toEqual(['a.dcm', 'Müller, Anna']);
    expect([nameOf(nameless, true), nameOf(row('1'), true)]).toEqual(['Patient hidden', 'Patient hidden']);
  });

  it('says who the patient is, and which study it is, without the number while patients are hidden', () => {
    const patient = { name: 'Doe', id: '4711', birthDate: '1961-03-14', sex: 'female', age: '062Y' };
    const one = row('1', { patient: patient as StudyRow['patient'] });
    expect(patientFacts(one)).toEqual(['4711', 'F · 62 y · born 14 Mar 1961']);
    const unstated = { name: null, id: null, birthDate: null, sex: null, age: null };
    expect(patientFacts(row('1', { patient: unstated as StudyRow['patient'] }))).toEqual([]);
    const left = image('a', { frame: { view: 'LL', laterality: 'left' } });
    expect(studyFacts(one, left, false)).toEqual(['2 Jan 2024 · LL left', 'Accession A-12']);
    expect(studyFacts(one, left, true)).toEqual(['2 Jan 2024 · LL left']);
  });

  it('has its images by series, in their order', () => {
    const lateral = { series: { uid: '2', number: 2, description: 'Thorax lat' }, frame: { view: 'LL' } };
    const found = seriesOf(row('1', { images: [image('a'), image('b'), image('c', lateral)] }));
    expect(found.map(({ uid, title, images }) => [uid, title, images.map(({ id }) => id).join('')])).toEqual([
      ['1', '1. PA DX · 2 images', 'ab'],
      ['2', '2. Thorax lat DX', 'c'],
    ]);
  });

  it('covers pictures with patient data drawn in: those that say so, and those of a screen that do not say', () => {
    const with_ = (burnedIn: boolean | null, modality: string) =>
      mayNamePatient(image('a', { frame: { burnedIn }, series: { modality } }));
    expect([with_(true, 'DX'), with_(false, 'SC'), with_(null, 'SC'), with_(null, 'DX')]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect([mayNamePatient(undefined), mayNamePatient(null)]).toEqual([false, false]);
  });
});
