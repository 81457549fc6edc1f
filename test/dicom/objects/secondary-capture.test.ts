import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { SourceImage } from '../../../contract/image/source-image.ts';
import { writeFile } from '../../../dicom/dataset/write/write-file.ts';
import { toFilm, toThumbnail } from '../../../dicom/film.ts';
import { checkRadiograph, readHeader } from '../../../dicom/header.ts';
import { Canvas } from '../../../dicom/objects/picture/canvas.ts';
import { findingsPicture } from '../../../dicom/objects/picture/findings-picture.ts';
import type { Report } from '../../../dicom/objects/report.ts';
import { secondaryCapture } from '../../../dicom/objects/secondary-capture.ts';
import { readSourceImage } from '../../../dicom/source-image.ts';
import { sampleStudy } from '../../../main/host/headless.ts';
import { titled } from '../../titled.ts';
import { finding, reportWith, result, source } from './reports.ts';
import { errorsOf, noValidators, said } from './validators.ts';

/** A film whose every pixel has a grey level of its own place: 200 rows of 150. */
const film = {
  ...{ rows: 200, columns: 150 },
  pixels: Uint8Array.from({ length: 200 * 150 }, (_, index) => (index * 7) % 251),
};
const fileOf = (report: Report) => writeFile(secondaryCapture(report, film));
const withImage = (image: Partial<SourceImage['image']>) =>
  reportWith({ source: { ...source, image: { ...source.image, ...image } } });

/** The rows of a part of a picture, a point for black and a cross for anything else. */
function drawn(text: string, scale: number): string[] {
  const canvas = new Canvas(8 * scale, text.length * 6 * scale);
  canvas.write(text, 0, 0, scale, 255);
  return Array.from({ length: canvas.rows }, (_, row) =>
    Array.from(canvas.pixels.subarray(row * canvas.columns, (row + 1) * canvas.columns), (level) =>
      level === 0 ? '.' : 'x',
    ).join(''),
  );
}

describe('text on a picture', () => {
  it('has the form of its letters', () => {
    expect(drawn('Fg', 1)).toEqual([
      'xxxxx.......',
      'x...........',
      'x......xxx..',
      'xxxx..x..xx.',
      'x.....x..xx.',
      'x......xx.x.',
      'x.........x.',
      '.......xxx..',
    ]);
  });

  it('is as much larger as its scale says', () => {
    const small = drawn('a', 1);
    const large = drawn('a', 2);
    expect(large).toEqual(small.flatMap((row) => Array(2).fill(row.replace(/./g, '$&$&'))));
  });

  it('has a question mark for a character that the font lacks, and leaves out what lies outside', () => {
    expect(drawn('é', 1)).toEqual(drawn('?', 1));
    const canvas = new Canvas(3, 3);
    canvas.write('M', -2, -2, 1, 9);
    expect(canvas.pixels.length).toBe(9);
  });

  it('tells every two characters apart', () => {
    const letters = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
    expect(new Set(letters.map((letter) => drawn(letter, 1).join('\n'))).size).toBe(95);
  });
});

describe('a picture of findings', () => {
  const picture = findingsPicture(reportWith(), film);
  it('holds the film dot for dot, below a white banner with black text', () => {
    const top = picture.rows - Math.max(film.rows, picture.rows);
    expect(top).toBe(0);
    const at = (row: number, column: number) => picture.pixels[row * picture.columns + column];
    const bannerEnd = Array.from({ length: picture.rows }, (_, row) => row).find(
      (row) => at(row, 0) !== 255,
    )!;
    for (const [row, column] of [
      [0, 0],
      [10, 3],
      [199, 149],
    ] as const)
      expect(at(bannerEnd + row, column)).toBe(film.pixels[row * film.columns + column]);
    const banner = picture.pixels.subarray(0, bannerEnd * picture.columns);
    expect(banner.includes(0)).toBe(true);
  });

  it('says what is above, and something else when another finding is', () => {
    const other = { ...result, findings: [finding('Effusion', 0.3), ...result.findings.slice(1)] };
    expect(findingsPicture(reportWith({ result: other }), film).pixels).not.toEqual(picture.pixels);
  });

  it('says what makes its result weaker', () => {
    const warned = findingsPicture(reportWith({ cautions: ['The file’s pixels contradict its tag.'] }), film);
    expect(warned.pixels).not.toEqual(picture.pixels);
  });

  it('is the same for every patient, study and day: none of them is drawn', () => {
    const another = reportWith({
      source: {
        patient: { name: 'B^C', id: '2', issuer: null, birthDate: '20000101', sex: 'M', age: null },
        study: { ...source.study, date: '20000101', accession: '2', description: 'other' },
        image: source.image,
      },
      at: new Date(0),
    });
    expect(findingsPicture(another, film).pixels).toEqual(picture.pixels);
  });
});

describe('a secondary capture', () => {
  it('lies in the study of its image, under the same patient', () => {
    const written = readSourceImage(fileOf(reportWith()));
    expect(written).toMatchObject({ patient: source.patient, study: source.study });
    expect(written.image).toMatchObject({ modality: 'OT', burnedIn: true, orientation: ['L', 'F'] });
  });

  it('has a series of its own, apart from the film and the report', () => {
    const { SeriesInstanceUID, SOPInstanceUID, SourceImageSequence } = secondaryCapture(reportWith(), film);
    expect(new Set([SeriesInstanceUID, SOPInstanceUID, source.image.seriesUid, source.image.uid]).size).toBe(
      4,
    );
    expect(SourceImageSequence).toMatchObject([{ ReferencedSOPInstanceUID: source.image.uid }]);
  });

  it('is shown by our own reader as it was drawn, grey level for grey level', async () => {
    const picture = findingsPicture(reportWith(), film);
    const read = await toFilm(fileOf(reportWith()));
    expect([read.rows, read.columns]).toEqual([picture.rows, picture.columns]);
    expect(Uint8Array.from(read.codes)).toEqual(picture.pixels);
    expect(read.vois[0]?.voi).toMatchObject({ window: { center: 128, width: 256 } });
  });

  it('is not taken for a radiograph when it comes back from an archive', () => {
    expect(() => checkRadiograph(readHeader(fileOf(reportWith())))).toThrow('dicom-not-radiograph');
  });

  it('says that its film was compressed with loss, where it was', () => {
    const lossy = { ratios: ['10.5'], methods: ['ISO_10918_1'] };
    expect(readSourceImage(fileOf(withImage({ lossy }))).image.lossy).toEqual(lossy);
    expect(readSourceImage(fileOf(reportWith())).image.lossy).toBeNull();
  });

  it('is the same, byte for byte, when it is made again', () => {
    expect(fileOf(reportWith())).toEqual(fileOf(reportWith()));
  });
});

describe.skipIf(noValidators !== null)(titled('validators of others', noValidators), () => {
  const sample = readSourceImage(readFileSync(sampleStudy));
  it.each<[string, Report]>([
    ['with everything', reportWith()],
    ['of the sample film', reportWith({ source: sample })],
    ['of a film without orientation', withImage({ orientation: [] })],
    ['of a lossy film', withImage({ lossy: { ratios: ['10'], methods: ['ISO_10918_1'] } })],
    ['without identity', reportWith({ deidentified: { dates: 'removed' } })],
  ])('find no error in a picture %s', async (_, report) => {
    expect(await errorsOf(fileOf(report))).toEqual([]);
    expect((await said('dcmdump', fileOf(report))).status).toBe(0);
  });
});

describe('a film for a picture', () => {
  it('is reduced to the side that is asked for', async () => {
    const whole = await toFilm(readFileSync(sampleStudy));
    const reduced = toThumbnail(whole, 512);
    expect(Math.max(reduced.rows, reduced.columns)).toBe(512);
    expect(reduced.rows / reduced.columns).toBeCloseTo(whole.rows / whole.columns, 2);
    expect(Math.max(...Object.values(toThumbnail(whole)).filter((size) => typeof size === 'number'))).toBe(
      192,
    );
  });
});
