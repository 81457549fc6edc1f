import type { ValueMeaning } from '../contract/image/film.ts';
import type { Lut, Photometric, Voi } from '../contract/image/grayscale.ts';
import type { Overlay, Shutter } from '../contract/image/shutter.ts';
import type { StatedContent } from '../contract/image/stated-content.ts';
import type { TransferSyntax } from './dataset/syntaxes.ts';

/**
 * The largest image that is accepted, pixels. That is 8192 × 8192; today's largest detectors have about 4300 × 4300.
 */
export const maxPixels = 64 * 1024 * 1024;

/** Says how stored bits form a value (DICOM PS3.5 8.1.1). */
export type PixelLayout = {
  /** The bits that a pixel takes in the file. */
  readonly bitsAllocated: 8 | 16;
  /** The bits of it that hold the value, 1 … 16. */
  readonly bitsStored: number;
  /** The place of the value's most significant bit, counted from 0. */
  readonly highBit: number;
  /** True when the value is in two's complement. */
  readonly signed: boolean;
};

/**
 * A grayscale that the file offers: its kind and its place among those of its kind, counted from 1. `explanation` is free
 * text of whoever made the file; `note` says in words what of a table was not read as it is declared.
 */
export type FileVoi = {
  readonly place: VoiPlace;
  readonly voi: Extract<Voi, { kind: 'window' | 'table' }>;
  readonly explanation: string | null;
  readonly note: string | null;
};
/** Names a grayscale of a file whether it can be used or not. */
export type VoiPlace = { readonly kind: 'window' | 'table'; readonly number: number };

/**
 * An overlay plane as the file has it. It has `rows` × `columns` bits, and its first one lies on row `top` and column
 * `left` of the image, counted from 0; these may be negative. `bits` holds eight of them per byte, row by row, or names the
 * bit of every pixel cell that holds the plane's.
 */
export type OverlayPlane = {
  readonly kind: Overlay['kind'];
  readonly rows: number;
  readonly columns: number;
  readonly top: number;
  readonly left: number;
  readonly bits: Uint8Array | number;
};

/**
 * What `readDicom` keeps of a file on the way to the pixels: geometry, grayscale and pixels. No element about a person
 * is in it.
 */
export type DicomImage = {
  readonly syntax: TransferSyntax;
  readonly modality: string;
  readonly viewPosition: string | null;
  readonly content: StatedContent;
  /** True when the file says that its image was compressed with loss (0028,2110). A code stream can say so too. */
  readonly lossy: boolean;
  readonly rows: number;
  readonly columns: number;
  /** How much taller than wide a pixel is: 1 for a square one. */
  readonly aspect: number;
  readonly shutter: Shutter | null;
  readonly overlays: readonly OverlayPlane[];
  /** True when an overlay is declared that cannot be read. */
  readonly overlayProblem: boolean;
  /** The polarity that is shown: an inverse Presentation LUT Shape is in it. */
  readonly photometric: Photometric;
  readonly layout: PixelLayout;
  /** The stored values that mark what is not anatomy. They are shown black, and do not count for a grayscale. */
  readonly padding: { readonly first: number; readonly last: number } | null;
  /** How a stored value becomes a modality value (PS3.3 C.11.1). */
  readonly modalityTransform:
    | { readonly kind: 'linear'; readonly slope: number; readonly intercept: number }
    | { readonly kind: 'table'; readonly lut: Lut };
  /** What a modality value is, where the file says so. */
  readonly meaning: ValueMeaning;
  /** The file's own grayscales: its tables, then its windows. The first is the one to begin with. */
  readonly vois: readonly FileVoi[];
  /** The grayscales of the file that cannot be read, or that could not be used if they were. */
  readonly unusableVois: readonly VoiPlace[];
  /**
   * Uncompressed little-endian cells, exactly rows × columns × bitsAllocated / 8 bytes, or one compressed code stream.
   */
  readonly pixels: Uint8Array;
};
