import { describe, expect, it } from 'vitest';
import { toRadiograph } from '../../../dicom/radiograph.ts';
import { dicomBytes, type Field, sequence } from '../dicom-bytes.ts';
import { refusalOf } from '../refusal.ts';

const shown = async (pixels: readonly number[], fields: Record<string, Field | null> = {}) => [
  ...(await toRadiograph(dicomBytes(pixels, fields))).values,
];
const window = (center: string, width: string, shape = 'LINEAR'): Record<string, Field> => ({
  '00281050': ['00281050', 'DS', center],
  '00281051': ['00281051', 'DS', width],
  '00281056': ['00281056', 'CS', shape],
});
const close = (got: readonly number[], want: readonly number[]) => {
  expect(got).toHaveLength(want.length);
  for (const [index, value] of want.entries()) expect(got[index]).toBeCloseTo(value, 6);
};

describe('look-up tables', () => {
  const table = (bits: number, entries: readonly number[], first = 0, vr = 'US') =>
    sequence('00283010', [
      ['00283002', vr, [entries.length, first, bits]],
      ['00283006', 'OW', entries],
    ]);
  it('a table of 16 declared bits has those that its entries have', async () => {
    // 1023 needs 10 bits: 512 / 1023.
    const fields = { '00283010': table(16, [0, 512, 1023]) };
    close(await shown([0, 1, 2], fields), [0, 512 / 1023, 1]);
  });
  it('a table with larger entries than declared has their bits too', async () => {
    const fields = { '00283010': table(8, [0, 512, 1023]) };
    close(await shown([0, 1, 2], fields), [0, 512 / 1023, 1]);
  });
  it('a table of fewer bits need not reach white', async () => {
    const fields = { '00283010': table(12, [0, 512, 1023]) };
    close(await shown([0, 1, 2], fields), [0, 512 / 4095, 1023 / 4095]);
  });
  it('a first input that would lie above every value is a negative one', async () => {
    // Slope −1: 0 … 2 become 0, −1, −2. First input 0xFFFE = −2: −2 → 0, −1 → 128/255, 0 → 1.
    const slope: Field = ['00281053', 'DS', '-1'];
    const fields = { '00283010': table(8, [0, 128, 255], 0xfffe), '00281053': slope };
    close(await shown([0, 1, 2], fields), [1, 128 / 255, 0]);
  });
  it('says in words where a table has other bits than declared, also ones that no table may have', async () => {
    for (const [bits, words] of [
      [16, 'VOI LUT (10 bits, declared 16)'],
      [8, 'VOI LUT (10 bits, declared 8)'],
      [0, 'VOI LUT (10 bits, declared 0)'],
      [32, 'VOI LUT (10 bits, declared 32)'],
      [10, 'VOI LUT'],
    ] as const) {
      const image = await toRadiograph(dicomBytes([0, 1, 2], { '00283010': table(bits, [0, 512, 1023]) }));
      close([...image.values], [0, 512 / 1023, 1]);
      expect(image.facts.window).toBe(words);
    }
  });
  it.each([
    // Unsigned 12 bits: 0 … 4095. Five entries from −2 on: 0, 1, 2 take the third to the fifth.
    ['SS', -2, '1', '0', [0.4, 0.6, 1]],
    // −4 as 16 unsigned bits is 65532, and the values are 65532, 65533, 65534: the first three.
    ['SS', -4, '1', '65532', [0, 0.2, 0.4]],
    ['US', -4, '1', '65532', [0, 0.2, 0.4]],
    // Slope −1: 0, −1, −2, and the table begins at −2.
    ['SS', -2, '-1', '0', [0.4, 0.2, 0]],
    ['US', -2, '-1', '0', [0.4, 0.2, 0]],
    // Both ends count: 2, 1, 0 are not negative, but 4095 × −1 + 2 is; the table begins at −1.
    ['US', -1, '-1', '2', [0.6, 0.4, 0.2]],
  ] as const)('VR %s, first input %i, slope %s, intercept %s', async (vr, first, slope, intercept, want) => {
    const fields: Record<string, Field> = {
      '00283010': table(8, [0, 51, 102, 153, 255], first, vr),
      '00281053': ['00281053', 'DS', slope],
      '00281052': ['00281052', 'DS', intercept],
    };
    close(await shown([0, 1, 2], fields), want);
  });
  it('the input of a Modality LUT has the sign of the pixels, its output none', async () => {
    // Signed pixels −1, 0, 1 become 65533, 65534, 65535, of which the VOI LUT begins with 65533 = 0xFFFD.
    const modality = sequence('00283000', [
      ['00283002', 'US', [3, -1, 16]],
      ['00283006', 'OW', [65533 - 65536, 65534 - 65536, 65535 - 65536]],
    ]);
    for (const vr of ['US', 'SS']) {
      const fields: Record<string, Field> = {
        '00283000': modality,
        '00283010': table(8, [0, 128, 255], -3, vr),
        '00280103': ['00280103', 'US', [1]],
      };
      close(await shown([0xfff, 0, 1], fields), [0, 128 / 255, 1]);
    }
  });
  it('entries of 8 bits may be packed two to a word, longer ones not', async () => {
    const packed = (bits: number) =>
      sequence('00283010', [
        ['00283002', 'US', [4, 0, bits]],
        ['00283006', 'OW', Uint8Array.of(0, 51, 102, 255)],
      ]);
    close(await shown([0, 1, 2, 3], { '00283010': packed(8) }), [0, 0.2, 0.4, 1]);
    const image = await toRadiograph(
      dicomBytes([0, 1, 2, 3], { '00283010': packed(12), ...window('2', '4') }),
    );
    expect(image.facts.window).toMatch(/^file window 1 .*; VOI LUT 1 of the file cannot be used$/);
  });
  it('a sequence written as unknown is read, with its items in implicit VR', async () => {
    // Item of 8 + 6 + 8 + 6 = 28 bytes: descriptor 3\0\8, entries 0, 128, 255.
    const bytes = Buffer.from(
      'feff00e01c000000' + '2800023006000000' + '030000000800' + '2800063006000000' + '00008000ff00',
      'hex',
    );
    const unknown: Field = ['00283010', 'UN', new Uint8Array(bytes)];
    close(await shown([0, 1, 2], { '00283010': unknown, ...window('1', '2') }), [0, 128 / 255, 1]);
  });
});

describe('a grayscale of the file that cannot be read is never silently replaced', () => {
  const cut = sequence('00283010', [['00283002', 'US', [300, 0, 12]]]);
  it('the label names a table or a window that the first usable one stands in for', async () => {
    const grey = window('x\\2', '3\\2', 'LINEAR_EXACT');
    const label = async (fields: Record<string, Field>) =>
      (await toRadiograph(dicomBytes([1, 2, 3], fields))).facts.window;
    expect(await label(grey)).toBe(
      'file window 2 (center 2, width 2, LINEAR_EXACT); window 1 of the file cannot be used',
    );
    expect(await label({ ...grey, '00283010': cut })).toMatch(
      /; VOI LUT 1, window 1 of the file cannot be used$/,
    );
    const garbage: Field = ['00283010', 'SQ', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)];
    expect(await label({ ...window('2', '2'), '00283010': garbage })).toMatch(/; VOI LUT 1 of the file/);
    expect(await label({ '00283010': cut })).toMatch(/^full range .*unusable/);
    const long: Field = ['00281050', 'DS', '1\\'.repeat(600)];
    expect(await label({ ...window('2', '2'), '00281050': long })).toMatch(/^full range .*unusable/);
  });
  it('an unusable one behind the one that is used is not spoken of', async () => {
    const image = await toRadiograph(dicomBytes([1, 2, 3], window('2\\x', '2\\3', 'linear_exact')));
    expect(image.facts.window).toBe('file window 1 (center 2, width 2, LINEAR_EXACT)');
  });
  it('a Modality LUT that cannot be read refuses the file, an empty one is none', async () => {
    const code = async (field: Field) =>
      (await refusalOf(() => shown([1, 2, 3], { '00283000': field }))).code;
    expect(await code(sequence('00283000', [['00283002', 'US', [300, 0, 12]]]))).toBe('dicom-pixels');
    expect(await code(['00283000', 'SQ', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)])).toBe('dicom-pixels');
    expect(await code(['00283000', 'UN', Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)])).toBe('dicom-pixels');
    close(await shown([1, 2, 3], { '00283000': ['00283000', 'SQ', ''] }), [0, 0.5, 1]);
    close(await shown([1, 2, 3], { '00283000': sequence('00283000', []) }), [0, 0.5, 1]);
  });
});
