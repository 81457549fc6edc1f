import { describe, expect, it } from 'vitest';
import { decodeJpeg2000 } from '../../../dicom/codecs/jpeg-2000.ts';
import { readJpeg2000Header } from '../../../dicom/codecs/jpeg-2000-header.ts';
import { refusalOf } from '../refusal.ts';
import { readStreamFixtures, streamSize } from './streams.ts';

const fixture = readStreamFixtures().find(({ name }) => name === 'JPEG 2000, 10 bits')!;
const stream = new Uint8Array(Buffer.from(fixture.stream, 'base64'));
const { rows, columns } = streamSize;
/** Offsets of SIZ's numbers: image, its offset, tile and its offset (across, down), then the component's three bytes. */
const siz = {
  width: 8,
  offsetX: 16,
  tileWidth: 24,
  tileHeight: 28,
  tileX: 32,
  depth: 42,
  stepX: 43,
} as const;

/** The stream with 32-bit numbers or bytes exchanged. */
function patched(words: Partial<Record<keyof typeof siz, number>>): Uint8Array {
  const bytes = stream.slice();
  const view = new DataView(bytes.buffer);
  for (const [name, value] of Object.entries(words)) {
    const at = siz[name as keyof typeof siz];
    if (at >= siz.depth) view.setUint8(at, value);
    else view.setUint32(at, value);
  }
  return bytes;
}
const codeOf = async (bytes: Uint8Array, size: { rows: number; columns: number } = streamSize) =>
  (await refusalOf(() => readJpeg2000Header(bytes, size))).code;

describe('the header of a JPEG 2000 stream', () => {
  it('tells precision, sign and wavelet', () => {
    // GDCM codes all the bits allocated, also where ten are stored.
    expect(readJpeg2000Header(stream, streamSize)).toEqual({
      precision: 16,
      signed: false,
      reversible: true,
      bytes: stream.length,
    });
  });
  it('is refused for another size, and for a size that the stream cannot hold', async () => {
    expect(await codeOf(stream, { rows, columns: columns + 1 })).toBe('dicom-pixels');
    expect(await codeOf(patched({ width: columns + 1 }))).toBe('dicom-pixels');
    expect(await codeOf(stream, { rows: 8000, columns: 8000 })).toBe('dicom-truncated');
  });
  it('is refused for grids with offsets or sub-sampling', async () => {
    for (const words of [{ offsetX: 1 }, { tileX: 1 }, { stepX: 2 }])
      expect(await codeOf(patched(words))).toBe('dicom-unsupported');
  });
  it('is refused where the codec gives wrong values: signed bytes, more than 16 bits', async () => {
    expect(await codeOf(patched({ depth: 0x87 }))).toBe('dicom-unsupported');
    expect(await codeOf(patched({ depth: 16 }))).toBe('dicom-unsupported');
  });
  it('is refused where tiles are missing', async () => {
    expect(await codeOf(patched({ tileWidth: 12 }))).toBe('dicom-pixels');
    expect(await codeOf(patched({ tileWidth: 1, tileHeight: 1 }))).toBe('dicom-truncated');
    expect(await codeOf(patched({ tileWidth: 0 }))).toBe('dicom-pixels');
  });
  it('leaves the length of the last tile-part open', () => {
    const open = stream.slice();
    const at = open.findIndex((byte, index) => byte === 0xff && open[index + 1] === 0x90);
    new DataView(open.buffer).setUint32(at + 6, 0);
    const padded = Uint8Array.from([...open, 0, 0]);
    expect(readJpeg2000Header(padded, streamSize).precision).toBe(16);
  });
});

describe('the memory of a codec', () => {
  it('does not follow what a stream declares', async () => {
    // 65535 layers on tiny precincts: without a limit OpenJPEG's memory grows to 1.8 GB for these 9 kB.
    const cod = stream.findIndex((byte, index) => byte === 0xff && stream[index + 1] === 0x52);
    const length = (stream[cod + 2]! << 8) | stream[cod + 3]!;
    const levels = stream[cod + 9]!;
    const style = [0xff, 0x52, 0, 13 + levels, 1, 0, 0xff, 0xff, 0, levels, 4, 4, 0, 1, 0];
    const precincts = Array.from({ length: levels }, () => 0x11);
    // COC says the same of the component, and keeps our own look at the packets away from what only the codec may judge.
    const component = [0xff, 0x53, 0, 10 + levels, 0, 1, levels, 4, 4, 0, 1, 0, ...precincts];
    const rest = stream.subarray(cod + 2 + length);
    const bytes = [...stream.subarray(0, cod), ...style, ...precincts, ...component, ...rest];
    // 2000×2000 declared, and bytes enough to be believed.
    const padding = new Uint8Array(8000);
    const large = Uint8Array.from([...bytes.slice(0, -2), ...padding, 0xff, 0xd9]);
    const view = new DataView(large.buffer);
    for (const at of [siz.width, siz.width + 4, siz.tileWidth, siz.tileHeight]) view.setUint32(at, 2000);
    const sot = large.findIndex((byte, index) => byte === 0xff && large[index + 1] === 0x90);
    view.setUint32(sot + 6, 0);
    const withoutComponent = large.slice();
    withoutComponent[withoutComponent.indexOf(0x53, cod)] = 0x64;
    expect(await codeOf(withoutComponent, { rows: 2000, columns: 2000 })).toBe('dicom-truncated');
    const before = process.memoryUsage().rss;
    const refusal = await refusalOf(() => decodeJpeg2000(large, { rows: 2000, columns: 2000 }));
    expect(refusal.code).toBe('dicom-pixels');
    // 64 MiB and 16 bytes for each of 4 million pixels.
    expect(process.memoryUsage().rss - before).toBeLessThan(150e6);
  });
});
