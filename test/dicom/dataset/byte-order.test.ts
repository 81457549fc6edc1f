import { describe, expect, it } from 'vitest';
import { toRadiograph } from '../../../dicom/radiograph.ts';
import { readDicom } from '../../../dicom/read.ts';
import { dicomBytes, type Field, imageFields, sequence } from '../dicom-bytes.ts';
import { refusalOf } from '../refusal.ts';

const bigEndian = '1.2.840.10008.1.2.2';
const layout = (columns: number, bitsAllocated: number) =>
  imageFields({ rows: 1, columns, bitsAllocated, bitsStored: bitsAllocated });
const cells = (bytes: Uint8Array) => [...readDicom(bytes).pixels];

describe('Explicit VR Big Endian (PS3.5 A.3)', () => {
  it('gives 16-bit cells the byte order of all other syntaxes', () => {
    // 0x0102, 0x0304 are written 01 02 03 04 and read as little-endian 02 01 04 03.
    expect(cells(dicomBytes([0x0102, 0x0304], layout(2, 16), bigEndian))).toEqual([2, 1, 4, 3]);
  });
  it('exchanges 8-bit cells in words, and leaves bytes alone', () => {
    // Cells 1, 2, 3 in words are 02 01 00 03; in bytes 01 02 03 00.
    const words: Field = ['7fe00010', 'OW', Uint8Array.of(2, 1, 0, 3)];
    const bytes: Field = ['7fe00010', 'OB', Uint8Array.of(1, 2, 3, 0)];
    for (const pixels of [words, bytes]) {
      const file = dicomBytes(null, { ...layout(3, 8), '7fe00010': pixels }, bigEndian);
      expect(cells(file)).toEqual([1, 2, 3]);
    }
  });
  it('shows the same values as little endian, through window and tables', async () => {
    const tables = (order: 'little' | 'big'): Record<string, Field> => ({
      '00283000': sequence(
        '00283000',
        [
          ['00283002', 'SS', [3, -1, 16]],
          ['00283006', 'OW', [0, 4, 8]],
        ],
        order,
      ),
      '00280103': ['00280103', 'US', [1]],
      '00281050': ['00281050', 'DS', '4'],
      '00281051': ['00281051', 'DS', '8'],
    });
    const little = await toRadiograph(dicomBytes([0xfff, 0, 1], tables('little')));
    const big = await toRadiograph(dicomBytes([0xfff, 0, 1], tables('big'), bigEndian));
    expect(big.values).toEqual(little.values);
    expect(new Set(big.values).size).toBe(3);
  });
  it('does not write into the file it was given', () => {
    const file = Buffer.from(dicomBytes([0x0102], layout(1, 16), bigEndian));
    const before = Buffer.from(file);
    readDicom(file);
    expect(file.equals(before)).toBe(true);
  });
  it('refuses fewer bytes than declared', async () => {
    const file = dicomBytes([1, 2], layout(3, 16), bigEndian);
    expect((await refusalOf(() => readDicom(file))).code).toBe('dicom-truncated');
  });
});
