import { frameMarker, readJpegHeader } from './jpeg-header.ts';
import { type FrameSize, leastPlausibleBits, type Samples } from './samples.ts';
import { asSamples, createWasmDecode } from './wasm-codec.ts';

const decode = createWasmDecode({
  name: 'JPEG-LS',
  wasm: '@cornerstonejs/codec-charls/decodewasm',
  load: async (options) => (await import('@cornerstonejs/codec-charls/decodewasmjs')).default(options),
  open: ({ JpegLSDecoder }) => new JpegLSDecoder(),
});

/**
 * Decodes a JPEG-LS code stream (ISO 14495-1, DICOM PS3.5 A.4.3), whether it is lossless or near-lossless.
 *
 * @returns rows × columns samples of 2 … 16 bits.
 * @throws  CxrError 'dicom-truncated' when the stream lacks its end, 'dicom-pixels' when it is not such a stream or its
 *          size differs from the DICOM header's.
 */
export async function decodeJpegLs(stream: Uint8Array, size: FrameSize): Promise<Samples> {
  const header = readJpegHeader(stream, size, [frameMarker.jpegLs], leastPlausibleBits);
  const { precision, scan } = header;
  const memoryBytes = 64 * 1024 * 1024 + 2 * stream.length + 4 * size.rows * size.columns;
  const decoded = await decode(header.stream, { ...size, precision }, memoryBytes);
  // NEAR, the largest error of a sample, stands where JPEG has the start of the spectrum (C.2.3).
  return { values: asSamples(decoded, precision), precision, signed: false, lossy: scan[1] !== 0 };
}
