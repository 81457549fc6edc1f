import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { titled } from '../titled.ts';
import { comparableFiles, compareWithDcmtk } from './dcmtk.ts';

const { files, reason } = comparableFiles();
/** One unnamed case where nothing can be compared, so that the reports list what was skipped. */
const cases = reason === null ? files.map((path) => [basename(path), path]) : [['each film', '']];

describe.skipIf(reason !== null)(titled('grey levels against DCMTK', reason), () => {
  it.each(cases)('%s is shown as DCMTK shows it', { timeout: 60_000 }, async (_, path) => {
    const rows = await compareWithDcmtk(path);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows)
      expect(row.beyondOne, `${row.grayscale}, largest ${row.largest}`).toBeLessThan(0.001);
  });
});
