import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StudyRow } from '../../../contract/ipc/worklist.ts';
import { parseDataset } from '../../../dicom/dataset/parse.ts';
import { verifyAuditLog } from '../../../main/audit/verify-log.ts';
import { anotherStudy } from '../../../tools/bench/app/films.ts';
import { freePort } from '../../main/network/orthanc.ts';
import { isInstalled, run, whyNoToolkit } from '../../main/network/programs.ts';
import { startStoreArchive } from '../../main/network/store-archive.ts';
import { titled } from '../../titled.ts';
import {
  build,
  launch,
  noWindow,
  openPaths,
  profile,
  removeFolders,
  sample,
  studyMs,
  troubles,
  type Window,
} from '../window.ts';

/**
 * Results leave through the real window into a folder, an archive and by a rule of the policy, and studies arrive by C-STORE
 * and from a watched folder. The archive is DCMTK's `storescp`, the modality its `storescu`. Needs what test/e2e/app.test.ts needs.
 */
const whyNot = noWindow ?? whyNoToolkit;
describe.skipIf(whyNot !== null)(titled('the doors of the window', whyNot), () => {
  const place = mkdtempSync(join(tmpdir(), 'cipherfilm-e2e-doors-'));
  const watched = join(place, 'watched');
  const chosen = join(place, 'chosen');
  let window: Window;
  let userData: string;
  let port: number;
  let archivePort: number;
  beforeAll(async () => {
    build();
    mkdirSync(watched);
    mkdirSync(chosen);
    [port, archivePort] = [await freePort(), await freePort()];
    userData = profile({
      ...{ dicomPort: port, dicomAddress: '127.0.0.1', dicomCallers: ['MODALITY'], watchFolder: watched },
      archive: `ARCHIVE@127.0.0.1:${archivePort}`,
    });
    window = await launch(userData);
    await window.app.evaluate(({ dialog }, path) => {
      dialog.showOpenDialog = (async () => ({ canceled: false, filePaths: [path] })) as never;
    }, chosen);
  });
  afterAll(async () => {
    await window?.app.close();
    removeFolders(place, userData);
  });
  const rows = () =>
    window.page.evaluate('window.cipherfilm.worklist({}).then(({ value }) => value.rows)') as Promise<
      readonly StudyRow[]
    >;
  const done = async (count: number): Promise<readonly StudyRow[]> => {
    const finished = async () => (await rows()).filter(({ state }) => state === 'done');
    await expect.poll(async () => (await finished()).length, { timeout: studyMs }).toBe(count);
    return finished();
  };
  const press = (name: string) => window.page.getByRole('button', { name, exact: true }).click();
  const spool = () => readdirSync(join(userData, 'network', 'spool')).filter((name) => name.endsWith('.dcm'));
  /** The study of each DICOM file. */
  const studiesOf = (paths: readonly string[]) =>
    paths.map((path) => parseDataset(readFileSync(path)).dataset.text('x0020000d'));
  const send = async (number: number) => {
    const path = join(place, `${number}.dcm`);
    writeFileSync(path, anotherStudy(number));
    const to = ['-aet', 'MODALITY', '-aec', 'CIPHERFILM', '127.0.0.1', String(port), path];
    expect((await run('storescu', ...to)).code).toBe(0);
  };

  it('a result leaves for a folder in the forms that were chosen, and the log tells it', {
    timeout: studyMs,
  }, async () => {
    const { page } = window;
    await openPaths(window, [sample]);
    const [row] = await done(1);
    await press('Export the result…');
    await page.getByRole('checkbox', { name: /CSV table/ }).check();
    await press('Choose the folder…');
    await page.getByRole('dialog').getByText('saved in a folder').waitFor({ timeout: 60_000 });
    const { jobId } = row!.result!;
    expect(readdirSync(chosen).toSorted()).toEqual(
      ['findings.csv', 'pdf.pdf', 'sc.dcm', 'sr.dcm'].map((end) => `cipherfilm-${jobId}-${end}`),
    );
    const { dataset } = parseDataset(readFileSync(join(chosen, `cipherfilm-${jobId}-sr.dcm`)));
    expect(dataset.text('x0020000d')).toBe(row!.study.uid);
    expect(verifyAuditLog(join(userData, 'audit'))).toEqual({ entries: 1, first: 1, broken: null });
    // The window is not told where the folder is.
    expect(await page.locator('body').innerText()).not.toContain(place);
  });

  it.skipIf(!isInstalled('dsrdump', '--version'))('which DCMTK reads without a complaint', () => {
    const report = readdirSync(chosen).find((name) => name.endsWith('-sr.dcm'))!;
    const said = execFileSync('dsrdump', [join(chosen, report)], { encoding: 'utf8', stdio: 'pipe' });
    expect(said).toContain('Effusion');
  });

  it('for an archive that is away it waits, and is there once the archive is', {
    timeout: studyMs,
  }, async () => {
    const { page } = window;
    await page.getByRole('radio', { name: /To the archive/ }).check();
    await press('Send');
    await page.getByRole('dialog').getByText('It is tried again by itself.').waitFor({ timeout: 60_000 });
    expect((await rows())[0]!.exports.map(({ state }) => state)).toEqual(['left', 'waiting']);
    expect(readdirSync(join(userData, 'network', 'outgoing'))).toEqual([]);
    await using archive = await startStoreArchive(archivePort);
    // Sent by hand once more, which the archive is to have once all the same.
    await press('Send');
    await page.getByRole('dialog').getByText(': in the archive').waitFor({ timeout: 60_000 });
    await press('Close');
    await expect
      .poll(async () => (await rows())[0]!.exports.map(({ state }) => state), { timeout: 60_000 })
      .toEqual(['left', 'left', 'left']);
    const { uid } = (await rows())[0]!.study;
    expect(studiesOf(await archive.kept())).toEqual([uid, uid]);
    expect(verifyAuditLog(join(userData, 'audit')).entries).toBe(3);
  });

  it('a study that is sent here is classified, kept as long as it is in the list, and gone with it', {
    timeout: studyMs,
  }, async () => {
    const { page } = window;
    await send(31);
    const all = await done(2);
    const came = all.at(-1)!;
    expect(spool()).toHaveLength(1);
    // The film can be looked at.
    await page.locator('.row').last().click();
    await page.locator('canvas').first().waitFor();
    const remove = page.getByRole('button', { name: /^Remove / });
    await remove.last().click();
    await page.getByText('Removed:').waitFor();
    expect(spool()).toHaveLength(1);
    await press('Put back');
    await done(2);
    await remove.last().click();
    await press('Dismiss');
    expect((await rows()).some(({ id }) => id === came.id)).toBe(false);
    // The next one that is removed takes its place: nothing brings it back then.
    await openPaths(window, [join(place, '31.dcm')]);
    await done(2);
    await remove.last().click();
    await expect.poll(spool, { timeout: 30_000 }).toEqual([]);
  });

  it('a film that is put into the watched folder is taken in, and stays where it is', {
    timeout: studyMs,
  }, async () => {
    writeFileSync(join(watched, 'film.dcm'), anotherStudy(32));
    await done(2);
    expect(existsSync(join(watched, 'film.dcm'))).toBe(true);
    expect(await troubles(window)).toEqual([]);
  });

  it('after a restart nothing is taken in twice, and a rule of the policy sends what is new', {
    timeout: 2 * studyMs,
  }, async () => {
    await send(33);
    await done(3);
    await window.app.close();
    const policy = join(place, 'policy.json');
    writeFileSync(policy, JSON.stringify({ sendResults: 'all' }));
    await using archive = await startStoreArchive(archivePort);
    window = await launch(userData, { CIPHERFILM_POLICY: policy });
    await window.page.getByText(/Studies are received as CIPHERFILM on port/).waitFor({ timeout: 60_000 });
    expect(spool()).toHaveLength(1);
    await send(34);
    const all = await done(4);
    expect(all).toHaveLength(4);
    await expect.poll(async () => (await archive.kept()).length, { timeout: 60_000 }).toBe(2);
    const { uid } = (await rows()).at(-1)!.study;
    await expect
      .poll(async () => (await rows()).at(-1)!.exports, { timeout: 30_000 })
      .toMatchObject([{ state: 'left', by: { rule: 'send-results-all' } }]);
    expect(studiesOf(await archive.kept())).toEqual([uid, uid]);
    await window.page.locator('.row').last().click();
    await window.page.getByText('by a rule of your organisation').waitFor();
    expect(await troubles(window)).toEqual([]);
  });
});
