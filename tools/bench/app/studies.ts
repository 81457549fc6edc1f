import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { Window } from '../../../test/e2e/window.ts';
import { dropFiles, memory } from './desk.ts';
import { anotherStudy } from './films.ts';

/** Studies that were dropped, classified and looked at one after the other. */
export type Classified = {
  /** From the drop to the result on the screen, ms, of each study. */
  readonly dropToResultMs: readonly number[];
  /** Resident memory of each process, MiB, after so many studies. */
  readonly memoryMiB: readonly { readonly studies: number; readonly processes: Record<string, number> }[];
};

const sampleEvery = 10;

/**
 * Drops a study and waits for its result.
 *
 * @param number  10 … 99, as `anotherStudy` takes it.
 * @returns the time from the drop to the result on the screen, ms.
 */
export async function dropToResult(page: Page, folder: string, number: number): Promise<number> {
  const path = join(folder, `study-${number}.dcm`);
  writeFileSync(path, anotherStudy(number));
  await page.evaluate('window.benchSeen.doneAt.clear()');
  await dropFiles(page, [path]);
  // The row is shown in the frame after the event.
  return (await page.evaluate(`(async () => {
    const { chosenAt, doneAt } = window.benchSeen;
    while (doneAt.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    return [...doneAt.values()][0] - chosenAt;
  })()`)) as number;
}

/**
 * Drops one study after the other and waits for the result of each.
 *
 * @param count  how many studies, up to 90.
 * @param note   told after each study.
 */
export async function measureStudies(
  window: Window,
  folder: string,
  count: number,
  note: (text: string) => void,
): Promise<Classified> {
  const { page } = window;
  const dropToResultMs: number[] = [];
  const memoryMiB: { studies: number; processes: Record<string, number> }[] = [];
  for (let study = 1; study <= count; study += 1) {
    const took = await dropToResult(page, folder, 9 + study);
    dropToResultMs.push(took);
    await page.keyboard.press('n');
    note(`study ${study} of ${count}: ${(took / 1000).toFixed(1)} s`);
    if (study % sampleEvery === 0 || study === 1)
      memoryMiB.push({ studies: study, processes: await memory(window) });
  }
  return { dropToResultMs, memoryMiB };
}
