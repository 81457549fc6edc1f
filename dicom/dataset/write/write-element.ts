import { CxrError } from '../../../contract/errors.ts';

/** VRs with a reserved field and a 32-bit length (PS3.5 7.1.2). */
const longForms: ReadonlySet<string> = new Set([
  ...['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV'],
]);
/** The largest length that 32 bits can say; all bits set mean an undefined length. */
const longest = 0xfffffffe;
const longestShort = 0xfffe;
/** UIDs and bytes are padded with a null, all other text with a blank (PS3.5 6.2). */
const paddedWithNull: ReadonlySet<string> = new Set(['UI', 'OB', 'OW', 'UN']);

/**
 * Writes one element in Explicit VR Little Endian (PS3.5 7.1.2), padded to an even length.
 *
 * @param tag   `ggggeeee` in hexadecimal digits.
 * @param body  the bytes of the value.
 * @throws      CxrError 'dicom-unwritable' for a value that is longer than its VR can say.
 */
export function elementBytes(tag: string, vr: string, body: Uint8Array): Uint8Array {
  const length = body.length + (body.length % 2);
  const isLong = longForms.has(vr);
  if (length > (isLong ? longest : longestShort))
    throw new CxrError('dicom-unwritable', { tag, reason: 'too long' });
  const start = isLong ? 12 : 8;
  const bytes = new Uint8Array(start + length);
  const view = new DataView(bytes.buffer);
  writeTag(view, tag);
  bytes[4] = vr.charCodeAt(0);
  bytes[5] = vr.charCodeAt(1);
  if (isLong) view.setUint32(8, length, true);
  else view.setUint16(6, length, true);
  bytes.set(body, start);
  if (length > body.length) bytes[bytes.length - 1] = paddedWithNull.has(vr) ? 0 : 0x20;
  return bytes;
}

/**
 * Writes an item of a sequence with its length in front of it (PS3.5 7.5).
 *
 * @throws CxrError 'dicom-unwritable' for an item of 4 GiB.
 */
export function itemBytes(content: Uint8Array): Uint8Array {
  if (content.length > longest) throw new CxrError('dicom-unwritable', { tag: item, reason: 'too long' });
  const bytes = new Uint8Array(8 + content.length);
  const view = new DataView(bytes.buffer);
  writeTag(view, item);
  view.setUint32(4, content.length, true);
  bytes.set(content, 8);
  return bytes;
}

const item = 'fffee000';

function writeTag(view: DataView, tag: string): void {
  view.setUint16(0, Number.parseInt(tag.slice(0, 4), 16), true);
  view.setUint16(2, Number.parseInt(tag.slice(4), 16), true);
}
