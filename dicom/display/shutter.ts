import type { Shutter, ShutterShape } from '../../contract/image/shutter.ts';

/**
 * Finds the pixels of a row that a shutter lets through. A pixel is shown when its middle lies within every shape.
 *
 * @param aspect  how much taller than wide a pixel is.
 * @returns       one flag per column, 1 = shown.
 */
export function shownInRow(shutter: Shutter, row: number, columns: number, aspect: number): Uint8Array {
  const shown = new Uint8Array(columns).fill(1);
  for (const shape of shutter.shapes) {
    const inside = new Uint8Array(columns);
    for (const [from, to] of spans(shape, row + 0.5, aspect)) {
      // Columns whose middle lies in [from, to].
      const first = Math.max(Math.ceil(from - 0.5), 0);
      const end = Math.min(Math.floor(to - 0.5) + 1, columns);
      if (first < end) inside.fill(1, first, end);
    }
    for (let column = 0; column < columns; column += 1) shown[column]! &= inside[column]!;
  }
  return shown;
}

/** The parts of the line at height `y` that lie in a shape, as pairs of x. */
function spans(shape: ShutterShape, y: number, aspect: number): (readonly [number, number])[] {
  switch (shape.kind) {
    case 'rectangle':
      return y >= shape.top && y <= shape.bottom ? [[shape.left, shape.right]] : [];
    case 'circle': {
      const down = (y - shape.center.y) * aspect;
      const half = Math.sqrt(shape.radius ** 2 - down ** 2);
      return Number.isNaN(half) ? [] : [[shape.center.x - half, shape.center.x + half]];
    }
    case 'polygon':
      return crossings(shape.points, y);
  }
}

/** Where a closed polygon's sides cross the line at height `y`, two by two: inside lies between each pair. */
function crossings(points: readonly { x: number; y: number }[], y: number): (readonly [number, number])[] {
  const places: number[] = [];
  points.forEach((a, index) => {
    const b = points[(index + 1) % points.length]!;
    // A corner on the line belongs to the side below it, so that it counts once; a level side never crosses.
    if (a.y <= y !== b.y <= y) places.push(a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x));
  });
  places.sort((a, b) => a - b);
  return places.flatMap((place, index) => (index % 2 === 1 ? [[places[index - 1]!, place] as const] : []));
}
