import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { median } from '../machine.ts';
import { dropToPaint, emptyList } from './desk.ts';
import { type FilmSize, lateral } from './films.ts';

/** The time from a drop to the first paint, ms: the median, and each of the drops. */
export type Opened = { readonly medianMs: number; readonly allMs: readonly number[] };

/** Drops films one by one on an empty list, after one that is not counted. */
export async function measureOpening(
  page: Page,
  folder: string,
  size: FilmSize,
  repeats: number,
): Promise<Opened> {
  const allMs: number[] = [];
  for (let turn = 0; turn <= repeats; turn += 1) {
    const path = join(folder, `${size.columns}-${turn}.dcm`);
    writeFileSync(path, lateral(100_000 + turn + size.columns * 10, size));
    await emptyList(page);
    const took = await dropToPaint(page, path, `${size.columns} × ${size.rows}`);
    if (turn > 0) allMs.push(took);
  }
  return { medianMs: median(allMs), allMs };
}

/** How many frames a second are painted while window and level are dragged, at most 60. */
export type Dragged = {
  readonly framesPerSecond: number;
  readonly pane: { readonly width: number; readonly height: number };
  readonly painter: string | null;
};

/** Drags window and level over the film that is open, at one image pixel per screen pixel. */
export async function measureDragging(page: Page): Promise<Dragged> {
  await page.keyboard.press('1');
  const { painted, width, height } = (await page.evaluate(`(async () => {
    const pane = document.querySelector('.pane');
    const { left, top, width, height } = pane.getBoundingClientRect();
    const at = (kind, x, y, buttons) => pane.dispatchEvent(new PointerEvent(kind, {
      bubbles: true, pointerId: 1, button: 0, buttons, clientX: left + x, clientY: top + y }));
    pane.setPointerCapture = () => {};
    at('pointerdown', width / 2, height / 2, 1);
    performance.clearMarks('cipherfilm-painted');
    const frames = 120;
    const started = performance.now();
    for (let frame = 0; frame < frames; frame += 1) {
      at('pointermove', width / 2 + 80 * Math.sin(frame / 9), height / 2 + 60 * Math.cos(frame / 7), 1);
      // The mouse is heard between two frames, as the browser does it.
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    }
    const seconds = (performance.now() - started) / 1000;
    at('pointerup', width / 2, height / 2, 0);
    return { painted: performance.getEntriesByName('cipherfilm-painted').length / seconds, width, height };
  })()`)) as { painted: number; width: number; height: number };
  const painter = await page.locator('canvas[data-painter]').first().getAttribute('data-painter');
  return { framesPerSecond: painted, pane: { width, height }, painter };
}
