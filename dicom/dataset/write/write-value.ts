import { CxrError } from '../../../contract/errors.ts';
import { dictionary, type Keyword, type NumberVr, type TextVr } from './dictionary.ts';

/** The most characters of one value (PS3.5 6.2). A person's name has so many in each of its three spellings. */
const longest: Readonly<Record<TextVr, number>> = {
  AE: 16,
  AS: 4,
  CS: 16,
  DA: 8,
  DS: 16,
  DT: 26,
  IS: 12,
  LO: 64,
  LT: 10_240,
  PN: 64,
  SH: 16,
  ST: 1024,
  TM: 14,
  UC: Number.POSITIVE_INFINITY,
  UI: 64,
  UR: Number.POSITIVE_INFINITY,
  UT: Number.POSITIVE_INFINITY,
};

/** What values of these VRs look like (PS3.5 6.2); a date may be empty among several. */
const forms: Readonly<Partial<Record<TextVr, RegExp>>> = {
  AS: /^(\d{3}[DWMY])?$/,
  CS: /^[A-Z0-9 _]*$/,
  DA: /^(\d{8})?$/,
  DS: /^([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)?$/,
  IS: /^([+-]?\d+)?$/,
  TM: /^(\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?)?$/,
  UI: /^[0-9.]*$/,
};
/** These have one value, in which a backslash is a character like others. */
const isSingle = (vr: TextVr): boolean => vr === 'LT' || vr === 'ST' || vr === 'UT' || vr === 'UR';
/**
 * Control characters, of which long texts may have those that break lines; ESC would begin another character set. The last one
 * stands for letters that could not be read: a name with it would be another name.
 */
const control = /[\p{Cc}\u2028\u2029\ufffd]/u;
const lineBreaks = /[\t\n\f\r]/g;
const mayBreak = (vr: TextVr): boolean => vr === 'LT' || vr === 'ST' || vr === 'UT';

/**
 * Encodes the values of a text element in UTF-8.
 *
 * @throws CxrError 'dicom-unwritable' for a value that its VR does not allow. The error does not repeat it.
 */
export function textBytes(tag: string, vr: TextVr, values: readonly string[]): Uint8Array {
  if (isSingle(vr) && values.length > 1) throw unwritable(tag, 'several values');
  for (const value of values) checkText(tag, vr, value);
  return new TextEncoder().encode(values.join('\\'));
}

/** Tells whether an element may have this text as its one value. */
export function fits(keyword: Keyword, value: string): boolean {
  const [tag, vr] = dictionary[keyword];
  try {
    checkText(tag, vr as TextVr, value);
    return true;
  } catch {
    return false;
  }
}

function checkText(tag: string, vr: TextVr, value: string): void {
  const bare = mayBreak(vr) ? value.replace(lineBreaks, '') : value;
  if (!value.isWellFormed() || control.test(bare)) throw unwritable(tag, 'characters');
  if (!isSingle(vr) && value.includes('\\')) throw unwritable(tag, 'backslash');
  if (forms[vr]?.test(value) === false) throw unwritable(tag, 'form');
  const spellings = vr === 'PN' ? value.split('=') : [value];
  if (spellings.length > 3) throw unwritable(tag, 'form');
  if (spellings.some((spelling) => [...spelling].length > longest[vr])) throw unwritable(tag, 'too long');
}

type Setter = 'setUint16' | 'setInt16' | 'setUint32' | 'setInt32' | 'setFloat32' | 'setFloat64';
const numbers: Readonly<Record<NumberVr, { bytes: number; set: Setter; low: number; high: number }>> = {
  US: { bytes: 2, set: 'setUint16', low: 0, high: 0xffff },
  SS: { bytes: 2, set: 'setInt16', low: -0x8000, high: 0x7fff },
  UL: { bytes: 4, set: 'setUint32', low: 0, high: 0xffffffff },
  SL: { bytes: 4, set: 'setInt32', low: -0x80000000, high: 0x7fffffff },
  FL: { bytes: 4, set: 'setFloat32', low: -Infinity, high: Infinity },
  FD: { bytes: 8, set: 'setFloat64', low: -Infinity, high: Infinity },
};

/**
 * Encodes binary numbers, little endian.
 *
 * @throws CxrError 'dicom-unwritable' for a number that the VR cannot hold.
 */
export function numberBytes(tag: string, vr: NumberVr, values: readonly number[]): Uint8Array {
  const { bytes, set, low, high } = numbers[vr];
  const isWhole = vr !== 'FL' && vr !== 'FD';
  const view = new DataView(new ArrayBuffer(bytes * values.length));
  values.forEach((value, index) => {
    if (!(value >= low && value <= high) || (isWhole && !Number.isInteger(value)))
      throw unwritable(tag, 'range');
    view[set](index * bytes, value, true);
  });
  return new Uint8Array(view.buffer);
}

const unwritable = (tag: string, reason: string): CxrError =>
  new CxrError('dicom-unwritable', { tag, reason });
