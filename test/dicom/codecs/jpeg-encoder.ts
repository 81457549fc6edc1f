/** How a lossless JPEG is to be written. */
export type LosslessOptions = {
  readonly rows: number;
  readonly columns: number;
  readonly precision: number;
  /** 1 … 7 (ISO 10918-1 table H.1). */
  readonly predictor: number;
  /** Lines between restart markers; 0 for none. */
  readonly restartLines?: number;
  readonly pointTransform?: number;
};

/** Prediction by table H.1, written once more so that a slip in the decoder shows. */
function predict(kind: number, a: number, b: number, c: number): number {
  return [
    0,
    a,
    b,
    c,
    a + b - c,
    a + Math.floor((b - c) / 2),
    b + Math.floor((a - c) / 2),
    Math.floor((a + b) / 2),
  ][kind]!;
}

const word = (number: number): number[] => [number >> 8, number & 255];
const segment = (code: number, body: readonly number[]): number[] => [
  255,
  code,
  ...word(body.length + 2),
  ...body,
];

/** A Huffman table whose codes all have one length: symbol k is the number k. */
function evenTable(classAndId: number, length: number, symbols: readonly number[]): number[] {
  const counts = Array.from({ length: 16 }, (_, index) => (index === length - 1 ? symbols.length : 0));
  return segment(0xc4, [classAndId, ...counts, ...symbols]);
}

const sizes = (count: number): number[] => Array.from({ length: count }, (_, size) => size);

/** Bits as bytes, the last one filled with ones, FF as FF 00 (ISO 10918-1 F.1.2.3). */
function toBytes(bits: string): number[] {
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  const bytes = Array.from({ length: padded.length / 8 }, (_, k) =>
    Number.parseInt(padded.slice(8 * k, 8 * k + 8), 2),
  );
  return bytes.flatMap((byte) => (byte === 255 ? [255, 0] : [byte]));
}

/** Entropy-coded intervals with restart markers between them. */
function withRestarts(intervals: readonly string[]): number[] {
  return intervals.flatMap((bits, index) => [
    ...(index > 0 ? [255, 0xd0 + ((index - 1) % 8)] : []),
    ...toBytes(bits),
  ]);
}

/**
 * Writes a JPEG Lossless stream with a Huffman table of 17 codes of 5 bits: size 0 is 00000, size 16 is 10000.
 *
 * @param samples rows × columns numbers of `precision` bits.
 */
export function encodeLossless(samples: readonly number[], options: LosslessOptions): Uint8Array {
  const { rows, columns, precision, predictor, restartLines = 0, pointTransform = 0 } = options;
  const values = samples.map((sample) => sample >> pointTransform);
  const intervals: string[] = [];
  for (let row = 0; row < rows; row += 1) {
    const line = restartLines > 0 ? row % restartLines : row;
    if (line === 0) intervals.push('');
    for (let column = 0; column < columns; column += 1) {
      const at = row * columns + column;
      const middle = 2 ** (precision - pointTransform - 1);
      let prediction = predict(predictor, values[at - 1]!, values[at - columns]!, values[at - columns - 1]!);
      if (column === 0) prediction = line === 0 ? middle : values[at - columns]!;
      else if (line === 0) prediction = values[at - 1]!;
      intervals[intervals.length - 1] += differenceBits(values[at]! - prediction);
    }
  }
  return Uint8Array.from([
    ...[255, 0xd8],
    ...segment(0xc3, [precision, ...word(rows), ...word(columns), 1, 1, 0x11, 0]),
    ...evenTable(0, 5, sizes(17)),
    ...(restartLines > 0 ? segment(0xdd, word(restartLines * columns)) : []),
    ...segment(0xda, [1, 1, 0x00, predictor, 0, pointTransform]),
    ...withRestarts(intervals),
    ...[255, 0xd9],
  ]);
}

/**
 * Writes a 12-bit DCT stream of one row of blocks that only have a DC coefficient: sizes in 5 bits, end of block in 1.
 *
 * @param step     quantisation step of all coefficients.
 * @param interval blocks between restart markers; 0 for none.
 */
export function encodeFlatBlocks(
  coefficients: readonly number[],
  step: number,
  interval: number,
): Uint8Array {
  const intervals: string[] = [];
  for (const [index, coefficient] of coefficients.entries()) {
    const first = interval > 0 ? index % interval === 0 : index === 0;
    if (first) intervals.push('');
    const before = first ? 0 : coefficients[index - 1]!;
    intervals[intervals.length - 1] += `${differenceBits(coefficient - before)}0`;
  }
  return Uint8Array.from([
    ...[255, 0xd8],
    ...segment(0xdb, [0, ...Array.from({ length: 64 }, () => step)]),
    ...segment(0xc1, [12, ...word(8), ...word(8 * coefficients.length), 1, 1, 0x11, 0]),
    ...evenTable(0x00, 5, sizes(16)),
    ...evenTable(0x10, 1, [0]),
    ...(interval > 0 ? segment(0xdd, word(interval)) : []),
    ...segment(0xda, [1, 1, 0x00, 0, 63, 0]),
    ...withRestarts(intervals),
    ...[255, 0xd9],
  ]);
}

/** Size in 5 bits, then the difference or, when negative, the difference − 1 in that many bits, modulo 2^16. */
function differenceBits(exact: number): string {
  const modular = exact & 0xffff;
  const difference = modular > 32768 ? modular - 65536 : modular;
  const size = difference === 0 ? 0 : Math.floor(Math.log2(Math.abs(difference))) + 1;
  const code = size.toString(2).padStart(5, '0');
  if (size === 0 || size === 16) return code;
  const number = difference > 0 ? difference : difference + 2 ** size - 1;
  return code + number.toString(2).padStart(size, '0');
}
