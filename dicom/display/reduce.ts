import type { EncoderImage, Radiograph } from '../../contract/stages.ts';

/** The side to which every image is reduced first, pixels. A larger one would show the source by its sharpness. */
const reducedSide = 128;

/**
 * Reduces a radiograph to the encoder's input exactly as training/ does. The image is stretched to a square of 128×128
 * by area averaging (NIH's files are stretched too). It is then doubled to 256×256, and [0, 1] is mapped to [-1, 1].
 *
 * @returns 256×256 values in [-1, 1].
 * @see     training/data/reduce.py, fixture test/fixtures/parity/reduction.json.
 */
export function reduceToEncoderImage(
  radiograph: Pick<Radiograph, 'values' | 'rows' | 'columns'>,
): EncoderImage {
  const { values, rows, columns } = radiograph;
  const small = areaAverage(values, rows, columns, reducedSide, reducedSide);
  const large = doubleBilinear(small, reducedSide, reducedSide);
  return { side: 256, values: Float32Array.from(large, (value) => value * 2 - 1) };
}

/**
 * Reduces an image by averaging areas. Along an axis of n inputs and m outputs, output i covers the inputs in
 * [i·n/m, (i+1)·n/m). An input at an end counts by the part of it that lies inside.
 *
 * Worked case, 3 → 2: output 0 covers [0, 1.5) and is (x0 + 0.5·x1) / 1.5. Output 1 covers [1.5, 3) and is
 * (0.5·x1 + x2) / 1.5.
 *
 * @param values  rows×columns numbers, row by row.
 * @returns       outRows×outColumns numbers, row by row.
 */
export function areaAverage(
  values: ArrayLike<number>,
  rows: number,
  columns: number,
  outRows: number,
  outColumns: number,
): Float64Array {
  const across = coverage(columns, outColumns);
  const down = coverage(rows, outRows);
  const narrow = new Float64Array(rows * outColumns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < outColumns; column += 1) {
      const { first, weights } = across[column]!;
      let sum = 0;
      for (let k = 0; k < weights.length; k += 1) sum += weights[k]! * values[row * columns + first + k]!;
      narrow[row * outColumns + column] = sum;
    }
  }
  const result = new Float64Array(outRows * outColumns);
  for (let row = 0; row < outRows; row += 1) {
    const { first, weights } = down[row]!;
    for (let k = 0; k < weights.length; k += 1) {
      const from = (first + k) * outColumns;
      const weight = weights[k]!;
      for (let column = 0; column < outColumns; column += 1) {
        result[row * outColumns + column]! += weight * narrow[from + column]!;
      }
    }
  }
  return result;
}

/** Finds for each of m outputs the first input that it covers, and the covered shares, which sum to 1. */
function coverage(n: number, m: number): { first: number; weights: Float64Array }[] {
  return Array.from({ length: m }, (_, index) => {
    // Products before quotients: exact where n·index is divisible by m.
    const start = (index * n) / m;
    const end = ((index + 1) * n) / m;
    const first = Math.floor(start);
    const last = Math.min(Math.ceil(end), n);
    const weights = Float64Array.from(
      { length: last - first },
      (_, k) => ((Math.min(end, first + k + 1) - Math.max(start, first + k)) * m) / n,
    );
    return { first, weights };
  });
}

/**
 * Doubles both sides of an image bilinearly, as PyTorch's `interpolate(scale_factor=2, mode='bilinear',
 * align_corners=False)` does. Along an axis, output 2k is ¼·x[k−1] + ¾·x[k] and output 2k+1 is ¾·x[k] + ¼·x[k+1].
 * Beyond an edge the edge's own value is taken.
 *
 * @returns 2·rows × 2·columns numbers, row by row.
 */
export function doubleBilinear(values: ArrayLike<number>, rows: number, columns: number): Float64Array {
  const width = 2 * columns;
  const result = new Float64Array(4 * rows * columns);
  for (let y = 0; y < 2 * rows; y += 1) {
    const nearRow = y >> 1;
    const farRow = Math.min(Math.max(nearRow + (y % 2 === 0 ? -1 : 1), 0), rows - 1);
    for (let x = 0; x < width; x += 1) {
      const near = x >> 1;
      const far = Math.min(Math.max(near + (x % 2 === 0 ? -1 : 1), 0), columns - 1);
      const nearLine = 0.75 * values[nearRow * columns + near]! + 0.25 * values[nearRow * columns + far]!;
      const farLine = 0.75 * values[farRow * columns + near]! + 0.25 * values[farRow * columns + far]!;
      result[y * width + x] = 0.75 * nearLine + 0.25 * farLine;
    }
  }
  return result;
}
