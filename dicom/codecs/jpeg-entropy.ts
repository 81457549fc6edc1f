import { CxrError } from '../../contract/errors.ts';
import { malformed, type Segment } from './jpeg-header.ts';

const tablesMarker = 0xc4;
const intervalMarker = 0xdd;
const firstRestart = 0xd0;
/** A scan can use eight tables. Streams that define each again and again have been seen with some thousand. */
const mostDefinitions = 4096;

/**
 * A Huffman table that is laid out for 16 bits at once. Its index is the next 16 bits of the stream. Its entry is the
 * code's length × 256 + the symbol, or 0 where no code begins with these bits.
 */
export type HuffmanTable = Uint16Array;

/**
 * Reads the Huffman tables of a stream (ISO 10918-1 B.2.4.2). Tables of class 0 are for DC coefficients and for
 * lossless samples, those of class 1 for AC coefficients.
 *
 * @returns a function that finds the table with a class and identifier, and lays it out. It returns `null` where the
 *          stream defines none, and throws CxrError 'dicom-pixels' where that table is malformed.
 * @throws  CxrError 'dicom-pixels' for definitions that are cut, or far more of them than a stream has use for.
 * @remarks A table is laid out when it is asked for: it takes 128 KiB, and a definition 17 bytes.
 */
export function readHuffmanTables(
  segments: readonly Segment[],
): (tableClass: 0 | 1, id: number) => HuffmanTable | null {
  const tables = new Map<number, { readonly counts: Uint8Array; readonly symbols: Uint8Array }>();
  let definitions = 0;
  for (const { code, body } of segments) {
    for (let at = 0; code === tablesMarker && at < body.length; ) {
      const counts = body.subarray(at + 1, at + 17);
      const symbols = counts.reduce((sum, count) => sum + count, 0);
      if (counts.length < 16 || at + 17 + symbols > body.length) throw malformed('Huffman table');
      definitions += 1;
      if (definitions > mostDefinitions) throw malformed('Huffman tables');
      tables.set(body[at]!, { counts, symbols: body.subarray(at + 17, at + 17 + symbols) });
      at += 17 + symbols;
    }
  }
  return (tableClass, id) => {
    const table = tables.get(16 * tableClass + id);
    return table === undefined ? null : layOut(table.counts, table.symbols);
  };
}

/**
 * Lays out a table. Codes of one length are consecutive numbers, and the first code of the next length is the next
 * number, doubled (C.2).
 */
function layOut(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const table = new Uint16Array(65536);
  let start = 0;
  let index = 0;
  for (let length = 1; length <= 16; length += 1) {
    const span = 1 << (16 - length);
    for (let k = 0; k < counts[length - 1]!; k += 1, start += span) {
      if (start + span > table.length) throw malformed('Huffman table');
      table.fill(256 * length + symbols[index++]!, start, start + span);
    }
  }
  return table;
}

/** Reads the number of units (blocks or samples) between two restart markers (B.2.4.4). It is 0 when there are none. */
export function readRestartInterval(segments: readonly Segment[]): number {
  const body = segments.findLast(({ code }) => code === intervalMarker)?.body;
  if (body === undefined) return 0;
  if (body.length !== 2) throw malformed('restart interval');
  return (body[0]! << 8) | body[1]!;
}

/**
 * Reads entropy-coded data bit by bit, the most significant bit first. The byte pair FF 00 stands for the byte FF, so
 * that data cannot look like a marker (ISO 10918-1 F.2.2.5).
 */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** The last `#count` bits are unread; of them, the last `#missing` were never in the file. */
  #word = 0;
  #count = 0;
  #missing = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * Reads the next symbol.
   *
   * @throws CxrError 'dicom-pixels' when no code begins with the next bits, 'dicom-truncated' at the end of the data.
   */
  symbol(table: HuffmanTable): number {
    if (this.#count < 16) this.#fill();
    const entry = table[(this.#word >>> (this.#count - 16)) & 0xffff]!;
    if (entry === 0) throw malformed('Huffman code');
    this.#count -= entry >> 8;
    if (this.#count < this.#missing) throw truncated();
    return entry & 0xff;
  }

  /**
   * Reads the next `size` bits as a signed number (F.2.2.1, EXTEND). Bits that begin with 1 are the number itself; bits
   * that begin with 0 are 2^size − 1 more than the number. Worked case, 2 bits: 00, 01, 10, 11 are −3, −2, 2, 3.
   *
   * @param size 1 … 16.
   * @throws     CxrError 'dicom-truncated' at the end of the data.
   */
  difference(size: number): number {
    if (this.#count < size) this.#fill();
    this.#count -= size;
    if (this.#count < this.#missing) throw truncated();
    const bits = (this.#word >>> this.#count) & ((1 << size) - 1);
    return bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
  }

  /**
   * Skips over the restart marker with this number (modulo 8).
   *
   * @throws CxrError 'dicom-pixels' when that marker does not come next.
   */
  restart(number: number): void {
    while (this.#bytes[this.#at] === 0xff && this.#bytes[this.#at + 1] === 0xff) this.#at += 1;
    const found = this.#bytes[this.#at] === 0xff && this.#bytes[this.#at + 1] === firstRestart + (number & 7);
    // Up to seven bits of padding may be left of the last byte (F.1.2.3).
    if (!found || this.#count - this.#missing >= 8) throw malformed('restart marker');
    this.#at += 2;
    this.#count = 0;
    this.#missing = 0;
  }

  #fill(): void {
    while (this.#count <= 24) {
      const byte = this.#next();
      this.#word = (this.#word << 8) | byte;
      this.#count += 8;
    }
  }

  /** Takes the next byte. At a marker or at the end it takes a zero and counts it as missing. */
  #next(): number {
    const byte = this.#bytes[this.#at];
    if (byte !== undefined && (byte !== 0xff || this.#bytes[this.#at + 1] === 0)) {
      this.#at += byte === 0xff ? 2 : 1;
      return byte;
    }
    this.#missing += 8;
    return 0;
  }
}

function truncated(): CxrError {
  return new CxrError('dicom-truncated', { part: 'JPEG entropy-coded data' });
}
