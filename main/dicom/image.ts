import type { Lut } from './lut.ts';
import type { TransferSyntax } from './syntaxes.ts';

/** Largest image accepted, pixels (an 8k × 8k detector; today's largest are about 4.3k × 4.3k). */
export const maxPixels = 64 * 1024 * 1024;

/** How stored bits form a value (PS3.5 8.1.1). */
export type PixelLayout = {
  readonly bitsAllocated: 8 | 16;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
};

/** A grayscale window of the file (PS3.3 C.11.2.1.2). */
export type Window = {
  readonly center: number;
  readonly width: number;
  readonly shape: 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';
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
  readonly photometric: 'MONOCHROME1' | 'MONOCHROME2';
  readonly layout: PixelLayout;
  /** Pixel Padding Value (0028,0120): not part of the anatomy, so not of the full range either. */
  readonly padding: number | null;
  readonly modalityTransform:
    | { readonly kind: 'linear'; readonly slope: number; readonly intercept: number }
    | { readonly kind: 'table'; readonly lut: Lut };
  readonly voi:
    | { readonly kind: 'window'; readonly window: Window }
    | { readonly kind: 'table'; readonly lut: Lut }
    | { readonly kind: 'none'; readonly because: 'absent' | 'unusable' };
  /** Native cells, little endian, exactly rows × columns × bitsAllocated / 8 bytes, or one compressed code stream. */
  readonly pixels: Uint8Array;
};
