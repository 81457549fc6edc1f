import { beforeAll, describe, expect, it } from 'vitest';
import { decodeJpeg2000 } from '../../../dicom/codecs/jpeg-2000.ts';
import { readJpeg2000Header } from '../../../dicom/codecs/jpeg-2000-header.ts';
import { refusalOf } from '../refusal.ts';
import {
  endOfStream,
  firstTilePart,
  joined,
  openEncoder,
  opened,
  type Structure,
  tilePart,
} from './jpeg-2000-encoder.ts';

const size = { rows: 150, columns: 205 };
const values = Uint16Array.from({ length: size.rows * size.columns }, (_, index) => {
  const [x, y] = [index % size.columns, Math.floor(index / size.columns)];
  return 2000 + 1500 * Math.sin(x / 17) * Math.cos(y / 23) + ((x * 31 + y * 17) % 29) * 4;
});
const plain: Structure = { progression: 2, tile: 0, precincts: [], levels: 5, isLossless: true, block: 64 };
const structures: Structure[] = [0, 1, 2, 3, 4].flatMap((progression) =>
  [0, 64, 50].flatMap((tile) =>
    [[], [[128, 128] as const, [64, 64] as const, [32, 64] as const]].flatMap((precincts) =>
      [0, 1, 5].map(
        (levels): Structure => ({
          ...{ progression, tile, precincts, levels },
          isLossless: (progression + levels) % 2 === 0,
          block: tile === 0 ? 64 : 16,
        }),
      ),
    ),
  ),
);
const codeOf = async (stream: Uint8Array) => (await refusalOf(() => readJpeg2000Header(stream, size))).code;

let encode: Awaited<ReturnType<typeof openEncoder>>;
let stream: Uint8Array;
beforeAll(async () => {
  encode = await openEncoder();
  stream = encode(values, size, plain);
});

describe('a JPEG 2000 stream', () => {
  it.each(structures)('is whole, and not without its last byte: %o', async (structure) => {
    const made = encode(values, size, structure);
    expect(readJpeg2000Header(made, size).bytes).toBe(made.length);
    // The last tile-part, left open, without its last byte, and closed again.
    let last = firstTilePart(made);
    const view = new DataView(made.buffer);
    for (let at = last; view.getUint16(at) === 0xff90; at += view.getUint32(at + 6)) last = at;
    const cut = joined(made.subarray(0, -3), endOfStream);
    new DataView(cut.buffer).setUint32(last + 6, 0);
    expect(await codeOf(cut)).toBe('dicom-truncated');
  });
  it('may come in tile-parts, with or without their number', async () => {
    const { header, data } = opened(stream);
    const thirds = [0, 1, 2].map((k) => data.subarray((k * data.length) / 3, ((k + 1) * data.length) / 3));
    for (const count of [3, 0]) {
      const parts = thirds.map((third, number) => tilePart(0, number, count, third));
      const decoded = await decodeJpeg2000(joined(header, ...parts, endOfStream), size);
      expect(Buffer.from(decoded.values.buffer).equals(Buffer.from(values.buffer))).toBe(true);
      // The wavelet's finest details lie in the last part: without it the picture would only be blurred.
      expect(await codeOf(joined(header, ...parts.slice(0, 2), endOfStream))).toBe('dicom-truncated');
      expect(await codeOf(joined(header, parts[0]!, parts[2]!, endOfStream))).toBe('dicom-truncated');
    }
  });
  it('is cut where fewer tile-parts follow than its main header lists', async () => {
    const { header, data } = opened(stream);
    // TLM: index 0, no tile numbers, lengths of 32 bits; two of them.
    const lengths = [0, 0, 1, 0, 0, 0, 1, 0];
    const listed = joined(header, [0xff, 0x55, 0, 12, 0, 0x40], lengths);
    expect(await codeOf(joined(listed, tilePart(0, 0, 0, data), endOfStream))).toBe('dicom-truncated');
    const both = [tilePart(0, 0, 0, data.subarray(0, 9)), tilePart(0, 1, 0, data.subarray(9))];
    expect(readJpeg2000Header(joined(listed, ...both, endOfStream), size).precision).toBe(12);
  });
  it('may be blank, and then has next to no bytes', async () => {
    const side = { rows: 2048, columns: 2048 };
    const blank = encode(new Uint16Array(2048 * 2048), side, plain);
    // Less than 1/128 bit a pixel.
    expect(blank.length).toBeLessThan((2048 * 2048) / 1024);
    const decoded = await decodeJpeg2000(blank, side);
    expect(decoded.values.every((value) => value === 0)).toBe(true);
  });
});

describe('a JP2 file in place of the stream', () => {
  const box = (type: string, body: Uint8Array, form: 'short' | 'long' | 'open' = 'short'): Uint8Array => {
    const head = Buffer.alloc(form === 'long' ? 16 : 8);
    head.writeUInt32BE(form === 'long' ? 1 : form === 'open' ? 0 : 8 + body.length);
    head.write(type, 4, 'latin1');
    if (form === 'long') head.writeBigUInt64BE(BigInt(16 + body.length), 8);
    return joined(head, body);
  };
  const start = joined(
    box('jP  ', Uint8Array.of(0x0d, 0x0a, 0x87, 0x0a)),
    box('ftyp', new TextEncoder().encode('jp2 \0\0\0\0jp2 ')),
    box('jp2h', new Uint8Array(30), 'long'),
  );
  it.each(['short', 'long', 'open'] as const)('is opened: a box with a %s length', async (form) => {
    const { values: got } = await decodeJpeg2000(joined(start, box('jp2c', stream, form)), size);
    expect(Buffer.from(got.buffer).equals(Buffer.from(values.buffer))).toBe(true);
  });
  it('is refused without a stream, and cut', async () => {
    const code = async (bytes: Uint8Array) => (await refusalOf(() => decodeJpeg2000(bytes, size))).code;
    expect(await code(start)).toBe('dicom-pixels');
    expect(await code(joined(start, box('jp2c', stream)).subarray(0, -1))).toBe('dicom-truncated');
    expect(
      await code(joined(start, box('free', new Uint8Array(4)), Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 0))),
    ).toBe('dicom-pixels');
  });
});
