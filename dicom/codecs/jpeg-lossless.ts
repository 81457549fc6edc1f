import { BitReader, type HuffmanTable, readHuffmanTables, readRestartInterval } from './jpeg-entropy.ts';
import { frameMarker, type JpegHeader, malformed, readJpegHeader } from './jpeg-header.ts';
import type { FrameSize, Samples } from './samples.ts';

/** Predicts a sample from three neighbours: left, above, and above left (ISO 10918-1 figure H.1). */
type Predict = (left: number, above: number, corner: number) => number;

/** The predictors by their selection value (table H.1). */
const predictors: readonly (Predict | null)[] = [
  null,
  (left) => left,
  (_, above) => above,
  (_, __, corner) => corner,
  (left, above, corner) => left + above - corner,
  (left, above, corner) => left + ((above - corner) >> 1),
  (left, above, corner) => above + ((left - corner) >> 1),
  (left, above) => (left + above) >> 1,
];

/** What the scan header says about a lossless scan (B.2.3, H.1.2). */
type Scan = {
  readonly table: HuffmanTable;
  readonly predict: Predict;
  /** The prediction of the first sample: 2^(precision − point transform − 1). */
  readonly middle: number;
  /** The number of lines from one restart marker to the next; all lines of the image when there are none. */
  readonly linesPerRestart: number;
  /** The number of low bits that the encoder dropped from every sample. */
  readonly pointTransform: number;
};

/**
 * Decodes a JPEG Lossless code stream (ISO 10918-1 process 14, DICOM PS3.5 A.4.2) of any selection value.
 *
 * @returns rows × columns samples of 2 … 16 bits.
 * @throws  CxrError 'dicom-truncated' when the stream or its entropy-coded data end early, 'dicom-pixels' when it is
 *          not such a stream, holds values beyond its precision, or its size differs from the DICOM header's.
 * @remarks This is our own code, because the JavaScript decoders at hand leave the rest of a cut image black without a
 *          word. They also ignore the point transform and restart lines.
 */
export function decodeJpegLossless(stream: Uint8Array, size: FrameSize): Samples {
  // A sample takes at least one bit, the Huffman code of its difference's size.
  const header = readJpegHeader(stream, size, [frameMarker.lossless], 1);
  const { precision } = header;
  const scan = readScan(header, size);
  const samples = new Uint16Array(size.rows * size.columns);
  const largest = decodeLines(new BitReader(header.entropy), samples, size, scan);
  if (largest >= 2 ** (precision - scan.pointTransform)) throw malformed('sample');
  const values = precision > 8 ? samples : new Uint8Array(samples.length);
  for (let index = 0; index < values.length; index += 1) {
    values[index] = samples[index]! << scan.pointTransform;
  }
  return { values, precision, signed: false, lossy: scan.pointTransform > 0 };
}

function readScan({ segments, scan, precision }: JpegHeader, { rows, columns }: FrameSize): Scan {
  const [tables, selection, , transform] = scan as unknown as readonly [number, number, number, number];
  const table = readHuffmanTables(segments)(0, tables >> 4);
  const predict = predictors[selection];
  const pointTransform = transform & 15;
  const interval = readRestartInterval(segments);
  if (table === null || !predict || pointTransform >= precision) throw malformed('scan header');
  // Restarts come at line ends only (H.1.1).
  if (interval % columns !== 0) throw malformed('restart interval');
  return {
    table,
    predict,
    middle: 2 ** (precision - pointTransform - 1),
    linesPerRestart: interval === 0 ? rows : interval / columns,
    pointTransform,
  };
}

/**
 * Decodes line by line. The first line of each restart interval is predicted from the left. In every other line the
 * first sample is predicted from above (H.1.2.1). Sums are taken modulo 2^16.
 *
 * @returns a bound on the largest sample: the bitwise or of all samples.
 */
function decodeLines(
  bits: BitReader,
  samples: Uint16Array,
  { rows, columns }: FrameSize,
  { table, predict, middle, linesPerRestart }: Scan,
): number {
  let largest = 0;
  for (let row = 0, start = 0; row < rows; row += 1, start += columns) {
    const inInterval = row % linesPerRestart;
    if (row > 0 && inInterval === 0) bits.restart(row / linesPerRestart - 1);
    let left = inInterval === 0 ? middle : samples[start - columns]!;
    for (let at = start; at < start + columns; at += 1) {
      const prediction =
        at === start || inInterval === 0
          ? left
          : predict(left, samples[at - columns]!, samples[at - columns - 1]!);
      left = (prediction + readDifference(bits, table)) & 0xffff;
      samples[at] = left;
      largest |= left;
    }
  }
  return largest;
}

/**
 * Reads a difference modulo 2^16: its size, then that many bits. Size 16 stands for 32768 and has no bits (H.1.2.2).
 */
function readDifference(bits: BitReader, table: HuffmanTable): number {
  const size = bits.symbol(table);
  if (size === 0) return 0;
  if (size === 16) return 32768;
  if (size > 16) throw malformed('difference');
  return bits.difference(size);
}
