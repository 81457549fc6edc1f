import type { StudyRow } from '../../../contract/ipc/worklist.ts';
import type { Window } from '../../../test/e2e/window.ts';
import { watch } from './desk.ts';
import { dropToResult } from './studies.ts';

/** The first study after a start that found its keys on the disk. */
export type SecondStart = {
  /** From the drop, which comes as soon as the page is there, to the result on the screen, ms. */
  readonly dropToResultMs: number;
  /** Whether keys were made, or evaluation keys uploaded, for it. Neither should be. */
  readonly madeKeys: boolean;
  readonly uploadedKeys: boolean;
};

/** Measures a window that has just been started with a profile that was used before. */
export async function measureSecondStart({ page }: Window, folder: string): Promise<SecondStart> {
  await watch(page);
  const dropToResultMs = await dropToResult(page, folder, 99);
  const rows = (await page.evaluate(
    'window.cipherfilm.worklist({}).then(({ value }) => value.rows)',
  )) as readonly StudyRow[];
  const { seen } = rows.at(-1)!;
  return {
    dropToResultMs,
    madeKeys: seen.includes('generating-keys'),
    uploadedKeys: seen.includes('uploading-keys'),
  };
}
