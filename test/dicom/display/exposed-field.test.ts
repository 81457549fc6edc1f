import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cropped, exposedField } from '../../../dicom/display/exposed-field.ts';

/** A picture in which everything between these lines is grey in a pattern, and the rest has one shade. */
const framed = (
  [rows, columns]: readonly [number, number],
  [top, bottom, left, right]: readonly [number, number, number, number],
  shade: number,
) => ({
  rows,
  columns,
  values: Float32Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    const isInside = row >= top && row < bottom && column >= left && column < right;
    return isInside ? 0.3 + 0.4 * ((row + column) % 2) : shade;
  }),
});

describe('the exposed field', () => {
  it('is the whole image where nothing is a margin, and where margins are small', () => {
    expect(exposedField(framed([200, 150], [0, 200, 0, 150], 0))).toEqual({
      ...{ top: 0, left: 0, rows: 200, columns: 150 },
    });
    // 12 of 200 rows on each side are 15.4 of 128 lines: less than 16.
    expect(exposedField(framed([200, 150], [12, 188, 0, 150], 0)).rows).toBe(200);
  });

  it('ends at the very line, wherever it lies between the lines of the reduced image', () => {
    for (const shade of [0, 1])
      expect(exposedField(framed([511, 397], [51, 480, 33, 350], shade))).toEqual({
        ...{ top: 51, left: 33, rows: 429, columns: 317 },
      });
  });

  it('is found where letters stand in the margin', () => {
    const picture = framed([256, 256], [40, 216, 0, 256], 0);
    // Five pixels of 256 in ten rows: 2 %.
    for (let row = 10; row < 20; row += 1) picture.values.fill(1, row * 256 + 20, row * 256 + 25);
    expect(exposedField(picture)).toMatchObject({ top: 40, rows: 176 });
  });

  it('is the whole of an image that is all one shade, and of one of a few pixels', () => {
    expect(exposedField(framed([100, 100], [0, 0, 0, 0], 0))).toMatchObject({ rows: 100, columns: 100 });
    expect(exposedField(framed([1, 64], [0, 1, 0, 64], 0))).toMatchObject({ rows: 1, columns: 64 });
  });

  it('is cut out with its own pixels', () => {
    const picture = { rows: 3, columns: 3, values: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]) };
    expect([...cropped(picture, { top: 1, left: 1, rows: 2, columns: 2 }).values]).toEqual([5, 6, 8, 9]);
  });

  it('is the one that training finds', () => {
    type Case = { rows: number; columns: number; field: number[]; found: number[]; shade: number };
    const { cases } = JSON.parse(
      readFileSync(join(import.meta.dirname, '../../fixtures/dicom/field.json'), 'utf8'),
    ) as { cases: Case[] };
    for (const { rows, columns, field, found, shade } of cases) {
      const got = exposedField(framed([rows, columns], field as [number, number, number, number], shade));
      expect([got.top, got.top + got.rows, got.left, got.left + got.columns]).toEqual(found);
    }
  });
});
