import { unreachable } from '../../contract/check.ts';
import type { PixelCoding } from '../dataset/syntaxes.ts';
import type { DicomImage } from '../image.ts';
import { decodeJpegBaseline, decodeJpegExtended } from './jpeg.ts';
import { decodeJpeg2000 } from './jpeg-2000.ts';
import { decodeJpegLossless } from './jpeg-lossless.ts';
import { decodeJpegLs } from './jpeg-ls.ts';
import { decodeRle } from './rle.ts';
import { type Samples, toCells } from './samples.ts';

/** The pixel cells as an uncompressed file has them. `lossy` is true when their coding lost something. */
export type StoredPixels = { readonly cells: Uint8Array; readonly lossy: boolean };

/**
 * Undoes the compression of a frame. A *frame* in DICOM is one image of the pixel data.
 *
 * @returns rows × columns little-endian cells of `bitsAllocated` bits.
 * @throws  CxrError 'dicom-truncated', 'dicom-pixels', 'dicom-unsupported'.
 */
export async function decodePixels(image: DicomImage): Promise<StoredPixels> {
  const { pixels } = image.syntax;
  if (pixels === 'native') return { cells: image.pixels, lossy: false };
  if (pixels === 'rle') {
    return { cells: decodeRle(image.pixels, image, image.layout.bitsAllocated), lossy: false };
  }
  const samples = await decodeSamples(pixels, image);
  return { cells: toCells(samples, image.layout), lossy: samples.lossy };
}

/** Decodes the codings whose code stream has samples of its own, which are not yet cells. */
async function decodeSamples(
  coding: Exclude<PixelCoding, 'native' | 'rle'>,
  { pixels, rows, columns }: DicomImage,
): Promise<Samples> {
  const size = { rows, columns };
  switch (coding) {
    case 'jpeg-baseline': {
      const values = await decodeJpegBaseline(pixels, rows, columns);
      return { values, precision: 8, signed: false, lossy: true };
    }
    case 'jpeg-extended':
      return decodeJpegExtended(pixels, size);
    case 'jpeg-lossless':
      return decodeJpegLossless(pixels, size);
    case 'jpeg-ls':
      return decodeJpegLs(pixels, size);
    case 'jpeg-2000':
      return decodeJpeg2000(pixels, size);
    default:
      return unreachable(coding);
  }
}
