import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../contract/errors.ts';
import { refusedSyntaxes } from '../../dicom/dataset/refused-syntaxes.ts';
import { readableSyntaxes } from '../../dicom/dataset/syntaxes.ts';
import { toRadiograph } from '../../dicom/radiograph.ts';
import { dicomBytes, element, type Field, plantedName, sequence } from './dicom-bytes.ts';

const sample = new Uint8Array(
  readFileSync(new URL('../../native-models/samples/00000002_000.dcm', import.meta.url)),
);
const small = dicomBytes([1, 2, 3, 4], {
  '00280010': ['00280010', 'US', [2]],
  '00280011': ['00280011', 'US', [2]],
});

async function refusal(bytes: Uint8Array): Promise<CxrError> {
  const error = await toRadiograph(bytes).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CxrError);
  return error as CxrError;
}
const withField = (field: Field, pixels: readonly number[] | null = [1]) =>
  dicomBytes(pixels, { [field[0]]: field });

describe('reading', () => {
  it('reads the sample study', async () => {
    const { rows, columns, facts } = await toRadiograph(sample);
    expect([rows, columns, facts.modality, facts.photometric]).toEqual([1024, 1024, 'DX', 'MONOCHROME2']);
  });
  it('reads the same pixels with and without preamble and meta', async () => {
    const bare = small.subarray(132 + element(['00020010', 'UI', '1.2.840.10008.1.2.1']).length);
    expect((await toRadiograph(bare)).values).toEqual((await toRadiograph(small)).values);
  });
  it.each([
    ['nothing', new Uint8Array(0)],
    ['text', new TextEncoder().encode('no radiograph here, only a shopping list of some length'.repeat(9))],
    ['a PNG', new Uint8Array([0x89, 0x50, 0x4e, 0x47, ...new Array(400).fill(7)])],
  ])('refuses %s as not DICOM', async (_, bytes) => {
    expect((await refusal(bytes)).code).toBe('dicom-not-dicom');
  });
  it.each<[string, Uint8Array, string]>([
    ['no pixel data', dicomBytes(null), 'dicom-no-pixels'],
    ['colour', withField(['00280004', 'CS', 'RGB']), 'dicom-unsupported'],
    ['a palette', withField(['00280004', 'CS', 'PALETTE COLOR']), 'dicom-unsupported'],
    ['three samples', withField(['00280002', 'US', [3]]), 'dicom-unsupported'],
    ['several frames', withField(['00280008', 'IS', '2']), 'dicom-unsupported'],
    ['32 bits', withField(['00280100', 'US', [32]]), 'dicom-unsupported'],
    ['more stored than allocated bits', withField(['00280101', 'US', [17]]), 'dicom-pixels'],
    ['no rows', withField(['00280010', 'US', [0]]), 'dicom-pixels'],
    ['a zero rescale slope', withField(['00281053', 'DS', '0']), 'dicom-pixels'],
    ['fewer bytes than declared', withField(['00280010', 'US', [2]]), 'dicom-truncated'],
  ])('refuses %s', async (_, bytes, code) => {
    expect((await refusal(bytes)).code).toBe(code);
  });
  it('names a known syntax it does not read, and does not echo a private one', async () => {
    const known = await refusal(dicomBytes([1], {}, '1.2.840.10008.1.2.4.110'));
    expect(known.coded).toMatchObject({
      code: 'dicom-transfer-syntax',
      detail: { name: 'JPEG XL Lossless' },
    });
    const names = await Promise.all(
      ['4.52', '4.55', '4.66', '4.100', '4.103.1', '4.108', '4.205', '6.1', '7.3', '8.1'].map(
        async (end) => (await refusal(dicomBytes([1], {}, `1.2.840.10008.1.2.${end}`))).coded.detail,
      ),
    );
    expect(names).toMatchObject([
      { got: '1.2.840.10008.1.2.4.52', name: 'JPEG Extended (Process 3 and 5) (retired)' },
      { name: 'JPEG Full Progression, Non-Hierarchical (Process 10 and 12) (retired)' },
      { name: 'JPEG Lossless, Hierarchical (Process 29) (retired)' },
      { name: 'MPEG2 Main Profile / Main Level' },
      { name: 'Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1' },
      { name: 'HEVC/H.265 Main 10 Profile / Level 5.1' },
      { name: 'JPIP HTJ2K Referenced Deflate' },
      { name: 'RFC 2557 MIME encapsulation (retired)' },
      { name: 'SMPTE ST 2110-30 PCM Digital Audio' },
      { name: 'Deflated Image Frame Compression' },
    ]);
    // 14 retired JPEG processes, 7 kinds of video twice, 20 others; none of them is read as well.
    expect(refusedSyntaxes.size).toBe(14 + 2 * 7 + 20);
    expect(readableSyntaxes.filter(({ uid }) => refusedSyntaxes.has(uid))).toEqual([]);
    const foreign = await refusal(dicomBytes([1], {}, '1.2.3.19450131'));
    expect(foreign.coded).toMatchObject({ code: 'dicom-transfer-syntax', detail: { got: 'private' } });
  });
  it('refuses a huge declared size without allocating it', async () => {
    const side: [Field, Field] = [
      ['00280010', 'US', [46341 - 65536]],
      ['00280011', 'US', [46341 - 65536]],
    ];
    const bytes = dicomBytes([1, 2, 3], { '00280010': side[0], '00280011': side[1] });
    const before = process.memoryUsage();
    expect((await refusal(bytes)).code).toBe('dicom-too-large');
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(1e6);
  });
  it('survives thousands of nested sequences', async () => {
    // Undefined-length sequence and item, 5000 deep: the parser recurses and runs out of stack.
    const open = Buffer.from('080011115351000000000000', 'hex');
    open.writeUInt32LE(0xffffffff, 8);
    const item = Buffer.from('feff00e0ffffffff', 'hex');
    const nest = Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.concat([open, item])));
    const meta = element(['00020010', 'UI', '1.2.840.10008.1.2.1']);
    const bytes = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), meta, nest]);
    expect((await refusal(new Uint8Array(bytes))).code).toMatch(/^dicom-(unsupported|truncated|not-dicom)$/);
  });
});

describe('nothing about the patient leaves the reader', () => {
  it('keeps planted names out of results', async () => {
    const planted: Record<string, Field> = {
      '00080060': ['00080060', 'CS', plantedName],
      '00185101': ['00185101', 'CS', plantedName],
      '00281055': ['00281055', 'LO', plantedName],
    };
    const text = JSON.stringify((await toRadiograph(dicomBytes([1, 2], planted))).facts);
    expect(text).not.toContain('PLANTED');
  });
  it('keeps planted names out of errors', async () => {
    for (const tag of ['00280004', '00280008', '00281053', '00281050']) {
      const vr = tag === '00280004' ? 'CS' : 'DS';
      const outcome = await toRadiograph(withField([tag, vr, plantedName])).catch((error: unknown) => error);
      const text =
        outcome instanceof Error ? `${outcome.stack} ${String(outcome.cause)}` : JSON.stringify(outcome);
      expect(text).not.toContain('PLANTED');
    }
    const cut = await refusal(dicomBytes([1]).subarray(0, 170));
    expect(`${cut.stack}${String(cut.cause)}`).not.toContain('PLANTED');
  });
  it('throws only coded errors for mutated and cut files', { timeout: 60_000 }, async () => {
    const lut = sequence('00283010', [
      ['00283002', 'US', [3, 10, 8]],
      ['00283006', 'OW', [0, 128, 255]],
    ]);
    const withLut = dicomBytes([9, 10, 11], { '00283010': lut });
    const edits = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 12 });
    const survives = async (source: Uint8Array, changes: [number, number][], cut: number) => {
      const bytes = source.slice(0, cut === 0 ? source.length : cut % source.length);
      for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
      const outcome = await toRadiograph(bytes).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        expect(outcome).toBeInstanceOf(CxrError);
        expect((outcome as CxrError).code).toMatch(/^dicom-/);
        expect(`${outcome.stack}${String(outcome.cause)}`).not.toContain('PLANTED');
      }
    };
    await fc.assert(
      fc.asyncProperty(edits, fc.oneof(fc.constant(0), fc.nat(3000)), async (changes, cut) => {
        await survives(withLut, changes, cut);
        await survives(small, changes, cut);
      }),
      { numRuns: 3000 },
    );
    await fc.assert(
      fc.asyncProperty(edits, fc.oneof(fc.constant(0), fc.nat(2_000_000)), (changes, cut) =>
        survives(sample, changes, cut),
      ),
      { numRuns: 150 },
    );
  });
});
