import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import { decodePixels } from '../../../dicom/codecs/stored.ts';
import { readableSyntaxes } from '../../../dicom/dataset/syntaxes.ts';
import { signedValue } from '../../../dicom/display/pixels.ts';
import { toRadiograph } from '../../../dicom/radiograph.ts';
import { readDicom } from '../../../dicom/read.ts';
import { encapsulatedBytes, type Field, imageFields, plantedName } from '../dicom-bytes.ts';
import { encodeRle } from './rle-encoder.ts';
import { readStreamFixtures, type StreamFixture, streamSize, syntheticImage } from './streams.ts';

const rleSyntax = '1.2.840.10008.1.2.5';
const rle = (bitsStored: number, signed: boolean): StreamFixture => {
  const cells = new Uint8Array(Uint16Array.from(syntheticImage(bitsStored, signed)).buffer);
  const stream = Buffer.from(encodeRle(cells, 16)).toString('base64');
  const name = `RLE, ${bitsStored} bits${signed ? ' signed' : ''}`;
  return { name, syntax: rleSyntax, bitsAllocated: 16, bitsStored, signed, maxError: 0, stream };
};
const fixtures = [...readStreamFixtures(), rle(12, false), rle(16, true)];
const streamOf = (fixture: StreamFixture) => new Uint8Array(Buffer.from(fixture.stream, 'base64'));
const fileOf = (fixture: StreamFixture, stream = streamOf(fixture), fields: Record<string, Field> = {}) =>
  encapsulatedBytes([stream], { ...imageFields({ ...streamSize, ...fixture }), ...fields }, fixture.syntax);

/** Stored values of a file. */
async function valuesOf(file: Uint8Array): Promise<number[]> {
  const image = readDicom(file);
  const { bitsAllocated, bitsStored } = image.layout;
  const bytes = new Uint8Array((await decodePixels(image)).cells);
  const cells = bitsAllocated === 8 ? bytes : new Uint16Array(bytes.buffer);
  return Array.from(cells, (cell) => signedValue(cell & (2 ** bitsStored - 1), image.layout));
}
const codeOf = (file: Uint8Array) =>
  toRadiograph(file).then(
    () => 'read',
    (thrown: unknown) => (thrown instanceof CxrError ? thrown.code : 'uncoded'),
  );

describe('compressed pixels', () => {
  it('are tested for every readable syntax that compresses', () => {
    const compressed = readableSyntaxes.filter(({ pixels }) => pixels !== 'native').map(({ uid }) => uid);
    const tested = [...new Set(fixtures.map(({ syntax }) => syntax))].sort();
    expect(tested, 'a fixture of this file for each syntax that is not native').toEqual(
      [...compressed].sort(),
    );
  });

  describe.each(fixtures.map((fixture) => [fixture.name, fixture] as const))('%s', (_, fixture) => {
    it('decodes to the image, exactly or within the bound of its loss', async () => {
      const want = syntheticImage(fixture.bitsStored, fixture.signed);
      const got = await valuesOf(fileOf(fixture));
      expect(got).toHaveLength(want.length);
      const worst = Math.max(...got.map((value, index) => Math.abs(value - want[index]!)));
      expect(worst).toBeLessThanOrEqual(fixture.maxError);
      if (fixture.cells !== undefined) {
        const { cells } = await decodePixels(readDicom(fileOf(fixture)));
        expect(Buffer.from(cells).toString('base64')).toBe(fixture.cells);
      }
    });
    it('says whether it lost something', async () => {
      expect((await toRadiograph(fileOf(fixture))).facts.lossy).toBe(fixture.maxError > 0);
    });
    it('may lie in several fragments', async () => {
      const stream = streamOf(fixture);
      const fragments = [stream.subarray(0, 50), stream.subarray(50, 120), stream.subarray(120)];
      const fields = imageFields({ ...streamSize, ...fixture });
      const whole = await valuesOf(fileOf(fixture));
      expect(await valuesOf(encapsulatedBytes(fragments, fields, fixture.syntax))).toEqual(whole);
    });
    it('may be followed by any bytes, which are padding', async () => {
      const whole = await valuesOf(fileOf(fixture));
      for (const padding of [
        [0],
        [0xff],
        [0x20, 0x20],
        [0xff, 0xff, 0xff],
        [0xd9, 0xff, 0xd9, 0xff, 0xd9],
        [0, 0x80],
      ]) {
        // RLE has no end of its own; its last segment goes up to the fragment's.
        const padded = Uint8Array.from([...streamOf(fixture), ...padding]);
        expect(await valuesOf(fileOf(fixture, padded)), `${padding}`).toEqual(whole);
      }
    });
    it('needs no delimiter behind its last fragment', async () => {
      const file = fileOf(fixture);
      const whole = await valuesOf(file);
      const open = file.subarray(0, -8);
      for (const rest of [
        [],
        [0],
        [0, 0, 0, 0, 0, 0, 0, 0],
        [0xfe, 0xff, 0xdd, 0xe0],
        [0xfa, 0xff, 0xfa, 0xff, 0x53, 0x51, 0, 0],
      ])
        expect(await valuesOf(Uint8Array.from([...open, ...rest]))).toEqual(whole);
      expect(await codeOf(open.subarray(0, -2))).toBe('dicom-truncated');
    });
    it('is refused when its size is not the header’s', async () => {
      const fields = (rows: number, columns: number) => imageFields({ ...fixture, rows, columns });
      const { rows, columns } = streamSize;
      // RLE has no size of its own: a larger one is cut, a smaller one has runs past it.
      const refusals = await Promise.all([
        codeOf(fileOf(fixture, undefined, fields(rows + 8, columns))),
        codeOf(fileOf(fixture, undefined, fields(columns, rows + 8))),
        codeOf(fileOf(fixture, undefined, fields(8000, 8000))),
      ]);
      for (const code of refusals) expect(code).toMatch(/^dicom-(pixels|truncated)$/);
    });
    it('is refused when cut anywhere', async () => {
      const stream = streamOf(fixture);
      for (let length = 1; length < stream.length - 2; length += 7) {
        expect(await codeOf(fileOf(fixture, stream.subarray(0, length)))).toMatch(
          /^dicom-(pixels|truncated)$/,
        );
      }
    });
    it('is an image of the declared size or a coded refusal when damaged', async () => {
      const stream = streamOf(fixture);
      const edits = fc.array(fc.tuple(fc.nat(stream.length - 1), fc.nat(255)), {
        minLength: 1,
        maxLength: 8,
      });
      await fc.assert(
        fc.asyncProperty(edits, async (changes) => {
          const damaged = stream.slice();
          for (const [at, value] of changes) damaged[at] = value;
          try {
            const { values } = await toRadiograph(fileOf(fixture, damaged));
            expect(values).toHaveLength(streamSize.rows * streamSize.columns);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(CxrError);
            expect((thrown as CxrError).code).toMatch(/^dicom-/);
            expect(`${(thrown as Error).stack}`).not.toContain(plantedName);
          }
        }),
        { numRuns: 150 },
      );
      // Whatever the damage did to a codec, the next image is right.
      const worst = (await valuesOf(fileOf(fixture))).map((value, index) =>
        Math.abs(value - syntheticImage(fixture.bitsStored, fixture.signed)[index]!),
      );
      expect(Math.max(...worst)).toBeLessThanOrEqual(fixture.maxError);
    });
  });
});
