import { describe, expect, it } from 'vitest';
import { type Samples, toCells } from '../../../dicom/codecs/samples.ts';
import type { PixelLayout } from '../../../dicom/image.ts';
import { refusalOf } from '../refusal.ts';

const layout = (bitsStored: number, signed = false, highBit = bitsStored - 1): PixelLayout => ({
  bitsAllocated: 16,
  bitsStored,
  highBit,
  signed,
});
const samples = (values: readonly number[], precision: number, extra: Partial<Samples> = {}): Samples => ({
  values: precision > 8 ? Uint16Array.from(values) : Uint8Array.from(values),
  precision,
  signed: false,
  lossy: false,
  ...extra,
});
const cells = (from: Samples, to: PixelLayout) => [...new Uint16Array(toCells(from, to).buffer)];
const code = async (from: Samples, to: PixelLayout) => (await refusalOf(() => toCells(from, to))).code;

describe('decoded samples as pixel cells', () => {
  it('keep lossless values as they are, overlay bits above the stored ones too', () => {
    expect(cells(samples([0x0123, 0xf123], 16), layout(12))).toEqual([0x0123, 0xf123]);
  });
  it('widen bytes where 16 bits are allocated', () => {
    expect(cells(samples([1, 255], 8), layout(8))).toEqual([1, 255]);
    expect(cells(samples([1, 255], 8), layout(12))).toEqual([1, 255]);
  });
  it('hold lossy values in the range of the stored bits, where a mask would turn white into black', () => {
    const overshoot = samples([1022, 1024, 4095], 12, { lossy: true });
    expect(cells(overshoot, layout(10))).toEqual([1022, 1023, 1023]);
    // Signed 10 bits: −512 … 511; 0x8000 is −32768, 0xfe00 is −512.
    const signed = samples([511, 512, 0x8000], 16, { lossy: true, signed: true });
    expect(cells(signed, layout(10, true))).toEqual([511, 511, 0xfe00]);
  });
  it('are refused where they have more bits than a cell, or leave place or sign of a value open', async () => {
    expect(await code(samples([1], 12), { ...layout(8), bitsAllocated: 8 })).toBe('dicom-pixels');
    expect(await code(samples([1], 12), layout(12, false, 15))).toBe('dicom-pixels');
    expect(await code(samples([1], 10), layout(12, true))).toBe('dicom-pixels');
    expect(cells(samples([1], 10, { signed: true }), layout(12, true))).toEqual([1]);
    expect(cells(samples([1], 16), layout(12, false, 15))).toEqual([1]);
  });
});
