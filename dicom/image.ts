import type { Lut, Photometric, Voi } from '../contract/grayscale.ts';
import type { TransferSyntax } from './dataset/syntaxes.ts';

/** Largest image accepted, pixels (an 8k × 8k detector; today's largest are about 4.3k × 4.3k). */
export const maxPixels = 64 * 1024 * 1024;

/** How stored bits form a value (PS3.5 8.1.1). */
export type PixelLayout = {
  readonly bitsAllocated: 8 | 16;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
};

/** A grayscale of the file; `explanation` is free text of whoever made the file. */
export type FileVoi = {
  readonly voi: Extract<Voi, { kind: 'window' | 'table' }>;
  readonly explanation: string | null;
};

/** Everything that leaves the reader: geometry, grayscale and pixels. No element about a person is in it. */
export type DicomImage = {
  readonly syntax: TransferSyntax;
  readonly modality: string;
  readonly viewPosition: string | null;
  /** What the file says (0028,2110); a code stream can say so too. */
  readonly lossy: boolean;
  readonly rows: number;
  readonly columns: number;
  readonly photometric: Photometric;
  readonly layout: PixelLayout;
  /** Pixel Padding Value (0028,0120): not part of the anatomy, so not of the full range either. */
  readonly padding: number | null;
  readonly modalityTransform:
    | { readonly kind: 'linear'; readonly slope: number; readonly intercept: number }
    | { readonly kind: 'table'; readonly lut: Lut };
  /** The file's own grayscales, in the order in which they are offered; the first is the one to begin with. */
  readonly vois: readonly FileVoi[];
  /** It offers grayscales, but none that can be used. */
  readonly voiProblem: boolean;
  /** Native cells, little endian, exactly rows × columns × bitsAllocated / 8 bytes, or one compressed code stream. */
  readonly pixels: Uint8Array;
};
