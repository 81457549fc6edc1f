import { describe, expect, it } from 'vitest';
import type { StudyExport } from '../../../contract/exchange/export-request.ts';
import { exportInWords } from '../../../renderer/panels/export/export-words.ts';
import { type NetworkDraft, networkFaults } from '../../../renderer/settings/network-fields.ts';
import { idOf } from '../study-rows.ts';

const draft: NetworkDraft = {
  ...{
    title: 'CIPHERFILM',
    port: '11112',
    callers: 'PACS, XRAY1',
    archive: '',
    archiveTls: false,
    archiveUrl: '',
  },
};

describe('the fields about other machines', () => {
  it('take what is usual, and nothing at all', () => {
    expect(networkFaults(draft)).toEqual({});
    expect(networkFaults({ ...draft, title: '', port: '', callers: '' })).toEqual({});
    const named = { archive: 'PACS@[::1]:104', archiveUrl: 'https://pacs.example.org/dicom-web' };
    expect(networkFaults({ ...draft, ...named })).toEqual({});
  });
  it.each([
    ['a port that there is not', { port: '99999' }, 'port'],
    ['a port that is no number', { port: '11112x' }, 'port'],
    ['a port without anybody who may send', { callers: ' , ' }, 'callers'],
    ['a title that is too long', { callers: 'PACS, A_TITLE_OF_SEVENT' }, 'callers'],
    ['an archive without a title', { archive: 'localhost:11199' }, 'archive'],
    ['an archive with a port that there is not', { archive: 'PACS@host:0' }, 'archive'],
    ['an address without a scheme', { archiveUrl: 'pacs.example.org' }, 'archiveUrl'],
  ] as const)('say what is wrong with %s, at its field', (_, over, field) => {
    expect(Object.keys(networkFaults({ ...draft, ...over }))).toEqual([field]);
  });
});

describe('the words on an export', () => {
  const one: StudyExport = {
    ...{ id: idOf(1), to: 'folder', forms: ['sr', 'pdf'], deidentified: true, by: 'person' },
    ...{ at: '2026-11-28T09:05:00.000Z', state: 'left', error: null },
  };
  it('say where it is, for whom, and by whose will', () => {
    expect(exportInWords(one)).toMatch(
      /^DICOM report \(SR\), PDF \(without identity\): saved in a folder \(28 Nov 2026, \d\d:05\)\.$/,
    );
    const ruled: StudyExport = {
      ...one,
      to: 'archive',
      forms: ['sr'],
      deidentified: false,
      by: { rule: 'x' },
    };
    expect(exportInWords(ruled)).toMatch(/: in the archive \(.*, by a rule of your organisation\)\.$/);
    const error = { code: 'network-timeout', detail: { waiting: 'answer' } } as const;
    expect(exportInWords({ ...ruled, state: 'waiting', error })).toMatch(
      /on the way .* It is tried again by itself\.$/,
    );
  });
});
