/**
 * How an image lies on the screen. Image coordinates run in pixels from the upper left corner of the first pixel, x
 * along the row; screen coordinates in device pixels of the pane.
 */
export type View = {
  /** Screen pixels per image pixel, along the row. */
  readonly scale: number;
  /** How much taller than wide an image pixel is. Down the columns the scale is as many times larger. */
  readonly aspect: number;
  /** The image point at the middle of the pane. */
  readonly center: Point;
  /** Quarter turns to the right, applied after mirroring. */
  readonly turns: 0 | 1 | 2 | 3;
  /** Left and right of the image exchanged. */
  readonly mirrored: boolean;
};
export type Point = { readonly x: number; readonly y: number };
export type Size = { readonly width: number; readonly height: number };

/** Screen = scale · (a·x + c·aspect·y, b·x + d·aspect·y) + offset. */
export type Matrix = {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
};

const smallestScale = 1 / 64;
const largestScale = 64;

/** The turn and the mirror as a matrix of 0, 1 and −1. */
export function turnMatrix({ turns, mirrored }: Pick<View, 'turns' | 'mirrored'>): Matrix {
  const m = mirrored ? -1 : 1;
  // Turning right by 90°: x runs down, y runs left.
  const byTurns: readonly Matrix[] = [
    { a: m, b: 0, c: 0, d: 1 },
    { a: 0, b: m, c: -1, d: 0 },
    { a: -m, b: 0, c: 0, d: -1 },
    { a: 0, b: -m, c: 1, d: 0 },
  ];
  return byTurns[turns]!;
}

export function toScreen(view: View, pane: Size, point: Point): Point {
  const { a, b, c, d } = turnMatrix(view);
  const [x, y] = [point.x - view.center.x, (point.y - view.center.y) * view.aspect];
  return {
    x: pane.width / 2 + view.scale * (a * x + c * y),
    y: pane.height / 2 + view.scale * (b * x + d * y),
  };
}

export function toImage(view: View, pane: Size, point: Point): Point {
  const { a, b, c, d } = turnMatrix(view);
  const [x, y] = [(point.x - pane.width / 2) / view.scale, (point.y - pane.height / 2) / view.scale];
  // The inverse of a turn is its transpose.
  return { x: view.center.x + a * x + b * y, y: view.center.y + (c * x + d * y) / view.aspect };
}

/** The whole image, as large as it goes. */
export function fitted(image: Size, pane: Size, way: Pick<View, 'turns' | 'mirrored' | 'aspect'>): View {
  const { turns, mirrored, aspect } = way;
  const tall = image.height * aspect;
  const [width, height] = turns % 2 === 0 ? [image.width, tall] : [tall, image.width];
  const scale = Math.min(pane.width / width, pane.height / height);
  const center = { x: image.width / 2, y: image.height / 2 };
  return { scale: bounded(scale), center, turns, mirrored, aspect };
}

const bounded = (scale: number): number =>
  Math.min(Math.max(Number.isFinite(scale) && scale > 0 ? scale : 1, smallestScale), largestScale);

/** Zooms by `factor`; what lies under `at` stays there. */
export function zoomAt(view: View, pane: Size, at: Point, factor: number): View {
  const fixed = toImage(view, pane, at);
  const zoomed = { ...view, scale: bounded(view.scale * factor) };
  const now = toImage(zoomed, pane, at);
  return {
    ...zoomed,
    center: { x: view.center.x + fixed.x - now.x, y: view.center.y + fixed.y - now.y },
  };
}

/** Moves the image by so many screen pixels. */
export function pan(view: View, dx: number, dy: number): View {
  const { a, b, c, d } = turnMatrix(view);
  const [x, y] = [dx / view.scale, dy / view.scale];
  return {
    ...view,
    center: { x: view.center.x - a * x - b * y, y: view.center.y - (c * x + d * y) / view.aspect },
  };
}

/** The same middle at another scale. */
export const scaled = (view: View, scale: number): View => ({ ...view, scale: bounded(scale) });

/**
 * One image pixel on one screen pixel, around the same middle; whole pixels, so that nothing is interpolated. Pixels that
 * are not square lie on one screen pixel along the row only.
 */
export function oneToOne(view: View, pane: Size): View {
  // With an odd number of screen pixels the middle of the pane is the middle of a pixel.
  const half = (length: number) => (length % 2) / 2;
  const snap = (value: number, length: number) => Math.round(value - half(length)) + half(length);
  const [across, down] = view.turns % 2 === 0 ? [pane.width, pane.height] : [pane.height, pane.width];
  const y = view.aspect === 1 ? snap(view.center.y, down) : view.center.y;
  return { ...view, scale: 1, center: { x: snap(view.center.x, across), y } };
}

export const turned = (view: View, by: 1 | -1): View => ({
  ...view,
  turns: ((view.turns + by + 4) % 4) as View['turns'],
});

/** Exchanges left and right of what is on the screen. */
export const flippedAcross = (view: View): View => ({
  ...view,
  mirrored: !view.mirrored,
  turns: ((4 - view.turns) % 4) as View['turns'],
});

/** Exchanges top and bottom of what is on the screen. */
export const flippedDown = (view: View): View =>
  flippedAcross({ ...view, turns: ((view.turns + 2) % 4) as View['turns'] });

const opposites: Readonly<Record<string, string>> = { L: 'R', R: 'L', A: 'P', P: 'A', H: 'F', F: 'H' };
const opposite = (direction: string): string =>
  [...direction].map((letter) => opposites[letter] ?? '').join('');

export type Edges = {
  readonly left: string;
  readonly right: string;
  readonly top: string;
  readonly bottom: string;
};

/**
 * What each edge of the pane points to, from the file's Patient Orientation (row direction, column direction): with
 * `['L', 'F']` the right edge of the untouched image is the patient's left.
 */
export function edges(
  orientation: readonly [row: string, column: string] | null,
  view: Pick<View, 'turns' | 'mirrored'>,
): Edges | null {
  if (orientation === null) return null;
  const { a, b } = turnMatrix(view);
  const [row, column] = orientation;
  const { c, d } = turnMatrix(view);
  /** The direction whose screen component along (x, y) is 1. */
  const towards = (x: number, y: number): string => {
    const alongRow = a * x + b * y;
    const alongColumn = c * x + d * y;
    if (alongRow !== 0) return alongRow > 0 ? row : opposite(row);
    return alongColumn > 0 ? column : opposite(column);
  };
  return { right: towards(1, 0), left: towards(-1, 0), bottom: towards(0, 1), top: towards(0, -1) };
}
