import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareWithDcmtk, dicomFiles, dicomFolder, missingTools } from './dcmtk.ts';

const missing = missingTools();
const reason = !existsSync(dicomFolder)
  ? '../shared/data/dicom is not there'
  : missing.length > 0
    ? `${missing.join(', ')} not installed`
    : null;

describe.skipIf(reason !== null)(
  `grey levels against DCMTK${reason === null ? '' : ` (skipped: ${reason})`}`,
  () => {
    for (const path of reason === null ? dicomFiles() : []) {
      it(`${basename(path)} is shown as DCMTK shows it`, { timeout: 60_000 }, async () => {
        const rows = await compareWithDcmtk(path);
        expect(rows.length).toBeGreaterThan(0);
        for (const row of rows)
          expect(row.beyondOne, `${row.grayscale}, largest ${row.largest}`).toBeLessThan(0.001);
      });
    }
  },
);
