import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { titled } from '../samples.ts';
import { comparableFiles, compareWithDcmtk } from './dcmtk.ts';

const { files, reason } = comparableFiles();

describe.skipIf(reason !== null)(titled('grey levels against DCMTK', reason), () => {
  it.each(files.map((path) => [basename(path), path]))(
    '%s is shown as DCMTK shows it',
    { timeout: 60_000 },
    async (_, path) => {
      const rows = await compareWithDcmtk(path);
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows)
        expect(row.beyondOne, `${row.grayscale}, largest ${row.largest}`).toBeLessThan(0.001);
    },
  );
});
