import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toCodedError } from '../../../contract/errors.ts';
import type { ReportSource } from '../../../contract/exchange/export.ts';
import { parseDigest } from '../../../contract/ids/digest.ts';
import { verifyAuditLog } from '../../../main/audit/verify-log.ts';
import type { ExportArguments } from '../../../main/cli/export/export-arguments.ts';
import { openExport } from '../../../main/cli/export/open-export.ts';
import { statusOf, summaryLine, summaryOf } from '../../../main/cli/outcome.ts';
import { withTemporaryFolder } from '../../../main/files/temporary-folder.ts';
import { sampleStudy } from '../../../main/host/headless.ts';
import { decoders } from '../../../main/reader/decoders.ts';
import { result } from '../../dicom/objects/reports.ts';

const bytes = readFileSync(sampleStudy);
const { pixels } = decoders.inspect(bytes);
/** A reader in this process, of the file as it is now. */
const reader = { request: () => decoders.report(bytes) } as unknown as Parameters<
  ReturnType<typeof openExport>['result']
>[1];
const location = { kind: 'file', path: sampleStudy, inside: [] } as const;
const { signal } = new AbortController();
const entriesIn = (data: string) =>
  existsSync(join(data, 'audit', 'audit.jsonl'))
    ? readFileSync(join(data, 'audit', 'audit.jsonl'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).event)
    : [];
const inFolders = <T>(work: (out: string, data: string) => Promise<T>) =>
  withTemporaryFolder('cipherfilm-export-', (folder) => work(join(folder, 'out'), join(folder, 'data')));
const wish = (folder: string, over: Partial<ExportArguments> = {}): ExportArguments => ({
  ...{ folder, forms: ['sr', 'sc', 'csv'], anonymous: null },
  ...over,
});

describe('the export of a run', () => {
  it('writes a result’s files at once and the tables at the end, and records it without patient data', () =>
    inFolders(async (out, data) => {
      const run = openExport(wish(out), data);
      const outcome = await run.result({ location, pixels, result }, reader, signal);
      const names = [`cipherfilm-${result.jobId}-sr.dcm`, `cipherfilm-${result.jobId}-sc.dcm`];
      expect(outcome).toEqual({ exported: names });
      expect(readdirSync(out).sort()).toEqual([...names].sort());
      expect(run.end()).toEqual([`cipherfilm-${result.jobId}-findings.csv`]);
      expect(entriesIn(data)).toEqual([
        {
          ...{ kind: 'export', job: result.jobId, forms: ['sr', 'sc', 'csv'], to: 'folder' },
          ...{ deidentified: false, by: 'person' },
        },
      ]);
      expect(verifyAuditLog(join(data, 'audit'))).toEqual({ entries: 1, first: 1, broken: null });
      expect(readFileSync(join(data, 'audit', 'audit.jsonl'), 'utf8')).not.toMatch(/Covid|cipherfilm-export/);
    }));

  it('refuses a result whose file was exchanged meanwhile', () =>
    inFolders(async (out, data) => {
      const other = parseDigest('9'.repeat(64));
      const outcome = await openExport(wish(out), data).result(
        { location, pixels: other, result },
        reader,
        signal,
      );
      expect(outcome).toMatchObject({ unexported: { code: 'export-image-changed' } });
      expect(readdirSync(out)).toEqual([]);
    }));

  it('writes nothing where it cannot be recorded', () =>
    inFolders(async (out, data) => {
      const run = openExport(wish(out), data);
      writeFileSync(data, 'a file stands where the data folder should be');
      const outcome = await run.result({ location, pixels, result }, reader, signal);
      expect(outcome).toMatchObject({ unexported: { code: 'audit-unwritable' } });
      expect(readdirSync(out)).toEqual([]);
    }));

  it('records that a file could not be written', () =>
    inFolders(async (out, data) => {
      const run = openExport(wish(join(out, 'deep')), data);
      await import('node:fs/promises').then(({ rm }) => rm(out, { recursive: true }));
      writeFileSync(out, 'a file stands where the folder was');
      const outcome = await run.result({ location, pixels, result }, reader, signal);
      expect(outcome).toMatchObject({ unexported: { code: 'export-unwritable' } });
      expect(entriesIn(data).map(({ kind }: { kind: string }) => kind)).toEqual(['export', 'export-failed']);
      expect(run.end()).toEqual([]);
    }));

  it('does not begin where the folder cannot be made', () =>
    inFolders(async (out, data) => {
      writeFileSync(out, 'a file');
      let error: unknown;
      try {
        openExport(wish(out), data);
      } catch (thrown) {
        error = thrown;
      }
      expect(toCodedError(error)).toMatchObject({
        code: 'folder-unusable',
        detail: { setting: '--export', reason: 'ENOTDIR' },
      });
    }));

  it('replaces names by the same others in two anonymous runs of one data folder', () =>
    inFolders(async (out, data) => {
      // The sample is a secondary capture that does not say whether it names anybody.
      const anonymous = { dates: 'removed', filmsChecked: true } as const;
      const uidOf = async (folder: string) => {
        const run = openExport(wish(folder, { anonymous, forms: ['json'] }), data);
        await run.result({ location, pixels, result }, reader, signal);
        const [name] = run.end();
        return JSON.parse(readFileSync(join(folder, name!), 'utf8')).rows[0].study_uid;
      };
      expect(await uidOf(join(out, '1'))).toBe(await uidOf(join(out, '2')));
      const unchecked = wish(out, { anonymous: { ...anonymous, filmsChecked: false } });
      expect(
        await openExport(unchecked, data).result({ location, pixels, result }, reader, signal),
      ).toMatchObject({
        unexported: { code: 'deidentify-burned-in', detail: { reason: 'not excluded' } },
      });
    }));
});

describe('a run with a result that was not exported', () => {
  it('has the status 1 and says so', () => {
    const error = { code: 'export-unwritable', detail: { reason: 'ENOSPC' } } as const;
    const outcomes = [
      { file: 'a', result, exported: [] },
      { file: 'b', result, unexported: error },
    ];
    expect(statusOf(outcomes)).toBe(1);
    expect(statusOf(outcomes.slice(0, 1))).toBe(0);
    expect(summaryLine(outcomes)).toBe('2 files: 2 classified, 1 of them not exported');
    expect(summaryOf(outcomes)).toMatchObject({ classified: 2, unexported: 1 });
  });
});

describe('the reader', () => {
  it('gives what a report repeats of an image, the film reduced and the digest of its pixels', async () => {
    const source: ReportSource = await decoders.report(bytes);
    expect(source.pixels).toBe(pixels);
    expect(source.film).toMatchObject({ rows: 1024, columns: 1024 });
    expect(source.image.patient.name).toBe('Covid0000');
  });
});
