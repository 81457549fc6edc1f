import type { RadiographFacts } from '../stages.ts';
import type { Photometric, Voi } from './grayscale.ts';

/** A grayscale that the file offers, with a name to choose it by. */
export type NamedVoi = { readonly name: string; readonly voi: Voi };

/**
 * A decoded radiograph that can be shown under any grayscale. A pixel is kept as its *code*: its stored bits read as an
 * unsigned number. The code's *modality value* is what it measures, after the file's Modality LUT or rescale.
 */
export type Film = {
  readonly rows: number;
  readonly columns: number;
  /** rows×columns codes, row by row. */
  readonly codes: Uint16Array;
  /** The modality value of every possible code: 2^(bits stored) numbers. */
  readonly modality: Float64Array;
  readonly photometric: Photometric;
  /** The grayscales that the file offers. The viewer begins with the first. */
  readonly vois: readonly NamedVoi[];
  /** True when the file offers grayscales and none of them can be used. */
  readonly voiProblem: boolean;
  /** The least and the largest modality value. Padding is left out; an image of 8 bits takes the whole range. */
  readonly range: { readonly low: number; readonly high: number };
  /** The modality values between which 98 % of the pixels lie. */
  readonly central: { readonly low: number; readonly high: number };
  readonly facts: RadiographFacts;
  /** True when the compression of the file lost something. */
  readonly lossy: boolean;
};

/** A small picture of a film: rows×columns grey levels in 0 … 255, row by row, 255 = bright. */
export type Thumbnail = { readonly rows: number; readonly columns: number; readonly pixels: Uint8Array };
