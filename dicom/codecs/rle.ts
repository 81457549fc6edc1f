import { CxrError } from '../../contract/errors.ts';
import { checkHolds, type FrameSize } from './samples.ts';

/** The header: a count and 15 offsets of 32 bits (PS3.5 G.5). */
const headerBytes = 64;
/** A run of 128, the most that RLE can say at once (G.3.1), takes two bytes: an eighth of a bit for each. */
const leastBitsPerByte = 1 / 8;
/** A segment has an even number of bytes (G.3.1). */
const mostPadding = 1;

/**
 * Decodes an RLE Lossless frame (DICOM PS3.5 annex G). It has one PackBits segment for each byte of a cell, the most
 * significant byte first. A *cell* is the place of one pixel's value in uncompressed pixel data.
 *
 * @returns rows × columns little-endian cells of `bitsAllocated` bits.
 * @throws  CxrError 'dicom-truncated' when a segment lies beyond the stream or ends too early, 'dicom-pixels' when the
 *          header has other segments than the cells need, or a run goes past the image.
 */
export function decodeRle(stream: Uint8Array, size: FrameSize, bitsAllocated: 8 | 16): Uint8Array {
  const bytesPerCell = bitsAllocated / 8;
  const segments = readSegments(stream, bytesPerCell);
  for (const segment of segments) checkHolds(segment, size, leastBitsPerByte, 'RLE');
  const cells = new Uint8Array(size.rows * size.columns * bytesPerCell);
  for (const [index, segment] of segments.entries()) {
    decodeSegment(segment, cells, bytesPerCell - 1 - index, bytesPerCell);
  }
  return cells;
}

/** Finds the segments. Each ends where the next begins. */
function readSegments(stream: Uint8Array, expected: number): Uint8Array[] {
  if (stream.length < headerBytes) throw new CxrError('dicom-truncated', { part: 'RLE header' });
  const view = new DataView(stream.buffer, stream.byteOffset, headerBytes);
  const got = view.getUint32(0, true);
  if (got !== expected) throw new CxrError('dicom-pixels', { reason: 'RLE segments', got, expected });
  const starts = Array.from({ length: got }, (_, index) => view.getUint32(4 + 4 * index, true));
  return starts.map((start, index) => {
    const end = starts[index + 1] ?? stream.length;
    if (start < headerBytes || start > end) throw new CxrError('dicom-pixels', { reason: 'RLE offsets' });
    if (end > stream.length) throw new CxrError('dicom-truncated', { part: 'RLE' });
    return stream.subarray(start, end);
  });
}

/**
 * Decodes one PackBits segment (G.3.2). It is a sequence of a length byte n and what follows it. For n ≤ 127 the next
 * n+1 bytes are taken as they are. For n ≥ 129 the next byte is repeated 257−n times. 128 stands for nothing. What
 * follows after the last cell is padding.
 *
 * Some writers pad the plane to an even length first, so that the last run goes past the image. One that goes on behind
 * such a run is a plane of another size.
 */
function decodeSegment(segment: Uint8Array, cells: Uint8Array, first: number, step: number): void {
  let at = 0;
  let out = first;
  while (out < cells.length) {
    const length = segment[at++];
    if (length === undefined) throw new CxrError('dicom-truncated', { part: 'RLE segment' });
    if (length === 128) continue;
    const copied = length < 128;
    const said = copied ? length + 1 : 257 - length;
    const count = Math.min(said, Math.ceil((cells.length - out) / step));
    if (at + (copied ? count : 1) > segment.length) {
      throw new CxrError('dicom-truncated', { part: 'RLE segment' });
    }
    for (let k = 0; k < count; k += 1, out += step) cells[out] = segment[copied ? at + k : at]!;
    at += copied ? said : 1;
    if (count < said && at + mostPadding < segment.length) {
      throw new CxrError('dicom-pixels', { reason: 'RLE run' });
    }
  }
}
