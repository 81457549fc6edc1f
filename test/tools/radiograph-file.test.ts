import { crc32, deflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import jpeg from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../contract/errors.ts';
import { readRadiographFile } from '../../tools/evaluate/radiograph-file.ts';

const refusal = (bytes: Uint8Array) =>
  readRadiographFile(bytes).then(
    () => 'read',
    (error: unknown) => (error instanceof CxrError ? error.code : 'uncoded'),
  );
const size = { width: 3, height: 2 } as const;

describe('a PNG file', () => {
  it('becomes values in [0, 1] at 8 and 16 bits', async () => {
    const eight = encode({ ...size, data: Uint8Array.of(0, 51, 102, 153, 204, 255), channels: 1 });
    const { rows, columns, values, facts } = await readRadiographFile(eight);
    expect([rows, columns, facts.lossy]).toEqual([2, 3, false]);
    expect([...values]).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1].map(Math.fround));
    const deep = Uint16Array.of(0, 13107, 26214, 39321, 52428, 65535);
    const sixteen = encode({ ...size, data: deep, channels: 1, depth: 16 });
    expect([...(await readRadiographFile(sixteen)).values]).toEqual([...values]);
  });

  it('in colour becomes luma, whatever its opacity', async () => {
    const data = Uint8Array.from([...[255, 0, 0], ...[0, 255, 0], ...[0, 0, 255]].flatMap((v) => [v]));
    const { values } = await readRadiographFile(encode({ width: 3, height: 1, data, channels: 3 }));
    expect([...values]).toEqual([0.299, 0.587, 0.114].map(Math.fround));
    const clear = encode({ width: 1, height: 1, data: Uint8Array.of(255, 255, 255, 0), channels: 4 });
    expect((await readRadiographFile(clear)).values[0]).toBeCloseTo(1, 6);
  });

  it('is refused when damaged, cut, or too large for what follows', async () => {
    const bytes = encode({ ...size, data: new Uint8Array(6), channels: 1 });
    expect(await refusal(bytes)).toBe('read');
    for (let cut = 1; cut < bytes.length - 12; cut += 5)
      expect(await refusal(bytes.slice(0, -cut)), `cut by ${cut}`).toMatch(/image-unreadable|read/);
    expect(await refusal(bytes.slice(0, 40))).toBe('image-unreadable');
    const damaged = bytes.slice();
    damaged[45]! ^= 0xff;
    expect(await refusal(damaged)).toBe('image-unreadable');
    const huge = bytes.slice();
    new DataView(huge.buffer).setUint32(16, 1 << 20);
    new DataView(huge.buffer).setUint32(20, 1 << 20);
    expect(await refusal(huge)).toBe('dicom-too-large');
  });
});

describe('a PNG file of few shades, or of a palette', () => {
  /** A PNG file of these chunks: header, palette where there is one, and rows that each begin with filter 0. */
  const png = (
    depth: number,
    colour: 0 | 3,
    rows: readonly (readonly number[])[],
    width: number,
    more: { palette?: readonly number[]; interlace?: number } = {},
  ) => {
    const chunk = (type: string, content: Uint8Array) => {
      const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
      const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
      length.writeUInt32BE(content.length);
      check.writeUInt32BE(crc32(body));
      return Buffer.concat([length, body, check]);
    };
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(rows.length, 4);
    header.set([depth, colour, 0, 0, more.interlace ?? 0], 8);
    return new Uint8Array(
      Buffer.concat([
        Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
        chunk('IHDR', header),
        ...(more.palette === undefined ? [] : [chunk('PLTE', Uint8Array.from(more.palette))]),
        chunk('IDAT', deflateSync(Uint8Array.from(rows.flatMap((row) => [0, ...row])))),
        chunk('IEND', new Uint8Array()),
      ]),
    );
  };
  const valuesOf = async (bytes: Uint8Array) => [...(await readRadiographFile(bytes)).values];

  it('becomes values in [0, 1], whose rows begin at a byte', async () => {
    // 1 bit: 101 and 010, and five bits that count for nothing.
    expect(await valuesOf(png(1, 0, [[0b10111111], [0b01000000]], 3))).toEqual([1, 0, 1, 0, 1, 0]);
    // 2 bits: 0, 1, 2, 3 of 3, then 3.
    expect(await valuesOf(png(2, 0, [[0b00011011, 0b11000000]], 5))).toEqual(
      [0, 1 / 3, 2 / 3, 1, 1].map(Math.fround),
    );
    // 4 bits: 0, 15, 5 of 15.
    expect(await valuesOf(png(4, 0, [[0x0f, 0x50]], 3))).toEqual([0, 1, 1 / 3].map(Math.fround));
  });

  it('takes the colours of its palette', async () => {
    const palette = [...[0, 0, 0], ...[255, 255, 255], ...[51, 51, 51], ...[255, 0, 0]];
    const colours = [0, 1, 0.2, 0.299].map((value) => expect.closeTo(value, 6));
    expect(await valuesOf(png(8, 3, [[0, 1, 2, 3]], 4, { palette }))).toEqual(colours);
    expect(await valuesOf(png(2, 3, [[0b00011011]], 4, { palette }))).toEqual(colours);
    expect(await refusal(png(8, 3, [[0, 9]], 2, { palette }))).toBe('image-unreadable');
  });

  it('is refused where it is interlaced too, which the decoder does not do', async () => {
    expect(await refusal(png(1, 0, [[0]], 1, { interlace: 1 }))).toBe('image-unreadable');
  });
});

describe('a JPEG file', () => {
  it('may have fill bytes in front of its markers, and anything behind its end', async () => {
    const data = Uint8Array.from({ length: 16 * 16 * 4 }, (_, index) => [90, 120, 200, 255][index % 4]!);
    const plain = new Uint8Array(jpeg.encode({ data, width: 16, height: 16 }, 95).data);
    const filled: number[] = [];
    // Before the coded data only segments follow each other; their lengths lead from one to the next.
    let at = 2;
    filled.push(0xff, 0xd8);
    for (; plain[at + 1] !== 0xda; ) {
      const length = 2 + plain[at + 2]! * 256 + plain[at + 3]!;
      filled.push(0xff, 0xff, 0xff, ...plain.subarray(at, at + length));
      at += length;
    }
    const bytes = Uint8Array.from([
      ...filled,
      0xff,
      ...plain.subarray(at, -2),
      0xff,
      0xff,
      0xff,
      0xd9,
      1,
      2,
      3,
    ]);
    const [got, want] = [await readRadiographFile(bytes), await readRadiographFile(plain)];
    expect([...got.values]).toEqual([...want.values]);
  });

  it('in colour becomes luma', async () => {
    const data = Uint8Array.from({ length: 16 * 16 * 4 }, (_, index) => [200, 200, 200, 255][index % 4]!);
    const { data: bytes } = jpeg.encode({ data, width: 16, height: 16 }, 95);
    const { values, rows, facts } = await readRadiographFile(bytes);
    expect([rows, values.length, facts.lossy]).toEqual([16, 256, true]);
    for (const value of values) expect(Math.abs(value - 200 / 255)).toBeLessThan(0.02);
    expect(await refusal(bytes.subarray(0, 300))).toBe('image-unreadable');
  });
});

describe('anything else', () => {
  it('is refused', async () => {
    expect(await refusal(new Uint8Array())).toBe('image-unreadable');
    expect(await refusal(new TextEncoder().encode('GIF89a'))).toBe('image-unreadable');
    expect(await refusal(Uint8Array.of(0xff, 0xd8, 0xff, 0xd9))).toBe('image-unreadable');
  });
});
