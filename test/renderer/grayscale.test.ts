import { describe, expect, it } from 'vitest';
import type { Film } from '../../contract/image/film.ts';
import {
  adjusted,
  asWindow,
  automatic,
  choices,
  firstChoice,
  levelsOf,
  nameOf,
  numbersOf,
  typedWindow,
  valueInWords,
} from '../../renderer/viewer/grayscale.ts';

describe('the grayscale of a film', () => {
  const shown: Film = {
    rows: 1,
    columns: 4,
    codes: Uint16Array.of(0, 1, 2, 3),
    modality: Float64Array.of(0, 10, 20, 30),
    photometric: 'MONOCHROME2',
    vois: [
      {
        name: 'Window 1: LUNG',
        voi: { kind: 'window', window: { center: 15, width: 30, shape: 'LINEAR_EXACT' } },
      },
    ],
    voiProblem: false,
    range: { low: 0, high: 30 },
    percentiles: [
      { percent: 1, low: 10, high: 20 },
      { percent: 2, low: 10, high: 10 },
    ],
    modalityName: 'Rescale × 10 + 0',
    meaning: { unit: null, relationship: null },
    stored: { signed: false, low: 0, high: 3 },
    aspect: 1,
    shutter: null,
    overlays: [],
    overlayProblem: false,
    lossy: false,
    facts: {} as Film['facts'],
  };
  it('begins with the file’s own, and says which it is', () => {
    expect(nameOf(shown, firstChoice(shown))).toBe('Window 1: LUNG');
    expect(numbersOf(shown, firstChoice(shown))).toBe('C 15 W 30, linear, exact');
    expect(firstChoice({ ...shown, vois: [] })).toEqual({ kind: 'full' });
    expect(nameOf({ ...shown, voiProblem: true }, { kind: 'full' })).toContain('unusable');
    expect(choices(shown).map(({ kind }) => kind)).toEqual(['file', 'auto', 'auto', 'full', 'off']);
  });
  it('gives every code its grey level', () => {
    expect([...levelsOf(shown, { kind: 'full' }, false)]).toEqual([0, 85, 170, 255]);
    expect([...levelsOf(shown, automatic(shown), false)]).toEqual([0, 0, 255, 255]);
    expect([...levelsOf(shown, { kind: 'full' }, true)]).toEqual([255, 170, 85, 0]);
    expect([...levelsOf({ ...shown, photometric: 'MONOCHROME1' }, { kind: 'full' }, false)]).toEqual([
      255, 170, 85, 0,
    ]);
  });
  it('names every automatic one by what it leaves out', () => {
    expect(nameOf(shown, automatic(shown))).toBe('Automatic, 1 to 99 %');
    expect(nameOf(shown, { kind: 'auto', percent: 0.5 })).toBe('Automatic, 0.5 to 99.5 %');
  });
  it('can be switched off: stored values, whatever the file’s tables make of them', () => {
    // Codes 0 … 3 of two bits, signed: 0, 1, −2, −1. From −2 to 1: (0 + 2)/3, 1, 0, (−1 + 2)/3 of 255.
    const stored = { signed: true, low: -2, high: 1 };
    const film = { ...shown, modality: Float64Array.of(7, 7, 7, 7), stored };
    expect([...levelsOf(film, { kind: 'off' }, false)]).toEqual([170, 255, 0, 85]);
    expect(numbersOf(film, { kind: 'off' })).toBe('-2 to 1, linear');
  });
  it('leaves padding black under both polarities', () => {
    const film = { ...shown, modality: Float64Array.of(Number.NaN, 10, 20, 30) };
    expect(levelsOf(film, { kind: 'full' }, false)[0]).toBe(0);
    expect(levelsOf({ ...film, photometric: 'MONOCHROME1' }, { kind: 'full' }, false)[0]).toBe(0);
    expect(valueInWords(film, 0)).toBe('padding');
  });
  it('takes numbers as people type them, and says what is wrong with them', () => {
    expect(typedWindow(' 40,5', '−3', 'SIGMOID')).toBe('The width is more than 0.');
    expect(typedWindow('40,5', '300', 'LINEAR')).toEqual({ center: 40.5, width: 300, shape: 'LINEAR' });
    expect(typedWindow('', '300', 'LINEAR')).toBe('The centre is no number.');
    expect(typedWindow('1', '3 mm', 'LINEAR')).toBe('The width is no number.');
    expect(typedWindow('1', '0.5', 'LINEAR')).toBe('A LINEAR width is 1 or more.');
    expect(typedWindow('1', '0.5', 'LINEAR_EXACT')).toMatchObject({ width: 0.5 });
  });
  it('says what a value is: with its unit, its stored number, or what it is proportional to', () => {
    expect(valueInWords(shown, 2)).toBe('20 · stored 2');
    const same = { ...shown, modality: Float64Array.of(0, 1, 2, 3) };
    expect(valueInWords(same, 2)).toBe('2');
    expect(valueInWords({ ...same, meaning: { unit: '10⁻³ OD', relationship: 'LOG' } }, 2)).toBe('2 10⁻³ OD');
    expect(valueInWords({ ...same, meaning: { unit: null, relationship: 'LOG' } }, 2)).toBe(
      '2 · logarithm of exposure',
    );
  });
  it('is turned from where it is: by shares of the width, and back', () => {
    const window = { center: 100, width: 50, shape: 'LINEAR_EXACT' } as const;
    expect(adjusted(window, 0.1, 0)).toEqual({ ...window, center: 105 });
    expect(adjusted(adjusted(window, 0, 0.3), 0, -0.3).width).toBeCloseTo(50, 9);
    expect(adjusted({ ...window, shape: 'LINEAR' }, 0, -99).width).toBe(1);
  });
  it('can be turned from a table too', () => {
    const lut = { first: 100, bits: 8, entries: new Uint16Array(200) };
    expect(asWindow({ kind: 'table', lut })).toEqual({ center: 200, width: 200, shape: 'LINEAR_EXACT' });
  });
});
