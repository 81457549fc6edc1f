import { joined } from '../joined.ts';
import type { BytesVr, Item, Keyword, NumberVr, TextVr, Vr } from './dictionary.ts';
import { dictionary } from './dictionary.ts';
import { elementBytes, itemBytes } from './write-element.ts';
import { numberBytes, textBytes } from './write-value.ts';

/** A value as an item has it. Its type belongs to the VR of its keyword, as the compiler has checked. */
type Value = string | number | Uint8Array | readonly string[] | readonly number[] | readonly Item[] | null;

/**
 * Writes a data set, or the content of an item, in Explicit VR Little Endian: elements in the order of their tags, and
 * sequences with their lengths.
 *
 * @throws CxrError 'dicom-unwritable' for a value that its VR does not allow.
 */
export function writeDataset(item: Item): Uint8Array {
  const written = (Object.entries(item) as [Keyword, Value | undefined][])
    .flatMap(([keyword, value]) => (value === undefined ? [] : { definition: dictionary[keyword], value }))
    .sort((a, b) => (a.definition[0] < b.definition[0] ? -1 : 1))
    .map(({ definition: [tag, vr], value }) => elementBytes(tag, vr, valueBytes(tag, vr, value)));
  return joined(written);
}

function valueBytes(tag: string, vr: Vr, value: Value): Uint8Array {
  if (value === null) return new Uint8Array();
  if (value instanceof Uint8Array) return value;
  const values = Array.isArray(value) ? value : [value];
  switch (vr) {
    case 'SQ':
      return joined((values as readonly Item[]).map((item) => itemBytes(writeDataset(item))));
    case 'FD':
    case 'FL':
    case 'SL':
    case 'SS':
    case 'UL':
    case 'US':
      return numberBytes(tag, vr satisfies NumberVr, values as readonly number[]);
    default:
      return textBytes(tag, vr satisfies TextVr | BytesVr as TextVr, values as readonly string[]);
  }
}
