import { CxrError } from '../../contract/errors.ts';
import { decodeDct } from './jpeg-dct.ts';
import { frameMarker, type JpegHeader, readJpegHeader } from './jpeg-header.ts';
import type { FrameSize, Samples } from './samples.ts';
import { createWasmDecode } from './wasm-codec.ts';

/**
 * Every 8×8 block takes at least two Huffman codes (DC and end of block) of at least one bit: 1/32 bit per pixel.
 * Less is what libjpeg would quietly fill with gray.
 */
const leastBitsPerPixel = 1 / 32;

/** Decodes with the codec's wasm build. Its JavaScript build, which the package names first, is ten times slower. */
const decode = createWasmDecode({
  name: 'JPEG',
  wasm: '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm',
  load: async (options) =>
    (await import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs')).default(options),
  open: ({ JPEGDecoder }) => new JPEGDecoder(),
});

/**
 * Decodes a JPEG Baseline code stream (ISO 10918-1 process 1, DICOM PS3.5 A.4.1).
 *
 * @returns rows×columns stored values, 8 bits each.
 * @throws  CxrError 'dicom-truncated' when the stream lacks its end or cannot hold the declared size, 'dicom-pixels'
 *          when it is not such a stream or its size differs from the DICOM header's.
 */
export async function decodeJpegBaseline(
  stream: Uint8Array,
  rows: number,
  columns: number,
): Promise<Uint8Array> {
  return decodeEightBits(readHeader(stream, { rows, columns }), { rows, columns });
}

/**
 * Decodes a JPEG Extended code stream (ISO 10918-1 processes 2 and 4). Samples of 8 bits are decoded as Baseline ones
 * are, samples of 12 bits by jpeg-dct.ts.
 *
 * @throws CxrError as decodeJpegBaseline does.
 */
export async function decodeJpegExtended(stream: Uint8Array, size: FrameSize): Promise<Samples> {
  const header = readHeader(stream, size);
  const { precision } = header;
  const values = precision === 12 ? decodeDct(header, size) : await decodeEightBits(header, size);
  return { values, precision, signed: false, lossy: true };
}

/** Reads the header of a sequential frame. A progressive one may hold thousands of scans, each as long as the image. */
function readHeader(stream: Uint8Array, size: FrameSize): JpegHeader {
  return readJpegHeader(stream, size, [frameMarker.baseline, frameMarker.extended], leastBitsPerPixel);
}

async function decodeEightBits(header: JpegHeader, { rows, columns }: FrameSize): Promise<Uint8Array> {
  const { precision } = header;
  const stream = withWholeScan(header);
  if (precision !== 8) throw new CxrError('dicom-pixels', { reason: 'JPEG precision', got: precision });
  const memoryBytes = 64 * 1024 * 1024 + 2 * stream.length + 2 * rows * columns;
  return decode(stream, { rows, columns, precision }, memoryBytes);
}

/**
 * Writes into a copy of the stream that its scan has all coefficients, where it says otherwise. A sequential scan always
 * has them (ISO 10918-1 B.2.3, table B.3), and the codec takes its own warning for a failure.
 */
function withWholeScan({ stream, scan, entropy }: JpegHeader): Uint8Array {
  const whole = [0, 63, 0];
  if (whole.every((value, index) => scan[index + 1] === value)) return stream;
  const copy = Uint8Array.from(stream);
  copy.set(whole, entropy.byteOffset - stream.byteOffset - whole.length);
  return copy;
}
