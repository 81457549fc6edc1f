import type { PixelSpacing } from '../../contract/image/header.ts';
import type { Point } from './view.ts';

/**
 * Points in image coordinates. A ratio has the heart's width, then the chest's. An angle has its vertex second. A `lines`
 * angle, known as Cobb's, has the two ends of one line, then those of the other.
 */
export type Measurement =
  | { readonly kind: 'length'; readonly points: readonly [Point, Point] }
  | { readonly kind: 'angle'; readonly points: readonly [Point, Point, Point] }
  | { readonly kind: 'lines'; readonly points: readonly [Point, Point, Point, Point] }
  | { readonly kind: 'ratio'; readonly points: readonly [Point, Point, Point, Point] };
export type MeasurementKind = Measurement['kind'];

/** How many points make one whole. */
export const pointsOf: Readonly<Record<MeasurementKind, number>> = {
  length: 2,
  angle: 3,
  lines: 4,
  ratio: 4,
};

/** What is asked for next while a measurement is made, point by point. */
export const pointWords: Readonly<Record<MeasurementKind, readonly string[]>> = {
  length: ['Length: one end', 'Length: the other end'],
  angle: ['Angle: end of one side', 'Angle: its vertex', 'Angle: end of the other side'],
  lines: [
    'First line: one end',
    'First line: the other end',
    'Second line: one end',
    'Second line: the other end',
  ],
  ratio: [
    'Heart: one edge',
    'Heart: the other edge',
    'Chest: inner edge of one side',
    'Chest: the other side',
  ],
};

/** The sizes of a pixel, in any unit: angles need their quotient only. */
export type PixelSize = { readonly row: number; readonly column: number };

const between = (a: Point, b: Point, { row, column }: PixelSize): Point => ({
  x: (b.x - a.x) * column,
  y: (b.y - a.y) * row,
});

/** Millimetres, or pixels along the row where the file has no spacing. */
export function distance(a: Point, b: Point, size: PixelSize): number {
  const { x, y } = between(a, b, size);
  return Math.hypot(x, y);
}

/** Degrees between two directions, 0 to 180; null where one of them has no length. */
function degrees(a: Point, b: Point): number | null {
  if (Math.hypot(a.x, a.y) === 0 || Math.hypot(b.x, b.y) === 0) return null;
  // Exact for small angles too, unlike the arc cosine of the scalar product.
  return (Math.abs(Math.atan2(a.x * b.y - a.y * b.x, a.x * b.x + a.y * b.y)) * 180) / Math.PI;
}

/** The angle at the second of three points, degrees from 0 to 180. */
export const angleAt = ([a, vertex, b]: readonly [Point, Point, Point], size: PixelSize): number | null =>
  degrees(between(vertex, a, size), between(vertex, b, size));

/** The angle between two lines, degrees from 0 to 90: lines have no direction. */
export function angleBetween(
  [a, b, c, d]: readonly [Point, Point, Point, Point],
  size: PixelSize,
): number | null {
  const angle = degrees(between(a, b, size), between(c, d, size));
  return angle === null ? null : Math.min(angle, 180 - angle);
}

/** What a length speaks of: a projection enlarges, and the file may not say by how much. */
export const planeWords: Readonly<Record<PixelSpacing['plane'], string>> = {
  calibrated: 'calibrated',
  corrected: 'corrected by the file’s magnification',
  detector: 'in the detector plane, not in the patient',
  film: 'on the digitised film',
  unstated: 'plane not stated',
};

/** The reading of a measurement and, below it, what it holds for. */
export type Reading = { readonly value: string; readonly note: string | null };

/** What a file says about its pixels that measurements need. */
export type PixelFacts = {
  readonly spacing: PixelSpacing | null;
  /** How much taller than wide a pixel is, for files without a spacing. */
  readonly aspect: number;
  /** The side of the image along which the patient's left and right lie. */
  readonly across: 'row' | 'column';
};

/** Which way the patient's left and right lie in an image; along the rows where the file does not say. */
export function acrossOf(orientation: readonly [row: string, column: string] | null): PixelFacts['across'] {
  const isSideways = /^[AP]?[HF]/.test(orientation?.[0] ?? '') && /^[LR]/.test(orientation?.[1] ?? '');
  return isSideways ? 'column' : 'row';
}

/** Reads a measurement off. */
export function readOff(measurement: Measurement, { spacing, aspect, across }: PixelFacts): Reading {
  const size = spacing ?? { row: aspect, column: 1 };
  const inDegrees = (angle: number | null) => (angle === null ? 'no angle' : `${angle.toFixed(1)}°`);
  switch (measurement.kind) {
    case 'length': {
      const length = distance(measurement.points[0], measurement.points[1], size);
      if (spacing === null)
        return { value: `${length.toFixed(0)} px`, note: 'no spacing in the file: pixels' };
      return { value: `${length.toFixed(length < 100 ? 1 : 0)} mm`, note: planeWords[spacing.plane] };
    }
    case 'angle':
      return { value: inDegrees(angleAt(measurement.points, size)), note: 'as projected' };
    case 'lines':
      return {
        value: `Cobb ${inDegrees(angleBetween(measurement.points, size))}`,
        note: 'between lines, as projected',
      };
    case 'ratio': {
      const ratio = cardiothoracicRatio(measurement.points, across);
      return {
        value: ratio === null ? 'CT ratio: chest has no width' : `CT ratio ${ratio.toFixed(2)}`,
        note: null,
      };
    }
  }
}

/**
 * Cardiothoracic ratio: the heart's greatest width over the chest's, both across the patient only, as it is defined. The
 * spacing of the plane cancels out.
 */
export function cardiothoracicRatio(
  [h1, h2, c1, c2]: readonly [Point, Point, Point, Point],
  across: PixelFacts['across'] = 'row',
): number | null {
  const side = across === 'row' ? 'x' : 'y';
  const chest = Math.abs(c2[side] - c1[side]);
  return chest < 1 ? null : Math.abs(h2[side] - h1[side]) / chest;
}
