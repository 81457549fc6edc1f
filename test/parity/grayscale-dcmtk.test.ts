import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { titled } from '../titled.ts';
import { comparableFiles, compareGreys, refusalOf } from './dcmtk.ts';

const { files, reason } = comparableFiles();
const refusals = await Promise.all(files.map(async (path) => ({ path, code: await refusalOf(path) })));
const read = refusals.filter(({ code }) => code === null);
/** One unnamed case where nothing can be compared, so that the reports list what was skipped. */
const cases = reason === null ? read.map(({ path }) => [basename(path), path]) : [['each film', '']];

describe.skipIf(reason !== null)(titled('grey levels against DCMTK and given truth', reason), () => {
  it.each(cases)(
    '%s is shown as the reference shows it, or otherwise for a reason',
    {
      timeout: 60_000,
    },
    async (_, path) => {
      const rows = await compareGreys(path!);
      expect(rows.length).toBeGreaterThan(0);
      for (const { grayscale, reference, largest, beyondOne, otherwise } of rows) {
        const words = `${grayscale} against ${reference}, largest ${largest}`;
        if (otherwise === null) expect(beyondOne, words).toBeLessThanOrEqual(0.001);
      }
      // A reason that no longer holds is to be taken away.
      const same = rows.every(({ reference, beyondOne }) => reference !== null && beyondOne <= 0.001);
      expect(same).toBe(rows[0]!.otherwise === null);
    },
  );
  it('reads at least as many files as when this was written', () => {
    expect(read.length).toBeGreaterThanOrEqual(113);
  });
});
