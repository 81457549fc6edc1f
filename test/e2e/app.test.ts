import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { titled } from '../titled.ts';
import { smallFilm } from './small-film.ts';
import {
  accessibilityProblems,
  build,
  drop,
  kill,
  launch,
  noWindow,
  openPaths,
  profile,
  removeFolders,
  results,
  sample,
  studyMs,
  troubles,
  type Window,
} from './window.ts';

/**
 * The built application in a real Electron window: films are dropped, encrypted, evaluated by the embedded evaluator and
 * shown. Needs ELECTRON_OVERRIDE_DIST_PATH (the folder of an Electron that can start), a display and a built bundle:
 * `xvfb-run -a dbus-run-session -- npx vitest run test/e2e/app.test.ts`.
 */
describe.skipIf(noWindow !== null)(titled('the window', noWindow), () => {
  const userData = profile();
  const films = mkdtempSync(join(tmpdir(), 'cipherfilm-e2e-films-'));
  let window: Window;
  const rows = () => window.page.getByRole('list', { name: 'Studies' }).getByRole('listitem');

  beforeAll(async () => {
    build();
    mkdirSync(join(films, 'deeper'));
    cpSync(sample, join(films, 'deeper', 'film.dcm'));
    writeFileSync(join(films, 'lateral.dcm'), smallFilm('1', 'LL'));
    writeFileSync(join(films, 'hand.dcm'), smallFilm('2', 'AP'));
    writeFileSync(join(films, 'notes.txt'), 'no radiograph');
    window = await launch(userData);
  });

  afterAll(async () => {
    await window?.app.close();
    removeFolders(userData, films);
  });

  it('has no Node, no paths, and a bridge of exactly these methods', async () => {
    const view = await window.page.evaluate(`({
      node: [typeof process, typeof require, typeof module, typeof Buffer],
      path: 'path' in new File([], 'film.dcm'),
      bridge: Object.keys(window.cipherfilm).sort(),
      location: location.href,
    })`);
    expect(view).toEqual({
      node: ['undefined', 'undefined', 'undefined', 'undefined'],
      path: false,
      bridge: [
        'cancel',
        'cancelKeys',
        'check',
        'choose',
        'chooseCertificates',
        'chooseWatchFolder',
        'export',
        'fetchStudy',
        'film',
        'findPriors',
        'keys',
        'lockKeys',
        'onEvent',
        'open',
        'probe',
        'remove',
        'restore',
        'retry',
        'saveProof',
        'saveSettings',
        'setKeysAside',
        'settings',
        'showKeyFile',
        'status',
        'thumbnail',
        'tryArchives',
        'unlockKeys',
        'worklist',
      ],
      location: 'app://cipherfilm/index.html',
    });
  });

  it('refuses malformed requests with a code', async () => {
    for (const call of [
      `cancel({ studyId: 'not a uuid' })`,
      `open([])`,
      `choose({ what: 'disk' })`,
      `film(null)`,
    ]) {
      const reply = await window.page.evaluate(`window.cipherfilm.${call}`);
      expect(reply, call).toMatchObject({ ok: false, code: 'request-invalid' });
    }
  });

  it('says what to do with a file that is no DICOM', async () => {
    const { page } = window;
    await page.getByText('ready', { exact: true }).waitFor({ timeout: 60_000 });
    await page.screenshot({ path: join(results, 'window-idle.png') });
    await drop(page, 'notes.txt', Buffer.from('no radiograph'));
    await page.getByText('What was skipped and why').click();
    await page.getByText('This is not a DICOM file.').waitFor();
    await page.getByText('Export the image as DICOM').waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
  });

  it('takes the studies of a folder in, reports the rest, and goes on when the engine dies', {
    timeout: studyMs,
  }, async () => {
    const { page } = window;
    await openPaths(window, [films]);
    await expect.poll(() => rows().count(), { timeout: 30_000 }).toBe(3);
    await page.getByText('3 images taken, 3 studies · 1 skipped').waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    // What is under way goes on by itself when the engine dies.
    await rows()
      .getByText(/Encode|Make keys|Encrypt|Send|Evaluate/)
      .waitFor({ timeout: 60_000 });
    await kill(window, 'Cipherfilm engine');
    await rows()
      .getByText(/Encode|Make keys|Encrypt|Send|Evaluate/)
      .waitFor({ timeout: 60_000 });
    // A film of two grey levels is no chest: refused before anything is sent. A lateral is not even tried.
    await page.getByText('Refused, nothing sent').waitFor({ timeout: 60_000 });
    await page.getByText('Not classified: no frontal chest film').waitFor();
  });

  it('is shown at once, under a grayscale that is named', async () => {
    const { page } = window;
    await rows().filter({ hasText: 'Covid0000' }).getByRole('button').first().click();
    await page.locator('canvas[data-painter]').waitFor();
    await page.getByText('1024 × 1024').waitFor();
    const pictureOf = () =>
      page.evaluate(`(() => {
        const canvas = document.querySelector('canvas[data-painter]');
        const copy = new OffscreenCanvas(canvas.width, canvas.height);
        const context = copy.getContext('2d');
        context.drawImage(canvas, 0, 0);
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        let sum = 0;
        for (let at = 0; at < data.length; at += 4) sum += data[at];
        return sum / (data.length / 4);
      })()`) as Promise<number>;
    await expect.poll(pictureOf).toBeGreaterThan(40);
    const before = await pictureOf();
    await page.keyboard.press('i');
    await page.getByText('· inverted').waitFor();
    await expect.poll(pictureOf).not.toBeCloseTo(before, 0);
    await page.keyboard.press('0');
    await expect.poll(pictureOf).toBeCloseTo(before, 0);
    await page.keyboard.press('ArrowUp');
    await page.locator('.lut', { hasText: 'Own window' }).waitFor();
    await page.keyboard.press('d');
  });

  it('shows 14 findings', { timeout: 2 * studyMs }, async () => {
    const { page } = window;
    const row = rows().filter({ hasText: 'Covid0000' });
    await row.getByText(/above threshold$/).waitFor({ timeout: studyMs });
    await page.getByText('Research use only.').waitFor();
    const findings = page.locator('section[aria-label="Findings"] ul > li');
    await expect.poll(() => findings.count()).toBe(14);
    for (const text of await findings.allInnerTexts())
      expect(text).toMatch(
        /(above|cannot tell|below),\s+(\d+|fewer than 1) of 100\s+from\s+\d+–\d+\s+usually (\d+|fewer than 1) · \d+ films|not assessed:/,
      );
    await page.getByText('Encrypted latent', { exact: true }).waitFor();
    await page.screenshot({ path: join(results, 'window-result.png') });
  });

  it('tells what lies behind a finding, and where in the film', async () => {
    const { page } = window;
    await page.getByRole('button', { name: 'Effusion' }).click();
    await page.getByLabel('How many of 100 of your patients have it?').fill('50');
    await page.getByText(/reference films scored about like this one/).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('h2', { hasText: 'Findings' }).click();
    await page.keyboard.press('e');
    await page.getByText('It is no outline of a finding').waitFor();
    await page.getByText('Input: accepted as a frontal chest radiograph').click();
    await page.getByText('Drawn from what is encrypted').waitFor();
    await page.screenshot({ path: join(results, 'window-detail.png') });
  });

  it('can be used by everybody: axe finds nothing, in both themes', async () => {
    const { page } = window;
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Light theme' }).click();
    await page.screenshot({ path: join(results, 'window-light.png') });
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Dark theme' }).click();
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: 'Close' }).click();
  });

  it('survives a reload of the page in the middle of a study', { timeout: studyMs }, async () => {
    const { page } = window;
    await drop(page, 'again.dcm', Buffer.from(renamed()));
    await expect.poll(() => rows().count(), { timeout: 30_000 }).toBe(4);
    await page.reload();
    await expect.poll(() => rows().count(), { timeout: 30_000 }).toBe(4);
    const row = rows().filter({ hasText: 'Again' });
    await row.getByText(/above threshold$/).waitFor({ timeout: studyMs });
  });

  it('goes on after it was closed in the middle of a study', { timeout: 2 * studyMs }, async () => {
    const row = () => rows().filter({ hasText: 'Covid0000' });
    await row().getByRole('button').first().click();
    await window.page.evaluate(`(async () => {
      const { value } = await window.cipherfilm.worklist({});
      const { id, scoredImageId } = value.rows.find(({ patient }) => patient.name === 'Covid0000');
      await window.cipherfilm.retry({ studyId: id, imageId: scoredImageId });
    })()`);
    await row()
      .getByText(/Encode|Encrypt|Evaluate|Send|Wait/)
      .waitFor({ timeout: 60_000 });
    expect(await troubles(window)).toEqual([]);
    await window.app.close();
    window = await launch(userData);
    await expect.poll(() => rows().count(), { timeout: 30_000 }).toBe(4);
    await row()
      .getByText(/above threshold$/)
      .waitFor({ timeout: studyMs });
  });

  it('cancels a study and takes it up again', async () => {
    const { page } = window;
    await page.getByRole('button', { name: 'Order' }).or(page.getByLabel('Order')).selectOption('urgency');
    await rows().filter({ hasText: 'Not classified' }).getByRole('button').first().click();
    await page.getByRole('button', { name: /^Classify the image shown/ }).click();
    await page
      .getByRole('alert')
      .getByText(/The file says that it is not a frontal chest radiograph/)
      .waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: 'Try again' }).waitFor();
  });

  it('violated no policy and left no rejection unhandled', async () => {
    expect(await troubles(window)).toEqual([]);
  });

  it('cannot reach the network, run inline code or navigate away', async () => {
    const { page } = window;
    const attempts = await page.evaluate(`(async () => {
      const fetched = await fetch('https://example.com/').then(() => 'reached', () => 'blocked');
      let inline = 'blocked';
      try {
        const script = document.createElement('script');
        script.text = 'globalThis.inlineRan = true';
        document.body.append(script);
        if ('inlineRan' in globalThis) inline = 'ran';
      } catch {}
      return { fetched, inline, opened: window.open('https://example.com/') === null ? 'blocked' : 'opened' };
    })()`);
    expect(attempts).toEqual({ fetched: 'blocked', inline: 'blocked', opened: 'blocked' });
    await page.evaluate(`location.assign('https://example.com/')`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(page.url()).toBe('app://cipherfilm/index.html');
  });
});

/** The sample as another patient's study, by the same number of bytes. */
function renamed(): Uint8Array {
  const bytes = Buffer.from(readFileSync(sample));
  for (let at = bytes.indexOf('Covid0000'); at >= 0; at = bytes.indexOf('Covid0000', at + 1))
    bytes.write('Again0000', at, 'latin1');
  return withOtherUids(bytes);
}

/** Every identifier that ends in a digit gets another last digit. */
function withOtherUids(bytes: Buffer): Uint8Array {
  const text = bytes.toString('latin1', 0, 4096);
  for (const match of text.matchAll(/\d+(?:\.\d+){6,}/g)) {
    if (match[0].startsWith('1.2.840.10008')) continue;
    const at = match.index + match[0].length - 1;
    bytes[at] = bytes[at] === 0x31 ? 0x32 : 0x31;
  }
  return bytes;
}
