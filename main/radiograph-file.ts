import { CxrError } from '../contract/errors.ts';
import type { Radiograph } from '../contract/stages.ts';
import { maxPixels } from './dicom/image.ts';
import { decodeJpegBaseline } from './dicom/jpeg.ts';

/** Weights of red, green and blue in luma (ITU-R BT.601); grayscale films saved as colour have all three alike. */
const luma = [0.299, 0.587, 0.114] as const;
const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * A PNG or JPEG file as a radiograph, for scoring collections that come without DICOM. Colour becomes luma, opacity is
 * ignored.
 *
 * @throws CxrError `image-unreadable` for anything else and for files that do not decode, `dicom-too-large`.
 */
export async function readRadiographFile(bytes: Uint8Array): Promise<Radiograph> {
  if (pngSignature.every((byte, index) => bytes[index] === byte)) return readPng(bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return readJpeg(bytes);
  throw new CxrError('image-unreadable', { reason: 'neither PNG nor JPEG' });
}

/** Values in [0, 1]. */
function radiographOf(rows: number, columns: number, values: Float32Array, lossy: boolean): Radiograph {
  return {
    rows,
    columns,
    values,
    facts: {
      modality: 'file',
      viewPosition: null,
      rows,
      columns,
      photometric: 'MONOCHROME2',
      transferSyntax: lossy ? 'JPEG' : 'PNG',
      lossy,
      window: 'full range',
    },
  };
}

async function readPng(bytes: Uint8Array): Promise<Radiograph> {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33) throw new CxrError('image-unreadable', { reason: 'PNG header' });
  const [columns, rows] = [header.getUint32(16), header.getUint32(20)];
  if (rows * columns > maxPixels) throw new CxrError('dicom-too-large', { rows, columns, maxPixels });
  const { decode } = await import('fast-png');
  let png: ReturnType<typeof decode>;
  try {
    png = decode(bytes, { checkCrc: true });
  } catch {
    throw new CxrError('image-unreadable', { reason: 'PNG' });
  }
  const { data, depth, channels, palette } = png;
  if (depth < 8 || palette !== undefined || data.length !== rows * columns * channels)
    throw new CxrError('image-unreadable', { reason: 'PNG of few shades', depth });
  const values = new Float32Array(rows * columns);
  const white = 2 ** depth - 1;
  for (let index = 0; index < values.length; index += 1) {
    const at = index * channels;
    const shade =
      channels < 3 ? data[at]! : luma[0] * data[at]! + luma[1] * data[at + 1]! + luma[2] * data[at + 2]!;
    values[index] = shade / white;
  }
  return radiographOf(rows, columns, values, false);
}

async function readJpeg(bytes: Uint8Array): Promise<Radiograph> {
  const { rows, columns } = frameSize(bytes);
  const stored = await decodeJpegBaseline(bytes, rows, columns);
  return radiographOf(
    rows,
    columns,
    Float32Array.from(stored, (value) => value / 255),
    true,
  );
}

/** Rows and columns from the start-of-frame segment (ISO 10918-1 B.2.2): marker, u16 length, u8 bits, u16 rows, u16 columns. */
function frameSize(bytes: Uint8Array): { rows: number; columns: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 2;
  while (at + 9 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    if (marker === 0xc0 || marker === 0xc1)
      return { rows: view.getUint16(at + 5), columns: view.getUint16(at + 7) };
    at += 2 + view.getUint16(at + 2);
  }
  throw new CxrError('image-unreadable', { reason: 'no baseline JPEG frame' });
}
