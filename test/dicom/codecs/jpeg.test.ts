import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inverseDct } from '../../../dicom/codecs/inverse-dct.ts';
import { decodeJpegBaseline, decodeJpegExtended } from '../../../dicom/codecs/jpeg.ts';
import { decodeJpegLossless } from '../../../dicom/codecs/jpeg-lossless.ts';
import { refusalOf } from '../refusal.ts';
import { encodeFlatBlocks, encodeLossless, type LosslessOptions } from './jpeg-encoder.ts';

const size = { rows: 2, columns: 3 };
const samples = [100, 101, 99, 0, 255, 128];
const options: LosslessOptions = { ...size, precision: 8, predictor: 1 };
const stream = encodeLossless(samples, options);
const codeOf = async (bytes: Uint8Array, expected = size) =>
  (await refusalOf(() => decodeJpegLossless(bytes, expected))).code;
const patched = (at: number, value: number) => {
  const bytes = stream.slice();
  bytes[at] = value;
  return bytes;
};
/** Offsets in `stream`: SOI, then SOF3 at 2 (marker, length, bits, rows, columns, components). */
const [frameCode, frameBits, frameRows, frameComponents] = [3, 6, 8, 11];

describe('JPEG Lossless (ISO 10918-1 annex H)', () => {
  it('undoes its encoding for every predictor, depth, restart interval and point transform', () => {
    const image = fc.record({
      rows: fc.integer({ min: 1, max: 9 }),
      columns: fc.integer({ min: 1, max: 9 }),
      precision: fc.integer({ min: 2, max: 16 }),
      predictor: fc.integer({ min: 1, max: 7 }),
      restartLines: fc.nat(3),
      pointTransform: fc.nat(1),
      seed: fc.array(fc.nat(65535), { minLength: 81, maxLength: 81 }),
    });
    fc.assert(
      fc.property(image, ({ seed, ...layout }) => {
        const { rows, columns, precision, pointTransform } = layout;
        const mask = 2 ** precision - 2 ** pointTransform;
        const values = seed.slice(0, rows * columns).map((value) => value & mask);
        const decoded = decodeJpegLossless(encodeLossless(values, layout), { rows, columns });
        expect([...decoded.values]).toEqual(values);
        expect(decoded).toMatchObject({ precision, signed: false, lossy: pointTransform > 0 });
      }),
      { numRuns: 1000 },
    );
  });
  it('counts a difference of 2^15 as a size without bits', () => {
    const deep: LosslessOptions = { rows: 1, columns: 2, precision: 16, predictor: 1 };
    // First sample: 2^15 predicted, difference 0 − 32768 = 32768 modulo 2^16.
    expect([...decodeJpegLossless(encodeLossless([0, 32768], deep), deep).values]).toEqual([0, 32768]);
  });
  it.each<[string, Uint8Array, string]>([
    ['no start marker', patched(1, 0xd7), 'dicom-pixels'],
    ['no end marker', stream.subarray(0, -2), 'dicom-truncated'],
    ['another process', patched(frameCode, 0xc0), 'dicom-pixels'],
    ['17 bits', patched(frameBits, 17), 'dicom-pixels'],
    ['other rows', patched(frameRows, 3), 'dicom-pixels'],
    ['two components', patched(frameComponents, 2), 'dicom-pixels'],
    ['a segment past the end', patched(4, 0x7f), 'dicom-pixels'],
    ['values beyond the precision', patched(frameBits, 5), 'dicom-pixels'],
  ])('refuses %s', async (_, bytes, code) => {
    expect(await codeOf(bytes)).toBe(code);
  });
  it('refuses entropy-coded data that end too early instead of leaving the rest black', async () => {
    const cut = Uint8Array.from([...stream.subarray(0, -6), 0xff, 0xd9]);
    expect(await codeOf(cut)).toBe('dicom-truncated');
  });
  it('refuses a restart marker that is missing or has another number', async () => {
    const layout = { ...options, restartLines: 1 };
    const bytes = encodeLossless(samples, layout);
    const at = bytes.findIndex((byte, index) => byte === 0xff && bytes[index + 1] === 0xd0);
    bytes[at + 1] = 0xd1;
    expect(await codeOf(bytes)).toBe('dicom-pixels');
  });
  it('refuses a size that a stream of this length cannot hold, before it allocates', async () => {
    const before = process.memoryUsage().arrayBuffers;
    expect(await codeOf(stream, { rows: 8000, columns: 8000 })).toBe('dicom-truncated');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });
});

describe('JPEG Baseline', () => {
  const code = async (bytes: number[], rows = 2, columns = 3) =>
    (await refusalOf(() => decodeJpegBaseline(Uint8Array.from(bytes), rows, columns))).code;
  it('refuses a stream that is no JPEG, has no end or cannot hold the size', async () => {
    expect(await code([1, 2, 3, 4])).toBe('dicom-pixels');
    expect(await code([0xff, 0xd8, 1, 2])).toBe('dicom-truncated');
    expect(await code([0xff, 0xd8, 0xff, 0xd9])).toBe('dicom-pixels');
    expect(await code([0xff, 0xd8, 0xff, 0xd9], 8000, 8000)).toBe('dicom-truncated');
  });
  it('refuses progressive frames, whose scans may be many and long', async () => {
    const bytes = [...stream];
    bytes[frameCode] = 0xc2;
    expect(await code(bytes)).toBe('dicom-pixels');
  });
});

describe('JPEG Extended of 12 bits', () => {
  const coefficients = [0, 100, -40, 512, 512, -1000, 7, 8, 9, 10];
  const extended = (bytes: Uint8Array) => decodeJpegExtended(bytes, { rows: 8, columns: 80 });
  it('predicts each DC coefficient from the one before, and anew after a restart', async () => {
    for (const interval of [0, 1, 3]) {
      const { values, precision } = await extended(encodeFlatBlocks(coefficients, 16, interval));
      expect(precision).toBe(12);
      // A flat block is 2048 + coefficient · step / 8.
      const want = coefficients.map((coefficient) => Math.min(Math.max(2048 + 2 * coefficient, 0), 4095));
      expect(want.map((_, block) => values[7 * 80 + 8 * block + 5])).toEqual(want);
    }
  });
  it('is refused without its tables, with a wrong restart marker and when its data end early', async () => {
    const bytes = encodeFlatBlocks(coefficients, 16, 3);
    const code = async (change: (copy: Uint8Array) => Uint8Array) =>
      (await refusalOf(() => extended(change(bytes.slice())))).code;
    const exchanged = (from: number, to: number) => (copy: Uint8Array) => {
      copy[copy.findIndex((byte, index) => byte === from && copy[index - 1] === 255)] = to;
      return copy;
    };
    expect(await code(exchanged(0xdb, 0xec))).toBe('dicom-pixels');
    expect(await code(exchanged(0xc4, 0xec))).toBe('dicom-pixels');
    expect(await code(exchanged(0xd1, 0xd4))).toBe('dicom-pixels');
    const whole = encodeFlatBlocks(coefficients, 16, 0);
    const cut = Uint8Array.from([...whole.subarray(0, -6), 0xff, 0xd9]);
    expect((await refusalOf(() => extended(cut))).code).toBe('dicom-truncated');
  });
});

describe('the inverse DCT', () => {
  /** By definition (A.3.3): s(y, x) = ¼ Σ C(u) C(v) S(v, u) cos((2x + 1) u π / 16) cos((2y + 1) v π / 16). */
  const byDefinition = (block: readonly number[]) =>
    Array.from({ length: 64 }, (_, index) => {
      const [y, x] = [index >> 3, index & 7];
      const wave = (at: number, k: number) =>
        k === 0 ? Math.SQRT1_2 : Math.cos(((2 * at + 1) * k * Math.PI) / 16);
      const sum = block.reduce((total, s, k) => total + s * wave(x, k & 7) * wave(y, k >> 3), 0);
      return Math.min(Math.max(sum / 4 + 2048, 0), 4095);
    });
  it('spreads a DC coefficient evenly: 800 / 8 = 100 above the middle', () => {
    const out = new Uint16Array(64);
    inverseDct(
      Int32Array.from({ length: 64 }, (_, k) => (k === 0 ? 800 : 0)),
      out,
    );
    expect([...new Set(out)]).toEqual([2148]);
  });
  it('agrees with the definition to one step', () => {
    const block = fc.array(fc.integer({ min: -600, max: 600 }), { minLength: 64, maxLength: 64 });
    fc.assert(
      fc.property(block, (coefficients) => {
        const out = new Uint16Array(64);
        inverseDct(Int32Array.from(coefficients), out);
        for (const [index, exact] of byDefinition(coefficients).entries()) {
          expect(Math.abs(out[index]! - exact)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
