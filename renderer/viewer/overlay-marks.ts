import type { Overlay } from '../../contract/image/shutter.ts';
import { type Size, toImage, toScreen, type View } from './view.ts';

/** A rectangle of the screen, device pixels. */
export type Mark = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

/**
 * Where the marks of an overlay lie on the screen. None is thinner than a screen pixel, so that letters stay when a film is
 * made smaller. Marks beside the pane are left out.
 */
export function overlayMarks({ runs }: Overlay, view: View, pane: Size): Mark[] {
  const marks: Mark[] = [];
  const corners = [
    toImage(view, pane, { x: 0, y: 0 }),
    toImage(view, pane, { x: pane.width, y: pane.height }),
  ];
  const [left, right] = corners.map(({ x }) => x).sort((a, b) => a - b) as [number, number];
  const [top, bottom] = corners.map(({ y }) => y).sort((a, b) => a - b) as [number, number];
  for (let at = 0; at < runs.length; at += 3) {
    const [row, column, length] = [runs[at]!, runs[at + 1]!, runs[at + 2]!];
    // First what is cheap to tell: most runs lie outside of a magnifier.
    if (row + 1 < top || row > bottom || column + length < left || column > right) continue;
    const a = toScreen(view, pane, { x: column, y: row });
    const b = toScreen(view, pane, { x: column + length, y: row + 1 });
    const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
    const [width, height] = [Math.max(Math.abs(b.x - a.x), 1), Math.max(Math.abs(b.y - a.y), 1)];
    if (x < pane.width && y < pane.height && x + width > 0 && y + height > 0)
      marks.push({ x, y, width, height });
  }
  return marks;
}
