import { GlPainter } from './gl.ts';
import { type Painted, paint } from './paint.ts';
import type { Size, View } from './view.ts';

/** Draws a film on a canvas, which it owns. */
export type Painter = {
  readonly kind: 'webgl2' | 'canvas';
  /** @returns whether it is a draft, to be drawn again in full when nothing moves any more. */
  draw(film: Painted, levels: Uint8Array, view: View, pane: Size, mayDraft: boolean): boolean;
  dispose(): void;
};

/** For machines whose graphics driver draws wrongly, and for comparing both: `localStorage.painter`. */
export function wishedPainter(): Painter['kind'] | null {
  const wish = localStorage.getItem('painter');
  return wish === 'webgl2' || wish === 'canvas' ? wish : null;
}

let software: boolean | null = null;

/**
 * WebGL2 where there is a graphics processor, otherwise plain code, which is faster than one that is imitated. A canvas
 * can have one of both for its whole life.
 */
export function openPainter(
  canvas: HTMLCanvasElement,
  film: Painted,
  wish: Painter['kind'] | null = null,
): Painter {
  software ??= GlPainter.isSoftware(document.createElement('canvas'));
  if (wish === 'webgl2' || (wish === null && !software)) {
    const gl = GlPainter.open(canvas);
    if (gl?.takes(film))
      return {
        kind: 'webgl2',
        draw: (drawn, levels, view, pane) => {
          resize(canvas, pane);
          gl.draw(drawn, levels, view, pane);
          return false;
        },
        dispose: () => gl.dispose(),
      };
    gl?.dispose();
  }
  return plainPainter(canvas);
}

function plainPainter(canvas: HTMLCanvasElement): Painter {
  const context = canvas.getContext('2d', { alpha: false });
  let image: ImageData | null = null;
  let words = new Uint32Array(0);
  return {
    kind: 'canvas',
    draw: (film, levels, view, pane, mayDraft) => {
      resize(canvas, pane);
      if (image?.width !== pane.width || image.height !== pane.height) {
        image = new ImageData(pane.width, pane.height);
        words = new Uint32Array(image.data.buffer);
      }
      paint(film, levels, view, pane, words, mayDraft);
      context?.putImageData(image, 0, 0);
      return mayDraft && (view.scale !== 1 || view.aspect !== 1);
    },
    dispose: () => {},
  };
}

function resize(canvas: HTMLCanvasElement, { width, height }: Size): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
