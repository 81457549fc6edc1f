import type { Lut } from '../../contract/image/grayscale.ts';
import type { Dataset } from './dataset.ts';

const descriptorTag = 'x00283002';
const dataTag = 'x00283006';

/** The least and the largest value that a table may be asked for. */
export type InputRange = { readonly low: number; readonly high: number };

/**
 * Reads one item of a LUT sequence. A *LUT* is a look-up table (DICOM PS3.3 C.11.1.1). This file only reads one;
 * display/grayscale.ts looks values up.
 *
 * @param input  the values that the table is asked for. They decide whether its first input is negative where the file
 *               does not say (C.11.1.1, "US or SS"), and where it says US although the inputs are negative.
 * @returns      null when the table is not usable.
 */
export function readLut(item: Dataset | null, input: InputRange): Lut | null {
  const descriptor = item?.element(descriptorTag);
  const data = item?.words(dataTag);
  if (!item || !descriptor || !data) return null;
  const declared = item.unsigned(descriptorTag, 0);
  const first = readFirst(item, descriptor.vr, input);
  const bits = item.unsigned(descriptorTag, 2);
  if (declared === null || first === null || bits === null || bits < 8 || bits > 16) return null;
  // "The number of entries is 65536 when the value is zero" (C.11.1.1).
  const count = declared === 0 ? 65536 : declared;
  const entries = readEntries(data, count);
  return entries === null ? null : { first, bits: significantBits(bits, entries), entries };
}

function readFirst(item: Dataset, vr: string | undefined, { low, high }: InputRange): number | null {
  const unsigned = item.unsigned(descriptorTag, 1);
  const signed = item.signed(descriptorTag, 1);
  if (unsigned === null || vr === 'SS') return signed;
  // A table that begins above every input could never be used: its number was meant as a negative one.
  const isNegative = low < 0 && (vr !== 'US' || unsigned > high);
  return isNegative ? signed : unsigned;
}

/** Reads entries as 16-bit words, or as bytes where an 8-bit table was packed two to a word. */
function readEntries(data: Uint8Array, count: number): Uint16Array | null {
  if (data.length >= 2 * count) {
    return Uint16Array.from({ length: count }, (_, index) => data[2 * index]! | (data[2 * index + 1]! << 8));
  }
  return data.length >= count ? Uint16Array.from(data.subarray(0, count)) : null;
}

/**
 * Finds the bits that entries really have. Some writers declare the 16 bits that an entry takes up and use 12 of them,
 * which shows a nearly black film; others declare fewer than their entries have, which shows a white one. Both are read
 * by the largest entry. Any other number is believed, since a table need not reach white.
 */
function significantBits(declared: number, entries: Uint16Array): number {
  let largest = 0;
  for (const entry of entries) if (entry > largest) largest = entry;
  const needed = Math.max(32 - Math.clz32(largest), 8);
  return declared === 16 || needed > declared ? needed : declared;
}
