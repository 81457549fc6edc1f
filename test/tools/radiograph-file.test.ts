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

describe('a JPEG file', () => {
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
