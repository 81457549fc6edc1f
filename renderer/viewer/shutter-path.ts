import type { Film } from '../../contract/image/film.ts';
import type { ShutterShape } from '../../contract/image/shutter.ts';
import { type Point, type Size, toScreen, type View } from './view.ts';

/**
 * The part of a film that one shape of its shutter covers, as the path of an SVG: the film's outline with the shape cut
 * out of it by the even-odd rule. Drawn one over the other, the paths of several shapes leave what lies in all of them.
 *
 * @param ratio  device pixels per unit of the SVG.
 */
export function shutterPath(
  shape: ShutterShape,
  { rows, columns }: Pick<Film, 'rows' | 'columns'>,
  view: View,
  pane: Size,
  ratio: number,
): string {
  const at = (point: Point): Point => {
    const { x, y } = toScreen(view, pane, point);
    return { x: x / ratio, y: y / ratio };
  };
  const closed = (points: readonly Point[]) =>
    `M${points
      .map(at)
      .map(({ x, y }) => `${x} ${y}`)
      .join('L')}Z`;
  const box = (left: number, top: number, right: number, bottom: number) =>
    closed([
      { x: left, y: top },
      { x: right, y: top },
      { x: right, y: bottom },
      { x: left, y: bottom },
    ]);
  // A screen pixel further, or the smoothed edge would let the film's border shine through.
  const more = ratio / view.scale;
  const film = box(-more, -more, columns + more, rows + more);
  switch (shape.kind) {
    case 'rectangle': {
      // Beyond the film the even-odd rule would turn over.
      const [left, right] = [Math.max(shape.left, 0), Math.min(shape.right, columns)];
      const [top, bottom] = [Math.max(shape.top, 0), Math.min(shape.bottom, rows)];
      return right <= left || bottom <= top ? film : film + box(left, top, right, bottom);
    }
    case 'circle': {
      const { x, y } = at(shape.center);
      const radius = (shape.radius * view.scale) / ratio;
      const half = `a${radius} ${radius} 0 1 0`;
      return `${film}M${x - radius} ${y}${half} ${2 * radius} 0${half} ${-2 * radius} 0Z`;
    }
    case 'polygon':
      return film + closed(shape.points);
  }
}
