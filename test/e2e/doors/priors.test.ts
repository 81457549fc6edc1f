import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StudyRow } from '../../../contract/ipc/worklist.ts';
import { storeFiles } from '../../../main/network/send/store-scu.ts';
import { anotherStudy } from '../../../tools/bench/app/films.ts';
import { login, type Orthanc, startOrthanc, whyNoOrthanc } from '../../main/network/orthanc.ts';
import { titled } from '../../titled.ts';
import {
  build,
  launch,
  noWindow,
  openPaths,
  profile,
  removeFolders,
  studyMs,
  troubles,
  type Window,
} from '../window.ts';

/** Earlier films of a patient are found in a real archive and brought into the list. */
const whyNot = noWindow ?? whyNoOrthanc;
describe.skipIf(whyNot !== null)(titled('earlier films', whyNot), () => {
  const place = mkdtempSync(join(tmpdir(), 'cipherfilm-e2e-priors-'));
  const film = (number: number): string => {
    const path = join(place, `${number}.dcm`);
    writeFileSync(path, anotherStudy(number));
    return path;
  };
  let orthanc: Orthanc;
  let window: Window;
  let userData: string;
  beforeAll(async () => {
    build();
    orthanc = await startOrthanc();
    const file = join(place, 'login');
    writeFileSync(file, `${login.user}:${login.password}`);
    const remote = { title: 'ORTHANC', host: '127.0.0.1', port: orthanc.dicomPort, tls: null };
    const sent = await storeFiles([41, 42].map(film), remote, { title: 'CIPHERFILM', waitMs: 20_000 });
    expect(sent.map(({ error }) => error)).toEqual([null, null]);
    userData = profile({ archiveUrl: orthanc.webUrl, archiveLoginFile: file });
    window = await launch(userData);
  });
  afterAll(async () => {
    await window?.app.close();
    await orthanc?.[Symbol.asyncDispose]();
    removeFolders(place, userData);
  });
  const rows = () =>
    window.page.evaluate('window.cipherfilm.worklist({}).then(({ value }) => value.rows)') as Promise<
      readonly StudyRow[]
    >;
  const brought = () => readdirSync(join(userData, 'network', 'brought'));

  it('are found by the patient’s number, brought, classified, and gone from the disk with their study', {
    timeout: 2 * studyMs,
  }, async () => {
    const { page } = window;
    await openPaths(window, [film(41)]);
    const button = page.getByRole('button', { name: 'Earlier films…' });
    await button.click({ timeout: 60_000 });
    // The study on the screen is one of the two that the archive has.
    const bring = page.getByRole('button', { name: 'Bring' });
    await bring.waitFor({ timeout: 60_000 });
    expect(await bring.count()).toBe(1);
    await bring.click();
    await page.getByText('✓ in the list').waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Close' }).click();
    await expect
      .poll(async () => (await rows()).map(({ state }) => state), { timeout: studyMs })
      .toEqual(['done', 'done']);
    expect(brought()).toHaveLength(1);
    await button.click();
    await page.getByText('The archive has no other study').waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Close' }).click();
    const remove = page.getByRole('button', { name: /^Remove / });
    await remove.last().click();
    expect(brought()).toHaveLength(1);
    await remove.last().click();
    await expect.poll(brought).toEqual([]);
    expect(await troubles(window)).toEqual([]);
  });
});
