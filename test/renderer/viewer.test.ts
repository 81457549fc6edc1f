import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Film } from '../../contract/image/film.ts';
import type { PixelSpacing } from '../../contract/image/header.ts';
import type { StudyRow } from '../../contract/ipc/worklist.ts';
import {
  adjusted,
  asWindow,
  choices,
  firstChoice,
  levelsOf,
  nameOf,
  numbersOf,
} from '../../renderer/viewer/grayscale.ts';
import {
  actionOf,
  defaultKeys,
  keyInWords,
  keyName,
  storedKeys,
  withKey,
} from '../../renderer/viewer/keymap.ts';
import { cardiothoracicRatio, distance, lengthInWords } from '../../renderer/viewer/measure.ts';
import { paint } from '../../renderer/viewer/paint.ts';
import {
  edges,
  fitted,
  flippedAcross,
  flippedDown,
  oneToOne,
  pan,
  toImage,
  toScreen,
  turned,
  type View,
  zoomAt,
} from '../../renderer/viewer/view.ts';

const pane = { width: 200, height: 100 };
const plain: View = { scale: 1, center: { x: 0, y: 0 }, turns: 0, mirrored: false };
const anyView = fc.record({
  scale: fc.double({ min: 0.05, max: 20, noNaN: true }),
  center: fc.record({
    x: fc.double({ min: -500, max: 500, noNaN: true }),
    y: fc.double({ min: -500, max: 500, noNaN: true }),
  }),
  turns: fc.constantFrom(0, 1, 2, 3),
  mirrored: fc.boolean(),
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
    expect(fitted({ width: 400, height: 100 }, pane, { turns: 1, mirrored: false }).scale).toBe(0.25);
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
  it('is the same at 1:1 wherever it was moved to', () => {
    const large = film(16, 16);
    const view = oneToOne(middle(large, { center: { x: 7.3, y: 9.8 } }), { width: 5, height: 4 });
    const rows = painted(large, view, { width: 5, height: 4 });
    // Whole pixels: neighbours differ by one along the row and by sixteen down.
    expect(rows.slice(1, 5).map((level, index) => level - rows[index]!)).toEqual([1, 1, 1, 1]);
    expect(rows[5]! - rows[0]!).toBe(16);
  });
});

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
    central: { low: 10, high: 20 },
    lossy: false,
    facts: {} as Film['facts'],
  };
  it('begins with the file’s own, and says which it is', () => {
    expect(nameOf(shown, firstChoice(shown))).toBe('Window 1: LUNG');
    expect(numbersOf(shown, firstChoice(shown))).toBe('C 15 W 30 LINEAR_EXACT');
    expect(firstChoice({ ...shown, vois: [] })).toEqual({ kind: 'full' });
    expect(nameOf({ ...shown, voiProblem: true }, { kind: 'full' })).toContain('unusable');
    expect(choices(shown).map(({ kind }) => kind)).toEqual(['file', 'auto', 'full']);
  });
  it('gives every code its grey level', () => {
    expect([...levelsOf(shown, { kind: 'full' }, false)]).toEqual([0, 85, 170, 255]);
    expect([...levelsOf(shown, { kind: 'auto' }, false)]).toEqual([0, 0, 255, 255]);
    expect([...levelsOf(shown, { kind: 'full' }, true)]).toEqual([255, 170, 85, 0]);
    expect([...levelsOf({ ...shown, photometric: 'MONOCHROME1' }, { kind: 'full' }, false)]).toEqual([
      255, 170, 85, 0,
    ]);
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

describe('measurements', () => {
  const spacing: PixelSpacing = { row: 0.5, column: 0.2, plane: 'detector' };
  it('are millimetres of the file’s spacing, along rows and columns', () => {
    // 15 px × 0.2 = 3 mm across, 8 px × 0.5 = 4 mm down: 5 mm.
    expect(distance({ x: 0, y: 0 }, { x: 15, y: 8 }, spacing)).toBeCloseTo(5, 12);
    expect(lengthInWords({ x: 0, y: 0 }, { x: 15, y: 8 }, spacing)).toBe('5.0 mm');
    expect(lengthInWords({ x: 0, y: 0 }, { x: 3, y: 4 }, null)).toBe('5 px');
  });
  it('divide the heart’s width by the chest’s, across the image only', () => {
    const at = (x: number, y: number) => ({ x, y });
    expect(cardiothoracicRatio([at(60, 10), at(10, 30), at(100, 5), at(0, 90)])).toBe(0.5);
    expect(cardiothoracicRatio([at(0, 0), at(10, 0), at(5, 0), at(5, 9)])).toBeNull();
  });
});

describe('keys', () => {
  const press = (
    key: string,
    held: Partial<Record<'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey', boolean>> = {},
  ) => ({
    key,
    shiftKey: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    ...held,
  });
  it('are letters with or without Shift, signs as they are, and never the system’s', () => {
    expect(keyName(press('r'))).toBe('R');
    expect(keyName(press('R', { shiftKey: true }))).toBe('Shift+R');
    expect(keyName(press('?', { shiftKey: true }))).toBe('?');
    expect(keyName(press('r', { ctrlKey: true }))).toBeNull();
    expect(keyName(press('Tab'))).toBeNull();
  });
  it('do one thing each', () => {
    expect(actionOf(press('r'), defaultKeys)).toBe('turn-right');
    expect(actionOf(press('R', { shiftKey: true }), defaultKeys)).toBe('turn-left');
    const used = Object.values(defaultKeys);
    expect(new Set(used).size).toBe(used.length);
  });
  it('can be changed; whatever had the key before is left without one', () => {
    const keys = withKey(defaultKeys, 'invert', 'R');
    expect([keys.invert, keys['turn-right']]).toEqual(['R', '']);
  });
  it('are written as people read them', () => {
    expect(['+', 'Shift+R', 'ArrowUp', ''].map(keyInWords)).toEqual(['+', 'Shift R', '↑', '']);
  });
  it('are whole whatever was stored', () => {
    expect(storedKeys(JSON.stringify({ invert: 'Q', nonsense: 'x', fit: 7 }))).toEqual({
      ...defaultKeys,
      invert: 'Q',
    });
    expect(storedKeys('{')).toEqual(defaultKeys);
    expect(storedKeys('7')).toEqual(defaultKeys);
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
