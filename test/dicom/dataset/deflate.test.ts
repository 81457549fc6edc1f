import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import { readDicom } from '../../../dicom/read.ts';
import { dicomBytes, element, type Field, imageFields, part10, plantedName } from '../dicom-bytes.ts';
import { refusalOf } from '../refusal.ts';
import { dataset, written } from './written.ts';

const deflated = '1.2.840.10008.1.2.1.99';
const square = (side: number) =>
  imageFields({ rows: side, columns: side, bitsAllocated: 16, bitsStored: 12 });
/** Not compressible, so that a few of them fill what is looked at first. */
const noise = (length: number) => Uint8Array.from({ length }, (_, k) => Math.imul(k + 1, 2654435761) >>> 24);
const codeOf = async (file: Uint8Array) => (await refusalOf(() => readDicom(file))).code;
/** Preamble, DICM, the transfer syntax element. */
const metaBytes = part10(deflated, new Uint8Array(0)).length;

describe('Deflated Explicit VR Little Endian (PS3.5 A.5)', () => {
  it('holds the pixels of the uncompressed file', () => {
    const values = Array.from({ length: 100 * 100 }, (_, k) => (k * 7919) % 4096);
    const [plain, small] = [dicomBytes(values, square(100)), dicomBytes(values, square(100), deflated)];
    expect(small.length).not.toBe(plain.length);
    expect(readDicom(small).pixels).toEqual(readDicom(plain).pixels);
  });
  it('reads pixels behind a header that is longer than the first look', () => {
    const fields: Record<string, Field> = { ...square(2), '00291010': ['00291010', 'OB', noise(200_000)] };
    const file = dicomBytes([1, 2, 3, 4], fields, deflated);
    expect([...readDicom(file).pixels]).toEqual([1, 0, 2, 0, 3, 0, 4, 0]);
  });
  it('does not inflate a bomb behind the pixels', async () => {
    const head = Buffer.concat(Object.values(square(2)).map((field) => element(field)));
    const required = Buffer.concat([
      element(['00280002', 'US', [1]]),
      element(['00280004', 'CS', 'MONOCHROME2']),
    ]);
    const pixels = element(['7fe00010', 'OW', [1, 2, 3, 4]]);
    const bomb = deflateRawSync(Buffer.concat([required, head, pixels, Buffer.alloc(300_000_000)]));
    const before = process.memoryUsage().rss;
    expect(await codeOf(part10(deflated, bomb))).toBe('dicom-too-large');
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
  });
  it('does not inflate a bomb in the header, or pixels larger than accepted', async () => {
    const blob = Buffer.concat([element(['00291010', 'OB', [0, 0]]), Buffer.alloc(300_000_000)]);
    blob.writeUInt32LE(300_000_000, 8);
    const before = process.memoryUsage().rss;
    expect(await codeOf(part10(deflated, deflateRawSync(blob)))).toMatch(/^dicom-(too-large|truncated)$/);
    const pixels = element(['7fe00010', 'OW', [0, 0]]);
    pixels.writeUInt32LE(0xfffffff0, 8);
    const large = deflateRawSync(Buffer.concat([pixels, noise(10_000)]));
    expect(await codeOf(part10(deflated, large))).toBe('dicom-too-large');
    expect(process.memoryUsage().rss - before).toBeLessThan(150e6);
  });
  it('refuses hundreds of thousands of elements within a second, however little they deflate to', async () => {
    const empty = element(['00291010', 'LO', '']);
    const pixels = element(['7fe00010', 'OW', [0, 0]]);
    for (const count of [600_000, 3_000_000]) {
      const many = deflateRawSync(Buffer.concat([Buffer.alloc(empty.length * count, empty), pixels]));
      const started = performance.now();
      expect(await codeOf(part10(deflated, many))).toBe('dicom-too-large');
      expect(performance.now() - started).toBeLessThan(1000);
    }
  });
  it('reads sixty thousand of them as fast as others', () => {
    // Different values, so that the data set is inflated in many steps; each goes on where the one before stopped.
    const form = { vr: 'explicit', order: 'little' } as const;
    const many = Buffer.concat(
      Array.from({ length: 60_000 }, (_, k) =>
        written(form, '00091010', 'LO', String(Math.imul(k, 2654435761) >>> 8)),
      ),
    );
    const small = part10(deflated, deflateRawSync(dataset(form, { '00091010': many })));
    const started = performance.now();
    expect(readDicom(small).pixels).toEqual(
      readDicom(part10(deflated, deflateRawSync(dataset(form)))).pixels,
    );
    expect(performance.now() - started).toBeLessThan(500);
  });
  it('refuses cut and damaged data with a code and without their text', async () => {
    const file = dicomBytes(Array.from(noise(2500)), square(50), deflated);
    expect(await codeOf(file.subarray(0, file.length - 50))).toBe('dicom-truncated');
    const edits = fc.array(fc.tuple(fc.nat(file.length - metaBytes - 1), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(edits, fc.nat(file.length - metaBytes), (changes, cut) => {
        const bytes = file.slice(0, file.length - (cut % 7 === 0 ? cut : 0));
        for (const [at, value] of changes) if (metaBytes + at < bytes.length) bytes[metaBytes + at] = value;
        try {
          readDicom(bytes);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(CxrError);
          expect(`${(thrown as Error).stack}`).not.toContain(plantedName);
        }
      }),
      { numRuns: 400 },
    );
  });
});
