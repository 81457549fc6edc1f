import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nothingStated } from '../../../contract/image/stated-content.ts';
import type { Radiograph } from '../../../contract/stages.ts';
import { areaAverage, doubleBilinear, reduceToEncoderImage } from '../../../dicom/display/reduce.ts';

const radiograph = (rows: number, columns: number, values: Float32Array): Radiograph => ({
  rows,
  columns,
  values,
  content: nothingStated,
  facts: {
    modality: 'DX',
    viewPosition: null,
    rows,
    columns,
    photometric: 'MONOCHROME2',
    transferSyntax: '1.2.840.10008.1.2',
    lossy: false,
    window: 'full range',
  },
});
const close = (got: ArrayLike<number>, want: readonly number[]) => {
  expect(got.length).toBe(want.length);
  for (const [index, value] of want.entries()) expect(got[index]).toBeCloseTo(value, 12);
};

describe('area average', () => {
  it('shares a pixel that straddles two boxes', () => {
    // 3 → 2, box width 1.5: (1 + 0.5·2)/1.5 = 4/3 and (0.5·2 + 4)/1.5 = 10/3.
    close(areaAverage([1, 2, 4], 1, 3, 1, 2), [4 / 3, 10 / 3]);
  });
  it('works down as well as across', () => {
    // 2×2 → 1×1: mean of 1, 2, 3, 6.
    close(areaAverage([1, 2, 3, 6], 2, 2, 1, 1), [3]);
  });
  it('repeats pixels when the side grows', () => {
    // 2 → 3, box width 2/3: [0, 2/3) is x0, [2/3, 4/3) half of each, [4/3, 2) is x1.
    close(areaAverage([0, 6], 1, 2, 1, 3), [0, 3, 6]);
  });
  it('keeps the mean of any image', () => {
    const sides = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(sides, sides, sides, sides, fc.nat(1000), (rows, columns, outRows, outColumns, seed) => {
        const values = Array.from({ length: rows * columns }, (_, k) => ((k * 7919 + seed) % 101) / 101);
        const mean = (list: ArrayLike<number>) => Array.from(list).reduce((a, b) => a + b, 0) / list.length;
        const got = areaAverage(values, rows, columns, outRows, outColumns);
        expect(mean(got)).toBeCloseTo(mean(values), 9);
      }),
    );
  });
});

describe('bilinear doubling', () => {
  it('has half-pixel centres and clamped edges', () => {
    // [0, 4]: ¼·0+¾·0 = 0, ¾·0+¼·4 = 1, ¼·0+¾·4 = 3, ¾·4+¼·4 = 4; each row twice (one input row).
    close(doubleBilinear([0, 4], 1, 2), [0, 1, 3, 4, 0, 1, 3, 4]);
  });
});

describe('the encoder image and the preview', () => {
  it('is 256×256 in [-1, 1] for any shape', () => {
    for (const [rows, columns] of [
      [1, 1],
      [3, 500],
      [300, 200],
    ] as const) {
      const values = Float32Array.from({ length: rows * columns }, (_, k) => (k % 2 === 0 ? 1 : 0));
      const image = reduceToEncoderImage(radiograph(rows, columns, values));
      expect(image.values).toHaveLength(256 * 256);
      expect(image.values.every((value) => value >= -1 && value <= 1)).toBe(true);
    }
  });
  it('stretches: the right half of a wide image is the right half of the square', () => {
    const values = Float32Array.from({ length: 128 * 512 }, (_, k) => (k % 512 < 256 ? 0 : 1));
    const image = reduceToEncoderImage(radiograph(128, 512, values));
    expect([image.values[0], image.values[126], image.values[130], image.values[255]]).toEqual([
      -1, -1, 1, 1,
    ]);
  });
});
