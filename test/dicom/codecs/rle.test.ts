import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import { decodeRle } from '../../../dicom/codecs/rle.ts';
import { refusalOf } from '../refusal.ts';
import { encodeRle, rleStream } from './rle-encoder.ts';

const one = { rows: 1, columns: 6 };
const codeOf = async (stream: Uint8Array, size = one, bits: 8 | 16 = 8) =>
  (await refusalOf(() => decodeRle(stream, size, bits))).code;

describe('RLE Lossless (PS3.5 annex G)', () => {
  it('copies, repeats and skips', () => {
    // 1: two bytes as they are; 128: nothing; 253 = −3: four times the next.
    const stream = rleStream([[1, 10, 20, 128, 253, 7]]);
    expect([...decodeRle(stream, one, 8)]).toEqual([10, 20, 7, 7, 7, 7]);
  });
  it('has the high bytes of 16-bit cells in the first segment', () => {
    const stream = rleStream([
      [255, 1],
      [1, 2, 3],
    ]);
    expect([...decodeRle(stream, { rows: 1, columns: 2 }, 16)]).toEqual([2, 1, 3, 1]);
  });
  it('takes what follows a full plane for padding', () => {
    expect([...decodeRle(rleStream([[251, 9, 0]]), one, 8)]).toEqual([9, 9, 9, 9, 9, 9]);
  });
  it('cuts what the last run or copy has too much', () => {
    expect([...decodeRle(rleStream([[250, 9]]), one, 8)]).toEqual([9, 9, 9, 9, 9, 9]);
    expect([...decodeRle(rleStream([[255, 7, 130, 9, 0]]), one, 8)]).toEqual([7, 7, 9, 9, 9, 9]);
    expect([...decodeRle(rleStream([[6, 1, 2, 3, 4, 5, 6, 7]]), one, 8)]).toEqual([1, 2, 3, 4, 5, 6]);
    const planes = [
      [254, 1],
      [254, 2],
    ];
    expect([...decodeRle(rleStream(planes), { rows: 1, columns: 2 }, 16)]).toEqual([2, 1, 2, 1]);
  });
  it.each<[string, Uint8Array, string]>([
    ['a stream shorter than its header', new Uint8Array(63), 'dicom-truncated'],
    [
      'another number of segments',
      rleStream([
        [251, 9],
        [251, 9],
      ]),
      'dicom-pixels',
    ],
    ['a segment that ends too early', rleStream([[252, 9]]), 'dicom-truncated'],
    ['a run without its byte', rleStream([[252, 9, 255]]), 'dicom-truncated'],
    ['a copy without its bytes', rleStream([[252, 9, 0]]), 'dicom-truncated'],
    ['a run past the image that is not the last', rleStream([[250, 9, 0, 1]]), 'dicom-pixels'],
    [
      'a copy past the image that is not the last',
      rleStream([[6, 1, 2, 3, 4, 5, 6, 7, 0, 1]]),
      'dicom-pixels',
    ],
  ])('refuses %s', async (_, stream, code) => {
    expect(await codeOf(stream)).toBe(code);
  });
  it('refuses offsets into the header, backwards and beyond the stream', async () => {
    const patched = (offset: number) => {
      const stream = rleStream([
        [251, 9],
        [251, 9],
      ]);
      new DataView(stream.buffer).setUint32(8, offset, true);
      return codeOf(stream, one, 16);
    };
    expect([await patched(12), await patched(63), await patched(5000)]).toEqual([
      'dicom-pixels',
      'dicom-pixels',
      'dicom-truncated',
    ]);
  });
  it('refuses a size that no stream of this length can hold, before it allocates', async () => {
    const before = process.memoryUsage().arrayBuffers;
    expect(await codeOf(rleStream([[251, 9]]), { rows: 8000, columns: 8000 })).toBe('dicom-truncated');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });
  it('undoes its encoding', () => {
    const values = fc.array(fc.oneof(fc.nat(65535), fc.constant(257)), { minLength: 1, maxLength: 600 });
    fc.assert(
      fc.property(values, fc.constantFrom<8 | 16>(8, 16), (list, bits) => {
        const cells = bits === 8 ? Uint8Array.from(list) : new Uint8Array(Uint16Array.from(list).buffer);
        const size = { rows: 1, columns: list.length };
        expect(decodeRle(encodeRle(cells, bits), size, bits)).toEqual(cells);
      }),
    );
  });
  it('throws only coded errors for any stream', () => {
    const start = encodeRle(new Uint8Array(500).fill(3), 16);
    const edits = fc.array(fc.tuple(fc.nat(start.length - 1), fc.nat(255)), { maxLength: 6 });
    fc.assert(
      fc.property(edits, fc.nat(start.length), (changes, length) => {
        const stream = start.slice(0, length);
        for (const [at, value] of changes) if (at < length) stream[at] = value;
        try {
          expect(decodeRle(stream, { rows: 10, columns: 25 }, 16)).toHaveLength(500);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(CxrError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
