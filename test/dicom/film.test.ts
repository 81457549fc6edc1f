import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../contract/errors.ts';
import { parseFilmMessage } from '../../contract/ipc/film.ts';
import { toFilm, toThumbnail } from '../../dicom/film.ts';
import { dicomBytes, type Field, imageFields } from './dicom-bytes.ts';

const filmOf = (pixels: readonly number[], ...fields: Field[]) =>
  toFilm(dicomBytes(pixels, Object.fromEntries(fields.map((field) => [field[0], field]))));
/** 4 × 4 pixels of 16 allocated and 12 stored bits. */
const four = Object.values(imageFields({ rows: 4, columns: 4, bitsAllocated: 16, bitsStored: 12 }));
const zeros = Array.from({ length: 16 }, () => 0);
const ramp = zeros.map((_, index) => index);

describe('the shape of a pixel', () => {
  const aspect = async (...fields: Field[]) => (await filmOf([1, 2], ...fields)).aspect;
  it('is square where the file does not say, or says nonsense', async () => {
    expect(await aspect()).toBe(1);
    expect(await aspect(['00280034', 'IS', '0\\1'])).toBe(1);
    expect(await aspect(['00280034', 'IS', '1000\\1'])).toBe(1);
  });
  it('is the vertical part over the horizontal one', async () => {
    expect(await aspect(['00280034', 'IS', '2\\1'])).toBe(2);
    expect(await aspect(['00280034', 'IS', '3\\4'])).toBe(0.75);
  });
  it('is that of the spacing where there is one', async () => {
    const ratio: Field = ['00280034', 'IS', '2\\1'];
    expect(await aspect(ratio, ['00280030', 'DS', '0.3\\0.2'])).toBeCloseTo(1.5, 12);
    expect(await aspect(ratio, ['00181164', 'DS', '0.2\\0.2'])).toBe(1);
  });
  it('is kept in the thumbnail', async () => {
    const film = await filmOf(ramp, ...four, ['00280034', 'IS', '2\\1']);
    expect(toThumbnail(film)).toMatchObject({ rows: 8, columns: 4 });
  });
});

describe('overlays', () => {
  const plane = (group: string, rows: number, columns: number, ...more: Field[]): Field[] => [
    [`${group}0010`, 'US', [rows]],
    [`${group}0011`, 'US', [columns]],
    [`${group}0040`, 'CS', 'G'],
    ...more,
  ];
  it('are runs of marked pixels, the first bit being the least significant', async () => {
    // 0x06: columns 1 and 2 of row 0. 0x81: column 0 of row 2 (bit 8), column 3 of row 3 (bit 15).
    const data: Field = ['60003000', 'OW', [0x8106 - 0x10000]];
    const { overlays, overlayProblem } = await filmOf(zeros, ...four, ...plane('6000', 4, 4, data));
    expect(overlays).toEqual([{ kind: 'graphics', runs: Uint32Array.of(0, 1, 2, 2, 0, 1, 3, 3, 1) }]);
    expect(overlayProblem).toBe(false);
  });
  it('begin at their origin, and what lies beside the image is left out', async () => {
    // Two by two, all marked, from row 4 and column 0 (which is one before the first): row 3, column 0.
    const origin: Field = ['60020050', 'SS', [4, 0]];
    const data: Field = ['60023000', 'OW', [0x0f]];
    const { overlays } = await filmOf(zeros, ...four, ...plane('6002', 2, 2, origin, data));
    expect(overlays).toEqual([{ kind: 'graphics', runs: Uint32Array.of(3, 0, 1) }]);
  });
  it('may lie in the bits above the pixels', async () => {
    // Bit 12 of the pixels 5 and 6: row 1, columns 1 and 2. The pixels themselves stay 7.
    const cells = zeros.map((_, index) => (index === 5 || index === 6 ? 0x1007 : 7));
    const bit: Field = ['60000102', 'US', [12]];
    const film = await filmOf(cells, ...four, ...plane('6000', 4, 4, bit));
    expect(film.overlays).toEqual([{ kind: 'graphics', runs: Uint32Array.of(1, 1, 2) }]);
    expect(new Set(film.codes)).toEqual(new Set([7]));
  });
  it('that cannot be read are told', async () => {
    const isProblem = async (...fields: Field[]) => {
      const { overlays, overlayProblem } = await filmOf(zeros, ...four, ...fields);
      return [overlays.length, overlayProblem];
    };
    // Too few bits; bits of the pixels themselves; neither.
    expect(await isProblem(...plane('6000', 4, 9, ['60003000', 'OW', [1]]))).toEqual([0, true]);
    expect(await isProblem(...plane('6000', 4, 4, ['60000102', 'US', [3]]))).toEqual([0, true]);
    expect(await isProblem(...plane('6000', 4, 4))).toEqual([0, true]);
    expect(await isProblem()).toEqual([0, false]);
  });
});

describe('a shutter', () => {
  const shutter = async (...fields: Field[]) => (await filmOf(ramp, ...four, ...fields)).shutter;
  it('is read in each of its shapes', async () => {
    const circle = await shutter(
      ['00181600', 'CS', 'CIRCULAR'],
      ['00181610', 'IS', '2\\3'],
      ['00181612', 'IS', '2'],
      ['00181622', 'US', [0xffff]],
    );
    // The middle of row 2, column 3, both counted from 1.
    expect(circle).toEqual({
      shapes: [{ kind: 'circle', center: { x: 2.5, y: 1.5 }, radius: 2 }],
      grey: 255,
    });
    const polygon = await shutter(['00181600', 'CS', 'POLYGONAL'], ['00181620', 'IS', '1\\1\\1\\4\\4\\1']);
    expect(polygon?.shapes).toEqual([
      {
        kind: 'polygon',
        points: [
          { x: 0.5, y: 0.5 },
          { x: 3.5, y: 0.5 },
          { x: 0.5, y: 3.5 },
        ],
      },
    ]);
  });
  it('is none where its numbers are missing or hide everything', async () => {
    expect(await shutter(['00181600', 'CS', 'RECTANGULAR'])).toBeNull();
    expect(
      await shutter(
        ['00181600', 'CS', 'RECTANGULAR'],
        ['00181602', 'IS', '4'],
        ['00181604', 'IS', '1'],
        ['00181606', 'IS', '1'],
        ['00181608', 'IS', '4'],
      ),
    ).toBeNull();
  });
  it('covers the thumbnail with its own grey', async () => {
    const fields: Field[] = [
      ['00181600', 'CS', 'RECTANGULAR'],
      ['00181602', 'IS', '1'],
      ['00181604', 'IS', '2'],
      ['00181606', 'IS', '1'],
      ['00181608', 'IS', '4'],
      ['00181622', 'US', [0x8000]],
    ];
    const { pixels } = toThumbnail(await filmOf(ramp, ...four, ...fields));
    // Row 0: 0 and 1 of 15, then 128 twice. 1/15 · 255 = 17.
    expect([...pixels.slice(0, 4)]).toEqual([0, 17, 128, 128]);
  });
});

describe('what a film says of its values', () => {
  it('is its unit, and how they follow from stored ones', async () => {
    const film = await filmOf(
      [1, 2, 3],
      ['00281040', 'CS', 'LOG'],
      ['00281052', 'DS', '-5'],
      ['00281053', 'DS', '2'],
      ['00281054', 'LO', 'OD'],
    );
    expect(film.modalityName).toBe('Rescale × 2 − 5');
    expect(film.meaning).toEqual({ unit: '10⁻³ OD', relationship: 'LOG' });
    expect(film.stored).toEqual({ signed: false, low: 1, high: 3 });
  });
  it('is nothing where it says nothing, or something of its own', async () => {
    const film = await filmOf([1, 2], ['00281054', 'LO', 'Mr Smith']);
    expect([film.modalityName, film.meaning]).toEqual([null, { unit: null, relationship: null }]);
  });
  it('are the shares of pixels that automatic grayscales leave out', async () => {
    // 0 … 199, once each: the share of 1 % is reached by the second, of 0.5 % by the first, of 2 % by the fourth.
    const film = await filmOf(Array.from({ length: 200 }, (_, index) => index));
    expect(film.percentiles).toEqual([
      { percent: 1, low: 1, high: 197 },
      { percent: 0.5, low: 0, high: 198 },
      { percent: 2, low: 3, high: 195 },
    ]);
  });
});

describe('whatever a file says of shutter, overlays and pixels', () => {
  const number = fc.integer({ min: -70_000, max: 70_000 });
  const texts = fc.oneof(
    fc.array(number, { maxLength: 8 }).map((all) => all.join('\\')),
    fc.constantFrom('', 'RECTANGULAR\\CIRCULAR\\POLYGONAL', 'x', '1e9\\-1e9', '0.5\\2'),
  );
  const shorts = fc.array(fc.integer({ min: 0, max: 65_535 }), { maxLength: 3 });
  it('the film is whole for the window, or refused with a code', async () => {
    const ticket = '00000000-0000-4000-8000-000000000000';
    const text = [
      '00181600',
      '00181602',
      '00181604',
      '00181606',
      '00181608',
      '00181610',
      '00181612',
      '00181620',
    ];
    const more = ['00280030', '00280034', '00281050', '00281051'];
    const short = [
      '00181622',
      '00280120',
      '00280121',
      '60000010',
      '60000011',
      '60000050',
      '60000102',
      '60003000',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.array(texts, { minLength: 12, maxLength: 12 }),
        fc.array(shorts, { minLength: 8, maxLength: 8 }),
        async (written, numbers) => {
          const fields: Field[] = [
            ...[...text, ...more].map((tag, index): Field => [tag, 'DS', written[index]!]),
            ['00181600', 'CS', 'RECTANGULAR\\CIRCULAR\\POLYGONAL'],
            ...short.map((tag, index): Field => [tag, tag === '60003000' ? 'OW' : 'US', numbers[index]!]),
          ];
          try {
            const film = await filmOf(ramp, ...four, ...fields);
            expect(parseFilmMessage({ ticket, film })).not.toBeNull();
            expect(toThumbnail(film).pixels.length).toBeGreaterThan(0);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(CxrError);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});
