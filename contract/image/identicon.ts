/** A picture of 5 × 5 fields, mirrored left to right, in one colour. */
export type Identicon = {
  /** The fields that are filled, as column and row from the upper left, each in [0, 4]. */
  readonly cells: readonly { readonly column: number; readonly row: number }[];
  /** The hue of the colour, degrees. */
  readonly hue: number;
};

const size = 5;
/** Columns that differ; the others mirror them. */
const half = 3;

/**
 * Draws a fingerprint as a picture that people know again at a glance. Other fingerprints can look alike: there are
 * 2^15 patterns in 256 hues. It is taken from the second half of the fingerprint and the six words from the first, so
 * that the two say different things.
 *
 * @param fingerprint  64 hexadecimal digits.
 */
export function identiconOf(fingerprint: string): Identicon {
  const bits = Number.parseInt(fingerprint.slice(32, 36), 16);
  const hue = Math.round((Number.parseInt(fingerprint.slice(36, 38), 16) / 256) * 360);
  const cells = Array.from({ length: size * size }, (_, index) => ({
    column: index % size,
    row: Math.floor(index / size),
  })).filter(({ column, row }) => {
    const mirrored = column < half ? column : size - 1 - column;
    return ((bits >> (row * half + mirrored)) & 1) === 1;
  });
  return { cells, hue };
}
