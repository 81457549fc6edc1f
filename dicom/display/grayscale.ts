import type { Lut, Photometric, Voi, Window } from '../../contract/image/grayscale.ts';

/**
 * The way from modality values to grey levels, in the order of DICOM PS3.4 N.2: the VOI step (values of interest) makes
 * brightnesses of them, and the polarity says whether they are turned over. It is plain arithmetic, and the same where
 * a radiograph is read for classification and where it is shown.
 */

/**
 * Tells whether a window can be applied: LINEAR needs a width of at least 1, the others of more than 0 (C.11.2.1.2.1).
 */
export function isUsableWindow({ center, width, shape }: Window): boolean {
  return Number.isFinite(center) && Number.isFinite(width) && (shape === 'LINEAR' ? width >= 1 : width > 0);
}

/**
 * Applies a grayscale window to one modality value.
 *
 * @returns the brightness, a number in [0, 1]. PS3.3's y_min and y_max are 0 and 1 here.
 * @see     PS3.3 C.11.2.1.2.1 LINEAR, C.11.2.1.3.1 SIGMOID, C.11.2.1.3.2 LINEAR_EXACT.
 */
export function applyWindow({ center, width, shape }: Window, x: number): number {
  switch (shape) {
    case 'LINEAR': {
      // Center and width speak of integer values: the window runs over `width` values, hence the −0.5 and −1.
      const middle = center - 0.5;
      const half = (width - 1) / 2;
      if (x <= middle - half) return 0;
      if (x > middle + half) return 1;
      return (x - middle) / (width - 1) + 0.5;
    }
    case 'LINEAR_EXACT': {
      if (x <= center - width / 2) return 0;
      if (x > center + width / 2) return 1;
      return (x - center) / width + 0.5;
    }
    case 'SIGMOID':
      return 1 / (1 + Math.exp((-4 * (x - center)) / width));
  }
}

/** Looks one value up in a table. An input outside the table takes its nearest end (PS3.3 C.11.1.1). */
export function lookUp(lut: Lut, value: number): number {
  const index = Math.min(Math.max(Math.round(value) - lut.first, 0), lut.entries.length - 1);
  return lut.entries[index]!;
}

/** Applies the VOI step to one modality value. @returns the brightness, a number in [0, 1]. */
export function applyVoi(voi: Voi, x: number): number {
  switch (voi.kind) {
    case 'window':
      return applyWindow(voi.window, x);
    // Entries run over 0 … 2^bits − 1 (PS3.3 C.11.2.1.1).
    case 'table':
      return Math.min(lookUp(voi.lut, x) / (2 ** voi.lut.bits - 1), 1);
    case 'range': {
      const span = voi.high - voi.low;
      return span > 0 ? Math.min(Math.max((x - voi.low) / span, 0), 1) : 0;
    }
  }
}

/**
 * Computes the brightness of every code under a grayscale. An image has at most 65,536 codes, so that this table costs
 * less than the image would.
 *
 * @param modality  the modality value of every code, NaN for padding.
 * @returns         one number in [0, 1] for every code, 1 = bright.
 */
export function displayTable(modality: Float64Array, voi: Voi, photometric: Photometric): Float32Array {
  const table = new Float32Array(modality.length);
  // Polarity last: MONOCHROME1 shows the smallest value AFTER the VOI step as white (PS3.3 C.7.6.3.1.2).
  const inverted = photometric === 'MONOCHROME1';
  for (let code = 0; code < table.length; code += 1) {
    const value = modality[code]!;
    // Padding is no part of the image: black under either polarity.
    if (Number.isNaN(value)) continue;
    const bright = applyVoi(voi, value);
    table[code] = inverted ? 1 - bright : bright;
  }
  return table;
}

/** Rounds brightnesses in [0, 1] to grey levels in 0 … 255. */
export function greyLevels(table: Float32Array): Uint8Array {
  const levels = new Uint8Array(table.length);
  for (let code = 0; code < levels.length; code += 1) levels[code] = Math.round(table[code]! * 255);
  return levels;
}
