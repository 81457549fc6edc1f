import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import { ElementReader, type Elements } from '../../../dicom/dataset/element-reader.ts';
import { readFileMeta } from '../../../dicom/dataset/file-meta.ts';
import { derivedUid } from '../../../dicom/dataset/write/derived-uid.ts';
import { dictionary, type Item, type Keyword, type Vr } from '../../../dicom/dataset/write/dictionary.ts';
import { writeDataset } from '../../../dicom/dataset/write/write-dataset.ts';
import { writeFile } from '../../../dicom/dataset/write/write-file.ts';
import { fits } from '../../../dicom/dataset/write/write-value.ts';

const keepAll = () => 'UN';
const explicit = { explicit: true, order: 'little' } as const;

/** What a reader that keeps every element finds, as text: by tag, with VR and value, items in brackets. */
function readBack(bytes: Uint8Array, from = 0): string[] {
  const reader = new ElementReader(bytes, 100_000, keepAll);
  const elements = new Map();
  reader.elements(from, bytes.length, explicit, elements);
  return told(reader, elements);
}
const told = (reader: ElementReader, elements: Elements): string[] =>
  [...elements].map(([tag, element]) => {
    const { vr, dataOffset, length } = element;
    const name = `${tag.toString(16).padStart(8, '0')} ${vr}`;
    if (vr === 'SQ')
      return `${name} [${reader
        .items(element)
        .map((item) => told(reader, item).join(';'))
        .join('|')}]`;
    const value = reader.bytes.subarray(dataOffset, dataOffset + length);
    const isText = !['OB', 'OW', 'UN', 'US', 'UL'].includes(vr);
    return `${name} ${isText ? new TextDecoder().decode(value).replace(/[\0 ]+$/, '') : Buffer.from(value).toString('hex')}`;
  });

/** The same, derived from the item alone. */
const expected = (item: Item): string[] =>
  (Object.entries(item) as [Keyword, unknown][])
    .sort(([a], [b]) => (dictionary[a][0] < dictionary[b][0] ? -1 : 1))
    .map(([keyword, value]) => {
      const [tag, vr]: readonly [string, Vr] = dictionary[keyword];
      const values = value === null ? [] : Array.isArray(value) ? value : [value];
      const name = `${tag} ${vr}`;
      if (vr === 'SQ') return `${name} [${values.map((one) => expected(one).join(';')).join('|')}]`;
      if (vr === 'US')
        return `${name} ${values.map((one) => Buffer.from(new Uint16Array([one]).buffer).toString('hex')).join('')}`;
      if (vr === 'OB' || vr === 'OW') {
        const hex = Buffer.from((values[0] as Uint8Array | undefined) ?? []).toString('hex');
        return `${name} ${hex}${hex.length % 4 === 2 ? '00' : ''}`;
      }
      return `${name} ${values.join('\\').replace(/[\0 ]+$/, '')}`;
    });

const inName = fc.stringMatching(/^[\p{L}\p{N} .,'-]{0,20}$/u);
const valueFor: Readonly<Partial<Record<Vr, fc.Arbitrary<unknown>>>> = {
  CS: fc.stringMatching(/^[A-Z0-9_]{0,16}$/),
  DA: fc.constantFrom('', '20260102'),
  DS: fc.constantFrom('1.5', '-3', '0'),
  IS: fc.integer().map(String),
  LO: inName,
  LT: fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replace(/\p{C}/gu, '')),
  PN: inName,
  SH: fc.stringMatching(/^[\p{L}\p{N}]{0,16}$/u),
  ST: inName,
  TM: fc.constantFrom('', '1011', '101112.123456'),
  UI: fc.constantFrom('1.2.3', '2.25.1'),
  UT: fc.string({ unit: 'grapheme', maxLength: 400 }).map((text) => text.replace(/\p{C}/gu, '')),
  US: fc.integer({ min: 0, max: 0xffff }),
  OB: fc.uint8Array({ maxLength: 33 }),
  OW: fc.uint8Array({ maxLength: 33 }),
};
const { item } = fc.letrec<{ item: Item }>((tie) => ({
  item: fc
    .uniqueArray(
      fc.constantFrom(...(Object.keys(dictionary) as Keyword[]).filter((key) => dictionary[key][0] > '0003')),
      { maxLength: 12 },
    )
    .chain((keywords) =>
      fc.record(
        Object.fromEntries(
          keywords
            .filter((keyword) => !/^Signed|^PixelData/.test(keyword))
            .map((keyword) => {
              const vr = dictionary[keyword][1];
              const value = vr === 'SQ' ? fc.array(tie('item'), { maxLength: 2 }) : valueFor[vr]!;
              return [keyword, fc.oneof({ depthSize: 'small' }, fc.constant(null), value)];
            }),
        ),
      ),
    ) as fc.Arbitrary<Item>,
}));

describe('a data set that was written', () => {
  it('is read again, element by element, whatever it holds', () => {
    fc.assert(
      fc.property(item, (written) => {
        expect(readBack(writeDataset(written))).toEqual(expected(written));
      }),
      { numRuns: 300 },
    );
  });

  it('has elements in the order of their tags, of even lengths, and none for what is undefined', () => {
    const bytes = writeDataset({
      Modality: 'SR',
      SOPInstanceUID: '1.2.3',
      PatientName: undefined,
      StudyID: null,
    });
    // (0008,0018) UI 6 "1.2.3" and a null; (0008,0060) CS 2; (0020,0010) SH 0.
    expect(Buffer.from(bytes).toString('hex')).toBe(
      ['080018005549', '0600', '312e322e3300', '080060004353', '0200', '5352', '200010005348', '0000'].join(
        '',
      ),
    );
  });
});

describe('a file that was written', () => {
  const file = writeFile({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
    SOPInstanceUID: '2.25.1',
    StudyID: 'ä',
  });

  it('has a group length that leads to the first element of the data set', () => {
    const length = new DataView(file.buffer, 140).getUint32(0, true);
    expect(readBack(file, 144 + length)).toEqual([
      '00080005 CS ISO_IR 192',
      '00080016 UI 1.2.840.10008.5.1.4.1.1.7',
      '00080018 UI 2.25.1',
      '00200010 SH ä',
    ]);
    expect(readFileMeta(file)).toMatchObject({ offset: 144 + length, isNamed: true });
  });
});

describe('a value that its VR does not allow', () => {
  const refusal = (written: Item) => {
    try {
      writeDataset(written);
    } catch (error) {
      return error instanceof CxrError ? error.coded : error;
    }
    return null;
  };
  it.each<[string, Item, string]>([
    ['a name that is too long', { PatientName: 'x'.repeat(65) }, 'too long'],
    ['a name with four spellings', { PatientName: 'a=b=c=d' }, 'form'],
    ['two values in one', { StudyID: 'a\\b' }, 'backslash'],
    ['a line break', { PatientID: 'a\nb' }, 'characters'],
    ['an escape into another character set', { DerivationDescription: 'a\x1b$Bb' }, 'characters'],
    ['a letter that could not be read', { PatientName: 'M\ufffdller' }, 'characters'],
    ['half a character', { PatientID: 'a\ud800' }, 'characters'],
    ['small letters of a code string', { Modality: 'sr' }, 'form'],
    ['another form of a date', { StudyDate: '2026-01-02' }, 'form'],
    ['a number in words', { NumericValue: 'NaN' }, 'form'],
    ['a number of 17 bits', { Rows: 65_536 }, 'range'],
    ['half a pixel', { Rows: 1.5 }, 'range'],
    ['letters in a UID', { SOPInstanceUID: '1.2.x' }, 'form'],
    ['two texts where one is allowed', { TextValue: ['a', 'b'] }, 'several values'],
    ['more than 16 bits of length say', { SoftwareVersions: Array(2000).fill('x'.repeat(60)) }, 'too long'],
  ])('is refused: %s', (_, written, reason) => {
    expect(refusal(written)).toEqual({
      code: 'dicom-unwritable',
      detail: { tag: dictionary[Object.keys(written)[0] as Keyword][0], reason },
    });
  });

  it('is found out beforehand', () => {
    expect(fits('StudyDescription', 'Thorax')).toBe(true);
    expect(fits('StudyDescription', 'x'.repeat(65))).toBe(false);
  });
});

describe('a UID that is made of parts', () => {
  it('is 2.25 and a number of 128 bits with version and variant of a UUID', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 4 }), (parts) => {
        const uid = derivedUid(...parts);
        expect(uid).toMatch(/^2\.25\.(0|[1-9]\d*)$/);
        expect(uid.length).toBeLessThanOrEqual(64);
        const uuid = BigInt(uid.slice(5)).toString(16).padStart(32, '0');
        expect(uuid).toMatch(/^.{12}8.{3}[89ab]/);
        expect(derivedUid(...parts)).toBe(uid);
      }),
    );
  });

  it('tells parts from their concatenation', () => {
    const uids = [derivedUid('ab', 'c'), derivedUid('a', 'bc'), derivedUid('abc'), derivedUid('abc', '')];
    expect(new Set(uids).size).toBe(4);
  });
});
