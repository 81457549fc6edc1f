import { describe, expect, it } from 'vitest';
import { applyWindow } from '../../../dicom/display/grayscale.ts';
import { toRadiograph } from '../../../dicom/radiograph.ts';
import { dicomBytes, type Field, sequence } from '../dicom-bytes.ts';

const shown = async (pixels: readonly number[], fields: Record<string, Field | null> = {}) => [
  ...(await toRadiograph(dicomBytes(pixels, fields))).values,
];
const window = (center: string, width: string, shape = 'LINEAR'): Record<string, Field> => ({
  '00281050': ['00281050', 'DS', center],
  '00281051': ['00281051', 'DS', width],
  '00281056': ['00281056', 'CS', shape],
});
const mono1: Record<string, Field> = { '00280004': ['00280004', 'CS', 'MONOCHROME1'] };
const close = (got: readonly number[], want: readonly number[]) => {
  expect(got).toHaveLength(want.length);
  for (const [index, value] of want.entries()) expect(got[index]).toBeCloseTo(value, 6);
};

describe('grayscale windows (PS3.3 C.11.2.1)', () => {
  it('LINEAR runs over width values around center − 0.5', () => {
    // c = 4, w = 5: c − 0.5 = 3.5, (w − 1)/2 = 2, so 0 up to 1.5, 1 above 5.5, (x − 3.5)/4 + 0.5 between.
    const values = [1, 2, 3, 4, 5, 6].map((x) => applyWindow({ center: 4, width: 5, shape: 'LINEAR' }, x));
    expect(values).toEqual([0, 0.125, 0.375, 0.625, 0.875, 1]);
  });
  it('LINEAR of width 1 is a threshold between center − 1 and center', () => {
    // c − 0.5 = 3.5, (w − 1)/2 = 0: 0 up to 3.5, 1 above; no division by w − 1 = 0.
    expect([3, 4].map((x) => applyWindow({ center: 4, width: 1, shape: 'LINEAR' }, x))).toEqual([0, 1]);
  });
  it('LINEAR_EXACT has neither −0.5 nor −1', () => {
    // c = 4, w = 4: 0 up to 2, 1 above 6, (x − 4)/4 + 0.5 between.
    const values = [2, 3, 4, 5, 6].map((x) => applyWindow({ center: 4, width: 4, shape: 'LINEAR_EXACT' }, x));
    expect(values).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });
  it('SIGMOID is 1 / (1 + exp(−4 (x − c) / w))', () => {
    // c = 4, w = 4, x = 5: exponent −1, 1 / (1 + 0.3678794) = 0.7310586; x = c gives one half.
    expect(applyWindow({ center: 4, width: 4, shape: 'SIGMOID' }, 5)).toBeCloseTo(0.7310586, 7);
    expect(applyWindow({ center: 4, width: 4, shape: 'SIGMOID' }, 4)).toBe(0.5);
  });
});

describe('the chain stored → modality → VOI → polarity', () => {
  it('applies the window to rescaled values', async () => {
    // 2·stored − 10 of 5, 7, 9 = 0, 4, 8; LINEAR_EXACT c = 4, w = 8: 0, 0.5, 1.
    const rescale: Record<string, Field> = {
      '00281052': ['00281052', 'DS', '-10'],
      '00281053': ['00281053', 'DS', '2'],
    };
    close(await shown([5, 7, 9], { ...rescale, ...window('4', '8', 'LINEAR_EXACT') }), [0, 0.5, 1]);
  });
  it('takes the first of several windows', async () => {
    close(await shown([2, 4, 6], window('4\\100', '4\\9', 'LINEAR_EXACT')), [0, 0.5, 1]);
  });
  it('[REQ-ING-04] inverts MONOCHROME1 last, after the window', async () => {
    // Window as above on 2, 3, 6: 0, 0.25, 1; inverted 1, 0.75, 0. Inverting the stored values first would differ.
    close(await shown([2, 3, 6], { ...mono1, ...window('4', '4', 'LINEAR_EXACT') }), [1, 0.75, 0]);
  });
  it('takes the values that occur as full range when no window is given, padding left out', async () => {
    close(await shown([100, 200, 300]), [0, 0.5, 1]);
    const padded: Record<string, Field> = { '00280120': ['00280120', 'US', [0]] };
    close(await shown([0, 100, 200, 300], padded), [0, 0, 0.5, 1]);
  });
  it('takes 0…255 as full range of 8-bit images', async () => {
    const bits: Record<string, Field> = {
      '00280101': ['00280101', 'US', [8]],
      '00280102': ['00280102', 'US', [7]],
    };
    close(await shown([51, 102], bits), [0.2, 0.4]);
  });
  it('takes the whole range of deeper images too, where their values reach its upper half', async () => {
    // 12 bits of the same film are 4095 / 255 times as much as 8.
    close(await shown([51, 102, 204].map((value) => (value * 4095) / 255)), [0.2, 0.4, 0.8]);
    // 2047 is the last of the lower half: 1000 to 2047 are what occurs.
    close(await shown([1000, 2047]), [0, 1]);
    close(await shown([1000, 2048]), [1000 / 4095, 2048 / 4095]);
    const sixteen: Record<string, Field> = {
      '00280101': ['00280101', 'US', [16]],
      '00280102': ['00280102', 'US', [15]],
      '00281053': ['00281053', 'DS', '-2'],
      '00281052': ['00281052', 'DS', '7'],
    };
    // −2 × 65535 + 7 to 7: the largest stored value is the darkest.
    close(await shown([0, 0x8000 - 0x10000], sixteen), [1, 1 - 0x8000 / 65535]);
  });
  it('masks bits above the high bit and shifts below it', async () => {
    // 8 of 16 bits, high bit 11: cell 0xA5FB → (cell >> 4) & 0xFF = 0x5F = 95 of 255.
    const bits: Record<string, Field> = {
      '00280101': ['00280101', 'US', [8]],
      '00280102': ['00280102', 'US', [11]],
    };
    close(await shown([0xa5fb - 0x10000], bits), [95 / 255]);
  });
  it('reads two’s complement of the stored bits', async () => {
    // 12 bits signed: 0x800 = −2048, 0xFFF = −1, 0x7FF = 2047; full range: 0, 2047/4095, 1.
    const signed: Record<string, Field> = { '00280103': ['00280103', 'US', [1]] };
    close(await shown([0x800, 0xfff, 0x7ff], signed), [0, 2047 / 4095, 1]);
  });
  it('falls back to the full range, and says so, where the window is unusable', async () => {
    const image = await toRadiograph(dicomBytes([1, 2, 3], window('4', '0')));
    close([...image.values], [0, 0.5, 1]);
    expect(image.facts.window).toMatch(/unusable/);
  });
  it('prefers the VOI LUT, clamps outside it and scales by its bits', async () => {
    // Entries 0, 128, 255 (8 bits) from input 10: 9 and 10 → 0, 11 → 128/255, 12 and 99 → 1.
    const lut = sequence('00283010', [
      ['00283002', 'US', [3, 10, 8]],
      ['00283006', 'OW', [0, 128, 255]],
    ]);
    const fields = { '00283010': lut, ...window('4', '4') };
    close(await shown([9, 10, 11, 12, 99], fields), [0, 0, 128 / 255, 1, 1]);
  });
  it('applies a Modality LUT with a negative first input before the window', async () => {
    // First input −1: −1 → 0, 0 → 4, 1 → 8; LINEAR_EXACT c = 4, w = 8: 0, 0.5, 1.
    const lut = sequence('00283000', [
      ['00283002', 'SS', [3, -1, 16]],
      ['00283006', 'OW', [0, 4, 8]],
    ]);
    const signed: Field = ['00280103', 'US', [1]];
    const fields = { '00283000': lut, '00280103': signed, ...window('4', '8', 'LINEAR_EXACT') };
    close(await shown([0xfff, 0, 1], fields), [0, 0.5, 1]);
  });
});

describe('what is no part of the image', () => {
  const mono1Padded = { ...mono1, '00280120': ['00280120', 'US', [0]] } satisfies Record<string, Field>;
  it('is black under either polarity, inside a window too', async () => {
    // LINEAR_EXACT c = 4, w = 8 of 0, 2, 4: 0, 0.25, 0.5; inverted 1, 0.75, 0.5, and 0 marks padding.
    close(await shown([0, 2, 4], { ...mono1Padded, ...window('4', '8', 'LINEAR_EXACT') }), [0, 0.75, 0.5]);
  });
  it('may be a range of values, whichever end is named first', async () => {
    // 100 to 300 run from 0 to 1; 0 to 60 are padding.
    for (const [value, limit] of [
      [0, 60],
      [60, 0],
    ] as const) {
      const fields: Record<string, Field> = {
        '00280120': ['00280120', 'US', [value]],
        '00280121': ['00280121', 'US', [limit]],
      };
      close(await shown([0, 60, 100, 200, 300], fields), [0, 0, 0, 0.5, 1]);
    }
  });
  it('may be covered by a shutter, whose edges are still shown', async () => {
    // Columns count from 1: the third and fourth of five are shown, on the only row.
    const shutter: Record<string, Field> = {
      '00181600': ['00181600', 'CS', 'RECTANGULAR'],
      '00181602': ['00181602', 'IS', '3'],
      '00181604': ['00181604', 'IS', '4'],
      '00181606': ['00181606', 'IS', '1'],
      '00181608': ['00181608', 'IS', '1'],
    };
    close(
      await shown([8, 8, 4, 8, 8], { ...shutter, ...window('4', '8', 'LINEAR_EXACT') }),
      [0, 0, 0.5, 1, 0],
    );
  });
});

describe('grayscales that would show nothing', () => {
  it('give way to the full range, with a note', async () => {
    const image = await toRadiograph(dicomBytes([1, 2, 3], window('40000', '100')));
    close([...image.values], [0, 0.5, 1]);
    expect(image.facts.window).toMatch(/unusable/);
  });
  it('give way to the next one of the file', async () => {
    // The first window lies beside all values; LINEAR_EXACT c = 2, w = 2: 0, 0.5, 1.
    const image = await toRadiograph(dicomBytes([1, 2, 3], window('40000\\2', '100\\2', 'LINEAR_EXACT')));
    close([...image.values], [0, 0.5, 1]);
    expect(image.facts.window).not.toMatch(/unusable/);
  });
  it('are kept where the image has one value only', async () => {
    const image = await toRadiograph(dicomBytes([5, 5], window('4', '2', 'LINEAR_EXACT')));
    close([...image.values], [1, 1]);
  });
});

describe('what writers get wrong', () => {
  it('a decimal comma is a point', async () => {
    // c = 4.5, w = 3: (3 − 4.5)/3 + 0.5 = 0, 0.5 at 4.5 lies between 4 → 1/3 and 5 → 2/3.
    close(await shown([3, 4, 5], window('4,5', '3,0', 'LINEAR_EXACT')), [0, 1 / 3, 2 / 3]);
  });
  it('an inverse presentation LUT turns MONOCHROME2 over, and MONOCHROME1 once only', async () => {
    const inverse: Record<string, Field> = { '20500020': ['20500020', 'CS', 'INVERSE'] };
    const grey = window('4', '4', 'LINEAR_EXACT');
    close(await shown([2, 3, 6], { ...inverse, ...grey }), [1, 0.75, 0]);
    close(await shown([2, 3, 6], { ...inverse, ...mono1, ...grey }), [1, 0.75, 0]);
  });
});
