import { CxrError } from '../../contract/errors.ts';

const itemTag = 0xe000fffe;
const sequenceDelimiterTag = 0xe0ddfffe;

/** Is told where one fragment starts in the file and how long it is, bytes. */
type Visit = (start: number, length: number) => void;

/**
 * Joins the fragments of a single frame into its code stream. In *encapsulated* pixel data a compressed frame lies in
 * pieces, the fragments, each of which is an item with a length (DICOM PS3.5 A.4).
 *
 * @param bytes  the whole file.
 * @param start  the offset of the first item, which is the basic offset table.
 * @returns      the frame's code stream. It is a view of `bytes` when there is one fragment only.
 * @throws       CxrError 'dicom-truncated' when an item runs past the file, 'dicom-pixels' when items are malformed,
 *               'dicom-no-pixels' when all of them are empty.
 */
export function joinFragments(bytes: Uint8Array, start: number): Uint8Array {
  // Two passes instead of a list: millions of two-byte fragments would make a list larger than the file.
  let [fragments, total, first] = [0, 0, 0];
  forEachFragment(bytes, start, (at, length) => {
    if (fragments === 0) first = at;
    fragments += 1;
    total += length;
  });
  if (fragments === 0) throw new CxrError('dicom-no-pixels', { reason: 'no fragments' });
  if (fragments === 1) return bytes.subarray(first, first + total);
  const joined = new Uint8Array(total);
  let end = 0;
  forEachFragment(bytes, start, (at, length) => {
    joined.set(bytes.subarray(at, at + length), end);
    end += length;
  });
  return joined;
}

/**
 * Visits every fragment that is not empty. It skips the first item, the basic offset table, which one frame does not
 * need. Where the delimiter is missing, the last whole fragment is the last: whether the code stream is whole is told by
 * the stream itself.
 */
function forEachFragment(bytes: Uint8Array, start: number, visit: Visit): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let fragments = 0;
  for (let position = start; ; ) {
    if (position + 8 > bytes.length) {
      if (fragments > 0) return;
      throw new CxrError('dicom-truncated', { part: 'pixel data' });
    }
    const tag = view.getUint32(position, true);
    const length = view.getUint32(position + 4, true);
    if (tag === sequenceDelimiterTag) return;
    if (tag !== itemTag) {
      if (fragments > 0) return;
      throw new CxrError('dicom-pixels', { reason: 'fragment expected' });
    }
    if (position + 8 + length > bytes.length) throw new CxrError('dicom-truncated', { part: 'pixel data' });
    if (position !== start && length > 0) {
      fragments += 1;
      visit(position + 8, length);
    }
    position += 8 + length;
  }
}
