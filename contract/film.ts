import type { Photometric, Voi } from './grayscale.ts';
import type { RadiographFacts } from './stages.ts';

/** A grayscale that the file offers. */
export type NamedVoi = { readonly name: string; readonly voi: Voi };

/** A decoded radiograph, ready to be shown under any grayscale. */
export type Film = {
  readonly rows: number;
  readonly columns: number;
  /** rows×columns stored codes, row by row. */
  readonly codes: Uint16Array;
  /** Modality value of every possible code. */
  readonly modality: Float64Array;
  readonly photometric: Photometric;
  /** The file's grayscales; the first is the one to begin with. */
  readonly vois: readonly NamedVoi[];
  readonly voiProblem: boolean;
  /** Least and largest modality value, padding left out. */
  readonly range: { readonly low: number; readonly high: number };
  /** Modality values between which 98 % of the pixels lie. */
  readonly central: { readonly low: number; readonly high: number };
  readonly facts: RadiographFacts;
  readonly lossy: boolean;
};

/** A small 8-bit rendering. */
export type Thumbnail = { readonly rows: number; readonly columns: number; readonly pixels: Uint8Array };
