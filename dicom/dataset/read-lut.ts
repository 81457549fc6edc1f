import type { Lut } from '../../contract/image/grayscale.ts';
import type { Dataset } from './dataset.ts';

const descriptorTag = 'x00283002';
const dataTag = 'x00283006';

/**
 * Reads one item of a LUT sequence. A *LUT* is a look-up table (DICOM PS3.3 C.11.1.1). This file only reads one;
 * display/grayscale.ts looks values up.
 *
 * @param signedInput true when the table's input may be negative. It decides how the second value of the descriptor is
 *                    read where the file does not say, that is in implicit VR (C.11.1.1, "US or SS").
 * @returns           null when the table is not usable.
 */
export function readLut(item: Dataset | null, signedInput: boolean): Lut | null {
  const descriptor = item?.element(descriptorTag);
  const data = item?.words(dataTag);
  if (!item || !descriptor || !data) return null;
  const signed = descriptor.vr === 'SS' || (descriptor.vr !== 'US' && signedInput);
  const declared = item.unsigned(descriptorTag, 0);
  const first = signed ? item.signed(descriptorTag, 1) : item.unsigned(descriptorTag, 1);
  const bits = item.unsigned(descriptorTag, 2);
  if (declared === null || first === null || bits === null || bits < 8 || bits > 16) return null;
  // "The number of entries is 65536 when the value is zero" (C.11.1.1).
  const count = declared === 0 ? 65536 : declared;
  const entries = readEntries(data, count);
  return entries === null ? null : { first, bits, entries };
}

/** Reads entries as 16-bit words, or as bytes where an 8-bit table was packed two to a word. */
function readEntries(data: Uint8Array, count: number): Uint16Array | null {
  if (data.length >= 2 * count) {
    return Uint16Array.from({ length: count }, (_, index) => data[2 * index]! | (data[2 * index + 1]! << 8));
  }
  return data.length >= count ? Uint16Array.from(data.subarray(0, count)) : null;
}
