import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { toCodedError } from '../../../contract/errors.ts';
import { exportForms } from '../../../contract/exchange/export.ts';
import type { SourceImage } from '../../../contract/image/source-image.ts';
import { researchUse } from '../../../contract/words/finding-words.ts';
import { type Exported, Exporter, type ExportWish } from '../../../main/export/exporter.ts';
import { columns, findingRows } from '../../../main/export/finding-rows.ts';
import { csvOf } from '../../../main/export/tables.ts';
import { writeFiles } from '../../../main/export/write-files.ts';
import { withTemporaryFolder } from '../../../main/files/temporary-folder.ts';
import { finding, reportWith, result, source } from '../../dicom/objects/reports.ts';

const at = new Date(2026, 10, 28, 9, 5, 7);
const film = { rows: 40, columns: 30, pixels: new Uint8Array(1200).fill(77) };
const exported = {
  ...{ result, source: { image: source, film }, at },
  copyFilm: async () => new Uint8Array(4),
};
const wish: ExportWish = { forms: exportForms, anonymous: null, version: '0.1.0' };
const anonymous = { dates: 'removed', secret: new Uint8Array(32).fill(7), filmsChecked: false } as const;
const codeOf = async (work: Promise<unknown>) =>
  toCodedError(await work.catch((error: unknown) => error)).code;
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
/** Every text of the image's header that says whom or which examination it is about. */
const identifying = [
  ...['Müller', 'Åsa', '山田', 'PLANTED', '19510203', '20260102', '101112'],
  ...[source.study.uid!, source.image.seriesUid!, source.image.uid!],
];
/** Makes the files of a result, and takes it into the tables. */
const leave = async (exporter: Exporter, one: Exported = exported) => {
  const { files, rows } = await exporter.make(one);
  exporter.take(rows);
  return files;
};
const allFiles = async (over: Partial<ExportWish> = {}) => {
  const exporter = new Exporter({ ...wish, ...over });
  const made = await leave(exporter);
  return [...made, ...exporter.tables()];
};

describe('an export', () => {
  it('has a file of every form, under names that say nothing about a patient', async () => {
    const stem = `cipherfilm-${result.jobId}`;
    expect((await allFiles()).map(({ name }) => name)).toEqual([
      ...[`${stem}-sr.dcm`, `${stem}-sc.dcm`, `${stem}-pdf.pdf`],
      ...[`${stem}-findings.csv`, `${stem}-findings.json`],
    ]);
  });

  it('is the same, byte for byte, when it is made again', async () => {
    const [first, second] = [await allFiles(), await allFiles()];
    for (const [index, { name, bytes }] of first.entries()) {
      expect(second[index]!.name).toBe(name);
      expect(Buffer.compare(bytes, second[index]!.bytes), name).toBe(0);
    }
  });

  it('writes no number that is not rounded', async () => {
    // The probabilities are 0.51234, 0.2, 0.03123 and 0.9 for the one that is not assessed; thresholds 0.1234 and 0.4567.
    for (const { name, bytes } of await allFiles())
      expect(textOf(bytes), name).not.toMatch(/0\.51|51\.2|3\.12|12\.3|45\.6/);
  });

  it('says that a child’s film is weaker evidence, and how old the child was unless it is anonymous', async () => {
    const child = { ...source, patient: { ...source.patient, birthDate: '20190105' } };
    const reportOf = async (over: Partial<ExportWish>) => {
      const exporter = new Exporter({ ...wish, forms: ['sr'], ...over });
      const [made] = await leave(exporter, { ...exported, source: { image: child, film } });
      return textOf(made!.bytes);
    };
    // From 5 January 2019 to 2 January 2026 it is three days short of 7 years.
    expect(await reportOf({})).toContain(
      'The patient is 6 years old: accuracy for children was not measured.',
    );
    const hidden = await reportOf({ anonymous: { ...anonymous, filmsChecked: true } });
    expect(hidden).toContain('The patient is less than 18 years old');
    expect(hidden).not.toContain('6 years');
  });

  it('says in every form that it is for research use only', async () => {
    const files = await allFiles({ forms: ['sr', 'json'] });
    for (const { name, bytes } of files) expect(textOf(bytes), name).toContain(researchUse);
  });
});

describe('tables', () => {
  const rows = findingRows(reportWith());

  it('have one row for each finding, with its names, rounded score, thresholds and verdict', () => {
    const [first, , third, last] = rows;
    expect(rows).toHaveLength(4);
    expect(first).toMatchObject({
      ...{ study_uid: source.study.uid, series_uid: source.image.seriesUid, instance_uid: source.image.uid },
      ...{ finding: 'Effusion', verdict: 'above', score_percent: 51 },
      ...{ threshold_low_percent: 12, threshold_high_percent: 46 },
      ...{ model: 'cxr-f8-r1', key_id: result.keyId, job_id: result.jobId },
    });
    expect(third).toMatchObject({ finding: 'Pleural_Thickening', verdict: 'below', score_percent: 3.1 });
    expect(last).toMatchObject({ finding: 'Hernia', verdict: 'not assessed', score_percent: null });
  });

  it('are read by another program as they were written', () => {
    const [head, ...records] = parse(textOf(csvOf(rows))) as string[][];
    expect(head).toEqual(columns);
    expect(records).toEqual(rows.map((row) => columns.map((name) => String(row[name] ?? ''))));
  });

  it('compute nothing in a spreadsheet, whatever the names in them are', () => {
    const dangerous = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', 'a"b', '=HYPERLINK("x","y")'];
    const hostile = dangerous.map((name) => ({ ...rows[0]!, finding: name }));
    const [, ...records] = parse(textOf(csvOf(hostile))) as string[][];
    const found = records.map((record) => record[columns.indexOf('finding')]!);
    expect(found).toEqual(dangerous.map((name) => (name === 'a"b' ? name : `'${name}`)));
  });

  it('name no patient', () => {
    const text = textOf(csvOf(rows));
    for (const word of ['Müller', 'PLANTED', '19510203']) expect(text).not.toContain(word);
  });

  it('hold all results of a run, under the name of the first', async () => {
    const exporter = new Exporter({ ...wish, forms: ['csv'] });
    await leave(exporter);
    await leave(exporter, { ...exported, result: { ...result, findings: [finding('Mass', 0.3)] } });
    const [table] = exporter.tables();
    expect(parse(textOf(table!.bytes))).toHaveLength(1 + 4 + 1);
    const nothingLeft = new Exporter(wish);
    await nothingLeft.make(exported);
    expect(nothingLeft.tables()).toEqual([]);
  });
});

describe('an anonymous export', () => {
  it('has no text of the header about a person or an examination, in any form', async () => {
    for (const { name, bytes } of await allFiles({ anonymous }))
      for (const word of identifying) expect(textOf(bytes), `${name}: ${word}`).not.toContain(word);
  });

  it('has dates moved back by whole days where that was asked for, the same for all of a patient', async () => {
    const rowOf = async (study: Partial<SourceImage['study']>, at: Date) => {
      const exporter = new Exporter({
        ...wish,
        forms: ['json'],
        anonymous: { ...anonymous, dates: 'shifted' },
      });
      const image = { ...source, study: { ...source.study, ...study } };
      await leave(exporter, { ...exported, source: { image, film }, at });
      return JSON.parse(textOf(exporter.tables()[0]!.bytes)).rows[0].result_at as string;
    };
    const days = (text: string) => (at.getTime() - new Date(text).getTime()) / 86_400_000;
    const first = await rowOf({}, at);
    const second = await rowOf({ uid: '1.2.3' }, new Date(2026, 10, 30, 23, 59));
    expect(new Date(first).getHours() + new Date(first).getMinutes()).toBe(0);
    // Two days lie between the two results, and between the two dates; clocks may have been changed in between.
    expect(Math.round(days(first) - days(second))).toBe(2);
    expect(days(first)).toBeGreaterThan(0);
  });

  it('has no name that an evaluator knows', async () => {
    for (const { name, bytes } of await allFiles({ anonymous }))
      for (const word of [result.jobId, result.keyId, result.digests.sent])
        expect(`${name} ${textOf(bytes)}`).not.toContain(word);
  });

  it('names a study as another export of this workstation does, and as none of another', async () => {
    const studyOf = async (secret: Uint8Array) => {
      const exporter = new Exporter({ ...wish, forms: ['json'], anonymous: { ...anonymous, secret } });
      await leave(exporter);
      return JSON.parse(textOf(exporter.tables()[0]!.bytes)).rows[0].study_uid as string;
    };
    const here = await studyOf(new Uint8Array(32).fill(7));
    expect(here).toMatch(/^2\.25\.\d+$/);
    expect(await studyOf(new Uint8Array(32).fill(7))).toBe(here);
    expect(await studyOf(new Uint8Array(32).fill(8))).not.toBe(here);
  });

  it('is refused for a film that says, or may be thought, to name its patient, unless somebody has looked', async () => {
    const of = (burnedIn: boolean | null, sopClass = '1.2.840.10008.5.1.4.1.1.7') => ({
      ...exported,
      source: { film, image: { ...source, image: { ...source.image, burnedIn, sopClass } } },
    });
    const device = '1.2.840.10008.5.1.4.1.1.1.1';
    const make = (image: ReturnType<typeof of>, over: Partial<typeof anonymous> = {}, forms = exportForms) =>
      leave(new Exporter({ ...wish, forms, anonymous: { ...anonymous, ...over } }), image);
    expect(await codeOf(make(of(true, device)))).toBe('deidentify-burned-in');
    expect(await codeOf(make(of(null)))).toBe('deidentify-burned-in');
    expect(await make(of(null, device))).toHaveLength(4);
    expect(await make(of(false))).toHaveLength(4);
    expect(await make(of(true), { filmsChecked: true as never })).toHaveLength(4);
    expect(await make(of(true), {}, ['sr', 'csv'] as never)).toHaveLength(1);
  });
});

describe('files of an export', () => {
  it('are whole, readable by their owner only, and replaced by equal ones', async () => {
    await withTemporaryFolder('cipherfilm-export-', async (folder) => {
      const files = await allFiles();
      writeFiles(folder, files);
      writeFiles(folder, files);
      expect(readdirSync(folder).sort()).toEqual(files.map(({ name }) => name).sort());
      for (const { name, bytes } of files) {
        expect(new Uint8Array(readFileSync(join(folder, name)))).toEqual(bytes);
        if (process.platform !== 'win32') expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
      }
    });
  });

  it('are refused with a code where they cannot be written, and leave nothing half', async () => {
    await withTemporaryFolder('cipherfilm-export-', async (folder) => {
      const target = join(folder, 'a');
      // A folder stands where the file is to be.
      mkdirSync(join(target, 'b.csv', 'c'), { recursive: true });
      chmodSync(target, 0o700);
      const write = async () => writeFiles(target, [{ name: 'b.csv', bytes: new Uint8Array(1) }]);
      expect(await codeOf(write())).toBe('export-unwritable');
      expect(existsSync(join(target, 'b.csv.new'))).toBe(false);
    });
  });
});
