import type { Film } from '../../contract/image/film.ts';
import { type Size, turnMatrix, type View } from './view.ts';

/** What is drawn of a film: its codes and the grey level of each. */
export type Painted = Pick<Film, 'rows' | 'columns' | 'codes'>;

/**
 * Draws a film without a graphics processor: where the image is made smaller every pixel counts (area average), where it
 * is made larger pixels are blended, and at 1:1 they are the film's own.
 *
 * @param levels   grey level of every code, 0 … 255.
 * @param out      pane.width × pane.height pixels, one word each, red in the lowest byte.
 * @param isDraft  takes the nearest pixel instead, several times faster: while something moves.
 */
export function paint(
  film: Painted,
  levels: Uint8Array,
  view: View,
  pane: Size,
  out: Uint32Array,
  isDraft = false,
): void {
  out.fill(0xff000000);
  const walk = walkOf(view, pane);
  const { stepU, stepV } = walk;
  if (isExact(walk)) copy(film, levels, walk, pane, out);
  else if (isDraft) nearest(film, levels, walk, pane, out);
  else if (Math.max(stepU, stepV) > 1) average(film, levels, walk, pane, out);
  else blend(film, levels, walk, pane, out);
}

/** How the film is walked over while the screen is filled: image coordinates per screen pixel. */
export type Walk = {
  /** Image coordinates of the middle of the first screen pixel. */
  readonly u0: number;
  readonly v0: number;
  /** Their change per screen pixel across and down. */
  readonly across: { readonly u: number; readonly v: number };
  readonly down: { readonly u: number; readonly v: number };
  /** Film columns, and film rows, per screen pixel. */
  readonly stepU: number;
  readonly stepV: number;
};

/**
 * A screen pixel whose middle lies on the edge of a film pixel belongs to the one behind it. It is moved by so much of a
 * film pixel, so that neither painter's rounding decides: a graphics processor has 24 bits, 2^-12 at 4,096 columns.
 */
const tieBreak = 2 ** -10;

export function walkOf(view: View, { width, height }: Size): Walk {
  const { a, b, c, d } = turnMatrix(view);
  const stepU = 1 / view.scale;
  const stepV = stepU / view.aspect;
  const [x0, y0] = [0.5 - width / 2, 0.5 - height / 2];
  const walk = {
    u0: view.center.x + (a * x0 + b * y0) * stepU,
    v0: view.center.y + (c * x0 + d * y0) * stepV,
    across: { u: a * stepU, v: c * stepV },
    down: { u: b * stepU, v: d * stepV },
    ...{ stepU, stepV },
  };
  return isExact(walk) ? walk : { ...walk, u0: walk.u0 + tieBreak, v0: walk.v0 + tieBreak };
}

/** Whether each screen pixel is one film pixel. */
export const isExact = ({ u0, v0, stepU, stepV }: Walk): boolean =>
  stepU === 1 && stepV === 1 && isMiddle(u0) && isMiddle(v0);

/** Whether a coordinate is the middle of a pixel. */
const isMiddle = (value: number): boolean => Math.abs(value - 0.5 - Math.round(value - 0.5)) < 1e-6;

const grey = (level: number): number => 0xff000000 | (level * 0x010101);

/** Screen pixels that are film pixels: neighbours on the screen lie one pixel or one row apart in the film. */
function copy(
  { rows, columns, codes }: Painted,
  levels: Uint8Array,
  walk: Walk,
  { width, height }: Size,
  out: Uint32Array,
): void {
  const { u0, v0, across, down } = walk;
  const words = greyWords(levels);
  const apart = across.u + across.v * columns;
  for (let y = 0; y < height; y += 1) {
    const u = Math.floor(u0 + y * down.u);
    const v = Math.floor(v0 + y * down.v);
    // Along the line one coordinate runs; the other stays, and may lie outside.
    const [place, direction, length] = across.u === 0 ? [v, across.v, rows] : [u, across.u, columns];
    const [other, limit] = across.u === 0 ? [u, columns] : [v, rows];
    if (other < 0 || other >= limit) continue;
    const first = Math.max(0, direction > 0 ? -place : place - length + 1);
    const end = Math.min(width, direction > 0 ? length - place : place + 1);
    let from = v * columns + u + first * apart;
    for (let at = y * width + first, last = y * width + end; at < last; at += 1, from += apart)
      out[at] = words[codes[from]!]!;
  }
}

function greyWords(levels: Uint8Array): Uint32Array {
  const words = new Uint32Array(levels.length);
  for (let code = 0; code < words.length; code += 1) words[code] = grey(levels[code]!);
  return words;
}

/** The pixel that the middle of each screen pixel falls on. */
function nearest(
  { rows, columns, codes }: Painted,
  levels: Uint8Array,
  walk: Walk,
  { width, height }: Size,
  out: Uint32Array,
): void {
  const { u0, v0, across, down } = walk;
  const words = greyWords(levels);
  const turned = across.u === 0;
  // The part of an address that belongs to each screen column, −1 outside the film; across, only one coordinate changes.
  const parts = new Int32Array(width);
  for (let x = 0; x < width; x += 1) {
    const place = turned ? Math.floor(v0 + x * across.v) : Math.floor(u0 + x * across.u);
    const isInside = place >= 0 && place < (turned ? rows : columns);
    parts[x] = isInside ? place * (turned ? columns : 1) : -1;
  }
  for (let y = 0; y < height; y += 1) {
    const place = turned ? Math.floor(u0 + y * down.u) : Math.floor(v0 + y * down.v);
    if (place < 0 || place >= (turned ? columns : rows)) continue;
    const base = place * (turned ? 1 : columns);
    const line = y * width;
    for (let x = 0; x < width; x += 1) {
      const part = parts[x]!;
      if (part >= 0) out[line + x] = words[codes[base + part]!]!;
    }
  }
}

/** Blends the four nearest pixels. */
function blend(
  { rows, columns, codes }: Painted,
  levels: Uint8Array,
  walk: Walk,
  pane: Size,
  out: Uint32Array,
): void {
  const { u0, v0, across, down } = walk;
  for (let y = 0; y < pane.height; y += 1) {
    let u = u0 + y * down.u;
    let v = v0 + y * down.v;
    for (let x = 0, at = y * pane.width; x < pane.width; x += 1, at += 1, u += across.u, v += across.v) {
      if (u < 0 || v < 0 || u >= columns || v >= rows) continue;
      const left = Math.floor(u - 0.5);
      const top = Math.floor(v - 0.5);
      const fx = u - 0.5 - left;
      const fy = v - 0.5 - top;
      const x0 = Math.max(left, 0);
      const x1 = Math.min(left + 1, columns - 1);
      const row0 = Math.max(top, 0) * columns;
      const row1 = Math.min(top + 1, rows - 1) * columns;
      const upper = levels[codes[row0 + x0]!]! * (1 - fx) + levels[codes[row0 + x1]!]! * fx;
      const lower = levels[codes[row1 + x0]!]! * (1 - fx) + levels[codes[row1 + x1]!]! * fx;
      out[at] = grey(Math.round(upper * (1 - fy) + lower * fy));
    }
  }
}

/**
 * Every film pixel belongs to the screen pixel that its middle falls on, which shows their mean: one pass over the
 * visible part of the film, row by row. A film row lies along a screen row, or down a screen column when turned.
 */
function average(
  { rows, columns, codes }: Painted,
  levels: Uint8Array,
  walk: Walk,
  { width, height }: Size,
  out: Uint32Array,
): void {
  const { u0, v0, across, down } = walk;
  const turned = across.u === 0;
  const alongRow = runs(columns, u0, turned ? down.u : across.u, turned ? height : width);
  const alongColumn = runs(rows, v0, turned ? across.v : down.v, turned ? width : height);
  const [stepAlong, stepDown] = turned ? [width, 1] : [1, width];
  const sums = new Uint32Array(alongRow.count);
  for (let line = 0; line < alongColumn.count; line += 1) {
    const [firstRow, lastRow] = [
      alongColumn.starts[line]!,
      alongColumn.starts[line]! + alongColumn.lengths[line]!,
    ];
    if (firstRow === lastRow) continue;
    sums.fill(0);
    for (let row = firstRow; row < lastRow; row += 1) addRow(codes, row * columns, levels, alongRow, sums);
    const height = lastRow - firstRow;
    for (let place = 0, at = line * stepDown; place < sums.length; place += 1, at += stepAlong) {
      const count = alongRow.lengths[place]! * height;
      if (count > 0) out[at] = grey(Math.round(sums[place]! / count));
    }
  }
}

function addRow(
  codes: Uint16Array,
  from: number,
  levels: Uint8Array,
  { starts, lengths }: Runs,
  sums: Uint32Array,
): void {
  for (let place = 0; place < sums.length; place += 1) {
    let sum = 0;
    const start = from + starts[place]!;
    const end = start + lengths[place]!;
    for (let at = start; at < end; at += 1) sum += levels[codes[at]!]!;
    sums[place]! += sum;
  }
}

/** For each of `count` screen positions, the film pixels that fall on it: neighbours, `starts` being the lowest. */
type Runs = { readonly count: number; readonly starts: Int32Array; readonly lengths: Int32Array };

/**
 * @param origin  the image coordinate at the middle of the first screen position.
 * @param step    its change per position; less than 0 where the film runs the other way.
 */
function runs(pixels: number, origin: number, step: number, count: number): Runs {
  const [starts, lengths] = [new Int32Array(count), new Int32Array(count)];
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    const place = Math.floor((pixel + 0.5 - origin) / step + 0.5);
    if (place < 0 || place >= count) continue;
    if (lengths[place] === 0) starts[place] = pixel;
    lengths[place]! += 1;
  }
  // Pixels that are not square may be made smaller one way and larger the other: there the nearest one stands in.
  for (let place = 0; place < count; place += 1) {
    const pixel = Math.floor(origin + place * step);
    if (lengths[place]! > 0 || pixel < 0 || pixel >= pixels) continue;
    starts[place] = pixel;
    lengths[place] = 1;
  }
  return { count, starts, lengths };
}
