import { deflateRawSync } from 'node:zlib';

/** Writes small DICOM files for tests, so that every expected number can be derived by hand. */
export type Field = readonly [tag: string, vr: string, value: string | readonly number[] | Uint8Array];
type ByteOrder = 'little' | 'big';

const longForms = new Set(['OB', 'OW', 'SQ', 'UN', 'UT']);
export const plantedName = 'PLANTED^PATIENT^NAME';
const deflatedSyntax = '1.2.840.10008.1.2.1.99';
const bigEndianSyntax = '1.2.840.10008.1.2.2';

/** A number of 2 or 4 bytes. */
function unsigned(value: number, length: 2 | 4, order: ByteOrder): Buffer {
  const bytes = Buffer.alloc(length);
  if (order === 'little') bytes.writeUIntLE(value, 0, length);
  else bytes.writeUIntBE(value, 0, length);
  return bytes;
}

function tagBytes(tag: string, order: ByteOrder): Buffer {
  const halves = [tag.slice(0, 4), tag.slice(4)].map((half) => unsigned(Number.parseInt(half, 16), 2, order));
  return Buffer.concat(halves);
}

/** One element: tag as `ggggeeee`, value as text, 16-bit numbers or bytes (which are written as they are). */
export function element([tag, vr, value]: Field, order: ByteOrder = 'little'): Buffer {
  const body =
    value instanceof Uint8Array
      ? Buffer.from(value)
      : typeof value === 'string'
        ? Buffer.from(value, 'latin1')
        : Buffer.concat(value.map((number) => unsigned(number & 0xffff, 2, order)));
  const padding =
    body.length % 2 === 1 ? Buffer.from(vr === 'UI' || vr === 'OB' ? [0] : ' ') : Buffer.alloc(0);
  const length = body.length + padding.length;
  const long = longForms.has(vr);
  return Buffer.concat([
    tagBytes(tag, order),
    Buffer.from(vr, 'latin1'),
    ...(long ? [Buffer.alloc(2)] : []),
    unsigned(length, long ? 4 : 2, order),
    body,
    padding,
  ]);
}

/** A sequence of one item. */
export function sequence(tag: string, fields: readonly Field[], order: ByteOrder = 'little'): Field {
  const content = Buffer.concat(fields.map((field) => element(field, order)));
  const head = Buffer.concat([tagBytes('fffee000', order), unsigned(content.length, 4, order)]);
  return [tag, 'SQ', new Uint8Array(Buffer.concat([head, content]))];
}

/**
 * Preamble, meta and data set, big endian or deflated where the syntax says so; `fields` replace the defaults with the
 * same tag, `null` removes one.
 */
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
  const order = syntax === bigEndianSyntax ? 'big' : 'little';
  const elements = Object.keys(merged)
    .sort()
    .flatMap((tag) => (merged[tag] ? [element(merged[tag], order)] : []));
  const dataset = Buffer.concat(elements);
  return part10(syntax, syntax === deflatedSyntax ? deflateRawSync(dataset) : dataset);
}

/** Preamble and meta in front of an encoded data set. */
export function part10(syntax: string, dataset: Uint8Array): Uint8Array {
  const meta = element(['00020010', 'UI', syntax]);
  return new Uint8Array(Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), meta, dataset]));
}

/** A file with compressed pixels: an empty basic offset table, then the fragments. */
export function encapsulatedBytes(
  fragments: readonly Uint8Array[],
  fields: Readonly<Record<string, Field | null>>,
  syntax: string,
): Uint8Array {
  const item = (body: Uint8Array) =>
    Buffer.concat([tagBytes('fffee000', 'little'), unsigned(body.length, 4, 'little'), body]);
  const head = Buffer.from('e07f10004f420000ffffffff', 'hex');
  const end = Buffer.from('feffdde000000000', 'hex');
  const items = [new Uint8Array(0), ...fragments].map(item);
  return new Uint8Array(Buffer.concat([dicomBytes(null, fields, syntax), head, ...items, end]));
}

/** Size and layout of an image as fields. */
export function imageFields(layout: {
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit?: number;
  readonly signed?: boolean;
}): Record<string, Field> {
  const { rows, columns, bitsAllocated, bitsStored, highBit = bitsStored - 1, signed = false } = layout;
  const numbers = {
    '00280010': rows,
    '00280011': columns,
    '00280100': bitsAllocated,
    '00280101': bitsStored,
    '00280102': highBit,
    '00280103': signed ? 1 : 0,
  };
  return Object.fromEntries(
    Object.entries(numbers).map(([tag, number]) => [tag, [tag, 'US', [number]] satisfies Field]),
  );
}
