import { unwrapJp2 } from './jpeg-2000/jp2-file.ts';
import { readJpeg2000Header } from './jpeg-2000-header.ts';
import type { FrameSize, Samples } from './samples.ts';
import { asSamples, createWasmDecode } from './wasm-codec.ts';

/** OpenJPEG also decodes the block coder of High-Throughput JPEG 2000 (ISO 15444-15). */
const decode = createWasmDecode({
  name: 'JPEG 2000',
  wasm: '@cornerstonejs/codec-openjpeg/decodewasm',
  load: async (options) => (await import('@cornerstonejs/codec-openjpeg/decodewasmjs')).default(options),
  open: ({ J2KDecoder }) => new J2KDecoder(),
});

/**
 * Decodes a JPEG 2000 or High-Throughput JPEG 2000 code stream (DICOM PS3.5 A.4.4, A.4.12), whether it is reversible or
 * not.
 *
 * @param pixels  the stream, or a JP2 file around it.
 * @returns rows × columns samples of 1 … 16 bits.
 * @throws  CxrError 'dicom-truncated' when tile-parts or the end are missing, 'dicom-pixels' when it is not such a
 *          stream or its size differs from the DICOM header's, 'dicom-unsupported' for image grids and signed samples
 *          that the codec gets wrong.
 */
export async function decodeJpeg2000(pixels: Uint8Array, size: FrameSize): Promise<Samples> {
  const found = unwrapJp2(pixels);
  const { precision, signed, reversible, bytes } = readJpeg2000Header(found, size);
  const stream = found.subarray(0, bytes);
  // Wavelet coefficients and image of 32 bits, samples, and the coded blocks.
  const memoryBytes = 64 * 1024 * 1024 + 4 * stream.length + 16 * size.rows * size.columns;
  const decoded = await decode(stream, { ...size, precision }, memoryBytes);
  return { values: asSamples(decoded, precision), precision, signed, lossy: !reversible };
}
