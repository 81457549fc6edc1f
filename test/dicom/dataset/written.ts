/**
 * Writes elements in every form that files have them, right or wrong, and whole files of them. The pixels are the four
 * values 0, 1000, 2000, 3000 of 12 bits, whichever the form.
 */
export type Form = { readonly vr: 'explicit' | 'implicit'; readonly order: 'little' | 'big' };
export type Value = string | readonly number[] | Uint8Array;

export const forms: readonly Form[] = (['explicit', 'implicit'] as const).flatMap((vr) =>
  (['little', 'big'] as const).map((order) => ({ vr, order })),
);
const longForms = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'SQ', 'SV', 'UC', 'UN', 'UR', 'UT', 'UV']);

export function number(value: number, bytes: 2 | 4, order: Form['order']): Buffer {
  const made = Buffer.alloc(bytes);
  if (order === 'little') made.writeUIntLE(value, 0, bytes);
  else made.writeUIntBE(value, 0, bytes);
  return made;
}
export const tagBytes = (tag: string, order: Form['order']): Buffer =>
  Buffer.concat([tag.slice(0, 4), tag.slice(4)].map((half) => number(Number.parseInt(half, 16), 2, order)));

/** The bytes of a value. Numbers have 16 bits each. */
export function valueBytes(value: Value, order: Form['order']): Buffer {
  const body =
    typeof value === 'string'
      ? Buffer.from(value, 'latin1')
      : value instanceof Uint8Array
        ? Buffer.from(value)
        : Buffer.concat(value.map((each) => number(each & 0xffff, 2, order)));
  return body.length % 2 === 1 ? Buffer.concat([body, Buffer.from(' ')]) : body;
}

/** One element; `length` in place of its own. */
export function written(form: Form, tag: string, vr: string, value: Value, length?: number): Buffer {
  const body = valueBytes(value, form.order);
  const size = length ?? body.length;
  const head = tagBytes(tag, form.order);
  if (form.vr === 'implicit') return Buffer.concat([head, number(size, 4, form.order), body]);
  return Buffer.concat([
    head,
    Buffer.from(vr, 'latin1'),
    longForms.has(vr)
      ? Buffer.concat([Buffer.alloc(2), number(size, 4, form.order)])
      : number(size, 2, form.order),
    body,
  ]);
}

/** An item of a sequence, of known or of undefined length. */
export function itemOf(order: Form['order'], content: Buffer, isOpen = false): Buffer {
  const head = tagBytes('fffee000', order);
  if (!isOpen) return Buffer.concat([head, number(content.length, 4, order), content]);
  return Buffer.concat([
    head,
    number(0xffffffff, 4, order),
    content,
    tagBytes('fffee00d', order),
    Buffer.alloc(4),
  ]);
}

/** A sequence of one item, with the VR that is written for it. */
export function sequenceOf(
  form: Form,
  tag: string,
  vr: string,
  item: Buffer,
  isOpen: boolean,
  order = form.order,
): Buffer {
  const value = isOpen ? Buffer.concat([item, tagBytes('fffee0dd', order), Buffer.alloc(4)]) : item;
  return written(form, tag, vr, new Uint8Array(value), isOpen ? 0xffffffff : undefined);
}

export const pixelValues = [0, 1000, 2000, 3000] as const;

/** The elements of the image by their tags, in one form. */
export function imageElements(form: Form): Record<string, Buffer> {
  const made = (tag: string, vr: string, value: Value): [string, Buffer] => [
    tag,
    written(form, tag, vr, value),
  ];
  return Object.fromEntries([
    made('00080016', 'UI', '1.2.840.10008.5.1.4.1.1.1\0'),
    made('00080060', 'CS', 'DX'),
    made('00280002', 'US', [1]),
    made('00280004', 'CS', 'MONOCHROME2 '),
    made('00280010', 'US', [2]),
    made('00280011', 'US', [2]),
    made('00280100', 'US', [16]),
    made('00280101', 'US', [12]),
    made('00280102', 'US', [11]),
    made('00280103', 'US', [0]),
    made('00281050', 'DS', '1500'),
    made('00281051', 'DS', '3001'),
    made('7fe00010', 'OW', pixelValues),
  ]);
}

/** The data set of the image with further or other elements; null takes one away. */
export function dataset(form: Form, others: Readonly<Record<string, Buffer | null>> = {}): Buffer {
  const all: Record<string, Buffer | null> = { ...imageElements(form), ...others };
  return Buffer.concat(
    Object.keys(all)
      .sort()
      .flatMap((tag) => all[tag] ?? []),
  );
}

export const syntaxes = {
  implicit: '1.2.840.10008.1.2',
  explicit: '1.2.840.10008.1.2.1',
  big: '1.2.840.10008.1.2.2',
} as const;
export const syntaxOf = ({ vr, order }: Form): string =>
  order === 'big' ? syntaxes.big : vr === 'implicit' ? syntaxes.implicit : syntaxes.explicit;

/** File meta information that names a syntax, in one form; `syntax` null leaves it out. */
export function meta(syntax: string | null, form: Form = { vr: 'explicit', order: 'little' }): Buffer {
  const rest = [
    written(form, '00020002', 'UI', '1.2.840.10008.5.1.4.1.1.1\0'),
    ...(syntax === null
      ? []
      : [written(form, '00020010', 'UI', syntax.length % 2 === 1 ? `${syntax}\0` : syntax)]),
    written(form, '00020012', 'UI', '1.2.3\0'),
  ];
  const length = number(Buffer.concat(rest).length, 4, form.order);
  return Buffer.concat([written(form, '00020000', 'UL', new Uint8Array(length)), ...rest]);
}

export const file = (...parts: readonly Buffer[]): Uint8Array =>
  new Uint8Array(Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), ...parts]));
