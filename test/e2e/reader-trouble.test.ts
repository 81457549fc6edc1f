import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeRle } from '../dicom/codecs/rle-encoder.ts';
import { encapsulatedBytes, imageFields } from '../dicom/dicom-bytes.ts';
import {
  build,
  kill,
  launch,
  noWindow,
  openPaths,
  processId,
  profile,
  removeFolders,
  sample,
  troubles,
  type Window,
} from './window.ts';

/** The built application while its reader is killed; needs what `app.test.ts` needs. */
describe.skipIf(noWindow !== null)(`the window${noWindow === null ? '' : ` (skipped: ${noWindow})`}`, () => {
  const userData = profile();
  const films = mkdtempSync(join(tmpdir(), 'cipherfilm-e2e-reader-'));
  let window: Window;
  const rows = () => window.page.getByRole('list', { name: 'Studies' }).getByRole('listitem');
  const reader = () => processId(window, 'Cipherfilm reader');

  beforeAll(async () => {
    build();
    writeFileSync(join(films, '1.dcm'), longFilm());
    cpSync(sample, join(films, '2.dcm'));
    window = await launch(userData);
  });

  afterAll(async () => {
    await window?.app.close();
    removeFolders(userData, films);
  });

  it('refuses the study whose film was in hand when the reader was killed, and goes on with the other', {
    timeout: 300_000,
  }, async () => {
    const { page } = window;
    await page.getByText('ready', { exact: true }).waitFor({ timeout: 120_000 });
    const engine = await processId(window, 'Cipherfilm engine');
    await openPaths(window, [films]);
    await expect.poll(() => rows().count(), { timeout: 60_000 }).toBe(2);
    // It is decoded for the viewer, for the list and for the engine, so a new reader begins with it. A kill may come
    // while the reader starts, which is nobody's fault: two have to come while it has the film in hand.
    const crash = page.getByText('The image reader stopped unexpectedly over this file.').first();
    let last: number | null = null;
    for (let kills = 0; kills < 8 && !(await crash.isVisible()); kills += 1) {
      await expect.poll(async () => [null, last].includes(await reader()), { timeout: 60_000 }).toBe(false);
      last = await reader();
      await page.waitForTimeout(250);
      if (!(await crash.isVisible())) await kill(window, 'Cipherfilm reader');
    }
    await crash.waitFor({ timeout: 60_000 });
    await page.getByText('Refused, nothing sent').waitFor({ timeout: 120_000 });
    await rows()
      .getByText(/above threshold$/)
      .waitFor({ timeout: 120_000 });
    expect(await processId(window, 'Cipherfilm engine')).toBe(engine);
    expect(await troubles(window)).toEqual([]);
  });
});

/** The largest film, frontal and all black: small on disk, and half a second to decode each time. */
function longFilm(): Uint8Array {
  const [rows, columns] = [8_192, 8_192];
  return encapsulatedBytes(
    [encodeRle(new Uint8Array(rows * columns * 2), 16)],
    {
      ...imageFields({ rows, columns, bitsAllocated: 16, bitsStored: 12 }),
      '00080018': ['00080018', 'UI', '1.2.3.1'],
      '0020000d': ['0020000d', 'UI', '1.2.3'],
      '00185101': ['00185101', 'CS', 'AP'],
    },
    '1.2.840.10008.1.2.5',
  );
}
