import { describe, expect, it } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import { decodePixels } from '../../../dicom/codecs/stored.ts';
import { readDicom } from '../../../dicom/read.ts';
import { encapsulatedBytes, imageFields } from '../dicom-bytes.ts';
import { readStreamFixtures, type StreamFixture, streamSize } from './streams.ts';

/** JPEG and JPEG-LS streams as writers make them who read the standard otherwise: ISO 10918-1 B.1.1.2, B.2.3, B.2.4.2. */
const streamOf = (fixture: StreamFixture) => new Uint8Array(Buffer.from(fixture.stream, 'base64'));
const isJpeg = (fixture: StreamFixture) => streamOf(fixture)[1] === 0xd8;
const fixtures = readStreamFixtures()
  .filter(isJpeg)
  .map((fixture) => [fixture.name, fixture] as const);
const dct = fixtures.filter(([, { syntax }]) => /\.4\.5[01]$/.test(syntax));
const lossless = fixtures.filter(([, { syntax }]) => /\.4\.(57|70)$/.test(syntax));

const cellsOf = async (fixture: StreamFixture, stream: readonly number[] | Uint8Array) => {
  const fields = imageFields({ ...streamSize, ...fixture });
  const image = readDicom(encapsulatedBytes([Uint8Array.from(stream)], fields, fixture.syntax));
  return Buffer.from((await decodePixels(image)).cells);
};

/** Splits a stream at its markers up to the scan: start, segments with their codes, entropy-coded data and end. */
function segmentsOf(stream: Uint8Array) {
  const segments: { readonly code: number; readonly bytes: number[] }[] = [];
  let at = 2;
  for (let code = 0; code !== 0xda; ) {
    code = stream[at + 1]!;
    const length = 2 + ((stream[at + 2]! << 8) | stream[at + 3]!);
    segments.push({ code, bytes: [...stream.subarray(at, at + length)] });
    at += length;
  }
  return { segments, rest: [...stream.subarray(at, stream.length)] };
}
const assembled = (parts: readonly (readonly number[])[], rest: readonly number[]) => [
  ...[0xff, 0xd8],
  ...parts.flat(),
  ...rest,
];

describe('a JPEG or JPEG-LS stream', () => {
  it.each(fixtures)('may have fill bytes in front of its markers: %s', async (_, fixture) => {
    const { segments, rest } = segmentsOf(streamOf(fixture));
    const end = rest.lastIndexOf(0xd9) - 1;
    const filled = assembled(
      segments.map(({ bytes }) => [0xff, 0xff, ...bytes]),
      [...rest.slice(0, end), 0xff, ...rest.slice(end)],
    );
    expect(await cellsOf(fixture, filled)).toEqual(await cellsOf(fixture, streamOf(fixture)));
  });
  it.each(dct)('whose sequential scan selects no coefficient has them all: %s', async (_, fixture) => {
    const { segments, rest } = segmentsOf(streamOf(fixture));
    for (const [first, last, approximation] of [
      [0, 0, 0],
      [0, 63, 0x11],
      [1, 5, 0],
    ]) {
      const parts = segments.map(({ code, bytes }) =>
        code === 0xda ? [...bytes.slice(0, -3), first!, last!, approximation!] : bytes,
      );
      expect(await cellsOf(fixture, assembled(parts, rest))).toEqual(
        await cellsOf(fixture, streamOf(fixture)),
      );
    }
  });
  it.each(lossless)('may define tables that it does not use, damaged ones too: %s', async (_, fixture) => {
    const { segments, rest } = segmentsOf(streamOf(fixture));
    // Class 0, identifier 15, with more codes of one bit than there are; then 2000 tables without a code.
    const damaged = [0x0f, 3, ...new Array<number>(15).fill(0), 1, 2, 3];
    const empty = [0x0f, ...new Array<number>(16).fill(0)];
    const tables = [...damaged, ...Array.from({ length: 2000 }, () => empty).flat()];
    const length = 2 + tables.length;
    const unused = [0xff, 0xc4, length >> 8, length & 0xff, ...tables];
    const parts = segments.map(({ bytes }) => bytes);
    const started = performance.now();
    expect(await cellsOf(fixture, assembled([unused, ...parts], rest))).toEqual(
      await cellsOf(fixture, streamOf(fixture)),
    );
    expect(performance.now() - started).toBeLessThan(500);
    // Ten times as many, and one that is used and damaged.
    const code = (stream: readonly number[]) =>
      cellsOf(fixture, stream).then(
        () => 'read',
        (thrown: unknown) => (thrown instanceof CxrError ? thrown.code : 'uncoded'),
      );
    const many = Array.from({ length: 10 }, () => unused);
    const before = performance.now();
    expect(await code(assembled([...many, ...parts], rest))).toBe('dicom-pixels');
    expect(performance.now() - before).toBeLessThan(1000);
    const used = segments.map(({ code: marker, bytes }) =>
      marker === 0xc4 ? [...bytes.slice(0, 5), 3, ...bytes.slice(6)] : bytes,
    );
    expect(await code(assembled(used, rest))).toBe('dicom-pixels');
  });
  it.each(fixtures)('is refused with thousands of segments: %s', async (_, fixture) => {
    const comment = [0xff, 0xfe, 0, 2];
    const { segments, rest } = segmentsOf(streamOf(fixture));
    const parts = segments.map(({ bytes }) => bytes);
    const flooded = (count: number) =>
      assembled([...new Array<number[]>(count).fill(comment), ...parts], rest);
    expect(await cellsOf(fixture, flooded(1000))).toEqual(await cellsOf(fixture, streamOf(fixture)));
    await expect(cellsOf(fixture, flooded(10_000))).rejects.toMatchObject({ code: 'dicom-pixels' });
  });
});
