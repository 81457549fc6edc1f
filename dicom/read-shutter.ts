import type { ImagePoint, Shutter, ShutterShape } from '../contract/image/shutter.ts';
import type { Dataset } from './dataset/dataset.ts';

/** The largest P-value, which means white (PS3.4 N.2.6). */
const whitePValue = 65_535;

/**
 * Reads the display shutter (PS3.3 C.7.6.11); null where there is none. A shape whose numbers are missing, or that hides
 * everything, is left out: a shutter protects the eye and must not take the film away.
 */
export function readShutter(dataset: Dataset): Shutter | null {
  const names = new Set(dataset.texts('x00181600'));
  const shapes = [
    names.has('RECTANGULAR') ? rectangle(dataset) : null,
    names.has('CIRCULAR') ? circle(dataset) : null,
    names.has('POLYGONAL') ? polygon(dataset) : null,
  ].filter((shape) => shape !== null);
  if (shapes.length === 0) return null;
  const value = dataset.unsigned('x00181622') ?? 0;
  return { shapes, grey: Math.round((255 * value) / whitePValue) };
}

const whole = (value: number | null | undefined): number | null =>
  value != null && Number.isSafeInteger(value) ? value : null;

/** Rows and columns count from 1, and those of the edges are still shown. */
function rectangle(dataset: Dataset): ShutterShape | null {
  const [left, right, top, bottom] = ['x00181602', 'x00181604', 'x00181606', 'x00181608'].map((tag) =>
    whole(dataset.decimal(tag)),
  );
  if (left == null || right == null || top == null || bottom == null) return null;
  if (left > right || top > bottom) return null;
  return { kind: 'rectangle', left: left - 1, top: top - 1, right, bottom };
}

function circle(dataset: Dataset): ShutterShape | null {
  const [center] = points(dataset.decimals('x00181610'));
  const radius = whole(dataset.decimal('x00181612'));
  return center === undefined || radius === null || radius < 1 ? null : { kind: 'circle', center, radius };
}

function polygon(dataset: Dataset): ShutterShape | null {
  const corners = points(dataset.decimals('x00181620'));
  return corners.length < 3 ? null : { kind: 'polygon', points: corners };
}

/** Pairs of row and column, whose pixels' middles are meant. One that is no pair of numbers ends the list. */
function points(values: readonly (number | null)[]): ImagePoint[] {
  const found: ImagePoint[] = [];
  for (let index = 0; index + 1 < values.length; index += 2) {
    const [row, column] = [whole(values[index]), whole(values[index + 1])];
    if (row === null || column === null) break;
    found.push({ x: column - 0.5, y: row - 0.5 });
  }
  return found;
}
