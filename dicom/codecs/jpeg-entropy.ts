import { CxrError } from '../../contract/errors.ts';
import { malformed, type Segment } from './jpeg-header.ts';

const tablesMarker = 0xc4;
const intervalMarker = 0xdd;
const firstRestart = 0xd0;

/**
 * A Huffman table laid out for 16 bits at once: index = the next 16 bits, entry = code length × 256 + symbol, 0 where
 * no code begins with these bits.
 */
export type HuffmanTable = Uint16Array;

/**
 * Reads the Huffman tables (ISO 10918-1 B.2.4.2): class 0 for DC and lossless, 1 for AC.
 *
 * @returns the table with a class and identifier, `null` where the stream defines none.
 */
export function readHuffmanTables(
  segments: readonly Segment[],
): (tableClass: 0 | 1, id: number) => HuffmanTable | null {
  const tables = new Map<number, HuffmanTable>();
  for (const { code, body } of segments) {
    for (let at = 0; code === tablesMarker && at < body.length; ) {
      const counts = body.subarray(at + 1, at + 17);
      const symbols = counts.reduce((sum, count) => sum + count, 0);
      if (counts.length < 16 || at + 17 + symbols > body.length) throw malformed('Huffman table');
      tables.set(body[at]!, layOut(counts, body.subarray(at + 17, at + 17 + symbols)));
      at += 17 + symbols;
    }
  }
  return (tableClass, id) => tables.get(16 * tableClass + id) ?? null;
}

/** Codes of one length are consecutive numbers; the first of the next length is the next number, doubled (C.2). */
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

/** Units between two restart markers (B.2.4.4); 0 when there are none. */
export function readRestartInterval(segments: readonly Segment[]): number {
  const body = segments.findLast(({ code }) => code === intervalMarker)?.body;
  if (body === undefined) return 0;
  if (body.length !== 2) throw malformed('restart interval');
  return (body[0]! << 8) | body[1]!;
}

/** Bits of entropy-coded data, most significant first, FF 00 read as FF (ISO 10918-1 F.2.2.5). */
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

  /** The next symbol. @throws CxrError 'dicom-pixels' when no code begins so, 'dicom-truncated' at the end. */
  symbol(table: HuffmanTable): number {
    if (this.#count < 16) this.#fill();
    const entry = table[(this.#word >>> (this.#count - 16)) & 0xffff]!;
    if (entry === 0) throw malformed('Huffman code');
    this.#count -= entry >> 8;
    if (this.#count < this.#missing) throw truncated();
    return entry & 0xff;
  }

  /**
   * The next `size` bits as a signed number (F.2.2.1, EXTEND): the upper half as it is, the lower one 2^size − 1 less.
   *
   * @param size 1 … 16. Worked case, 2 bits: 00, 01, 10, 11 are −3, −2, 2, 3.
   */
  difference(size: number): number {
    if (this.#count < size) this.#fill();
    this.#count -= size;
    if (this.#count < this.#missing) throw truncated();
    const bits = (this.#word >>> this.#count) & ((1 << size) - 1);
    return bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
  }

  /** Skips to and over the restart marker with this number (modulo 8), which must be next. */
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

  /** The next byte; zeros, counted as missing, at a marker or the end. */
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
