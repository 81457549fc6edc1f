import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Shutter } from '../../contract/image/shutter.ts';
import { shownInRow } from '../../dicom/display/shutter.ts';
import { overlayMarks } from '../../renderer/viewer/overlay-marks.ts';
import { densityOf, screenName, storedScreens } from '../../renderer/viewer/screens.ts';
import { shutterPath } from '../../renderer/viewer/shutter-path.ts';
import type { View } from '../../renderer/viewer/view.ts';

const pane = { width: 40, height: 30 };
/** The image's first pixel lies in the pane's corner: its middle is the pane's. */
const view: View = { scale: 1, aspect: 1, center: { x: 20, y: 15 }, turns: 0, mirrored: false };

describe('a shutter on the screen', () => {
  const film = { rows: 30, columns: 40 };
  /** The film's outline and a unit of the SVG around it. */
  const outline = 'M-1 -1L41 -1L41 31L-1 31Z';
  it('is the film, and a little around it, with its shapes cut out', () => {
    const box = { kind: 'rectangle', left: 5, top: 4, right: 30, bottom: 20 } as const;
    expect(shutterPath(box, film, view, pane, 1)).toBe(`${outline}M5 4L30 4L30 20L5 20Z`);
    // Two device pixels to one of the SVG.
    expect(shutterPath(box, film, view, pane, 2)).toBe('M-1 -1L21 -1L21 16L-1 16ZM2.5 2L15 2L15 10L2.5 10Z');
    const circle = { kind: 'circle', center: { x: 20, y: 15 }, radius: 10 } as const;
    expect(shutterPath(circle, film, view, pane, 1)).toMatch(/M10 15a10 10 0 1 0 20 0a10 10 0 1 0 -20 0Z$/);
    const polygon = { kind: 'polygon', points: [5, 6, 7].map((x) => ({ x, y: x * x - 25 })) } as const;
    expect(shutterPath(polygon, film, view, pane, 1)).toMatch(/M5 0L6 11L7 24Z$/);
  });
  it('covers nothing beyond the film, and all of it where nothing of it is left', () => {
    const beyond = { kind: 'rectangle', left: -9, top: -9, right: 99, bottom: 99 } as const;
    expect(shutterPath(beyond, film, view, pane, 1)).toBe(`${outline}M0 0L40 0L40 30L0 30Z`);
    const beside = { kind: 'rectangle', left: 50, top: 0, right: 60, bottom: 9 } as const;
    expect(shutterPath(beside, film, view, pane, 1)).toBe(outline);
  });
  it('stays a circle where pixels are not square', () => {
    // Twice as tall as wide: a radius of 4 columns is 2 rows, so that rows 15 ± 2 are the last.
    const circle: Shutter = {
      shapes: [{ kind: 'circle', center: { x: 20.5, y: 15.5 }, radius: 4 }],
      grey: 0,
    };
    const rows = Array.from({ length: 30 }, (_, row) => shownInRow(circle, row, 40, 2).includes(1));
    expect(rows.flatMap((isShown, row) => (isShown ? [row] : []))).toEqual([13, 14, 15, 16, 17]);
    expect(shutterPath(circle.shapes[0]!, film, { ...view, aspect: 2 }, pane, 1)).toContain('a4 4 0 1 0 8 0');
  });
});

describe('the pixels that a shutter lets through', () => {
  const shown = (shutter: Shutter, rows: number, columns: number) =>
    Array.from({ length: rows }, (_, row) => shownInRow(shutter, row, columns, 1).join(''));
  it('have their middles in the shape', () => {
    const box: Shutter = {
      shapes: [{ kind: 'rectangle', left: 1, top: 1, right: 3, bottom: 2 }],
      grey: 0,
    };
    expect(shown(box, 3, 4)).toEqual(['0000', '0110', '0000']);
    const disc: Shutter = { shapes: [{ kind: 'circle', center: { x: 2.5, y: 2.5 }, radius: 1 }], grey: 0 };
    expect(shown(disc, 5, 5)).toEqual(['00000', '00100', '01110', '00100', '00000']);
    const corners = [
      { x: 0, y: 0 },
      { x: 4, y: 0 },
      { x: 0, y: 4 },
    ];
    // Left of the line x + y = 4: middles 0.5 … at height 0.5 go up to 3.5, then 2.5, 1.5, 0.5.
    expect(shown({ shapes: [{ kind: 'polygon', points: corners }], grey: 0 }, 4, 4)).toEqual([
      '1111',
      '1110',
      '1100',
      '1000',
    ]);
  });
  it('lie in every one of several shapes', () => {
    const both: Shutter = {
      shapes: [
        { kind: 'rectangle', left: 0, top: 0, right: 2, bottom: 2 },
        { kind: 'rectangle', left: 1, top: 0, right: 4, bottom: 2 },
      ],
      grey: 0,
    };
    expect(shown(both, 1, 4)).toEqual(['0100']);
  });
});

describe('marks of an overlay', () => {
  // Three pixels from column 10 of row 5; one pixel of row 6, column 39.
  const overlay = { kind: 'graphics', runs: Uint32Array.of(5, 10, 3, 6, 39, 1) } as const;
  it('lie on their pixels', () => {
    expect(overlayMarks(overlay, view, pane)).toEqual([
      { x: 10, y: 5, width: 3, height: 1 },
      { x: 39, y: 6, width: 1, height: 1 },
    ]);
  });
  it('are turned and flipped with the film', () => {
    const flipped = overlayMarks(overlay, { ...view, mirrored: true }, pane);
    expect(flipped[0]).toEqual({ x: 40 - 13, y: 5, width: 3, height: 1 });
  });
  it('are never thinner than a screen pixel, and left out beside the pane', () => {
    const small = overlayMarks(overlay, { ...view, scale: 0.1 }, pane);
    expect(small.every(({ width, height }) => width >= 1 && height >= 1)).toBe(true);
    expect(overlayMarks(overlay, { ...view, center: { x: 200, y: 15 } }, pane)).toEqual([]);
  });
});

describe('the size of a screen', () => {
  it('follows from a bar as wide as a card of 85.6 mm', () => {
    // 428 px at two device pixels each: 856 of them on 85.6 mm.
    expect(densityOf(428, 2)).toBe(10);
    expect(screenName({ width: 1920, height: 1080 })).toBe('1920x1080');
  });
  it('is kept by screen, and whatever else was stored is left out', () => {
    const stored = { '1920x1080': 3.8, '800x600': 'wide', here: 4, '1x1': 0, '2x2': 1e9 };
    expect(storedScreens(JSON.stringify(stored))).toEqual({ '1920x1080': 3.8 });
    expect([storedScreens('{'), storedScreens('7'), storedScreens(null)]).toEqual([{}, {}, {}]);
    fc.assert(fc.property(fc.json(), (text) => typeof storedScreens(text) === 'object'));
  });
});
