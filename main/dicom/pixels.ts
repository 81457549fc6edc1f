import { CxrError } from '../../contract/errors.ts';
import type { DicomImage, PixelLayout } from './image.ts';
import { lookUp } from './lut.ts';
import { applyWindow } from './voi.ts';

/** Values in [0, 1], 1 = bright, and in words which grayscale was applied. */
export type DisplayValues = { readonly values: Float32Array; readonly window: string };

/**
 * Stored values → modality → VOI → polarity, in the order of PS3.4 N.2. Stored values have at most 16 bits, so the
 * chain is evaluated once per possible value and the image is a look-up.
 *
 * @param stored rows×columns little-endian pixel cells of `bitsAllocated` bits.
 * @throws       CxrError 'dicom-pixels' when no pixel holds a finite value.
 */
export function toDisplayValues(image: DicomImage, stored: Uint8Array): DisplayValues {
  const codes = readCodes(stored, image.layout);
  const { range, table, window } = displayTable(image, codes);
  if (!Number.isFinite(range.low)) throw new CxrError('dicom-pixels', { reason: 'no values' });
  const values = new Float32Array(codes.length);
  for (let index = 0; index < codes.length; index += 1) values[index] = table[codes[index]!]!;
  return { values, window };
}

/** Cells to codes of `bitsStored` bits: mask and shift only, the sign comes later (PS3.5 8.1.1). */
function readCodes(stored: Uint8Array, { bitsAllocated, bitsStored, highBit }: PixelLayout): Uint16Array {
  const shift = highBit + 1 - bitsStored;
  // Bits above the high bit may hold old overlays (PS3.5 8.1.2, retired): masked away.
  const mask = 2 ** bitsStored - 1;
  const codes = new Uint16Array(bitsAllocated === 8 ? stored.length : stored.length >> 1);
  for (let index = 0; index < codes.length; index += 1) {
    const cell = bitsAllocated === 8 ? stored[index]! : stored[2 * index]! | (stored[2 * index + 1]! << 8);
    codes[index] = (cell >> shift) & mask;
  }
  return codes;
}

/** A code as a number: two's complement of `bitsStored` bits when Pixel Representation is 1 (PS3.3 C.7.6.3.1). */
export function signedValue(code: number, { bitsStored, signed }: PixelLayout): number {
  return signed && code >= 2 ** (bitsStored - 1) ? code - 2 ** bitsStored : code;
}

/** Display value of every possible code. */
function displayTable(image: DicomImage, codes: Uint16Array) {
  const size = 2 ** image.layout.bitsStored;
  // Modality transform (PS3.3 C.11.1.1 table, C.11.1.1.2 rescale): output = slope × stored + intercept.
  const modality = Float64Array.from({ length: size }, (_, code) => {
    const value = signedValue(code, image.layout);
    const transform = image.modalityTransform;
    return transform.kind === 'table'
      ? lookUp(transform.lut, value)
      : value * transform.slope + transform.intercept;
  });
  const range = fullRange(image, codes, modality);
  const { voi } = image;
  const span = range.high - range.low;
  const table = new Float32Array(size);
  for (let code = 0; code < size; code += 1) {
    const x = modality[code]!;
    let bright: number;
    if (voi.kind === 'window') bright = applyWindow(voi.window, x);
    // VOI table: entries run over 0 … 2^bits − 1 (PS3.3 C.11.2.1.1).
    else if (voi.kind === 'table') bright = Math.min(lookUp(voi.lut, x) / (2 ** voi.lut.bits - 1), 1);
    else bright = span > 0 ? Math.min(Math.max((x - range.low) / span, 0), 1) : 0;
    // Polarity last: MONOCHROME1 shows the smallest VALUE AFTER the VOI step as white (PS3.3 C.7.6.3.1.2).
    table[code] = image.photometric === 'MONOCHROME1' ? 1 - bright : bright;
  }
  return { range, table, window: describeWindow(voi) };
}

/**
 * Without a window the standard leaves the grayscale open. 8-bit images take their whole range 0…255, as secondary
 * captures and NIH's files are meant; deeper ones the values that occur, padding left out.
 */
function fullRange(image: DicomImage, codes: Uint16Array, modality: Float64Array) {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const include = (code: number) => {
    const value = modality[code]!;
    if (value < low) low = value;
    if (value > high) high = value;
  };
  if (image.layout.bitsStored === 8) {
    for (let code = 0; code < 256; code += 1) include(code);
    return { low, high };
  }
  const present = new Uint8Array(modality.length);
  for (const code of codes) present[code] = 1;
  for (let code = 0; code < present.length; code += 1) {
    if (present[code] === 1 && signedValue(code, image.layout) !== image.padding) include(code);
  }
  return { low, high };
}

function describeWindow(voi: DicomImage['voi']): string {
  if (voi.kind === 'table') return 'VOI LUT';
  if (voi.kind === 'none')
    return voi.because === 'absent' ? 'full range' : 'full range (the file’s own window is unusable)';
  const { center, width, shape } = voi.window;
  const numbers = `center ${Number(center.toPrecision(6))}, width ${Number(width.toPrecision(6))}`;
  return `file window 1 (${numbers}${shape === 'LINEAR' ? '' : `, ${shape}`})`;
}
