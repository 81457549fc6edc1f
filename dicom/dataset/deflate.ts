import { constants, inflateRawSync } from 'node:zlib';
import { CxrError } from '../../contract/errors.ts';

/** Everything in front of the pixel data: patient, study and private elements of a radiograph are some kilobytes. */
const maxHeadBytes = 16 * 1024 * 1024;
/** What the first look inflates, bytes of input. Deflate expands at most 1032-fold. */
const firstLookBytes = 4096;
/** Elements after the pixel data (signatures, padding) that are inflated without being read. */
const maxTailBytes = 1024 * 1024;

/**
 * Finds where a data set says that its pixel data end, in bytes from its beginning. It is given the data set as far as
 * that was inflated, and returns null when this part does not reach the pixel data.
 */
export type FindPixelEnd = (head: Uint8Array) => number | null;

/**
 * Inflates a deflated data set (DICOM PS3.5 A.5, RFC 1951) no further than its own header says that it goes. First a
 * growing part is inflated until the length of the Pixel Data element is known. Then the whole is inflated with that as
 * the bound.
 *
 * @param findPixelEnd  parses a part. It may throw because the part is cut; that counts for the last part only.
 * @param maxBytes      the largest data set that is accepted, bytes.
 * @throws              CxrError 'dicom-truncated', 'dicom-not-dicom' for damaged deflate data, 'dicom-too-large' for
 *                      data that inflate beyond the declared pixels, and what `findPixelEnd` throws.
 */
export function inflateDataset(
  deflated: Uint8Array,
  maxBytes: number,
  findPixelEnd: FindPixelEnd,
): Uint8Array {
  for (let look = firstLookBytes; ; look *= 2) {
    const whole = look >= deflated.length;
    const head = inflate(deflated.subarray(0, look), 2 * maxHeadBytes, whole ? 'whole' : 'part');
    const last = whole || head.length > maxHeadBytes;
    const end = lookFor(findPixelEnd, head, last);
    if (end === null && last && !whole) {
      throw new CxrError('dicom-too-large', { reason: 'deflated header', expected: maxHeadBytes });
    }
    if (whole && (end === null || end <= head.length)) return head;
    if (end === null) continue;
    if (end > maxBytes) throw new CxrError('dicom-too-large', { got: end, expected: maxBytes });
    return inflate(deflated, end + maxTailBytes, 'whole');
  }
}

function lookFor(findPixelEnd: FindPixelEnd, head: Uint8Array, last: boolean): number | null {
  try {
    return findPixelEnd(head);
  } catch (thrown) {
    if (last) throw thrown;
    return null;
  }
}

function inflate(deflated: Uint8Array, maxOutputLength: number, extent: 'whole' | 'part'): Uint8Array {
  const finishFlush = extent === 'whole' ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
  try {
    const { buffer, byteOffset, length } = inflateRawSync(deflated, { maxOutputLength, finishFlush });
    return new Uint8Array(buffer, byteOffset, length);
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null;
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      throw new CxrError('dicom-too-large', {
        reason: 'inflates beyond its header',
        expected: maxOutputLength,
      });
    }
    if (code === 'Z_BUF_ERROR') throw new CxrError('dicom-truncated', { part: 'deflated data set' });
    throw new CxrError('dicom-not-dicom', { reason: 'deflated data set' });
  }
}
