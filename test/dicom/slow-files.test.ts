import { deflateRawSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { CxrError } from '../../contract/errors.ts';
import { toFilm } from '../../dicom/film.ts';
import { readStreamFixtures, streamSize } from './codecs/streams.ts';
import { dicomBytes, encapsulatedBytes, imageFields, part10 } from './dicom-bytes.ts';

/**
 * Two kinds of small files that once took half a minute, at ten times the size at which they were found: thousands of Huffman
 * tables that no scan uses, and hundreds of thousands of elements that nobody reads.
 */
const enough = 1_000;

async function timed(file: Uint8Array): Promise<{ readonly code: string; readonly ms: number }> {
  const started = performance.now();
  const code = await toFilm(file).then(
    () => 'film',
    (error: unknown) => (error instanceof CxrError ? error.code : `uncoded ${error}`),
  );
  return { code, ms: performance.now() - started };
}

/** A JPEG stream in which the segments of its Huffman tables are repeated until it has so many bytes. */
function withTables(stream: Uint8Array, bytes: number): Uint8Array {
  const parts: Uint8Array[] = [stream.subarray(0, 2)];
  let at = 2;
  let size = 2;
  while (stream[at + 1] !== 0xda) {
    const segment = stream.subarray(at, at + 2 + stream[at + 2]! * 256 + stream[at + 3]!);
    do {
      parts.push(segment);
      size += segment.length;
    } while (stream[at + 1] === 0xc4 && size < bytes);
    at += segment.length;
  }
  return Buffer.concat([...parts, stream.subarray(at)]);
}

it('660 kB of Huffman tables are refused within a second', async () => {
  const fixtures = readStreamFixtures().filter(({ syntax }) => /\.4\.(50|51|57|70)$/.test(syntax));
  expect(fixtures.length).toBeGreaterThan(3);
  // What is compiled or opened by the first file is not its fault.
  for (const fixture of fixtures)
    for (const bytes of [0, 660_000]) {
      const stream = withTables(new Uint8Array(Buffer.from(fixture.stream, 'base64')), bytes);
      const file = encapsulatedBytes([stream], imageFields({ ...streamSize, ...fixture }), fixture.syntax);
      const { code, ms } = await timed(file);
      expect(code, fixture.name).toBe(bytes === 0 ? 'film' : 'dicom-pixels');
      if (bytes > 0) expect(ms, fixture.name).toBeLessThan(enough);
    }
});

/** A data set with so many empty private elements behind those of a small image. */
function withElements(count: number): Uint8Array {
  // Preamble, `DICM`, and the element that names the syntax: 8 bytes and the UID.
  const small = dicomBytes(null).subarray(128 + 4 + 8 + '1.2.840.10008.1.2.1\0'.length);
  const more = Buffer.alloc(8 * count);
  for (let index = 0; index < count; index += 1) {
    // Odd groups from 0029 on are private; each has 65,536 elements.
    more.writeUInt16LE(0x0029 + 2 * (index >> 16), 8 * index);
    more.writeUInt16LE(index & 0xffff, 8 * index + 2);
    more.write('LO', 8 * index + 4, 'latin1');
  }
  return Buffer.concat([small, more]);
}

it.each([
  ['plain', '1.2.840.10008.1.2.1', (bytes: Uint8Array) => bytes],
  ['deflated', '1.2.840.10008.1.2.1.99', (bytes: Uint8Array) => new Uint8Array(deflateRawSync(bytes))],
] as const)('600,000 elements, %s, are refused within a second', async (_, syntax, packed) => {
  // Few of them are no reason to refuse: only the pixels are missing.
  expect((await timed(part10(syntax, packed(withElements(1_000))))).code).toBe('dicom-no-pixels');
  const { code, ms } = await timed(part10(syntax, packed(withElements(600_000))));
  expect(code).toBe('dicom-too-large');
  expect(ms).toBeLessThan(enough);
});
