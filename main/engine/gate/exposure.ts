import { CxrError } from '../../../contract/errors.ts';
import type { Doubt } from '../../../contract/image/doubt.ts';
import type { EncoderImage, EngineInput } from '../../../contract/stages.ts';

/** The least rows and columns: the smallest training films have 64. From 128 on the model sees all that it can. */
const [leastSide, enough] = [64, 128];
/** How much longer one side may be. The training films reach 1.45; pixels twice as tall as wide double it. */
const longest = 2.5;

/**
 * The share of the range from black to white that the middle nine tenths of the pixels take. Of 7,751 training
 * films three have less than 0.2, one in 700 has less than 0.29, and one in 45 less than 0.4.
 */
const flat = { refused: 0.2, doubted: 0.29, suspected: 0.4 };
/** Shares of plain white and plain black pixels. The most of the same films are 0.16 and 0.58. */
const white = { refused: 0.25, doubted: 0.06 };
const black = { refused: 0.7, doubted: 0.5 };

/** Refuses an image that is too small, or too long and narrow. @throws CxrError `input-size`. */
export function checkSize({ field, facts }: Pick<EngineInput, 'field' | 'facts'>): Doubt[] {
  const { rows, columns } = field;
  if (Math.min(rows, columns) < leastSide)
    throw new CxrError('input-size', { reason: 'small', rows, columns, expected: leastSide });
  if (Math.max(rows / columns, columns / rows) > longest)
    throw new CxrError('input-size', { reason: 'narrow', rows, columns, expected: longest });
  const isCropped = rows < facts.rows || columns < facts.columns;
  const left = { rows: rows / facts.rows, columns: columns / facts.columns };
  return [
    ...(isCropped ? [{ kind: 'cropped', ...left } as const] : []),
    ...(Math.min(rows, columns) < enough ? [{ kind: 'small', rows, columns } as const] : []),
  ];
}

/** The middle nine tenths of the pixels, as a share of the range from black to white. */
function rangeOf({ values }: EncoderImage): number {
  const sorted = Float32Array.from(values).sort();
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]! / 2;
  return at(0.95) - at(0.05);
}

/** Says of a film that is unlike those of the training whether low contrast may be why; null where it has enough. */
export function lowContrast(image: EncoderImage): CxrError | null {
  const range = rangeOf(image);
  return range < flat.suspected ? refusal('flat', range, flat.suspected) : null;
}

/** Refuses a film that has next to no contrast, or that is plain white or black over most of it. @throws CxrError `input-exposure`. */
export function checkExposure(image: EncoderImage): Doubt[] {
  const { values } = image;
  const range = rangeOf(image);
  if (range < flat.refused) throw refusal('flat', range, flat.refused);
  // 2 of 255 levels from the end: rounding and doubling blur the end itself.
  const share = (test: (value: number) => boolean) =>
    values.reduce((n, v) => n + Number(test(v)), 0) / values.length;
  const ends = {
    white: share((value) => value >= 1 - 4 / 255),
    black: share((value) => value <= -1 + 4 / 255),
  };
  if (ends.white > white.refused) throw refusal('white', ends.white, white.refused);
  if (ends.black > black.refused) throw refusal('black', ends.black, black.refused);
  return [
    ...(range < flat.doubted ? [{ kind: 'flat', range } as const] : []),
    ...(ends.white > white.doubted ? [{ kind: 'clipped', end: 'white', share: ends.white } as const] : []),
    ...(ends.black > black.doubted ? [{ kind: 'clipped', end: 'black', share: ends.black } as const] : []),
  ];
}

const refusal = (reason: 'flat' | 'white' | 'black', got: number, expected: number): CxrError =>
  new CxrError('input-exposure', { reason, got: Math.round(got * 100) / 100, expected });
