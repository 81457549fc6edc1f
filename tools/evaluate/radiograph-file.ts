import { CxrError } from '../../contract/errors.ts';
import { nothingStated } from '../../contract/image/stated-content.ts';
import type { Radiograph } from '../../contract/stages.ts';
import { decodeJpegBaseline } from '../../dicom/codecs/jpeg.ts';
import { maxPixels } from '../../dicom/image.ts';

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
    content: nothingStated,
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
  return radiographOf(rows, columns, lumaOf(data, channels, 2 ** depth - 1), false);
}

/** Values in [0, 1] of interleaved samples: gray, or red, green and blue, with opacity or not. */
function lumaOf(data: ArrayLike<number>, channels: number, white: number): Float32Array {
  const values = new Float32Array(data.length / channels);
  for (let index = 0; index < values.length; index += 1) {
    const at = index * channels;
    const shade =
      channels < 3 ? data[at]! : luma[0] * data[at]! + luma[1] * data[at + 1]! + luma[2] * data[at + 2]!;
    values[index] = shade / white;
  }
  return values;
}

/** Gray baseline files as DICOM's are decoded; colour and progressive ones, which DICOM does not have, by jpeg-js. */
async function readJpeg(bytes: Uint8Array): Promise<Radiograph> {
  const { rows, columns, grayBaseline } = frameOf(bytes);
  if (rows * columns > maxPixels) throw new CxrError('dicom-too-large', { rows, columns, maxPixels });
  const values = grayBaseline
    ? lumaOf(await decodeJpegBaseline(bytes, rows, columns), 1, 255)
    : lumaOf(await decodeOtherJpeg(bytes), 4, 255);
  return radiographOf(rows, columns, values, true);
}

/** @returns red, green, blue and opacity of every pixel. */
async function decodeOtherJpeg(bytes: Uint8Array): Promise<Uint8Array> {
  const { decode } = (await import('jpeg-js')).default;
  try {
    const limits = { maxResolutionInMP: maxPixels / 1e6, maxMemoryUsageInMB: 2048 };
    return decode(bytes, { useTArray: true, tolerantDecoding: false, ...limits }).data;
  } catch {
    throw new CxrError('image-unreadable', { reason: 'JPEG' });
  }
}

/**
 * The start-of-frame segment (ISO 10918-1 B.2.2): marker, u16 length, u8 bits, u16 rows, u16 columns, u8 components.
 */
function frameOf(bytes: Uint8Array): { rows: number; columns: number; grayBaseline: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sequential = [0xc0, 0xc1];
  const progressive = 0xc2;
  let at = 2;
  while (at + 10 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    if (sequential.includes(marker) || marker === progressive) {
      const grayBaseline = marker !== progressive && bytes[at + 9] === 1;
      return { rows: view.getUint16(at + 5), columns: view.getUint16(at + 7), grayBaseline };
    }
    at += 2 + view.getUint16(at + 2);
  }
  throw new CxrError('image-unreadable', { reason: 'no JPEG frame' });
}
