import type { Field, Radiograph } from '../../contract/stages.ts';
import { areaAverage } from './reduce.ts';

type Picture = Pick<Radiograph, 'values' | 'rows' | 'columns'>;

/** Margins are looked for on the image as it is reduced for the model, 128 lines each way. */
const side = 128;
/** From so many lines of margin on, both sides together, they are cut off. The training films have fewer, but for 3 %. */
const leastMargin = 16;
/** A line belongs to a margin when this share of it is black, or white. The rest is room for letters. */
const uniform = 0.97;
const [black, white] = [10 / 255, 245 / 255];

/**
 * Finds the part of a radiograph that X-rays drew: what is left without margins that are all black or all white, such as bars
 * that make an image square and blades of a collimator. Margins count only where they take an eighth or more of the width or
 * of the height, because the training films have smaller ones. training/data/field.py finds the same.
 *
 * @returns the whole image where there are no such margins, or nothing else.
 */
export function exposedField(image: Picture): Field {
  const { values, rows, columns } = image;
  const small = areaAverage(values, rows, columns, side, side);
  const [top, bottom] = margins((line, across) => small[line * side + across]!);
  const [left, right] = margins((line, across) => small[across * side + line]!);
  const down = extent([top, bottom], rows, (row) => isMargin((at) => values[row * columns + at]!, columns));
  const along = extent([left, right], columns, (column) =>
    isMargin((at) => values[at * columns + column]!, rows),
  );
  return { top: down.first, rows: down.count, left: along.first, columns: along.count };
}

/** Copies a part of an image. */
export function cropped({ values, columns }: Picture, field: Field): Picture {
  const part = new Float32Array(field.rows * field.columns);
  for (let row = 0; row < field.rows; row += 1) {
    const start = (field.top + row) * columns + field.left;
    part.set(values.subarray(start, start + field.columns), row * field.columns);
  }
  return { values: part, rows: field.rows, columns: field.columns };
}

/** Counts the lines of margin at the beginning and at the end of the reduced image. */
function margins(value: (line: number, across: number) => number): readonly [number, number] {
  const isOne = (line: number) => isMargin((across) => value(line, across), side);
  let first = 0;
  while (first < side && isOne(first)) first += 1;
  let last = 0;
  while (last < side - first && isOne(side - 1 - last)) last += 1;
  return [first, last];
}

function isMargin(value: (at: number) => number, length: number): boolean {
  let [dark, bright] = [0, 0];
  for (let at = 0; at < length; at += 1) {
    const shade = value(at);
    if (shade <= black) dark += 1;
    else if (shade >= white) bright += 1;
  }
  return Math.max(dark, bright) >= uniform * length;
}

/**
 * Finds where the image begins and ends along one axis, to the line of the image itself: the reduced image's line at an edge
 * may be half margin.
 */
function extent(
  [before, after]: readonly [number, number],
  length: number,
  isOne: (line: number) => boolean,
): { readonly first: number; readonly count: number } {
  if (before + after < leastMargin || before + after >= side) return { first: 0, count: length };
  const within = Math.ceil(length / side);
  let first = Math.floor((before * length) / side);
  for (let more = 0; before > 0 && more < within && isOne(first); more += 1) first += 1;
  let end = Math.ceil(length - (after * length) / side);
  for (let more = 0; after > 0 && more < within && end > first + 1 && isOne(end - 1); more += 1) end -= 1;
  return { first, count: end - first };
}
