/** Writes small explicit little-endian DICOM files for tests, so that every expected number can be derived by hand. */
export type Field = readonly [tag: string, vr: string, value: string | readonly number[] | Uint8Array];

const longForms = new Set(['OB', 'OW', 'SQ', 'UN', 'UT']);
export const plantedName = 'PLANTED^PATIENT^NAME';

/** One element: tag as `ggggeeee`, value as text, 16-bit numbers or bytes. */
export function element([tag, vr, value]: Field): Buffer {
  const body =
    value instanceof Uint8Array
      ? Buffer.from(value)
      : typeof value === 'string'
        ? Buffer.from(value, 'latin1')
        : Buffer.from(Int16Array.from(value).buffer);
  const padding =
    body.length % 2 === 1 ? Buffer.from(vr === 'UI' || vr === 'OB' ? [0] : ' ') : Buffer.alloc(0);
  const value16 = Buffer.concat([body, padding]);
  const head = Buffer.alloc(longForms.has(vr) ? 12 : 8);
  head.writeUInt16LE(Number.parseInt(tag.slice(0, 4), 16), 0);
  head.writeUInt16LE(Number.parseInt(tag.slice(4), 16), 2);
  head.write(vr, 4, 'latin1');
  if (head.length === 12) head.writeUInt32LE(value16.length, 8);
  else head.writeUInt16LE(value16.length, 6);
  return Buffer.concat([head, value16]);
}

/** A sequence of one item. */
export function sequence(tag: string, fields: readonly Field[]): Field {
  const content = Buffer.concat(fields.map(element));
  const head = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
  head.writeUInt32LE(content.length, 4);
  return [tag, 'SQ', new Uint8Array(Buffer.concat([head, content]))];
}

/** Preamble, meta and data set; `fields` replace the defaults with the same tag, `null` removes one. */
export function dicomBytes(
  pixels: readonly number[] | Uint8Array | null,
  fields: Readonly<Record<string, Field | null>> = {},
  syntax = '1.2.840.10008.1.2.1',
): Uint8Array {
  const count = pixels === null ? 1 : pixels.length;
  const defaults: Record<string, Field> = {
    '00080060': ['00080060', 'CS', 'DX'],
    '00100010': ['00100010', 'PN', plantedName],
    '00280002': ['00280002', 'US', [1]],
    '00280004': ['00280004', 'CS', 'MONOCHROME2'],
    '00280010': ['00280010', 'US', [1]],
    '00280011': ['00280011', 'US', [count]],
    '00280100': ['00280100', 'US', [16]],
    '00280101': ['00280101', 'US', [12]],
    '00280102': ['00280102', 'US', [11]],
    '00280103': ['00280103', 'US', [0]],
  };
  if (pixels !== null) defaults['7fe00010'] = ['7fe00010', 'OW', pixels];
  const merged: Record<string, Field | null> = { ...defaults, ...fields };
  const dataset = Object.keys(merged)
    .sort()
    .flatMap((tag) => (merged[tag] ? [element(merged[tag])] : []));
  const meta = element(['00020010', 'UI', syntax]);
  return new Uint8Array(Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), meta, ...dataset]));
}
