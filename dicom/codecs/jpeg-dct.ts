import { inverseDct } from './inverse-dct.ts';
import { BitReader, type HuffmanTable, readHuffmanTables, readRestartInterval } from './jpeg-entropy.ts';
import { type JpegHeader, malformed, type Segment } from './jpeg-header.ts';
import type { FrameSize } from './samples.ts';

const quantisationMarker = 0xdb;
const side = 8;

/** Place in a block, row by row, of the k-th coefficient in zigzag order (ISO 10918-1 figure A.6). */
const zigzag = makeZigzag();

/** The tables of the one component. */
type Tables = {
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable;
  /** The quantisation steps in zigzag order. */
  readonly steps: Uint16Array;
  /** The number of blocks between two restart markers; 0 for none. */
  readonly interval: number;
};

/**
 * Decodes the blocks of a sequential DCT frame of 12 bits (ISO 10918-1 process 4). The samples are to the bit those of
 * libjpeg's accurate integer transform, which DCMTK uses.
 *
 * @returns rows × columns samples in 0 … 4095.
 * @throws  CxrError 'dicom-truncated' when the entropy-coded data end early, 'dicom-pixels' when they are malformed.
 * @remarks This is our own code, because no package of the registry decodes 12 bits: libjpeg-turbo's is compiled for 8.
 */
export function decodeDct(header: JpegHeader, { rows, columns }: FrameSize): Uint16Array {
  const tables = readTables(header);
  const bits = new BitReader(header.entropy);
  const samples = new Uint16Array(rows * columns);
  const coefficients = new Int32Array(side * side);
  const block = new Uint16Array(side * side);
  let dc = 0;
  let index = 0;
  for (let top = 0; top < rows; top += side) {
    for (let left = 0; left < columns; left += side, index += 1) {
      if (tables.interval > 0 && index > 0 && index % tables.interval === 0) {
        bits.restart(index / tables.interval - 1);
        dc = 0;
      }
      dc = readBlock(bits, tables, dc, coefficients);
      inverseDct(coefficients, block);
      // Blocks at the right and lower edge reach beyond the image.
      const width = Math.min(side, columns - left);
      for (let y = 0; y < Math.min(side, rows - top); y += 1) {
        samples.set(block.subarray(side * y, side * y + width), (top + y) * columns + left);
      }
    }
  }
  return samples;
}

/**
 * A sequential scan has all 64 coefficients whole, whatever it says about spectral selection and approximation: writers
 * leave 0 there, and libjpeg believes none of it either.
 */
function readTables({ segments, scan, quantisation }: JpegHeader): Tables {
  const selectors = scan[0]!;
  const huffman = readHuffmanTables(segments);
  const [dc, ac] = [huffman(0, selectors >> 4), huffman(1, selectors & 15)];
  const steps = readQuantisation(segments, quantisation);
  if (dc === null || ac === null || steps === null) throw malformed('tables');
  return { dc, ac, steps, interval: readRestartInterval(segments) };
}

/** Reads the quantisation table with this identifier (B.2.4.1): 64 steps of 8 or 16 bits in zigzag order. */
function readQuantisation(segments: readonly Segment[], id: number): Uint16Array | null {
  let found: { readonly wide: number; readonly table: Uint8Array } | null = null;
  for (const { code, body } of segments) {
    for (let at = 0; code === quantisationMarker && at < body.length; ) {
      const wide = body[at]! >> 4;
      const table = body.subarray(at + 1, at + 1 + 64 * (wide + 1));
      if (wide > 1 || table.length < 64 * (wide + 1)) throw malformed('quantisation table');
      if ((body[at]! & 15) === id) found = { wide, table };
      at += 1 + table.length;
    }
  }
  if (found === null) return null;
  const { wide, table } = found;
  return Uint16Array.from({ length: 64 }, (_, k) =>
    wide === 1 ? (table[2 * k]! << 8) | table[2 * k + 1]! : table[k]!,
  );
}

/**
 * Reads one block (F.2.2). The DC coefficient, the block's mean, comes as its difference from the block before. Then
 * each AC coefficient that is not zero comes as the number of zeros before it and its size in bits.
 *
 * @param coefficients receives the 64 coefficients times their steps, row by row.
 * @returns            the DC coefficient, which predicts the next block's.
 */
function readBlock(
  bits: BitReader,
  { dc, ac, steps }: Tables,
  before: number,
  coefficients: Int32Array,
): number {
  coefficients.fill(0);
  const size = bits.symbol(dc);
  if (size > 15) throw malformed('difference');
  const mean = size === 0 ? before : before + bits.difference(size);
  coefficients[0] = mean * steps[0]!;
  for (let k = 1; k < 64; k += 1) {
    const symbol = bits.symbol(ac);
    const [zeros, width] = [symbol >> 4, symbol & 15];
    // No size: the end of the block, or 16 zeros.
    if (width === 0 && zeros < 15) break;
    k += zeros;
    if (k > 63) throw malformed('run');
    if (width > 0) coefficients[zigzag[k]!] = bits.difference(width) * steps[k]!;
  }
  return mean;
}

/** Diagonal by diagonal, up and down in turn: (0,0) (0,1) (1,0) (2,0) (1,1) (0,2) … as row, column. */
function makeZigzag(): Uint8Array {
  const places: number[] = [];
  for (let diagonal = 0; diagonal < 2 * side - 1; diagonal += 1) {
    const rows = Array.from({ length: diagonal + 1 }, (_, row) => row).filter(
      (row) => row < side && diagonal - row < side,
    );
    if (diagonal % 2 === 0) rows.reverse();
    places.push(...rows.map((row) => row * side + diagonal - row));
  }
  return Uint8Array.from(places);
}
