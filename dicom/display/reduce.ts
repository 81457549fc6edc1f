import type { EncoderImage, Radiograph } from '../../contract/stages.ts';

/** Side to which every image is reduced before the encoder: beyond it, sharpness gives the source away. */
const reducedSide = 128;

/**
 * Brings a radiograph to the encoder's input exactly as training/ does: stretched to a square of 128×128 by area
 * averaging (NIH's files are stretched too), doubled to 256×256, [0, 1] → [-1, 1].
 *
 * @returns 256×256 values in [-1, 1].
 * @see     training/data/reduce.py, fixture test/fixtures/parity/reduction.json.
 */
export function reduceToEncoderImage(radiograph: Radiograph): EncoderImage {
  const { values, rows, columns } = radiograph;
  const small = areaAverage(values, rows, columns, reducedSide, reducedSide);
  const large = doubleBilinear(small, reducedSide, reducedSide);
  return { side: 256, values: Float32Array.from(large, (value) => value * 2 - 1) };
}

/**
 * Area average with fractional coverage per axis: output i covers the inputs in [i·n/m, (i+1)·n/m), the ones at the
 * ends by the part that lies inside.
 *
 * Worked case, 3 → 2: output 0 covers [0, 1.5) = (x0 + 0.5·x1) / 1.5, output 1 covers [1.5, 3) = (0.5·x1 + x2) / 1.5.
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

/** For each of m outputs, the first input it covers and the covered shares, which sum to 1. */
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
 * Doubles both sides bilinearly with half-pixel centres, edges clamped: PyTorch's `interpolate(scale_factor=2,
 * mode='bilinear', align_corners=False)`. Output 2k takes ¼·x[k−1] + ¾·x[k], output 2k+1 takes ¾·x[k] + ¼·x[k+1].
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
