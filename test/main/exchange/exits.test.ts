import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CodedError, CxrError } from '../../../contract/errors.ts';
import type { AuditEvent } from '../../../contract/exchange/audit.ts';
import {
  type ExportRequest,
  exportRequestSchema,
  type StudyExport,
} from '../../../contract/exchange/export-request.ts';
import { parseDigest } from '../../../contract/ids/digest.ts';
import type { StudyRow } from '../../../contract/ipc/worklist.ts';
import { Exits, type LeavingFile } from '../../../main/exchange/exits.ts';
import { result, source } from '../../dicom/objects/reports.ts';
import { studyRow } from '../../renderer/study-rows.ts';

const pixels = parseDigest('5'.repeat(64));
const film = { rows: 40, columns: 30, pixels: new Uint8Array(1200).fill(77) };
const resultAt = '2026-11-28T09:05:07.000Z';
const unreachable: CodedError = { code: 'network-unreachable', detail: { reason: 'connection refused' } };
const firstMs = 1_000;

const open: Exits[] = [];
let folder: string;
beforeEach(() => {
  vi.useFakeTimers();
  folder = mkdtempSync(join(tmpdir(), 'cipherfilm-exits-'));
});
afterEach(() => {
  for (const exits of open.splice(0)) exits[Symbol.dispose]();
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

/** Exits over a list with one study that is done, and an archive that answers what `answers` says, one after the other. */
function exitsOver(answers: readonly (CodedError | null)[] = [], rows: StudyRow[] = [done()]) {
  const told: AuditEvent[] = [];
  const sent: (readonly LeavingFile[])[] = [];
  const left = [...answers];
  let seen = pixels;
  const exits = new Exits({
    list: {
      get rows() {
        return rows;
      },
      location: () => ({ kind: 'file', path: '/films/a.dcm', inside: [] }),
      exported: (id, one) => {
        const at = rows.findIndex((row) => row.id === id);
        if (at === -1) return false;
        const row = rows[at]!;
        const others = row.exports.filter((known) => known.id !== one.id);
        rows[at] = { ...row, exports: [...others, one] };
        return true;
      },
    },
    reader: { request: async () => ({ image: source, film, pixels: seen }) as never },
    log: { append: (event) => void told.push(event) as never },
    version: '0.1.0',
    secret: () => new Uint8Array(32).fill(7),
    deliver: async (files) => {
      sent.push(files);
      const answer = left.shift() ?? null;
      return files.map(() => answer);
    },
    rhythm: { firstMs, longestMs: 4 * firstMs },
  });
  open.push(exits);
  return {
    exits,
    told,
    sent,
    exported: (): readonly StudyExport[] => rows[0]!.exports,
    exchange: () => {
      seen = parseDigest('6'.repeat(64));
    },
  };
}

function done(): StudyRow {
  const row = studyRow(1);
  return {
    ...row,
    state: 'done',
    result,
    resultAt,
    images: row.images.map((image) => ({ ...image, pixels })),
  };
}

const request = (over: Partial<ExportRequest> = {}): ExportRequest => ({
  ...{ studyId: studyRow(1).id, forms: ['sr', 'sc'], to: 'archive', anonymous: null },
  ...over,
});
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof CxrError ? error.code : error),
  );

describe('a result that leaves', () => {
  it('is written into a folder in the forms that were asked for, and told in the log before', async () => {
    const { exits, told, exported } = exitsOver();
    const one = await exits.toFolder(request({ to: 'folder', forms: ['sr', 'pdf', 'csv'] }), folder);
    expect(readdirSync(folder).toSorted()).toEqual(
      ['findings.csv', 'pdf.pdf', 'sr.dcm'].map((end) => `cipherfilm-${result.jobId}-${end}`),
    );
    expect(told).toEqual([
      {
        ...{ kind: 'export', job: result.jobId, forms: ['sr', 'pdf', 'csv'], to: 'folder' },
        ...{ deidentified: false, by: 'person' },
      },
    ]);
    expect(exported()).toEqual([one]);
    expect([one.state, one.error, one.by]).toEqual(['left', null, 'person']);
  });

  it('does not leave where the log cannot tell it', async () => {
    const { exits, told, exported } = exitsOver();
    told.push = () => {
      throw new CxrError('audit-unwritable', { reason: 'ENOSPC' });
    };
    expect(await codeOf(exits.toFolder(request({ to: 'folder' }), folder))).toBe('audit-unwritable');
    expect([readdirSync(folder), exported()]).toEqual([[], []]);
  });

  it('is told as not left where the folder cannot be written', async () => {
    const { exits, told, exported } = exitsOver();
    const gone = join(folder, 'gone');
    expect(await codeOf(exits.toFolder(request({ to: 'folder', forms: ['pdf'] }), gone))).toBe(
      'export-unwritable',
    );
    expect(told.map(({ kind }) => kind)).toEqual(['export', 'export-failed']);
    expect(exported().map(({ state, error }) => [state, error?.code])).toEqual([
      ['failed', 'export-unwritable'],
    ]);
    expect(existsSync(gone)).toBe(false);
  });

  it('is sent again to an archive that was away, the same bytes each time, and told once', async () => {
    const { exits, told, sent, exported } = exitsOver([unreachable, unreachable, null]);
    expect((await exits.toArchive(request())).state).toBe('waiting');
    expect(exported()[0]).toMatchObject({ state: 'waiting', error: unreachable });
    await vi.advanceTimersByTimeAsync(firstMs);
    expect([sent.length, exported()[0]!.state]).toEqual([2, 'waiting']);
    // The pause has doubled.
    await vi.advanceTimersByTimeAsync(firstMs);
    expect(sent).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(firstMs);
    expect([sent.length, exported()[0]!.state, exported()[0]!.error]).toEqual([3, 'left', null]);
    for (const files of sent)
      expect(files.map(({ name, bytes }) => [name, Buffer.from(bytes)])).toEqual(
        sent[0]!.map(({ name, bytes }) => [name, Buffer.from(bytes)]),
      );
    expect(told.map(({ kind }) => kind)).toEqual(['export']);
    await vi.advanceTimersByTimeAsync(100 * firstMs);
    expect(sent).toHaveLength(3);
  });

  it('waits as long for several exports as for one', async () => {
    const { exits, sent } = exitsOver(Array.from({ length: 12 }, () => unreachable));
    for (let count = 0; count < 3; count += 1) await exits.toArchive(request());
    await vi.advanceTimersByTimeAsync(firstMs);
    expect(sent).toHaveLength(6);
    // Twice as long after the first round, and four times after the second.
    await vi.advanceTimersByTimeAsync(2 * firstMs);
    expect(sent).toHaveLength(9);
    await vi.advanceTimersByTimeAsync(4 * firstMs - 1);
    expect(sent).toHaveLength(9);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(12);
  });

  it('goes on after a restart with what waited', async () => {
    const waiting: StudyExport = {
      ...{ id: 'w', to: 'archive', forms: ['sr'], deidentified: false, by: 'person', at: resultAt },
      ...{ state: 'waiting', error: unreachable },
    };
    const { exits, told, sent, exported } = exitsOver([null], [{ ...done(), exports: [waiting] }]);
    exits.resume();
    await vi.advanceTimersByTimeAsync(0);
    expect([sent.length, exported()]).toEqual([1, [{ ...waiting, state: 'left', error: null }]]);
    expect(told).toEqual([]);
  });

  it('is not sent again where the archive refused the object itself, or the film was exchanged', async () => {
    // 0xA900: the data set does not match the SOP class.
    const refused: CodedError = { code: 'network-status', detail: { protocol: 'DIMSE', status: 0xa900 } };
    const one = exitsOver([refused]);
    expect((await one.exits.toArchive(request())).state).toBe('failed');
    const kind: CodedError = {
      code: 'network-refused',
      detail: { reason: 'presentation context', got: [3] },
    };
    const other = exitsOver([kind]);
    expect((await other.exits.toArchive(request())).state).toBe('failed');
    // 0xA700: out of resources, which passes.
    const full: CodedError = { code: 'network-status', detail: { protocol: 'DIMSE', status: 0xa700 } };
    const two = exitsOver([full]);
    expect((await two.exits.toArchive(request())).state).toBe('waiting');
    two.exchange();
    await vi.advanceTimersByTimeAsync(firstMs);
    expect(two.exported()[0]).toMatchObject({ state: 'failed', error: { code: 'export-image-changed' } });
    for (const { told, exits, sent } of [one, two]) {
      expect(told.map(({ kind }) => kind)).toEqual(['export', 'export-failed']);
      await vi.advanceTimersByTimeAsync(100 * firstMs);
      expect([sent.length, exits]).toEqual([1, exits]);
    }
  });

  it('says by which rule it left', async () => {
    const { exits, told } = exitsOver();
    const one = await exits.toArchive(request(), { rule: 'send-results-above' });
    expect([one.by, told[0]]).toMatchObject([
      { rule: 'send-results-above' },
      { by: { rule: 'send-results-above' } },
    ]);
  });

  it('needs a result, and the film that it is about', async () => {
    const none = exitsOver([], [{ ...done(), state: 'working', result: null }]);
    expect(await codeOf(none.exits.toArchive(request()))).toBe('request-invalid');
    const other = exitsOver();
    other.exchange();
    expect(await codeOf(other.exits.toArchive(request()))).toBe('export-image-changed');
    expect([...none.told, ...other.told]).toEqual([]);
  });
});

describe('a request for an export', () => {
  const anonymous = { dates: 'removed', filmsChecked: false } as const;
  it.each([
    ['a page for an archive', { forms: ['pdf'] }],
    ['no form', { to: 'folder', forms: [] }],
    ['a report without identity for an archive', { anonymous }],
    ['a copy of the film with its names', { to: 'folder', forms: ['film'] }],
  ] as const)('of %s is refused', (_, over) => {
    expect(exportRequestSchema.safeParse({ ...request(), ...over }).success).toBe(false);
  });
  it('of both kinds is understood', () => {
    expect(exportRequestSchema.safeParse(request()).success).toBe(true);
    const copy = { ...request(), to: 'folder', forms: ['film'], anonymous };
    expect(exportRequestSchema.safeParse(copy).success).toBe(true);
  });
});
