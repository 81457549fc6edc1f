import type { RadiographFacts } from '../stages.ts';
import type { Photometric, Voi } from './grayscale.ts';
import type { Overlay, Shutter } from './shutter.ts';

/** A grayscale that the file offers, with a name to choose it by. */
export type NamedVoi = { readonly name: string; readonly voi: Voi };

/**
 * What a modality value measures, where the file says so. `relationship` is that of the pixel to the X-rays that arrived:
 * proportional (LIN), logarithmic (LOG), or made for looking at (DISP) (Pixel Intensity Relationship, PS3.3 C.8.11.3.1.2).
 */
export type ValueMeaning = {
  readonly unit: string | null;
  readonly relationship: 'LIN' | 'LOG' | 'DISP' | null;
};

/**
 * A decoded radiograph that can be shown under any grayscale. A pixel is kept as its *code*: its stored bits read as an
 * unsigned number. The code's *modality value* is what it measures, after the file's Modality LUT or rescale.
 */
export type Film = {
  readonly rows: number;
  readonly columns: number;
  /** How much taller than wide a pixel is: 1 for a square one. */
  readonly aspect: number;
  /** rows×columns codes, row by row. */
  readonly codes: Uint16Array;
  /** The modality value of every possible code: 2^(bits stored) numbers. Codes that mark padding have NaN. */
  readonly modality: Float64Array;
  /** How stored values become modality values, in words; null where they are the same. */
  readonly modalityName: string | null;
  readonly meaning: ValueMeaning;
  /** How a code is a stored value, and the least and the largest that occur without padding. */
  readonly stored: { readonly signed: boolean; readonly low: number; readonly high: number };
  readonly photometric: Photometric;
  /** The grayscales that the file offers. The viewer begins with the first. */
  readonly vois: readonly NamedVoi[];
  /** True when the file offers grayscales and none of them can be used. */
  readonly voiProblem: boolean;
  /**
   * What the grayscale runs over where the file offers none: all values that the stored bits can have, or the least and the
   * largest that occur where these leave half of the bits unused or some mark padding.
   */
  readonly range: { readonly low: number; readonly high: number };
  /**
   * The modality values below and above which a share of the pixels lies. `percent` is that share, on each side. The first
   * one is the automatic grayscale.
   */
  readonly percentiles: readonly { readonly percent: number; readonly low: number; readonly high: number }[];
  readonly shutter: Shutter | null;
  readonly overlays: readonly Overlay[];
  /** True when the file has an overlay that cannot be drawn. */
  readonly overlayProblem: boolean;
  readonly facts: RadiographFacts;
  /** True when the compression of the file lost something. */
  readonly lossy: boolean;
};

/** A small picture of a film: rows×columns grey levels in 0 … 255, row by row, 255 = bright. */
export type Thumbnail = { readonly rows: number; readonly columns: number; readonly pixels: Uint8Array };
