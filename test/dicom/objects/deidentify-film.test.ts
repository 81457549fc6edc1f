import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CxrError, toCodedError } from '../../../contract/errors.ts';
import { parseDataset } from '../../../dicom/dataset/parse.ts';
import { dictionary } from '../../../dicom/dataset/write/dictionary.ts';
import { toFilm } from '../../../dicom/film.ts';
import { readHeader } from '../../../dicom/header.ts';
import { deidentifiedFilm } from '../../../dicom/objects/deidentify/deidentify-film.ts';
import { keptKeywords } from '../../../dicom/objects/deidentify/kept-elements.ts';
import { toRadiograph } from '../../../dicom/radiograph.ts';
import { decoders } from '../../../main/reader/decoders.ts';
import { findSamples } from '../../samples.ts';
import { titled } from '../../titled.ts';
import { encodeRle } from '../codecs/rle-encoder.ts';
import { dicomBytes, encapsulatedBytes, type Field, imageFields, sequence } from '../dicom-bytes.ts';
import { noValidators, said } from './validators.ts';

/** Table E.1-1 of PS3.15: tag, action of the Basic Profile, VR. */
const profile = JSON.parse(
  readFileSync(
    join(import.meta.dirname, '..', '..', 'fixtures', 'dicom', 'confidentiality-profile.json'),
    'utf8',
  ),
) as readonly (readonly [tag: string, action: string, vr: string])[];
const names = { study: '2.25.1', series: '2.25.2', image: '2.25.3', daysBack: null };
const copy = (bytes: Uint8Array, over: Partial<typeof names> | { daysBack: number } = {}) =>
  decoders.anonymousFilm(bytes, { ...names, ...over });
const own: Readonly<Record<string, Field>> = {
  '00080016': ['00080016', 'UI', '1.2.840.10008.5.1.4.1.1.1.1'],
  ...imageFields({ rows: 2, columns: 2, bitsAllocated: 16, bitsStored: 12 }),
};
const pixels = [0, 1000, 2000, 3000];

/** A value of each VR that nobody may find again. */
const planted: Readonly<Record<string, string>> = {
  ...{ AE: 'PLANTED', AS: '057Y', CS: 'PLANTED', DA: '19510203', DS: '4711.4711', DT: '19510203101112' },
  ...{ IS: '47114711', LO: 'PLANTED', LT: 'PLANTED', OB: 'PLANTED!', OW: 'PLANTED!', PN: 'PLANTED^NAME' },
  ...{ SH: 'PLANTED', ST: 'PLANTED', TM: '101112', UC: 'PLANTED', UI: '1.2.4711', UN: 'PLANTED!' },
  ...{ UR: 'http://PLANTED', UT: 'PLANTED' },
};
const secrets = /PLANTED|4711|19510203|101112|057Y/;
const found = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1').match(secrets);

describe('an anonymous film', () => {
  it('has nothing of any element of the standard’s table, which a film had them all', async () => {
    const fields = profile.flatMap(([tag, , vr]): [string, Field][] => {
      if (tag in own || tag < '0008' || tag >= '7fe0' || !(vr in planted)) return [];
      // The writer of these tests knows no other long text.
      return [[tag, [tag, vr === 'UC' || vr === 'UR' ? 'UT' : vr, planted[vr]!]]];
    });
    expect(fields.length).toBeGreaterThan(330);
    const film = dicomBytes(pixels, { ...Object.fromEntries(fields), ...own });
    expect(found(film)).not.toBeNull();
    expect(found(await copy(film))).toBeNull();
  });

  it('has nothing of private elements, overlays, curves and elements that nobody knows', async () => {
    const film = dicomBytes(pixels, {
      ...own,
      '00090010': ['00090010', 'LO', 'PLANTED'],
      '00091001': ['00091001', 'LO', 'PLANTED'],
      '00291010': ['00291010', 'OB', Buffer.from('PLANTED!')],
      '00189999': ['00189999', 'LO', 'PLANTED'],
      '50003000': ['50003000', 'OW', Buffer.from('PLANTED!')],
      '60000022': ['60000022', 'LO', 'PLANTED'],
      '60003000': ['60003000', 'OW', Buffer.from('PLANTED!')],
      fffcfffc: ['fffcfffc', 'OB', Buffer.from('PLANTED!')],
    });
    expect(found(film)).not.toBeNull();
    expect(found(await copy(film))).toBeNull();
  });

  it('has nothing that stands in a place where a term should, nor in the items of what is kept', async () => {
    const film = dicomBytes(pixels, {
      ...own,
      '00080008': ['00080008', 'CS', 'ORIGINAL\\PRIMARY\\PLANTED'],
      '00180015': ['00180015', 'CS', 'PLANTED'],
      '00185101': ['00185101', 'CS', 'PLANTED'],
      '00281055': ['00281055', 'LO', 'PLANTED'],
      '00540220': sequence('00540220', [
        ['00080100', 'SH', 'R-10206'],
        ['00080102', 'SH', 'SNM3'],
        ['00080104', 'LO', 'PLANTED'],
        ['00081140', 'LO', 'PLANTED'],
      ]),
      '00283010': sequence('00283010', [
        ['00283002', 'US', [2, 0, 16]],
        ['00283003', 'LO', 'PLANTED'],
        ['00283006', 'OW', Buffer.from('\x00\x00\xff\xffPLANTED!', 'latin1')],
      ]),
    });
    expect(found(film)).not.toBeNull();
    const anonymous = await copy(film);
    expect(found(anonymous)).toBeNull();
    const { dataset } = parseDataset(anonymous);
    expect(dataset.texts('x00080008')).toEqual(['ORIGINAL', 'PRIMARY']);
    expect(dataset.item('x00540220')?.text('x00080100')).toBe('R-10206');
    expect([...dataset.item('x00283010')!.words('x00283006')!]).toEqual([0, 0, 255, 255]);
  });

  it('has nothing of the unused bits of its pixels, and nothing behind their end', async () => {
    // Four cells of 12 bits whose upper four bits spell P, L, A and N.
    const hidden = [0x5123, 0x4456, 0x4789, 0x4abc];
    const anonymous = await copy(dicomBytes(hidden, own));
    const film = await toFilm(anonymous);
    expect([...film.codes]).toEqual([0x123, 0x456, 0x789, 0xabc]);
    const { dataset, bytes } = parseDataset(anonymous);
    const { dataOffset, length } = dataset.element('x7fe00010')!;
    expect(Buffer.from(bytes.subarray(dataOffset, dataOffset + length)).toString('hex')).toBe(
      '230156048907bc0a',
    );
    expect(dataOffset + length).toBe(anonymous.length);
  });

  it('is written uncompressed, so that no comment of a code stream is in it', async () => {
    const fields = { ...own, ...imageFields({ rows: 2, columns: 2, bitsAllocated: 8, bitsStored: 8 }) };
    const stream = encodeRle(Uint8Array.of(1, 2, 3, 4), 8);
    const film = encapsulatedBytes(
      [Buffer.concat([stream, Buffer.from('PLANTED!')])],
      fields,
      '1.2.840.10008.1.2.5',
    );
    expect(found(film)).not.toBeNull();
    const anonymous = await copy(film);
    expect(found(anonymous)).toBeNull();
    expect([...(await toFilm(anonymous)).codes]).toEqual([1, 2, 3, 4]);
  });

  it('keeps the sign of its values and their padding', async () => {
    const signed = {
      ...own,
      ...imageFields({ rows: 2, columns: 2, bitsAllocated: 16, bitsStored: 12, signed: true }),
      '00280120': ['00280120', 'SS', [-2048]] satisfies Field,
    };
    const film = dicomBytes([-2048, -1, 0, 2047], signed);
    const [before, after] = [await toFilm(film), await toFilm(await copy(film))];
    expect(after.codes).toEqual(before.codes);
    expect(after.modality).toEqual(before.modality);
    expect(Number.isNaN(after.modality[0x800])).toBe(true);
  });

  it('has the names that it was given, and says how it was made', async () => {
    const { dataset } = parseDataset(await copy(dicomBytes(pixels, own)));
    const header = readHeader(await copy(dicomBytes(pixels, own)));
    expect([header.study.uid, header.series.uid, header.image.uid]).toEqual(['2.25.1', '2.25.2', '2.25.3']);
    expect(header.patient).toEqual({
      name: null,
      id: null,
      issuer: null,
      birthDate: null,
      sex: null,
      age: null,
    });
    expect(dataset.text('x00280301')).toBe('NO');
  });

  it('has its dates moved back where that was asked for, and none otherwise', async () => {
    const film = dicomBytes(pixels, {
      ...own,
      '00080020': ['00080020', 'DA', '20260102'],
      '00080022': ['00080022', 'DA', '20260103'],
    });
    const dates = async (over: Parameters<typeof copy>[1]) => {
      const { dataset } = parseDataset(await copy(film, over));
      return [dataset.text('x00080020'), dataset.text('x00080022'), dataset.text('x00080030')];
    };
    expect(await dates({})).toEqual([null, null, null]);
    expect(await dates({ daysBack: 3 })).toEqual(['20251230', '20251231', null]);
  });

  it('is refused with a code where the film does not say what it is', () => {
    const { dataset } = parseDataset(dicomBytes(pixels, { ...own, '00080016': null }));
    const bare = { rows: 2, columns: 2, codes: Uint16Array.from(pixels), bitsStored: 12, signed: false };
    let error: unknown;
    try {
      deidentifiedFilm(dataset, bare, names);
    } catch (thrown) {
      error = thrown;
    }
    expect(toCodedError(error)).toMatchObject({ code: 'dicom-unwritable', detail: { reason: 'absent' } });
  });
});

describe('the list of what is kept', () => {
  it('has no element that the standard’s table removes, empties or replaces', () => {
    const listed = new Map(profile.map(([tag, action]) => [tag, action]));
    const wrong = keptKeywords.filter((keyword) => listed.has(dictionary[keyword][0]));
    expect(wrong).toEqual([]);
    // What the table is about is in it.
    for (const tag of ['00100010', '00100020', '00080020', '00080018', '0020000d', '0040a730'])
      expect(listed.has(tag)).toBe(true);
    expect(profile.length).toBe(422);
  });
});

const samples = findSamples('dicom');
const corpora = [samples, findSamples('dicom-corpora'), findSamples('dicom-field')].flatMap(({ folder }) =>
  folder === null || !existsSync(folder)
    ? []
    : readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.dcm'))
        .map((name) => join(folder, name)),
);
describe.skipIf(samples.reason !== null)(titled('films of the collection', samples.reason), () => {
  it('show the same in their anonymous copies, pixel for pixel', { timeout: 300_000 }, async () => {
    let compared = 0;
    for (const path of corpora) {
      const bytes = readFileSync(path);
      const before = await toRadiograph(bytes).catch((error: unknown) => error);
      if (before instanceof CxrError) continue;
      const after = await copy(bytes).catch((error: unknown) => error);
      // A film that does not say what kind of object it is cannot be copied as one.
      if (after instanceof CxrError && after.code === 'dicom-unwritable') continue;
      const { values, rows, columns } = await toRadiograph(after as Uint8Array);
      const was = before as Awaited<ReturnType<typeof toRadiograph>>;
      expect([rows, columns], path).toEqual([was.rows, was.columns]);
      expect(Buffer.compare(Buffer.from(values.buffer), Buffer.from(was.values.buffer)), path).toBe(0);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(60);
  });

  it.skipIf(noValidators !== null)(titled('are read by DCMTK without a warning', noValidators), async () => {
    for (const path of corpora.slice(0, 5)) {
      const after = await copy(readFileSync(path)).catch(() => null);
      if (after === null) continue;
      const { status, text } = await said('dcmdump', after, '-q');
      expect([status, text.match(/^[EW]:.*/gm)], path).toEqual([0, null]);
    }
  });
});
