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

/**
 * Writes a JPEG Lossless stream with a Huffman table of 17 codes of 5 bits: size 0 is 00000, size 16 is 10000.
 *
 * @param samples rows × columns numbers of `precision` bits.
 */
export function encodeLossless(samples: readonly number[], options: LosslessOptions): Uint8Array {
  const { rows, columns, precision, predictor, restartLines = 0, pointTransform = 0 } = options;
  const word = (number: number) => [number >> 8, number & 255];
  const segment = (code: number, body: readonly number[]) => [255, code, ...word(body.length + 2), ...body];
  const table = [0, ...Array.from({ length: 16 }, (_, index) => (index === 4 ? 17 : 0))];
  const bytes = [
    ...[255, 0xd8],
    ...segment(0xc3, [precision, ...word(rows), ...word(columns), 1, 1, 0x11, 0]),
    ...segment(0xc4, [...table, ...Array.from({ length: 17 }, (_, size) => size)]),
    ...(restartLines > 0 ? segment(0xdd, word(restartLines * columns)) : []),
    ...segment(0xda, [1, 1, 0x00, predictor, 0, pointTransform]),
  ];
  const values = samples.map((sample) => sample >> pointTransform);
  let bits = '';
  const flush = () => {
    const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
    for (let at = 0; at < padded.length; at += 8) {
      const byte = Number.parseInt(padded.slice(at, at + 8), 2);
      bytes.push(...(byte === 255 ? [255, 0] : [byte]));
    }
    bits = '';
  };
  for (let row = 0; row < rows; row += 1) {
    const line = restartLines > 0 ? row % restartLines : row;
    if (row > 0 && line === 0) {
      flush();
      bytes.push(255, 0xd0 + ((row / restartLines - 1) % 8));
    }
    for (let column = 0; column < columns; column += 1) {
      const at = row * columns + column;
      const middle = 2 ** (precision - pointTransform - 1);
      let prediction = predict(predictor, values[at - 1]!, values[at - columns]!, values[at - columns - 1]!);
      if (column === 0) prediction = line === 0 ? middle : values[at - columns]!;
      else if (line === 0) prediction = values[at - 1]!;
      bits += differenceBits(values[at]! - prediction);
    }
  }
  flush();
  return Uint8Array.from([...bytes, 255, 0xd9]);
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
