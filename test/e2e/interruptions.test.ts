import { cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleRoot, type RunningEvaluator, startEmbeddedEvaluator } from '../../main/host/headless.ts';
import { dicomBytes, sequence } from '../dicom/dicom-bytes.ts';
import { titled } from '../titled.ts';
import { smallFilm } from './small-film.ts';
import { openTroubledEvaluator, type TroubledEvaluator, token } from './troubled-evaluator.ts';
import {
  accessibilityProblems,
  build,
  ended,
  kill,
  launch,
  noWindow,
  openPaths,
  pageText,
  processId,
  profile,
  removeFolders,
  sample,
  studyMs,
  troubles,
  type Window,
} from './window.ts';

/**
 * Everything that can be dropped, in one drop; then the study is interrupted in its middle by the end of every process
 * in turn, the person's and the system's included. Nothing may be lost and nothing may come twice. The evaluator is a
 * process of its own that keeps back how the job ends until it is let go. It needs what `app.test.ts` needs.
 */
describe.skipIf(noWindow !== null)(titled('a study that is interrupted', noWindow), () => {
  const folder = mkdtempSync(join(tmpdir(), 'cipherfilm-e2e-interruptions-'));
  const at = (...parts: string[]) => join(folder, ...parts);
  let userData: string;
  let evaluator: RunningEvaluator;
  let door: TroubledEvaluator;
  let window: Window;

  const startEvaluator = () => startEmbeddedEvaluator({ dataDir: at('evaluator'), bundleRoot });
  const open = async () => {
    window = await launch(userData, { CIPHERFILM_TOKEN: token });
  };
  const rows = () => window.page.getByRole('list', { name: 'Studies' }).getByRole('listitem');
  const row = () => rows().filter({ hasText: 'Covid0000' });
  const underWay = /Wait in the queue|Evaluate while encrypted/;
  /** Waits until the study is at the evaluator, asked for the `questions`-th time. */
  const isAsked = async (questions: number) => {
    await expect.poll(() => door.questions, { timeout: studyMs }).toBe(questions);
    await row().getByText(underWay).waitFor({ timeout: 60_000 });
  };

  beforeAll(async () => {
    build();
    for (const parts of [
      ['films', 'deeper'],
      ['cd', 'IMAGES'],
    ])
      mkdirSync(at(...parts), { recursive: true });
    // In the order in which they are found: the first is refused and out of the way.
    writeFileSync(at('films', 'a.dcm'), smallFilm('1', 'AP'));
    cpSync(sample, at('films', 'deeper', 'b'));
    writeFileSync(at('films', 'deeper', 'c.jpg'), smallFilm('2', 'LL'));
    writeFileSync(at('films', 'notes-on-Covid0000.txt'), 'no radiograph');
    writeFileSync(at('zip'), zipSync({ 'x/1.dcm': smallFilm('3', 'LL'), 'readme.txt': strToU8('no') }));
    const record = sequence('00041220', [['00041500', 'CS', 'IMAGES\\IM1']]);
    writeFileSync(at('cd', 'DICOMDIR'), dicomBytes(null, { '00041220': record }));
    writeFileSync(at('cd', 'IMAGES', 'IM1'), smallFilm('4', 'LL'));
    evaluator = await startEvaluator();
    door = await openTroubledEvaluator(evaluator.url);
    door.trouble = 'holding';
    userData = profile({ evaluator: door.url });
    await open();
  });
  afterAll(async () => {
    await window?.app.close();
    await door?.[Symbol.asyncDispose]();
    await evaluator?.stop();
    removeFolders(folder, userData);
  });

  it('came with folders, an archive, a DICOMDIR and junk in one drop, and each is accounted for', {
    timeout: studyMs,
  }, async () => {
    const { page } = window;
    await openPaths(window, [at('films'), at('zip'), at('cd', 'DICOMDIR')]);
    await page.getByText(/^5 images taken, \d studies · 2 skipped/).waitFor({ timeout: 30_000 });
    expect(await rows().count()).toBe(5);
    await page.getByText('What was skipped and why').click();
    await page.getByText('films/notes-on-Covid0000.txt').waitFor();
    await page.getByText('zip/readme.txt').waitFor();
    await isAsked(1);
  });

  it('is found again in the list, which can be narrowed', async () => {
    const { page } = window;
    await page.getByRole('searchbox').fill('covid');
    await page.getByText('1 of 5 shown').waitFor();
    expect(await rows().count()).toBe(1);
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByLabel('Show', { exact: true }).selectOption('in-progress');
    await page.getByText('1 of 5 shown').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    expect(await rows().count()).toBe(5);
  });

  it('names its patient nowhere while patients are hidden', async () => {
    const { page } = window;
    await row().getByRole('button').first().click();
    await page.getByRole('button', { name: 'Hide patient' }).click();
    const named = (await page.evaluate(`(async () => {
      const { rows } = (await window.cipherfilm.worklist({})).value;
      const names = rows.flatMap(({ patient, study, images }) =>
        [patient.name, patient.id, patient.birthDate, study.accession, ...images.map(({ name }) => name)]);
      const page = document.documentElement.outerHTML + document.title;
      return [...new Set(names)].filter((name) => name !== null && name.length > 3 && page.includes(name));
    })()`)) as string[];
    expect(named).toEqual([]);
    expect(await window.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.title)).toBe(
      'Cipherfilm',
    );
    await page.getByRole('button', { name: 'Show patient' }).click();
    await row().waitFor();
  });

  it('is kept out of screenshots when somebody says so', async () => {
    await window.app.evaluate(({ BrowserWindow }) => {
      const seen: boolean[] = [];
      (globalThis as { protections?: boolean[] }).protections = seen;
      BrowserWindow.getAllWindows()[0]!.setContentProtection = (on) => void seen.push(on);
    });
    await window.page.evaluate('window.cipherfilm.saveSettings({ contentProtection: true })');
    await window.page.evaluate('window.cipherfilm.saveSettings({ contentProtection: false })');
    const seen = await window.app.evaluate(() => (globalThis as { protections?: boolean[] }).protections);
    expect(seen).toEqual([true, false]);
    expect(await troubles(window)).toEqual([]);
  });

  it('is begun again when the engine is killed', { timeout: studyMs }, async () => {
    await kill(window, 'Cipherfilm engine');
    await isAsked(2);
    expect(await troubles(window)).toEqual([]);
  });

  it('waits while the keys are locked, whose process has ended then, and goes on when they are unlocked', {
    timeout: studyMs,
  }, async () => {
    const { page } = window;
    const before = await processId(window, 'Cipherfilm engine');
    // Somebody waits for a study that is under way: the system’s sleep does not take the keys away.
    await window.app.evaluate(({ powerMonitor }) => powerMonitor.emit('suspend'));
    await page.getByRole('button', { name: 'Keys', exact: true }).click();
    await page.getByRole('button', { name: 'Lock now' }).click();
    await page.getByText('The keys were locked here.').waitFor({ timeout: 30_000 });
    expect(existsSync(`/proc/${before}`)).toBe(false);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Close' }).click();
    await row().getByText('Waiting').waitFor({ timeout: 30_000 });
    await page.getByText('Waiting until the keys are unlocked.').waitFor();
    await page.getByText('cannot classify: The keys are locked').waitFor({ timeout: 30_000 });
    expect(door.questions).toBe(2);
    await page.getByRole('button', { name: 'Unlock the keys' }).click();
    await page.getByRole('button', { name: 'Unlock', exact: true }).click();
    await page.getByRole('button', { name: 'Lock now' }).waitFor({ timeout: 30_000 });
    await page.getByRole('button', { name: 'Close' }).click();
    await isAsked(3);
    expect(await troubles(window)).toEqual([]);
  });

  it('is on the screen again when the page’s process is killed, and was never interrupted', async () => {
    await window.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]!.webContents.forcefullyCrashRenderer(),
    );
    await expect.poll(() => pageText(window), { timeout: 30_000 }).toContain('Covid0000');
    await expect.poll(() => pageText(window)).toMatch(underWay);
    expect(door.questions).toBe(3);
  });

  it('keeps the program from being closed without a question', async () => {
    await window.app.evaluate(({ app, dialog }) => {
      const asked: { message: string }[] = [];
      (globalThis as { asked?: { message: string }[] }).asked = asked;
      dialog.showMessageBox = (async (_: unknown, question: { message: string }) => {
        asked.push(question);
        return { response: asked.length === 1 ? 0 : 1, checkboxChecked: false };
      }) as never;
      app.quit();
    });
    const asked = () => window.app.evaluate(() => (globalThis as { asked?: object[] }).asked);
    await expect.poll(async () => (await asked())?.length).toBe(1);
    expect(await asked()).toMatchObject([
      {
        message: '1 study is not finished.',
        detail: 'It stays in the list and goes on at the next start.',
        buttons: ['Keep working', 'Quit'],
      },
    ]);
    expect(await pageText(window)).toMatch(underWay);
    const gone = ended(window);
    await window.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close());
    await gone;
  });

  it('goes on when the program is started again', { timeout: studyMs }, async () => {
    await open();
    await isAsked(4);
    expect(await rows().count()).toBe(5);
  });

  it('goes on after the main process was killed', { timeout: studyMs }, async () => {
    const gone = ended(window);
    process.kill(window.app.process().pid!, 'SIGKILL');
    await gone;
    await open();
    await isAsked(5);
    expect(await rows().count()).toBe(5);
    expect(await rows().getByText('Refused, nothing sent').count()).toBe(1);
  });

  it('is answered once, although the evaluator is killed and started again', {
    timeout: studyMs,
  }, async () => {
    process.kill(evaluator.pid, 'SIGKILL');
    evaluator = await startEvaluator();
    door.realUrl = evaluator.url;
    door.trouble = 'none';
    await row()
      .getByText(/above threshold$/)
      .waitFor({ timeout: studyMs });
    await row().getByRole('button').first().click();
    await expect.poll(() => window.page.locator('section[aria-label="Findings"] ul > li').count()).toBe(14);
    // The question was sent again after each interruption, and was one job all the time.
    expect([door.questions, door.jobs, await rows().count()]).toEqual([5, 1, 5]);
    expect(await troubles(window)).toEqual([]);
  });

  it('needs nobody’s click when the keys went while nobody was there and only the keychain guards them', {
    timeout: studyMs,
  }, async () => {
    const { page } = window;
    await page.getByText('ready', { exact: true }).waitFor({ timeout: 60_000 });
    const before = await processId(window, 'Cipherfilm engine');
    await window.app.evaluate(({ powerMonitor }) => powerMonitor.emit('suspend'));
    await page.getByText('the keys left the memory while nobody was here').waitFor({ timeout: 30_000 });
    expect(existsSync(`/proc/${before}`)).toBe(false);
    await page.mouse.move(300, 300);
    await page.getByText('ready', { exact: true }).waitFor({ timeout: 60_000 });
    expect(await processId(window, 'Cipherfilm engine')).not.toBe(before);
    expect(await troubles(window)).toEqual([]);
  });

  it('is not asked back when a signal ends the program', { timeout: studyMs }, async () => {
    door.trouble = 'holding';
    await window.page.evaluate(`(async () => {
      const { rows } = (await window.cipherfilm.worklist({})).value;
      const { id, scoredImageId } = rows.find(({ patient }) => patient.name === 'Covid0000');
      await window.cipherfilm.retry({ studyId: id, imageId: scoredImageId });
    })()`);
    await isAsked(6);
    await window.app.evaluate(({ dialog }) => {
      dialog.showMessageBox = () => new Promise(() => {});
    });
    const gone = ended(window);
    process.kill(window.app.process().pid!, 'SIGTERM');
    await gone;
  });
});
