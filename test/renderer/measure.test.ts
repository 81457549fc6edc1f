import { describe, expect, it } from 'vitest';
import type { PixelSpacing } from '../../contract/image/header.ts';
import {
  acrossOf,
  angleAt,
  angleBetween,
  cardiothoracicRatio,
  distance,
  readOff,
} from '../../renderer/viewer/measure.ts';

const at = (x: number, y: number) => ({ x, y });
const square = { row: 1, column: 1 };
const facts = { spacing: null, aspect: 1, across: 'row' } as const;

describe('lengths', () => {
  const spacing: PixelSpacing = { row: 0.5, column: 0.2, plane: 'detector' };
  it('are millimetres of the file’s spacing, along rows and columns', () => {
    // 15 px × 0.2 = 3 mm across, 8 px × 0.5 = 4 mm down: 5 mm.
    expect(distance(at(0, 0), at(15, 8), spacing)).toBeCloseTo(5, 12);
    const length = { kind: 'length', points: [at(0, 0), at(15, 8)] } as const;
    expect(readOff(length, { ...facts, spacing })).toEqual({
      value: '5.0 mm',
      note: 'in the detector plane, not in the patient',
    });
  });
  it('are pixels along the row where the file has no spacing, and say so', () => {
    const length = { kind: 'length', points: [at(0, 0), at(3, 4)] } as const;
    expect(readOff(length, facts)).toEqual({ value: '5 px', note: 'no spacing in the file: pixels' });
    // Pixels 0.75 times as tall as wide: 4 down are 3 wide ones; √(3² + 3²) = 4.24.
    expect(readOff(length, { ...facts, aspect: 0.75 }).value).toBe('4 px');
  });
});

describe('angles', () => {
  it('are those at the middle point, as the plane shows them', () => {
    expect(angleAt([at(5, 0), at(0, 0), at(0, 7)], square)).toBeCloseTo(90, 12);
    expect(angleAt([at(-5, 0), at(0, 0), at(7, 0)], square)).toBeCloseTo(180, 12);
    // One pixel across and one down of pixels √3 times as tall as wide: arctan √3 = 60° from the row.
    expect(angleAt([at(1, 0), at(0, 0), at(1, 1)], { row: Math.sqrt(3), column: 1 })).toBeCloseTo(60, 12);
    expect(angleAt([at(0, 0), at(0, 0), at(1, 1)], square)).toBeNull();
  });
  it('between lines are the smaller ones, whichever way the lines were drawn', () => {
    // Slopes 0 and 1: 45°, and still so with one line the other way round, where directions lie 135° apart.
    expect(angleBetween([at(0, 0), at(9, 0), at(0, 0), at(4, 4)], square)).toBeCloseTo(45, 12);
    expect(angleBetween([at(9, 0), at(0, 0), at(0, 0), at(4, 4)], square)).toBeCloseTo(45, 12);
    expect(angleBetween([at(0, 0), at(9, 0), at(2, 5), at(8, 5)], square)).toBe(0);
  });
  it('are told in degrees, by spacing or by aspect alone', () => {
    const angle = { kind: 'angle', points: [at(1, 0), at(0, 0), at(1, 1)] } as const;
    expect(readOff(angle, facts)).toEqual({ value: '45.0°', note: 'as projected' });
    // arctan 2 = 63.4°
    expect(readOff(angle, { ...facts, aspect: 2 }).value).toBe('63.4°');
    const lines = { kind: 'lines', points: [at(0, 0), at(9, 0), at(0, 0), at(4, 4)] } as const;
    expect(readOff(lines, facts).value).toBe('Cobb 45.0°');
    const spacing = { row: 0.4, column: 0.2, plane: 'unstated' } as const;
    expect(readOff(angle, { ...facts, spacing }).value).toBe('63.4°');
  });
});

describe('the cardiothoracic ratio', () => {
  it('divides the heart’s width by the chest’s, across the image only', () => {
    expect(cardiothoracicRatio([at(60, 10), at(10, 30), at(100, 5), at(0, 90)])).toBe(0.5);
    expect(cardiothoracicRatio([at(0, 0), at(10, 0), at(5, 0), at(5, 9)])).toBeNull();
  });
  it('goes down the image where the film was stored on its side', () => {
    expect(acrossOf(['F', 'L'])).toBe('column');
    expect([acrossOf(['L', 'F']), acrossOf(['A', 'F']), acrossOf(null)]).toEqual(['row', 'row', 'row']);
    // |30 − 10| / |90 − 50|
    expect(cardiothoracicRatio([at(0, 10), at(9, 30), at(0, 50), at(0, 90)], 'column')).toBe(0.5);
  });
});
