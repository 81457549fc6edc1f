import { CxrError } from '../../contract/errors.ts';
import type { Voi } from '../../contract/image/grayscale.ts';
import type { DicomImage, FileVoi, PixelLayout, VoiPlace } from '../image.ts';
import { applyVoi, displayTable, lookUp } from './grayscale.ts';
import { shownInRow } from './shutter.ts';

/** Brightnesses in [0, 1], row by row, 1 = bright. `window` says in words which grayscale was applied. */
export type DisplayValues = { readonly values: Float32Array; readonly window: string };

/**
 * An image as codes, and what they mean. A *code* is a pixel's stored bits read as an unsigned number. It has at most
 * 16 bits, so that a grayscale is computed once for every possible code, and each pixel is then looked up.
 */
export type CodedImage = {
  /** rows×columns codes, row by row. */
  readonly codes: Uint16Array;
  /** The number of pixels that have each code. */
  readonly counts: Uint32Array;
  /** The modality value of every possible code; NaN for codes that mark padding. */
  readonly modality: Float64Array;
  /** The modality values over which the linear grayscale runs where the file offers none. */
  readonly range: { readonly low: number; readonly high: number };
  /** The file's grayscales under which something can be seen. */
  readonly vois: readonly FileVoi[];
  /** Those that cannot be used, or show nothing. */
  readonly unusableVois: readonly VoiPlace[];
};

/**
 * Reads pixel cells as codes and computes what every code means.
 *
 * @param stored rows×columns little-endian pixel cells of `bitsAllocated` bits.
 * @throws       CxrError 'dicom-pixels' when no pixel holds a finite value.
 */
export function toCodes(image: DicomImage, stored: Uint8Array): CodedImage {
  const { codes, counts } = readCodes(stored, image.layout);
  const modality = modalityTable(image);
  const range = fullRange(image, counts, modality);
  if (!Number.isFinite(range.low)) throw new CxrError('dicom-pixels', { reason: 'no values' });
  for (let code = 0; code < modality.length; code += 1)
    if (isPadding(code, image)) modality[code] = Number.NaN;
  const occurring = Float64Array.from(modality).filter((_, code) => counts[code]! > 0);
  const isUsable = ({ voi }: FileVoi) => showsSomething(voi, occurring);
  const blank = image.vois.filter((own) => !isUsable(own)).map(({ place }) => place);
  return {
    ...{ codes, counts, modality, range },
    vois: image.vois.filter(isUsable),
    unusableVois: [...image.unusableVois, ...blank],
  };
}

/**
 * Tells whether an image is more than one even grey under a grayscale. A window that lies beside every value of the image
 * shows nothing of it; an image of one value shows nothing under any.
 */
function showsSomething(voi: Voi, values: Float64Array): boolean {
  let [least, most] = [1, 0];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    const bright = applyVoi(voi, value);
    [least, most] = [Math.min(least, bright), Math.max(most, bright)];
    [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  return most > least || high <= low;
}

/**
 * Computes the brightness of every pixel under the file's first grayscale. Where the file offers none, the grayscale is
 * linear over the image's range.
 *
 * @param stored as in `toCodes`.
 * @throws       CxrError as `toCodes` does.
 */
export function toDisplayValues(image: DicomImage, stored: Uint8Array): DisplayValues {
  const coded = toCodes(image, stored);
  const { codes, modality, range, vois } = coded;
  const table = displayTable(modality, vois[0]?.voi ?? { kind: 'range', ...range }, image.photometric);
  const values = new Float32Array(codes.length);
  for (let index = 0; index < codes.length; index += 1) values[index] = table[codes[index]!]!;
  blacken(values, image);
  return { values, window: describeGrayscale(coded) };
}

/** Makes black what the shutter covers: whatever grey the file gives it, it is no part of the image. */
function blacken(values: Float32Array, { shutter, rows, columns, aspect }: DicomImage): void {
  if (shutter === null) return;
  for (let row = 0; row < rows; row += 1) {
    const shown = shownInRow(shutter, row, columns, aspect);
    for (let column = 0; column < columns; column += 1)
      if (shown[column] === 0) values[row * columns + column] = 0;
  }
}

/** Shifts and masks cells to codes of `bitsStored` bits (PS3.5 8.1.1). The sign is not looked at here. */
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

/** Copies cells to words, because cells may lie at an odd address. */
function littleEndianWords(cells: Uint8Array): Uint16Array {
  const words = new Uint16Array(cells.length >> 1);
  if (isLittleEndian) new Uint8Array(words.buffer).set(cells.subarray(0, 2 * words.length));
  else
    for (let index = 0; index < words.length; index += 1)
      words[index] = cells[2 * index]! | (cells[2 * index + 1]! << 8);
  return words;
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Reads a code as a number: in two's complement of `bitsStored` bits when the pixels are signed (PS3.3 C.7.6.3.1). */
export function signedValue(code: number, { bitsStored, signed }: PixelLayout): number {
  return signed && code >= 2 ** (bitsStored - 1) ? code - 2 ** bitsStored : code;
}

/** Tells whether a code marks what is not anatomy. */
function isPadding(code: number, { layout, padding }: DicomImage): boolean {
  if (padding === null) return false;
  const value = signedValue(code, layout);
  return value >= padding.first && value <= padding.last;
}

/**
 * Computes every code's modality value by table (PS3.3 C.11.1.1) or rescale (C.11.1.1.2): slope × stored + intercept.
 */
function modalityTable({ layout, modalityTransform: transform }: DicomImage): Float64Array {
  return Float64Array.from({ length: 2 ** layout.bitsStored }, (_, code) => {
    const value = signedValue(code, layout);
    return transform.kind === 'table'
      ? lookUp(transform.lut, value)
      : value * transform.slope + transform.intercept;
  });
}

/**
 * Finds the range of the linear grayscale. The standard leaves the grayscale of a file without a window open. An 8-bit
 * image takes its whole range of codes, as secondary captures and NIH's files are meant; so does a deeper one whose values
 * reach into the upper half, because the same film must not get another grayscale for being stored with more bits. One
 * that leaves half of its bits unused, or that marks padding, takes the values that occur, without padding.
 */
function fullRange(image: DicomImage, counts: Uint32Array, modality: Float64Array) {
  const { layout, padding } = image;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let code = 0; code < counts.length; code += 1) {
    if (counts[code] === 0 || isPadding(code, image)) continue;
    const [stored, value] = [signedValue(code, layout), modality[code]!];
    [least, most] = [Math.min(least, stored), Math.max(most, stored)];
    [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  const used = layout.signed ? most - least : most;
  const isWhole = layout.bitsStored <= 8 || (padding === null && used >= 2 ** (layout.bitsStored - 1));
  if (!isWhole || (layout.bitsStored < 8 && padding !== null)) return { low, high };
  for (const value of modality) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return { low, high };
}

/** Says in words with which grayscale an image is read for classification, and which ones it would have come after. */
export function describeGrayscale({ vois, unusableVois }: Pick<CodedImage, 'vois' | 'unusableVois'>): string {
  const first = vois[0];
  if (first === undefined)
    return unusableVois.length > 0 ? 'full range (the file’s own window is unusable)' : 'full range';
  const passed = passedOver(first, unusableVois);
  const words = passed.length === 0 ? '' : `; ${passed.join(', ')} of the file cannot be used`;
  return `${describeVoi(first)}${words}`;
}

/** Names the unusable grayscales that would have come before this one. */
export const passedOver = ({ place }: FileVoi, unusable: readonly VoiPlace[]): readonly string[] =>
  unusable
    .filter((one) => (one.kind === place.kind ? one.number < place.number : one.kind === 'table'))
    .map(({ kind, number }) => (kind === 'table' ? `VOI LUT ${number}` : `window ${number}`));

function describeVoi({ voi, place, note }: FileVoi): string {
  if (voi.kind === 'table') {
    const name = place.number === 1 ? 'VOI LUT' : `VOI LUT ${place.number}`;
    return note === null ? name : `${name} (${note})`;
  }
  const { center, width, shape } = voi.window;
  const numbers = `center ${Number(center.toPrecision(6))}, width ${Number(width.toPrecision(6))}`;
  return `file window ${place.number} (${numbers}${shape === 'LINEAR' ? '' : `, ${shape}`})`;
}
