import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import { boundaryIn, MultipartReader, multipartLimits } from '../../../dicom/network/multipart.ts';

/** The parts of a body that comes in pieces of `piece` bytes. */
function partsOf(
  body: string | Uint8Array,
  piece: number,
  boundary = 'b',
): { type: string; content: string }[] {
  const bytes = Buffer.from(body as Uint8Array);
  const reader = new MultipartReader(boundary);
  const parts: { type: string; content: string }[] = [];
  let ended = 0;
  for (let at = 0; at < bytes.length; at += piece)
    for (const event of reader.push(bytes.subarray(at, at + piece))) {
      if (event.kind === 'part') parts.push({ type: event.type, content: '' });
      else if (event.kind === 'data') parts.at(-1)!.content += Buffer.from(event.bytes).toString('latin1');
      else ended += 1;
    }
  reader.finish();
  expect(ended).toBe(parts.length);
  return parts;
}
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof CxrError) return error.code;
    throw error;
  }
  return 'none';
};

const dicom = 'application/dicom';
const two = `preamble\r\n--b\r\nContent-Type: ${dicom}\r\nX: y\r\n\r\nfirst\r\n--bee\r\n--b  \r\n\r\nsecond\r\n--b--\r\nepilogue`;

describe('a multipart body', () => {
  it('has the same parts however it is cut on the way', () => {
    const expected = [
      // A line that only begins like a boundary is refused: the standard forbids it in a part.
      { type: dicom, content: 'first' },
      { type: '', content: 'second' },
    ];
    const body = two.replace('\r\n--bee', '');
    for (let piece = 1; piece <= body.length; piece += 1) expect(partsOf(body, piece)).toEqual(expected);
    expect(codeOf(() => partsOf(two, two.length))).toBe('network-malformed');
  });

  it('may begin with its boundary, and hold line ends and hyphens of its own', () => {
    expect(partsOf('--b\r\n\r\n\r\n--\r\n-b\r\n--b--', 3)).toEqual([{ type: '', content: '\r\n--\r\n-b' }]);
  });

  it('comes out as it went in, whatever is in its parts', () => {
    const part = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    const boundary = '3d6b6a416f9b5';
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 400 }),
        (parts, piece) => {
          const body = `${parts.map((one) => `--${boundary}\r\nContent-Type: a/b\r\n\r\n${one}\r\n`).join('')}--${boundary}--`;
          const found = partsOf(Buffer.from(body, 'latin1'), piece, boundary);
          expect(found.map(({ content }) => content)).toEqual(parts);
        },
      ),
    );
  });

  it.each([
    ['without an end', '--b\r\n\r\nhalf', 'network-malformed'],
    ['without a boundary', 'x'.repeat(100_000), 'network-too-large'],
    ['with an endless header', `--b\r\n${'x'.repeat(multipartLimits.headerBytes + 10)}`, 'network-too-large'],
    [
      'with too many parts',
      `--b\r\n\r\n${'\r\n--b\r\n\r\n'.repeat(multipartLimits.parts)}`,
      'network-too-large',
    ],
    ['with a boundary that goes on', `--b${'x'.repeat(200)}`, 'network-malformed'],
  ])('is refused %s', (_, body, code) => {
    expect(codeOf(() => partsOf(body, 1000))).toBe(code);
  });

  it('names its boundary, in quotes or not', () => {
    expect(boundaryIn('multipart/related; type="application/dicom"; boundary="a b"')).toBe('a b');
    expect(boundaryIn('Multipart/Related; boundary=xyz-1; type=application/dicom')).toBe('xyz-1');
    for (const type of ['application/json', 'multipart/related', 'multipart/related; boundary=""'])
      expect(codeOf(() => boundaryIn(type))).toBe('network-malformed');
  });

  it('of random bytes is refused with a code, or has parts', () => {
    const piece = fc.constantFrom('--b', '\r\n', '--', 'Content-Type: x', 'data', '\r\n--b--', '\0');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        expect(codeOf(() => partsOf(pieces.join(''), 7))).toMatch(/^(none|network-(malformed|too-large))$/);
      }),
      { numRuns: 2000 },
    );
  });
});
