import type { Radiograph } from '../../contract/stages.ts';

/** A film that is altered: rows×columns brightnesses in [0, 1], row by row. */
export type Picture = Pick<Radiograph, 'values' | 'rows' | 'columns'>;
type Alter = (film: Picture) => Picture;

/** Makes a picture of a function of the row and column. */
function drawn(rows: number, columns: number, shade: (row: number, column: number) => number): Picture {
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1) values[row * columns + column] = shade(row, column);
  return { rows, columns, values };
}
const at = ({ values, columns }: Picture, row: number, column: number): number =>
  values[row * columns + column]!;

const mirrored: Alter = (film) =>
  drawn(film.rows, film.columns, (row, column) => at(film, row, film.columns - 1 - column));
/** Turned by a quarter to the left. */
const left: Alter = (film) =>
  drawn(film.columns, film.rows, (row, column) => at(film, column, film.columns - 1 - row));

/** The part between these shares of the height and of the width. */
const part =
  ([top, bottom]: readonly [number, number], [first, last]: readonly [number, number]): Alter =>
  (film) => {
    const [row0, column0] = [Math.round(top * film.rows), Math.round(first * film.columns)];
    return drawn(
      Math.round(bottom * film.rows) - row0,
      Math.round(last * film.columns) - column0,
      (row, column) => at(film, row0 + row, column0 + column),
    );
  };
const whole = [0, 1] as const;

const shaded =
  (shade: (value: number, row: number, column: number) => number): Alter =>
  (film) =>
    drawn(film.rows, film.columns, (row, column) =>
      Math.min(Math.max(shade(at(film, row, column), row / film.rows, column / film.columns), 0), 1),
    );

/** Bars around the film, each a share of its own side wide. */
const barred =
  (above: number, beside: number, shade: number): Alter =>
  (film) => {
    const [bar, wing] = [Math.round(above * film.rows), Math.round(beside * film.columns)];
    return drawn(film.rows + 2 * bar, film.columns + 2 * wing, (row, column) =>
      row < bar || row >= bar + film.rows || column < wing || column >= wing + film.columns
        ? shade
        : at(film, row - bar, column - wing),
    );
  };

/**
 * Films made into something else. `wants` says what is right for each: to be refused, to give the findings of the unaltered
 * film, or either, for what a model may or may not bear.
 */
export const alterations: Readonly<
  Record<
    string,
    { readonly alter: Alter; readonly wants: 'refused' | 'same' | 'either'; readonly way?: number }
  >
> = {
  'upside down': { alter: (film) => left(left(film)), wants: 'refused', way: 2 },
  'mirrored and upside down': { alter: (film) => left(left(mirrored(film))), wants: 'refused', way: 6 },
  'turned left by 90 degrees': { alter: left, wants: 'refused', way: 1 },
  'turned right by 90 degrees': { alter: (film) => left(left(left(film))), wants: 'refused', way: 3 },
  mirrored: { alter: mirrored, wants: 'refused', way: 4 },
  'left half': { alter: part(whole, [0, 0.5]), wants: 'refused' },
  'right half': { alter: part(whole, [0.5, 1]), wants: 'refused' },
  'left half black': { alter: shaded((value, _, x) => (x < 0.5 ? 0 : value)), wants: 'refused' },
  'upper half': { alter: part([0, 0.5], whole), wants: 'refused' },
  'lower half': { alter: part([0.5, 1], whole), wants: 'refused' },
  'middle three fifths': { alter: part([0.2, 0.8], [0.2, 0.8]), wants: 'refused' },
  inverted: { alter: shaded((value) => 1 - value), wants: 'refused' },
  'cut by a sixth': { alter: part([1 / 12, 11 / 12], [1 / 12, 11 / 12]), wants: 'either' },
  darkened: { alter: shaded((value) => 0.4 * value), wants: 'either' },
  'low contrast': { alter: shaded((value) => 0.3 + 0.4 * value), wants: 'either' },
  'narrow window': { alter: shaded((value) => (value - 0.2) / 0.6), wants: 'either' },
  'burnt out': { alter: shaded((value) => 2.5 * value), wants: 'either' },
  'black bars beside': { alter: barred(0, 0.15, 0), wants: 'same' },
  'black margins': { alter: barred(0.15, 0.15, 0), wants: 'same' },
  'white margins': { alter: barred(0.15, 0.15, 1), wants: 'same' },
};
