import { type Measurement, type MeasurementKind, pointsOf } from './measure.ts';
import type { Pane } from './pane.svelte.ts';
import { type Point, pan, toImage, zoomAt } from './view.ts';

export type ToolName = 'window' | 'pan' | 'zoom' | 'magnify' | MeasurementKind;
export const toolWords: Readonly<Record<ToolName, string>> = {
  window: 'Window',
  pan: 'Move',
  zoom: 'Zoom',
  length: 'Length',
  angle: 'Angle',
  lines: 'Cobb',
  ratio: 'CT ratio',
  magnify: 'Magnifier',
};

const isMeasuring = (tool: ToolName): tool is MeasurementKind => tool in pointsOf;

/** A hand that clicks moves by less, device pixels. */
const leastDrawn = 8;

/** What the left button does, and what is going on between its press and its release. */
export class Tools {
  active = $state<ToolName>('window');
  /** Points of a measurement that is not finished; image coordinates. */
  points = $state.raw<readonly Point[]>([]);
  /** Where the mouse is, device pixels of the pane under it. */
  at = $state.raw<{ readonly pane: Pane; readonly point: Point } | null>(null);
  /** Something is being moved with the mouse. */
  dragging = $state(false);
  #drag: { readonly pane: Pane; readonly kind: ToolName; last: Point } | null = null;
  /** The press that set a point of a measurement, until its release. */
  #marked: { readonly pane: Pane; readonly point: Point } | null = null;

  choose(tool: ToolName): void {
    this.active = tool;
    this.points = [];
  }

  /** Buttons as the browser numbers them: the middle one always moves, the right one always zooms. */
  press(pane: Pane, point: Point, button: number): void {
    const kind = button === 1 ? 'pan' : button === 2 ? 'zoom' : this.active;
    if (isMeasuring(kind)) {
      this.#mark(pane, point, kind);
      this.#marked = { pane, point };
    } else {
      this.#drag = { pane, kind, last: point };
      this.dragging = kind !== 'magnify';
    }
  }

  move(pane: Pane, point: Point): void {
    this.at = { pane, point };
    const drag = this.#drag;
    if (drag === null || drag.pane !== pane) return;
    const [dx, dy] = [point.x - drag.last.x, point.y - drag.last.y];
    drag.last = point;
    if (drag.kind === 'pan') pane.change((view) => pan(view, dx, dy));
    // Across the whole pane: twice the width, or a zoom by e².
    const across = Math.max(pane.size.width, 1);
    if (drag.kind === 'zoom')
      pane.change((view, size) => zoomAt(view, size, middle(size), Math.exp((-2 * dy) / across)));
    if (drag.kind === 'window') pane.adjust((1.5 * dy) / across, (2 * dx) / across);
  }

  /** Ends what a press began. A measurement goes from press to release where the mouse was drawn, or from click to click. */
  release(pane: Pane, point: Point): void {
    const marked = this.#marked;
    this.#marked = null;
    if (marked?.pane === pane && isMeasuring(this.active) && this.points.length > 0) {
      const drawn = Math.hypot(point.x - marked.point.x, point.y - marked.point.y);
      if (drawn >= leastDrawn) this.#mark(pane, point, this.active);
    }
    this.#drag = null;
    this.dragging = false;
  }
  leave(): void {
    this.at = null;
  }

  wheel(pane: Pane, point: Point, delta: number): void {
    pane.change((view, size) => zoomAt(view, size, point, Math.exp(-delta / 500)));
  }

  #mark(pane: Pane, point: Point, kind: MeasurementKind): void {
    if (pane.shown === null) return;
    const points = [...this.points, toImage(pane.shown, pane.size, point)];
    if (points.length < pointsOf[kind]) {
      this.points = points;
      return;
    }
    pane.measurements = [...pane.measurements, { kind, points } as unknown as Measurement];
    this.points = [];
  }
}

const middle = ({ width, height }: { width: number; height: number }): Point => ({
  x: width / 2,
  y: height / 2,
});
