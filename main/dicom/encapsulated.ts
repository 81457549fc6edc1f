import { CxrError } from '../../contract/errors.ts';

const itemTag = 0xe000fffe;
const sequenceDelimiterTag = 0xe0ddfffe;

/**
 * Joins the fragments of a single-frame encapsulated pixel data element (PS3.5 A.4).
 *
 * @param bytes  the whole file.
 * @param start  offset of the basic offset table's item.
 * @returns      the frame's code stream; a view of `bytes` when it has one fragment.
 * @throws       CxrError 'dicom-truncated' when an item runs past the file, 'dicom-pixels' when items are malformed.
 */
export function joinFragments(bytes: Uint8Array, start: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const items: Uint8Array[] = [];
  let position = start;
  for (;;) {
    if (position + 8 > bytes.length) throw new CxrError('dicom-truncated', { part: 'pixel data' });
    const tag = view.getUint32(position, true);
    const length = view.getUint32(position + 4, true);
    if (tag === sequenceDelimiterTag) break;
    if (tag !== itemTag) throw new CxrError('dicom-pixels', { reason: 'fragment expected' });
    if (position + 8 + length > bytes.length) throw new CxrError('dicom-truncated', { part: 'pixel data' });
    items.push(bytes.subarray(position + 8, position + 8 + length));
    position += 8 + length;
  }
  // The first item is the basic offset table, which a single frame does not need.
  const fragments = items.slice(1).filter((fragment) => fragment.length > 0);
  if (fragments.length === 0) throw new CxrError('dicom-no-pixels', { reason: 'no fragments' });
  return fragments.length === 1 ? fragments[0]! : new Uint8Array(Buffer.concat(fragments));
}
