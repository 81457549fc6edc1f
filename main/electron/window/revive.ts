import type { BrowserWindow } from 'electron';

/** Deaths within this time count together, ms. */
const spanMs = 60_000;
/** So many pages in a row are loaded at once; a page that goes on dying is loaded only so often. */
const mostAtOnce = 3;
const pauseMs = 10_000;

/** Tells how long to wait before a page that died is loaded again, ms. `deaths` are the times of the earlier ones. */
export const pauseBefore = (deaths: readonly number[], now: number): number =>
  deaths.filter((at) => now - at < spanMs).length < mostAtOnce ? 0 : pauseMs;

/**
 * Loads the page again when its process dies. Nothing is lost by it: the list, its
 * results and what is under way are the main process's.
 */
export function revivePage(window: BrowserWindow): void {
  const deaths: number[] = [];
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit') return;
    const pause = pauseBefore(deaths, Date.now());
    deaths.push(Date.now());
    setTimeout(() => {
      if (!window.isDestroyed()) window.webContents.reload();
    }, pause);
  });
}
