import type { PixelSpacing } from '../../contract/image/header.ts';
import type { Point } from './view.ts';

/** Points in image coordinates. A ratio has the heart's width, then the chest's. */
export type Measurement =
  | { readonly kind: 'length'; readonly points: readonly [Point, Point] }
  | { readonly kind: 'ratio'; readonly points: readonly [Point, Point, Point, Point] };

/** Millimetres, or pixels where the file has no spacing. */
export function distance(a: Point, b: Point, spacing: PixelSpacing | null): number {
  const [dx, dy] = [(b.x - a.x) * (spacing?.column ?? 1), (b.y - a.y) * (spacing?.row ?? 1)];
  return Math.hypot(dx, dy);
}

/** What a length speaks of: a projection enlarges, and the file may not say by how much. */
export const planeWords: Readonly<Record<PixelSpacing['plane'], string>> = {
  calibrated: 'calibrated',
  corrected: 'corrected by the file’s magnification',
  detector: 'in the detector plane, not in the patient',
  film: 'on the digitised film',
  unstated: 'plane not stated',
};

export function lengthInWords(a: Point, b: Point, spacing: PixelSpacing | null): string {
  const length = distance(a, b, spacing);
  return spacing === null ? `${length.toFixed(0)} px` : `${length.toFixed(length < 100 ? 1 : 0)} mm`;
}

/**
 * Cardiothoracic ratio: the heart's greatest width over the chest's, both as distances across the image. Lengths along
 * the rows only, as it is defined; the spacing of the plane cancels out.
 */
export function cardiothoracicRatio([h1, h2, c1, c2]: readonly [Point, Point, Point, Point]): number | null {
  const chest = Math.abs(c2.x - c1.x);
  return chest < 1 ? null : Math.abs(h2.x - h1.x) / chest;
}
