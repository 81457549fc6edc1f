import type { Lut } from '../../contract/image/grayscale.ts';
import type { Dataset } from './dataset.ts';

const descriptorTag = 'x00283002';
const dataTag = 'x00283006';

/** The least and the largest value that a table may be asked for. */
export type InputRange = { readonly low: number; readonly high: number };

/** A table, and in words what of it was not read as it is declared; null where all was. */
export type ReadLut = { readonly lut: Lut; readonly note: string | null };

/**
 * Reads one item of a LUT sequence. A *LUT* is a look-up table (DICOM PS3.3 C.11.1.1). This file only reads one;
 * display/grayscale.ts looks values up.
 *
 * @param input  the values that the table is asked for. They decide whether its first input is negative where the file
 *               does not say (C.11.1.1, "US or SS"), and where what it says puts the table beside all of them.
 * @returns      null when the table is not usable.
 */
export function readLut(item: Dataset | null, input: InputRange): ReadLut | null {
  const descriptor = item?.element(descriptorTag);
  const data = item?.words(dataTag);
  if (!item || !descriptor || !data) return null;
  const [declared, bits] = [item.unsigned(descriptorTag, 0), item.unsigned(descriptorTag, 2)];
  if (declared === null || bits === null) return null;
  // "The number of entries is 65536 when the value is zero" (C.11.1.1).
  const count = declared === 0 ? 65536 : declared;
  const first = readFirst(item, descriptor.vr, count, input);
  const entries = readEntries(data, count, bits);
  if (first === null || entries === null) return null;
  const own = significantBits(bits, entries);
  const note = own === bits ? null : `${own} bits, declared ${bits}`;
  return { lut: { first, bits: own, entries }, note };
}

function readFirst(item: Dataset, vr: string, count: number, { low, high }: InputRange): number | null {
  const unsigned = item.unsigned(descriptorTag, 1);
  const signed = item.signed(descriptorTag, 1);
  if (unsigned === null || signed === null) return null;
  const isOfUse = (first: number) => first <= high && first + count > low;
  const [said, other] = vr === 'SS' || (vr !== 'US' && low < 0) ? [signed, unsigned] : [unsigned, signed];
  // A table that lies beside every input could never be used: its number was meant with the other sign.
  return !isOfUse(said) && isOfUse(other) ? other : said;
}

/** Reads entries as 16-bit words, or as bytes where a table of up to 8 bits was packed two to a word. */
function readEntries(data: Uint8Array, count: number, bits: number): Uint16Array | null {
  if (data.length >= 2 * count) {
    return Uint16Array.from({ length: count }, (_, index) => data[2 * index]! | (data[2 * index + 1]! << 8));
  }
  const isPacked = bits <= 8 && data.length >= count && data.length <= count + 1;
  return isPacked ? Uint16Array.from(data.subarray(0, count)) : null;
}

/**
 * Finds the bits that entries really have. Some writers declare the 16 bits that an entry takes up and use 12 of them,
 * which shows a nearly black film; others declare fewer than their entries have, which shows a white one; some declare
 * what no table may have. All are read by the largest entry, as viewers do. Any other number is believed, since a table
 * need not reach white.
 */
function significantBits(declared: number, entries: Uint16Array): number {
  let largest = 0;
  for (const entry of entries) if (entry > largest) largest = entry;
  const needed = Math.max(32 - Math.clz32(largest), 8);
  return declared < 8 || declared >= 16 || needed > declared ? needed : declared;
}
