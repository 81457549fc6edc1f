import { CxrError } from '../contract/errors.ts';
import { readContent } from './content.ts';
import { swapWords } from './dataset/byte-order.ts';
import { type Dataset, pixelDataTag } from './dataset/dataset.ts';
import type { Element } from './dataset/element-reader.ts';
import { joinFragments } from './dataset/encapsulated.ts';
import { parseDataset } from './dataset/parse.ts';
import { type DicomImage, maxPixels, type PixelLayout } from './image.ts';
import { readModalityTransform, readVois } from './read-grayscale.ts';
import { readOverlays } from './read-overlays.ts';
import { readShutter } from './read-shutter.ts';
import { readAspect } from './spacing.ts';
import { readView } from './view.ts';

/** Defined terms that are passed on; anything else in these elements is dropped, it could be free text. */
const modalities = new Set(
  [
    'CR DX RF XA RG PX IO MG OT SC XC HC CT MR NM PT US RTIMAGE',
    'BI BMD ECG EPS ES GM IVOCT IVUS LS OAM OCT OP OPM OPT OPTBSV OPTENF OPV TG VA',
  ].flatMap((line) => line.split(' ')),
);
const colourTerms = /^(RGB|PALETTE COLOR|YBR_[A-Z0-9_]{1,16})$/;

/**
 * Reads a DICOM file down to what the image needs (PS3.3 C.7.6.3, C.11.1, C.11.2). Patient data end here: a file has
 * some hundred elements, and only the fields of `DicomImage` leave this function. Its errors name elements and sizes
 * only.
 *
 * @throws  CxrError 'dicom-not-dicom', 'dicom-malformed', 'dicom-truncated', 'dicom-transfer-syntax', 'dicom-no-pixels',
 *          'dicom-unsupported', 'dicom-too-large', 'dicom-pixels'.
 * @remarks Nothing is allocated before the declared size has been compared with the bytes that are there.
 */
export function readDicom(file: Uint8Array): DicomImage {
  const { dataset, syntax, isNamed, bytes } = parseDataset(file);
  const pixelData = dataset.element(pixelDataTag);
  if (pixelData === null) throw new CxrError('dicom-no-pixels');
  const photometric = checkSingleGrayFrame(dataset);
  const { rows, columns } = checkSize(dataset);
  const layout = readLayout(dataset);
  const modality = readModalityTransform(dataset, layout);
  const native = syntax.pixels === 'native';
  if (!isNamed && pixelData.hadUndefinedLength) {
    throw new CxrError('dicom-transfer-syntax', { got: 'none', name: 'not stated' });
  }
  if (native && pixelData.hadUndefinedLength) {
    throw new CxrError('dicom-pixels', { reason: 'native pixels of undefined length' });
  }
  if (!native && !pixelData.hadUndefinedLength) {
    throw new CxrError('dicom-pixels', { reason: 'compressed pixels not encapsulated' });
  }
  return {
    syntax,
    modality: termOf(dataset, 'x00080060', modalities) ?? 'unknown',
    viewPosition: readView(dataset),
    content: readContent(dataset),
    lossy: dataset.text('x00282110') === '01',
    rows,
    columns,
    aspect: readAspect(dataset),
    shutter: readShutter(dataset),
    ...readOverlays(dataset, { rows, columns }),
    photometric,
    layout,
    padding: readPadding(dataset, layout),
    ...modality,
    ...readVois(dataset, layout, modality.modalityTransform),
    pixels: native
      ? nativePixels(bytes, pixelData, (rows * columns * layout.bitsAllocated) / 8)
      : joinFragments(bytes, pixelData.dataOffset),
  };
}

function termOf(dataset: Dataset, tag: string, terms: ReadonlySet<string>): string | null {
  const term = dataset.text(tag);
  return term !== null && terms.has(term) ? term : null;
}

/** Refuses all but one frame of one sample per pixel in MONOCHROME1 or MONOCHROME2 (PS3.3 C.7.6.3.1.2). */
function checkSingleGrayFrame(dataset: Dataset): DicomImage['photometric'] {
  // Some writers put 0 frames where there is one (PS3.3 C.7.6.6.1.1 has "greater than or equal to 1").
  const frames = dataset.decimal('x00280008') ?? 1;
  if (frames !== 0 && frames !== 1)
    throw new CxrError('dicom-unsupported', { reason: 'frames', got: String(frames) });
  const photometric = dataset.text('x00280004');
  if (photometric !== 'MONOCHROME1' && photometric !== 'MONOCHROME2') {
    const got = photometric !== null && colourTerms.test(photometric) ? photometric : 'unknown';
    throw new CxrError('dicom-unsupported', { reason: 'photometric interpretation', got });
  }
  const samples = dataset.unsigned('x00280002') ?? 1;
  if (samples !== 1) throw new CxrError('dicom-unsupported', { reason: 'samples per pixel', got: samples });
  // Presentation LUT Shape INVERSE turns MONOCHROME2 over; MONOCHROME1 has it as its own (PS3.3 C.11.6.1.2, C.8.11.3.1.2).
  return dataset.text('x20500020') === 'INVERSE' ? 'MONOCHROME1' : photometric;
}

function checkSize(dataset: Dataset): { rows: number; columns: number } {
  const rows = dataset.unsigned('x00280010');
  const columns = dataset.unsigned('x00280011');
  if (!rows || !columns) throw new CxrError('dicom-pixels', { reason: 'no rows or columns' });
  if (rows * columns > maxPixels) throw new CxrError('dicom-too-large', { rows, columns, maxPixels });
  return { rows, columns };
}

/** Reads how bits form a value (PS3.5 8.1.1). The high bit is usually bits stored − 1, but older files differ. */
function readLayout(dataset: Dataset): PixelLayout {
  const bitsAllocated = dataset.unsigned('x00280100');
  const bitsStored = dataset.unsigned('x00280101') ?? bitsAllocated;
  if (bitsAllocated !== 8 && bitsAllocated !== 16) {
    throw new CxrError('dicom-unsupported', { reason: 'bits allocated', got: bitsAllocated });
  }
  const highBit = dataset.unsigned('x00280102') ?? (bitsStored ?? 0) - 1;
  if (!bitsStored || bitsStored > highBit + 1 || highBit >= bitsAllocated) {
    throw new CxrError('dicom-pixels', { reason: 'bits', bitsAllocated, bitsStored, highBit });
  }
  return { bitsAllocated, bitsStored, highBit, signed: dataset.unsigned('x00280103') === 1 };
}

/** Reads Pixel Padding Value and Pixel Padding Range Limit (PS3.3 C.7.5.1.1.2), of which either may be the larger. */
function readPadding(dataset: Dataset, { signed }: PixelLayout): DicomImage['padding'] {
  const read = (tag: string) => (signed ? dataset.signed(tag) : dataset.unsigned(tag));
  const value = read('x00280120');
  if (value === null) return null;
  const limit = read('x00280121') ?? value;
  return { first: Math.min(value, limit), last: Math.max(value, limit) };
}

/**
 * Returns the cells of uncompressed pixel data in little-endian order.
 *
 * @param expected their size: rows × columns × bitsAllocated / 8 bytes.
 */
function nativePixels(bytes: Uint8Array, element: Element, expected: number): Uint8Array {
  const got = Math.min(element.length, bytes.length - element.dataOffset);
  if (got < expected) throw new CxrError('dicom-truncated', { part: 'pixel data', got, expected });
  const end = element.dataOffset + expected;
  // VR OW is words whatever a cell's size: two 8-bit cells lie in big-endian words as second, first (PS3.5 A.3).
  if (element.encoding.order === 'little' || element.vr === 'OB')
    return bytes.subarray(element.dataOffset, end);
  return swapWords(bytes.subarray(element.dataOffset, end + (expected % 2))).subarray(0, expected);
}
