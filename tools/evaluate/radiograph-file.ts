import { CxrError } from '../../contract/errors.ts';
import { nothingStated } from '../../contract/image/stated-content.ts';
import type { Radiograph } from '../../contract/stages.ts';
import { decodeJpegBaseline } from '../../dicom/codecs/jpeg.ts';
import { maxPixels } from '../../dicom/image.ts';
import { readJpegSegments } from './jpeg-segments.ts';

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
  const { data, channels, palette } = png;
  // fast-png takes a byte for every sample of an interlaced file.
  if (png.depth < 8 && bytes[interlaceAt] !== 0)
    throw new CxrError('image-unreadable', { reason: 'interlaced PNG of few shades', depth: png.depth });
  const samples = png.depth < 8 ? unpacked(data, png.depth, rows, columns * channels) : data;
  if (samples.length !== rows * columns * channels)
    throw new CxrError('image-unreadable', { reason: 'PNG', depth: png.depth });
  const values =
    palette === undefined
      ? lumaOf(samples, channels, 2 ** png.depth - 1)
      : lumaOf(coloursOf(samples, palette), 3, 255);
  return radiographOf(rows, columns, values, false);
}

/** The place of the interlace method in a PNG file: the last byte of its header's content. */
const interlaceAt = 28;

/** Samples of less than 8 bits, of which several lie in a byte, the first in its highest bits. Rows begin at a byte. */
function unpacked(data: ArrayLike<number>, depth: number, rows: number, perRow: number): Uint8Array {
  const samples = new Uint8Array(rows * perRow);
  const rowBytes = Math.ceil((perRow * depth) / 8);
  if (data.length < rows * rowBytes) throw new CxrError('image-unreadable', { reason: 'PNG', depth });
  for (let row = 0; row < rows; row += 1)
    for (let at = 0; at < perRow; at += 1) {
      const bit = at * depth;
      const byte = data[row * rowBytes + (bit >> 3)]!;
      samples[row * perRow + at] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
    }
  return samples;
}

/** Red, green and blue of pixels that number the colours of a palette. */
function coloursOf(samples: ArrayLike<number>, palette: readonly (readonly number[])[]): Uint8Array {
  const colours = new Uint8Array(3 * samples.length);
  for (let at = 0; at < samples.length; at += 1) {
    const colour = palette[samples[at]!];
    if (colour === undefined) throw new CxrError('image-unreadable', { reason: 'PNG palette' });
    for (let part = 0; part < 3; part += 1) colours[3 * at + part] = colour[part]!;
  }
  return colours;
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
  const { rows, columns, isGrayBaseline, bytes: stream } = readJpegSegments(bytes);
  if (rows * columns > maxPixels) throw new CxrError('dicom-too-large', { rows, columns, maxPixels });
  const values = isGrayBaseline
    ? lumaOf(await decodeJpegBaseline(stream, rows, columns), 1, 255)
    : lumaOf(await decodeOtherJpeg(stream), 4, 255);
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
