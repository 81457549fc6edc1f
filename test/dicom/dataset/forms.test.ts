import { describe, expect, it } from 'vitest';
import { toRadiograph } from '../../../dicom/radiograph.ts';
import { readDicom } from '../../../dicom/read.ts';
import { refusalOf } from '../refusal.ts';
import {
  dataset,
  type Form,
  file,
  forms,
  imageElements,
  itemOf,
  meta,
  number,
  pixelValues,
  sequenceOf,
  syntaxes,
  syntaxOf,
  tagBytes,
  written,
} from './written.ts';

/** A LINEAR window of centre 1500 and width 3001 runs from −0.5 to 2999.5 (PS3.3 C.11.2.1.2.1). */
const shown = pixelValues.map((value) => Math.min((value + 0.5) / 3000, 1));
const valuesOf = async (bytes: Uint8Array) => [...(await toRadiograph(bytes)).values];
const expectShown = async (bytes: Uint8Array, wanted: readonly number[] = shown) => {
  const values = await valuesOf(bytes);
  expect(values).toHaveLength(wanted.length);
  values.forEach((value, index) => {
    expect(value).toBeCloseTo(wanted[index]!, 6);
  });
};
const name = ({ vr, order }: Form) => `${vr} VR ${order} endian`;
const little: Form = { vr: 'explicit', order: 'little' };
const big: Form = { vr: 'explicit', order: 'big' };
const implicit: Form = { vr: 'implicit', order: 'little' };

describe('a data set is read as it is written, whatever its syntax says', () => {
  for (const form of forms)
    for (const named of [...Object.values(syntaxes), null]) {
      it(`${name(form)}, named ${named ?? 'nothing'}`, () => expectShown(file(meta(named), dataset(form))));
    }
  it.each(forms.map((form) => [name(form), form] as const))(
    '%s without meta information',
    async (_, form) => {
      await expectShown(new Uint8Array(dataset(form)));
    },
  );
});

describe('file meta information', () => {
  it.each(forms.map((form) => [name(form), form] as const))('is read in %s', async (_, form) => {
    await expectShown(file(meta(syntaxes.explicit, form), dataset(little)));
    await expectShown(file(meta(syntaxes.big, form), dataset(big)));
  });
  it('is read without preamble, with and without its marker', async () => {
    const rest = [meta(syntaxes.implicit), dataset(implicit)];
    await expectShown(new Uint8Array(Buffer.concat(rest)));
    await expectShown(new Uint8Array(Buffer.concat([Buffer.from('DICM'), ...rest])));
  });
  it('counts where it comes first', async () => {
    await expectShown(file(meta(syntaxes.explicit), meta('1.2.840.10008.1.2.4.70'), dataset(little)));
    const { code } = await refusalOf(() =>
      readDicom(file(meta('1.2.840.10008.1.2.4.100'), meta(syntaxes.explicit), dataset(little))),
    );
    expect(code).toBe('dicom-transfer-syntax');
  });
  it('that names no syntax does not make compressed pixels readable', async () => {
    const pixels = written(
      little,
      '7fe00010',
      'OB',
      new Uint8Array(itemOf('little', Buffer.alloc(0))),
      0xffffffff,
    );
    const bytes = file(meta(null), dataset(little, { '7fe00010': pixels }));
    const { coded } = await refusalOf(() => readDicom(bytes));
    expect(coded).toEqual({ code: 'dicom-transfer-syntax', detail: { got: 'none', name: 'not stated' } });
  });
});

describe('elements', () => {
  const privateTag = '00291010';
  it.each(['OV', 'SV', 'UV', 'UC', 'UR', 'OL', 'OD', 'OF', 'UN', 'UT', 'ZZ'])(
    'of VR %s are stepped over',
    async (vr) => {
      for (const form of [little, big]) {
        const long = Buffer.concat([
          tagBytes(privateTag, form.order),
          Buffer.from(vr),
          Buffer.alloc(2),
          number(70_000, 4, form.order),
          Buffer.alloc(70_000, 0x4c),
        ]);
        await expectShown(file(meta(syntaxOf(form)), dataset(form, { [privateTag]: long })));
      }
    },
  );
  it.each(['00080060', '00280004', '00280011', '00281050', privateTag, '7fe00010'])(
    'without VR among others that have one: %s',
    async (tag) => {
      for (const order of ['little', 'big'] as const) {
        const own =
          imageElements({ vr: 'implicit', order })[tag] ??
          written({ vr: 'implicit', order }, tag, 'LO', 'made up');
        await expectShown(
          file(meta(syntaxOf({ vr: 'explicit', order })), dataset({ vr: 'explicit', order }, { [tag]: own })),
        );
      }
    },
  );
  it('of which one is there twice: the first counts', async () => {
    const twice = Buffer.concat([
      written(little, '00281051', 'DS', '3001'),
      written(little, '00281051', 'DS', '10'),
    ]);
    await expectShown(file(meta(syntaxes.explicit), dataset(little, { '00281051': twice })));
  });
  it.each<[string, string, Uint8Array]>([
    ['US', 'US', number(1500, 2, 'little')],
    ['UL', 'UL', number(1500, 4, 'little')],
    ['FL', 'FL', new Uint8Array(new Float32Array([1500]).buffer)],
    ['FD', 'FD', new Uint8Array(new Float64Array([1500]).buffer)],
    ['UN, which is text', 'UN', Buffer.from('1500')],
    ['decimal comma, blanks and a NUL', 'DS', Buffer.from('  1500,0 \0')],
    ['exponent', 'DS', Buffer.from('+1.5E03 ')],
  ])('hold a number written as %s', async (_, vr, value) => {
    const center = written(little, '00281050', vr, new Uint8Array(value));
    await expectShown(file(meta(syntaxes.explicit), dataset(little, { '00281050': center })));
  });
  it('whose VR is UN hold numbers of little endian, whatever the file is', async () => {
    for (const form of [little, big]) {
      const rows = written(form, '00280010', 'UN', new Uint8Array(number(2, 2, 'little')));
      await expectShown(file(meta(syntaxOf(form)), dataset(form, { '00280010': rows })));
    }
  });
  it('that count no frame have one, and those that count two are refused', async () => {
    const frames = (text: string) => dataset(little, { '00280008': written(little, '00280008', 'IS', text) });
    await expectShown(file(meta(syntaxes.explicit), frames('0')));
    const { code } = await refusalOf(() => readDicom(file(meta(syntaxes.explicit), frames('2'))));
    expect(code).toBe('dicom-unsupported');
  });
});

describe('sequences', () => {
  /** Entries 0, 4095, 0, 4095 from input 0 on: the pixels 0, 1000, 2000, 3000 all take the last but the first. */
  const lut = (form: Form) =>
    Buffer.concat([
      written(form, '00283002', 'US', [4, 0, 12]),
      written(form, '00283006', 'OW', [0, 4095, 0, 4095]),
    ]);
  const inner: readonly Form[] = [implicit, little, big];
  for (const outer of [little, big, implicit])
    for (const vr of outer.vr === 'implicit' ? ['SQ'] : ['SQ', 'UN'])
      for (const content of inner)
        for (const isOpen of [false, true]) {
          const length = isOpen ? 'undefined' : 'known';
          it(`of VR ${vr} and ${length} length in ${name(outer)} hold items in ${name(content)}`, async () => {
            const item = itemOf(content.order, lut(content), isOpen);
            const sequence = sequenceOf(outer, '00283010', vr, item, isOpen, content.order);
            await expectShown(
              file(meta(syntaxOf(outer)), dataset(outer, { '00283010': sequence })),
              [0, 1, 1, 1],
            );
          });
        }
  it('that nobody knows, with sequences in them, are stepped over', async () => {
    for (const outer of [little, big, implicit])
      for (const content of inner) {
        const deep = sequenceOf(content, '00291020', 'SQ', itemOf(content.order, lut(content), true), true);
        const item = itemOf(
          content.order,
          Buffer.concat([written(content, '00291010', 'LO', 'ab'), deep]),
          true,
        );
        const sequence = sequenceOf(outer, '00291010', 'UN', item, true, content.order);
        await expectShown(file(meta(syntaxOf(outer)), dataset(outer, { '00291010': sequence })));
      }
  });
});

describe('what cannot be read', () => {
  const whole = file(meta(syntaxes.explicit), dataset(little));
  const codeOf = async (bytes: Uint8Array) => (await refusalOf(() => readDicom(bytes))).code;
  it('ends too early when it was cut, wherever that is', async () => {
    const pixels = whole.length - 20;
    const start = whole.length - dataset(little).length;
    for (let length = start; length < whole.length; length += 1) {
      const code = await codeOf(whole.subarray(0, length));
      // Between two elements nothing tells that there was more; then the pixels are missing.
      expect(code, `cut at ${length}`).toMatch(
        length <= pixels ? /^dicom-(truncated|no-pixels)$/ : /^dicom-truncated$/,
      );
    }
  });
  it('is malformed when bytes are missing in the middle', async () => {
    const lost = dataset(little, { '00280004': Buffer.from('28000400', 'hex') });
    const { coded } = await refusalOf(() => readDicom(file(meta(syntaxes.explicit), lost)));
    expect(coded.code).toBe('dicom-malformed');
    expect(JSON.stringify(coded)).not.toContain('MONO');
  });
  it('is malformed when an item ends inside one of its elements', async () => {
    const element = written(little, '00291010', 'LO', 'abcdefgh');
    const item = Buffer.concat([
      tagBytes('fffee000', 'little'),
      number(0xffffffff, 4, 'little'),
      element.subarray(0, 10),
    ]);
    const open = sequenceOf(little, '00291010', 'SQ', item, true);
    expect(await codeOf(file(meta(syntaxes.explicit), dataset(little, { '00291010': open })))).toMatch(
      /^dicom-(malformed|truncated)$/,
    );
  });
  it('is too large after a hundred thousand elements, wherever they are, within a second', async () => {
    const empty = written(little, '00291010', 'LO', '');
    const many = Buffer.alloc(empty.length * 600_000, empty);
    const nested = sequenceOf(little, '00291010', 'SQ', itemOf('little', many, true), true);
    const known = sequenceOf(little, '00283010', 'SQ', itemOf('little', many), false);
    for (const elements of [{ '00291010': many }, { '00291010': nested }, { '00283010': known }]) {
      const started = performance.now();
      expect(await codeOf(file(meta(syntaxes.explicit), dataset(little, elements)))).toBe('dicom-too-large');
      expect(performance.now() - started).toBeLessThan(1000);
    }
  });
});
