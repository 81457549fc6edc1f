import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StudyRow } from '../../contract/ipc/worklist.ts';
import { paint } from '../../renderer/viewer/paint.ts';
import {
  edges,
  fitted,
  flippedAcross,
  flippedDown,
  oneToOne,
  pan,
  scaled,
  toImage,
  toScreen,
  turned,
  type View,
  zoomAt,
} from '../../renderer/viewer/view.ts';

const pane = { width: 200, height: 100 };
const plain: View = { scale: 1, center: { x: 0, y: 0 }, turns: 0, mirrored: false, aspect: 1 };
const anyView = fc.record({
  scale: fc.double({ min: 0.05, max: 20, noNaN: true }),
  center: fc.record({
    x: fc.double({ min: -500, max: 500, noNaN: true }),
    y: fc.double({ min: -500, max: 500, noNaN: true }),
  }),
  turns: fc.constantFrom(0, 1, 2, 3),
  mirrored: fc.boolean(),
  aspect: fc.double({ min: 0.1, max: 10, noNaN: true }),
}) as fc.Arbitrary<View>;
const anyPoint = fc.record({
  x: fc.double({ min: -300, max: 300, noNaN: true }),
  y: fc.double({ min: -300, max: 300, noNaN: true }),
});
const close = (a: { x: number; y: number }, b: { x: number; y: number }) => {
  expect(a.x).toBeCloseTo(b.x, 6);
  expect(a.y).toBeCloseTo(b.y, 6);
};

describe('how an image lies on the screen', () => {
  it('leads from the image to the screen and back', () => {
    fc.assert(
      fc.property(anyView, anyPoint, (view, point) =>
        close(toImage(view, pane, toScreen(view, pane, point)), point),
      ),
    );
  });
  it('keeps what lies under the mouse while zooming', () => {
    fc.assert(
      fc.property(anyView, anyPoint, fc.double({ min: 0.5, max: 2, noNaN: true }), (view, at, factor) =>
        close(toImage(zoomAt(view, pane, at, factor), pane, at), toImage(view, pane, at)),
      ),
    );
  });
  it('moves with the mouse, however it is turned', () => {
    fc.assert(
      fc.property(anyView, anyPoint, (view, point) => {
        const before = toScreen(view, pane, point);
        close(toScreen(pan(view, 7, -3), pane, point), { x: before.x + 7, y: before.y - 3 });
      }),
    );
  });
  it('turns to the right: what was on top is on the right', () => {
    const { x, y } = toScreen(turned(plain, 1), pane, { x: 0, y: -10 });
    expect([x, y]).toEqual([110, 50]);
  });
  it('flips what is on the screen, whether it is turned or not', () => {
    fc.assert(
      fc.property(anyView, anyPoint, (view, point) => {
        const { x, y } = toScreen(view, pane, point);
        close(toScreen(flippedAcross(view), pane, point), { x: pane.width - x, y });
        close(toScreen(flippedDown(view), pane, point), { x, y: pane.height - y });
        close(toScreen(flippedAcross(flippedAcross(view)), pane, point), { x, y });
      }),
    );
  });
  it('shows the whole image, turned or not', () => {
    expect(fitted({ width: 400, height: 100 }, pane, plain).scale).toBe(0.5);
    expect(fitted({ width: 400, height: 100 }, pane, { ...plain, turns: 1 }).scale).toBe(0.25);
  });
  it('shows pixels that are not square as they are, turned or not', () => {
    // 100 columns, 50 rows of pixels twice as tall as wide: a square of 100 × 100, in a pane of 200 × 100.
    const image = { width: 100, height: 50 };
    for (const turns of [0, 1] as const) {
      const view = fitted(image, pane, { ...plain, turns, aspect: 2 });
      expect(view.scale).toBe(1);
      const [a, b] = [toScreen(view, pane, { x: 0, y: 0 }), toScreen(view, pane, { x: 100, y: 50 })];
      expect([Math.abs(b.x - a.x), Math.abs(b.y - a.y)]).toEqual([100, 100]);
    }
  });
  it('is as large as a millimetre says, and within bounds', () => {
    // 0.2 mm per column on a screen of 4 px per mm: 0.8 screen pixels per column.
    expect(scaled(plain, 0.2 * 4).scale).toBeCloseTo(0.8, 12);
    expect(scaled(plain, 1e9).scale).toBe(64);
  });
});

describe('the letters at the edges', () => {
  it('are the file’s: in a PA film the patient’s left is on the right', () => {
    expect(edges(['L', 'F'], plain)).toEqual({ right: 'L', left: 'R', bottom: 'F', top: 'H' });
  });
  it('stay right when the image is flipped and turned', () => {
    expect(edges(['L', 'F'], flippedAcross(plain))).toEqual({ right: 'R', left: 'L', bottom: 'F', top: 'H' });
    expect(edges(['L', 'F'], turned(plain, 1))).toEqual({ right: 'H', left: 'F', bottom: 'L', top: 'R' });
    expect(edges(['AL', 'FP'], turned(turned(plain, 1), 1))).toEqual({
      right: 'PR',
      left: 'AL',
      bottom: 'HA',
      top: 'FP',
    });
  });
  it('point to where the patient’s left really is, for every turn and flip', () => {
    fc.assert(
      fc.property(anyView, (view) => {
        const at = toScreen(view, pane, view.center);
        // One step along the row runs to the patient's left.
        const left = toScreen(view, pane, { x: view.center.x + 1, y: view.center.y });
        const names = edges(['L', 'F'], view)!;
        const [dx, dy] = [
          Math.sign(Math.round((left.x - at.x) / view.scale)),
          Math.sign(Math.round((left.y - at.y) / view.scale)),
        ];
        expect(dx === 1 ? names.right : dx === -1 ? names.left : dy === 1 ? names.bottom : names.top).toBe(
          'L',
        );
      }),
    );
  });
  it('are left out where the file says nothing', () => {
    expect(edges(null, plain)).toBeNull();
  });
});

/** A film of one code per pixel. */
const film = (rows: number, columns: number) => ({
  rows,
  columns,
  codes: Uint16Array.from({ length: rows * columns }, (_, index) => index),
});
const levels = Uint8Array.from({ length: 256 }, (_, code) => code);
const painted = (image: ReturnType<typeof film>, view: View, size: { width: number; height: number }) => {
  const out = new Uint32Array(size.width * size.height);
  paint(image, levels, view, size, out);
  return [...out].map((word) => (word >>> 24 === 255 ? word & 255 : -1));
};
const middle = (image: { rows: number; columns: number }, change: Partial<View> = {}): View => ({
  ...plain,
  center: { x: image.columns / 2, y: image.rows / 2 },
  ...change,
});

describe('a painted film', () => {
  const image = film(2, 3);
  it('is the film’s own pixels at 1:1, turned and flipped', () => {
    expect(painted(image, middle(image), { width: 3, height: 2 })).toEqual([0, 1, 2, 3, 4, 5]);
    expect(painted(image, middle(image, { turns: 1 }), { width: 2, height: 3 })).toEqual([3, 0, 4, 1, 5, 2]);
    expect(painted(image, middle(image, { turns: 2 }), { width: 3, height: 2 })).toEqual([5, 4, 3, 2, 1, 0]);
    expect(painted(image, middle(image, { turns: 3 }), { width: 2, height: 3 })).toEqual([2, 5, 1, 4, 0, 3]);
    expect(painted(image, middle(image, { mirrored: true }), { width: 3, height: 2 })).toEqual([
      2, 1, 0, 5, 4, 3,
    ]);
  });
  it('lies on black', () => {
    expect(painted(image, middle(image), { width: 5, height: 2 })).toEqual([0, 0, 1, 2, 0, 0, 3, 4, 5, 0]);
  });
  it('counts every pixel where it is made smaller', () => {
    // Means of 0 1 4 5, of 2 3 6 7, …, of a 4×4 film; 2.5 is rounded up.
    expect(painted(film(4, 4), middle(film(4, 4), { scale: 0.5 }), { width: 2, height: 2 })).toEqual([
      3, 5, 11, 13,
    ]);
    expect(
      painted(film(4, 4), middle(film(4, 4), { scale: 0.5, turns: 1 }), { width: 2, height: 2 }),
    ).toEqual([11, 3, 13, 5]);
  });
  it('is blended where it is made larger', () => {
    const wide = { rows: 1, columns: 2, codes: Uint16Array.of(0, 100) };
    expect(painted(wide, middle(wide, { scale: 4 }), { width: 8, height: 1 })).toEqual([
      0, 0, 13, 38, 63, 88, 100, 100,
    ]);
  });
  it('is stretched where its pixels are not square, one way averaged and the other not', () => {
    // Two rows of pixels twice as tall as wide. At scale 1 each row fills two screen rows; columns are the film's own.
    const wide = middle(image, { aspect: 2 });
    expect(painted(image, wide, { width: 3, height: 4 }).slice(0, 3)).toEqual([0, 1, 2]);
    expect(painted(image, wide, { width: 3, height: 4 }).slice(9)).toEqual([3, 4, 5]);
    // At scale 1/2 two columns share a screen pixel, and each row fills one screen row: means of 0 1, 2 3, 4 5, 6 7.
    const four = film(2, 4);
    const small = middle(four, { aspect: 2, scale: 0.5 });
    expect(painted(four, small, { width: 2, height: 2 })).toEqual([1, 3, 5, 7]);
    // At scale 3/4 columns are made smaller and rows larger: no screen row between stays black.
    const tall = middle(film(8, 8), { aspect: 4, scale: 0.75 });
    const shown = painted({ ...film(8, 8), codes: new Uint16Array(64).fill(9) }, tall, {
      width: 6,
      height: 24,
    });
    expect(new Set(shown)).toEqual(new Set([9]));
  });
  it('is the same at 1:1 wherever it was moved to', () => {
    const large = film(16, 16);
    const view = oneToOne(middle(large, { center: { x: 7.3, y: 9.8 } }), { width: 5, height: 4 });
    const rows = painted(large, view, { width: 5, height: 4 });
    // Whole pixels: neighbours differ by one along the row and by sixteen down.
    expect(rows.slice(1, 5).map((level, index) => level - rows[index]!)).toEqual([1, 1, 1, 1]);
    expect(rows[5]! - rows[0]!).toBe(16);
  });
});

describe('the order of the list', () => {
  it('is by urgency, then by what may still become urgent', async () => {
    // The store's runes are Svelte's; the order is a plain function beside them.
    const { ordered } = await import('../../renderer/worklist/order.ts');
    const row = (id: string, urgency: number | null, state: StudyRow['state'], addedAt: number) =>
      ({ id, urgency, state, addedAt }) as StudyRow;
    const rows = [
      row('calm', -0.4, 'done', 1),
      row('waits', null, 'waiting', 2),
      row('urgent', 0.3, 'done', 3),
      row('works', null, 'working', 4),
    ];
    expect(ordered(rows, 'urgency').map(({ id }) => id)).toEqual(['urgent', 'calm', 'works', 'waits']);
    expect(ordered(rows, 'arrival').map(({ id }) => id)).toEqual(['calm', 'waits', 'urgent', 'works']);
  });
});
