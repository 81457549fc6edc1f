import { readFileSync } from 'node:fs';
import { encodeRle } from '../../../test/dicom/codecs/rle-encoder.ts';
import { dicomBytes, encapsulatedBytes, type Field, imageFields } from '../../../test/dicom/dicom-bytes.ts';
import { sample } from '../../../test/e2e/window.ts';

/** Size and depth of a made film. */
export type FilmSize = { readonly rows: number; readonly columns: number; readonly bits: 12 | 16 };

/** A usual CR plate. */
export const plate: FilmSize = { rows: 2010, columns: 2446, bits: 12 };
/** Larger than today's largest detectors. */
export const largest: FilmSize = { rows: 5000, columns: 4000, bits: 16 };

/**
 * Makes a film like a CR's that nobody can compress: smooth shades and noise. It is a lateral, which is shown and not
 * classified, so that nothing else is at work while it is measured.
 */
export function lateral(study: number, size: FilmSize, isCompressed = false): Uint8Array {
  const { rows, columns, bits } = size;
  const pixels = new Uint8Array(rows * columns * 2);
  const words = new Uint16Array(pixels.buffer);
  const middle = 2 ** (bits - 1);
  let state = study;
  for (let index = 0; index < words.length; index += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const shade = 1 + 0.73 * Math.sin(index / columns / 300) * Math.cos((index % columns) / 350);
    words[index] = Math.min(2 ** bits - 1, Math.round(middle * shade) + (state >>> 27));
  }
  const fields: readonly Field[] = [
    ['00080018', 'UI', `1.2.3.${study}.1`],
    ['0020000d', 'UI', `1.2.3.${study}`],
    ['0020000e', 'UI', `1.2.3.${study}.0`],
    ['00080060', 'CS', 'CR'],
    ['00185101', 'CS', 'LL'],
    ['00100010', 'PN', `Film^${study}`],
    ['00100020', 'LO', `BENCH-${study}`],
    ['00080020', 'DA', '20240102'],
    ['00281050', 'DS', String(middle)],
    ['00281051', 'DS', String(2 ** bits)],
  ];
  const all = {
    ...imageFields({ rows, columns, bitsAllocated: 16, bitsStored: bits }),
    ...Object.fromEntries(fields.map((field) => [field[0], field])),
  };
  if (!isCompressed) return dicomBytes(pixels, all);
  return encapsulatedBytes([encodeRle(pixels, 16)], all, '1.2.840.10008.1.2.5');
}

/** Makes another study of the radiograph that the repository ships: all identifiers end in another number, 10 … 99. */
export function anotherStudy(number: number): Uint8Array {
  const bytes = Buffer.from(readFileSync(sample));
  const text = bytes.toString('latin1', 0, 4096);
  for (const match of text.matchAll(/\d+(?:\.\d+){5,}/g)) {
    if (match[0].startsWith('1.2.840.10008')) continue;
    bytes.write(String(number).padStart(2, '0'), match.index + match[0].length - 2, 'latin1');
  }
  return bytes;
}
