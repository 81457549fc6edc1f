import type { Page } from 'playwright-core';
import type { Window } from '../../../test/e2e/window.ts';

/** What a person does at the window, and what is read off it. Scripts of the page are text, as they know the DOM. */

/** Remembers in the page when files are chosen and what is told of the list since then. Call it once per page. */
export const watch = (page: Page): Promise<void> =>
  page.evaluate(`{
    const seen = { chosenAt: 0, doneAt: new Map(), finishedAt: 0 };
    window.benchSeen = seen;
    document.querySelector('input[type=file]').addEventListener('change', () => {
      seen.chosenAt = performance.now();
      seen.finishedAt = 0;
      performance.clearMarks('cipherfilm-painted');
    }, { capture: true });
    window.cipherfilm.onEvent((event) => {
      if (event.kind === 'report' && event.report.finished) seen.finishedAt = performance.now();
      if (event.kind === 'rows') for (const { id, state } of event.rows)
        if (state === 'done' && !seen.doneAt.has(id)) seen.doneAt.set(id, performance.now());
    });
  }`);

/** Hands files over as a drop does: the page gets them with their paths. */
export const dropFiles = (page: Page, paths: readonly string[]): Promise<void> =>
  page.locator('input[type=file]').setInputFiles([...paths]);

/** Takes every study out of the list. */
export async function emptyList(page: Page): Promise<void> {
  await page.evaluate(`(async () => {
    for (const { id } of (await window.cipherfilm.worklist({})).value.rows) await window.cipherfilm.remove({ studyId: id });
  })()`);
  await page.getByText('Drop chest radiographs anywhere').waitFor();
}

/** Drops a film on the empty list. @returns the time from the drop to the first paint of the whole film, ms. */
export async function dropToPaint(page: Page, path: string, size: string): Promise<number> {
  await dropFiles(page, [path]);
  return page.evaluate(`(async () => {
    for (;;) {
      const painted = performance.getEntriesByName('cipherfilm-painted').at(0);
      const isShown = document.querySelector('.panes')?.innerText.includes(${JSON.stringify(size)});
      if (painted && isShown) return painted.startTime - window.benchSeen.chosenAt;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })()`);
}

/** Measures the longest time in which a process did nothing else, ms, from now until the returned function is called. */
export async function stalls({ app, page }: Window): Promise<() => Promise<{ main: number; page: number }>> {
  await app.evaluate(() => {
    let last = performance.now();
    const state = { longest: 0, timer: setInterval(() => beat(), 4) };
    const beat = () => {
      const now = performance.now();
      state.longest = Math.max(state.longest, now - last - 4);
      last = now;
    };
    (globalThis as { benchStall?: typeof state }).benchStall = state;
  });
  await page.evaluate(`{
    let last = performance.now();
    const state = { longest: 0 };
    state.timer = setInterval(() => {
      const now = performance.now();
      state.longest = Math.max(state.longest, now - last - 4);
      last = now;
    }, 4);
    window.benchStall = state;
  }`);
  return async () => {
    const main = await app.evaluate(() => {
      const { longest, timer } = (
        globalThis as unknown as { benchStall: { longest: number; timer: NodeJS.Timeout } }
      ).benchStall;
      clearInterval(timer);
      return longest;
    });
    const longest = (await page.evaluate(
      '(clearInterval(window.benchStall.timer), window.benchStall.longest)',
    )) as number;
    return { main, page: longest };
  };
}

/** The resident memory of every process of the application, MiB. Pages that processes share count in each of them. */
export function memory({ app }: Window): Promise<Record<string, number>> {
  return app.evaluate(({ app: electronApp }) => {
    const found: Record<string, number> = {};
    for (const { type, name, memory: used } of electronApp.getAppMetrics()) {
      const label = name?.replace('Cipherfilm ', '') || type;
      found[label] = (found[label] ?? 0) + Math.round(used.workingSetSize / 1024);
    }
    return found;
  });
}

/** Waits until the application's processes have been idle for two seconds, or for a minute and a half at most. */
export async function idle({ app, page }: Window): Promise<void> {
  let quiet = 0;
  for (let second = 0; second < 90 && quiet < 2; second += 1) {
    const percent = await app.evaluate(({ app: electronApp }) =>
      electronApp.getAppMetrics().reduce((sum, { cpu }) => sum + cpu.percentCPUUsage, 0),
    );
    // The first figure after a pause is of the whole pause.
    quiet = percent < 10 ? quiet + 1 : 0;
    await page.waitForTimeout(1_000);
  }
}
