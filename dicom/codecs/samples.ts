import { CxrError } from '../../contract/errors.ts';
import type { PixelLayout } from '../image.ts';

/** The size that the DICOM header promises of a code stream. A decoder refuses any other size before it allocates. */
export type FrameSize = { readonly rows: number; readonly columns: number };

/**
 * The number of bits per pixel below which a JPEG-LS or JPEG 2000 stream is taken for cut. Both code a blank area in
 * next to nothing: JPEG-LS takes a bit for a line, which has no more than 8192 pixels here, and JPEG 2000 hardly more
 * than its headers. Public test images have 1/131 bit and are whole.
 */
export const leastPlausibleBits = 1 / 8192;

/**
 * Refuses a declared size that so few bytes cannot hold. It is called before anything of that size is allocated.
 *
 * @param leastBitsPerPixel the least number of bits that the coding takes for a pixel.
 * @param part              the name of the coding, for the error.
 * @throws                  CxrError 'dicom-truncated'.
 */
export function checkHolds(
  stream: Uint8Array,
  { rows, columns }: FrameSize,
  leastBitsPerPixel: number,
  part: string,
): void {
  const expected = Math.ceil((rows * columns * leastBitsPerPixel) / 8);
  if (stream.length < expected) {
    throw new CxrError('dicom-truncated', { part, got: stream.length, expected });
  }
}

/**
 * What a decoder makes of a code stream: rows × columns samples, row by row. A *sample* is the coded value of a pixel.
 */
export type Samples = {
  /** One byte for each sample of up to 8 bits, otherwise two. */
  readonly values: Uint8Array | Uint16Array;
  /** The bits of a sample, 1 … 16. */
  readonly precision: number;
  /** True when values are two's complement, extended to the width of `values`. JPEG and JPEG-LS know no sign. */
  readonly signed: boolean;
  /** True when the code stream itself says that it lost something. */
  readonly lossy: boolean;
};

/**
 * Puts decoded samples into the pixel cells that the DICOM header describes, as if they had never been compressed. A
 * *cell* is the place of one pixel's value in uncompressed pixel data.
 *
 * @returns rows × columns little-endian cells of `bitsAllocated` bits.
 * @throws  CxrError 'dicom-pixels' when the samples do not fit the cells, or leave the sign or place of a value open.
 * @remarks The sign comes from the DICOM header alone, and display/pixels.ts applies it to the stored bits. Codecs are
 *          often told the wrong sign; the bits are right either way (PS3.5 8.2.4).
 */
export function toCells(samples: Samples, layout: PixelLayout): Uint8Array {
  const { bitsAllocated, bitsStored, highBit, signed } = layout;
  const { precision } = samples;
  const aligned = highBit === bitsStored - 1;
  const signKnown = !signed || samples.signed || precision >= bitsStored;
  if (precision > bitsAllocated || (precision <= highBit && !(aligned && signKnown))) {
    throw new CxrError('dicom-pixels', { reason: 'sample precision', got: precision, bitsStored, highBit });
  }
  const values = widen(samples.values, bitsAllocated);
  if (samples.lossy && aligned && precision > bitsStored && samples.signed === signed) clamp(values, layout);
  // Typed arrays are little endian on every platform that Node and Electron are built for.
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function widen(values: Uint8Array | Uint16Array, bitsAllocated: 8 | 16): Uint8Array | Uint16Array {
  return bitsAllocated === 16 && values instanceof Uint8Array ? new Uint16Array(values) : values;
}

/**
 * Holds rounded values in the range of the stored bits. A sample that was coded with more bits than are stored can
 * overshoot by its loss, and a mask would then turn white into black.
 */
function clamp(values: Uint8Array | Uint16Array, { bitsAllocated, bitsStored, signed }: PixelLayout): void {
  const least = signed ? -(2 ** (bitsStored - 1)) : 0;
  const most = least + 2 ** bitsStored - 1;
  const half = 2 ** (bitsAllocated - 1);
  for (let index = 0; index < values.length; index += 1) {
    const cell = values[index]!;
    const value = signed && cell >= half ? cell - 2 * half : cell;
    if (value < least) values[index] = least;
    else if (value > most) values[index] = most;
  }
}
