import { CxrError } from '../../contract/errors.ts';
import type { Voi } from '../../contract/grayscale.ts';
import type { DicomImage, PixelLayout } from '../image.ts';
import { displayTable, lookUp } from './grayscale.ts';

/** Values in [0, 1], 1 = bright, and in words which grayscale was applied. */
export type DisplayValues = { readonly values: Float32Array; readonly window: string };

/**
 * An image as codes and what they mean. Stored values have at most 16 bits, so that every grayscale is evaluated once
 * per possible code and the image is a look-up.
 */
export type CodedImage = {
  readonly codes: Uint16Array;
  /** How many pixels have each code. */
  readonly counts: Uint32Array;
  /** Modality value of every possible code. */
  readonly modality: Float64Array;
  /** The values that the linear grayscale of a file without one runs over. */
  readonly range: { readonly low: number; readonly high: number };
};

/**
 * @param stored rows×columns little-endian pixel cells of `bitsAllocated` bits.
 * @throws       CxrError 'dicom-pixels' when no pixel holds a finite value.
 */
export function toCodes(image: DicomImage, stored: Uint8Array): CodedImage {
  const { codes, counts } = readCodes(stored, image.layout);
  const modality = modalityTable(image);
  const range = fullRange(image, counts, modality);
  if (!Number.isFinite(range.low)) throw new CxrError('dicom-pixels', { reason: 'no values' });
  return { codes, counts, modality, range };
}

/** Stored values → modality → the file's first VOI → polarity. @throws as `toCodes`. */
export function toDisplayValues(image: DicomImage, stored: Uint8Array): DisplayValues {
  const { codes, modality, range } = toCodes(image, stored);
  const table = displayTable(modality, image.vois[0]?.voi ?? { kind: 'range', ...range }, image.photometric);
  const values = new Float32Array(codes.length);
  for (let index = 0; index < codes.length; index += 1) values[index] = table[codes[index]!]!;
  return { values, window: describeGrayscale(image) };
}

/** Cells to codes of `bitsStored` bits: mask and shift only, the sign comes later (PS3.5 8.1.1). */
function readCodes(
  stored: Uint8Array,
  { bitsAllocated, bitsStored, highBit }: PixelLayout,
): Pick<CodedImage, 'codes' | 'counts'> {
  const shift = highBit + 1 - bitsStored;
  // Bits above the high bit may hold old overlays (PS3.5 8.1.2, retired): masked away.
  const mask = 2 ** bitsStored - 1;
  const codes = bitsAllocated === 8 ? Uint16Array.from(stored) : littleEndianWords(stored);
  const counts = new Uint32Array(2 ** bitsStored);
  for (let index = 0; index < codes.length; index += 1) {
    const code = (codes[index]! >> shift) & mask;
    codes[index] = code;
    counts[code]! += 1;
  }
  return { codes, counts };
}

/** A copy, because cells may lie at an odd address. */
function littleEndianWords(cells: Uint8Array): Uint16Array {
  const words = new Uint16Array(cells.length >> 1);
  if (isLittleEndian) new Uint8Array(words.buffer).set(cells.subarray(0, 2 * words.length));
  else
    for (let index = 0; index < words.length; index += 1)
      words[index] = cells[2 * index]! | (cells[2 * index + 1]! << 8);
  return words;
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A code as a number: two's complement of `bitsStored` bits when Pixel Representation is 1 (PS3.3 C.7.6.3.1). */
export function signedValue(code: number, { bitsStored, signed }: PixelLayout): number {
  return signed && code >= 2 ** (bitsStored - 1) ? code - 2 ** bitsStored : code;
}

/** Modality transform (PS3.3 C.11.1.1 table, C.11.1.1.2 rescale): output = slope × stored + intercept. */
function modalityTable({ layout, modalityTransform: transform }: DicomImage): Float64Array {
  return Float64Array.from({ length: 2 ** layout.bitsStored }, (_, code) => {
    const value = signedValue(code, layout);
    return transform.kind === 'table'
      ? lookUp(transform.lut, value)
      : value * transform.slope + transform.intercept;
  });
}

/**
 * Without a window the standard leaves the grayscale open. 8-bit images take their whole range 0…255, as secondary
 * captures and NIH's files are meant; deeper ones the values that occur, padding left out.
 */
function fullRange(image: DicomImage, counts: Uint32Array, modality: Float64Array) {
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
  for (let code = 0; code < counts.length; code += 1) {
    if (counts[code]! > 0 && signedValue(code, image.layout) !== image.padding) include(code);
  }
  return { low, high };
}

/** Which grayscale an image is read with, in words. */
export function describeGrayscale({ vois, voiProblem }: DicomImage): string {
  const first: Voi | undefined = vois[0]?.voi;
  if (first?.kind === 'table') return 'VOI LUT';
  if (first?.kind !== 'window')
    return voiProblem ? 'full range (the file’s own window is unusable)' : 'full range';
  const { center, width, shape } = first.window;
  const numbers = `center ${Number(center.toPrecision(6))}, width ${Number(width.toPrecision(6))}`;
  return `file window 1 (${numbers}${shape === 'LINEAR' ? '' : `, ${shape}`})`;
}
