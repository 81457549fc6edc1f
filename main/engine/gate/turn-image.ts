import type { Orientation } from '../../../contract/image/orientation.ts';
import type { EncoderImage } from '../../../contract/stages.ts';

/**
 * Turns an image that lies so upright. The reduction to a square treats rows and columns alike, so that this gives the
 * very image that the upright film would have been reduced to.
 */
export function turnUpright(
  { side, values }: EncoderImage,
  { quarters, mirrored }: Orientation,
): EncoderImage {
  const result = new Float32Array(values.length);
  const last = side - 1;
  for (let y = 0; y < side; y += 1)
    for (let x = 0; x < side; x += 1) {
      let [row, column] = [y, mirrored ? last - x : x];
      // A quarter to the left brings what was at (row, column) to (last − column, row).
      for (let k = 0; k < quarters; k += 1) [row, column] = [last - column, row];
      result[y * side + x] = values[row * side + column]!;
    }
  return { side, values: result };
}

/** Exchanges black and white. */
export const inverted = ({ side, values }: EncoderImage): EncoderImage => ({
  side,
  values: values.map((value) => -value),
});
