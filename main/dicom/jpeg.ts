import type { JpegModule } from '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs';
import { CxrError } from '../../contract/errors.ts';

let loaded: Promise<JpegModule> | null = null;

/** The codec's wasm build: its JavaScript build, which the package names first, is ten times slower. */
function codec(): Promise<JpegModule> {
  loaded ??= import('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs').then(({ default: load }) =>
    // Decoder chatter may quote the file; it goes nowhere.
    load({ print: () => {}, printErr: () => {} }),
  );
  return loaded;
}

/**
 * Decodes a JPEG Baseline code stream (ISO 10918-1 process 1, PS3.5 A.4.1).
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
  checkComplete(stream, rows, columns);
  const { JPEGDecoder } = await codec();
  const decoder = new JPEGDecoder();
  try {
    decoder.getEncodedBuffer(stream.length).set(stream);
    decoder.readHeader();
    const { width, height, componentCount } = decoder.getFrameInfo();
    if (width !== columns || height !== rows || componentCount !== 1) {
      throw new CxrError('dicom-pixels', {
        reason: 'JPEG header',
        got: [height, width, componentCount],
        expected: [rows, columns, 1],
      });
    }
    decoder.decode();
    const decoded = decoder.getDecodedBuffer();
    if (decoded.length !== rows * columns) throw new CxrError('dicom-pixels', { reason: 'JPEG size' });
    return decoded.slice();
  } catch (thrown) {
    if (thrown instanceof CxrError) throw thrown;
    // The codec throws numbers and wasm exceptions; after one its heap is not trusted again.
    loaded = null;
    throw new CxrError('dicom-pixels', { reason: 'JPEG' });
  } finally {
    try {
      decoder.delete();
    } catch {
      loaded = null;
    }
  }
}

/**
 * Refuses what libjpeg would quietly fill with gray. Every 8×8 block takes at least two Huffman codes (DC and end of
 * block) of at least one bit, so a complete stream has at least rows·columns / 64 · 2 / 8 = rows·columns / 256 bytes.
 */
function checkComplete(stream: Uint8Array, rows: number, columns: number): void {
  if (stream[0] !== 0xff || stream[1] !== 0xd8) {
    throw new CxrError('dicom-pixels', { reason: 'JPEG start marker' });
  }
  const least = Math.ceil((rows * columns) / 256);
  if (stream.length < least) {
    throw new CxrError('dicom-truncated', { part: 'JPEG', got: stream.length, expected: least });
  }
  let end = stream.length;
  // A fragment of odd length is padded with one zero (PS3.5 A.4); some writers add more, or another EOI.
  while (end > 2 && stream[end - 1] === 0) end -= 1;
  if (stream[end - 2] !== 0xff || stream[end - 1] !== 0xd9) {
    throw new CxrError('dicom-truncated', { part: 'JPEG', reason: 'no end marker' });
  }
}
