import type { PixelSpacing } from '../contract/image/header.ts';
import type { Dataset } from './dataset/dataset.ts';

const positive = (value: number | null): number | null =>
  value !== null && Number.isFinite(value) && value > 0 ? value : null;

/**
 * Reads the pixel spacing of a projection (PS3.3 10.7.1, C.8.11.4), mm. Pixel Spacing (0028,0030) counts as calibrated
 * in the anatomy only where the file says so, or where it differs from the detector's spacing.
 */
export function readSpacing(dataset: Dataset): PixelSpacing | null {
  const detector = pair(dataset, 'x00181164');
  const stated = pair(dataset, 'x00280030');
  if (stated !== null) {
    const type = dataset.text('x00280a02');
    if (type === 'GEOMETRY' || type === 'FIDUCIAL') return { ...stated, plane: 'calibrated' };
    const differs = detector !== null && (detector.row !== stated.row || detector.column !== stated.column);
    if (differs) return { ...stated, plane: 'calibrated' };
  }
  if (detector !== null) {
    const magnification = positive(dataset.decimal('x00181114'));
    if (magnification === null || magnification < 1) return { ...detector, plane: 'detector' };
    return { row: detector.row / magnification, column: detector.column / magnification, plane: 'corrected' };
  }
  const film = pair(dataset, 'x00182010');
  if (stated !== null) return { ...stated, plane: 'unstated' };
  return film === null ? null : { ...film, plane: 'film' };
}

/** No detector has pixels that are more than this many times as tall as wide, or the other way round. */
const longestPixel = 16;

/**
 * Reads how much taller than wide a pixel is: 1 for a square one. It is the quotient of the spacing, or else Pixel Aspect
 * Ratio (0028,0034), which has the vertical part first (PS3.3 C.7.6.3.1.7). An impossible one counts as square.
 */
export function readAspect(dataset: Dataset): number {
  const parts = readSpacing(dataset) ?? pair(dataset, 'x00280034');
  if (parts === null) return 1;
  const aspect = parts.row / parts.column;
  return aspect >= 1 / longestPixel && aspect <= longestPixel ? aspect : 1;
}

function pair(dataset: Dataset, tag: string): { row: number; column: number } | null {
  const [row, column] = dataset.decimals(tag).map(positive);
  return row != null && column != null ? { row, column } : null;
}
