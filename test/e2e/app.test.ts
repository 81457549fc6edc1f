import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * The built application in a real Electron window: a film is dropped, encrypted, evaluated by the embedded evaluator
 * and shown. Needs ELECTRON_OVERRIDE_DIST_PATH (the folder of an Electron that can start), a display and a built
 * bundle: `xvfb-run -a dbus-run-session -- npx vitest run test/e2e/app.test.ts`.
 */
const root = join(import.meta.dirname, '..', '..');
const electron = process.env.ELECTRON_OVERRIDE_DIST_PATH;
const bundle = join(root, 'native-models', 'cxr-f8-r1', 'client', 'bundle.json');
const reason =
  electron === undefined
    ? 'ELECTRON_OVERRIDE_DIST_PATH is not set'
    : existsSync(bundle)
      ? null
      : 'native-models/cxr-f8-r1 has no bundle.json';
const sample = join(root, 'native-models', 'samples', '00000002_000.dcm');
const results = join(root, 'test-results');
const encryptedRunMs = 240_000;
// Page scripts are text: this project's types know Node, not the DOM.

describe.skipIf(reason !== null)(`the window${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  const userData = mkdtempSync(join(tmpdir(), 'cipherfilm-e2e-'));
  const complaints: string[] = [];
  let app: ElectronApplication;
  let page: Page;

  beforeAll(async () => {
    mkdirSync(results, { recursive: true });
    execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'pipe', shell: process.platform === 'win32' });
    app = await launch(userData);
    await app.evaluate(() => {
      const seen: string[] = [];
      (globalThis as { rejections?: string[] }).rejections = seen;
      process.on('unhandledRejection', (rejection) => seen.push(String(rejection)));
    });
    page = await app.firstWindow();
    page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    // Loaded once more, so that what the first load would have complained about is heard.
    await page.reload();
    await page.getByText('Research use only.').waitFor();
  });

  afterAll(async () => {
    await app?.close();
    rmSync(userData, { recursive: true, force: true });
  });

  it('has no Node, no paths, and a bridge of exactly four methods', async () => {
    const view = await page.evaluate(`({
      node: [typeof process, typeof require, typeof module, typeof Buffer],
      path: 'path' in new File([], 'film.dcm'),
      bridge: Object.keys(window.cipherfilm).sort(),
      location: location.href,
    })`);
    expect(view).toEqual({
      node: ['undefined', 'undefined', 'undefined', 'undefined'],
      path: false,
      bridge: ['cancel', 'classify', 'onEvent', 'status'],
      location: 'app://cipherfilm/index.html',
    });
  });

  it('refuses malformed requests with a code', async () => {
    const reply = await page.evaluate(
      `window.cipherfilm.classify({ studyId: 'not a uuid', bytes: new Uint8Array(1) })`,
    );
    expect(reply).toMatchObject({ ok: false, code: 'request-invalid' });
  });

  it('says what to do with a file that is no DICOM', async () => {
    await page.getByText(/^ready · /).waitFor({ timeout: 60_000 });
    await page.screenshot({ path: join(results, 'window-idle.png') });
    await drop(page, 'notes.txt', Buffer.from('no radiograph'));
    await page.getByText('This is not a DICOM file.').waitFor();
    await page.getByText('Export the image as DICOM').waitFor();
  });

  it('cancels a study', async () => {
    await drop(page, 'first.dcm', readFileSync(sample));
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByText('Cancelled.').waitFor({ timeout: 60_000 });
  });

  it('tells that the engine died, and has another for the next study', async () => {
    await drop(page, 'second.dcm', readFileSync(sample));
    await page.getByLabel('The radiograph as decoded').waitFor({ timeout: 60_000 });
    await app.evaluate(({ app: electronApp }) => {
      const engine = electronApp.getAppMetrics().find(({ name }) => name === 'Cipherfilm engine');
      process.kill(engine!.pid, 'SIGKILL');
    });
    await page.getByText('The encryption engine stopped unexpectedly.').waitFor();
  });

  it('shows 14 findings of a dropped film', { timeout: encryptedRunMs + 30_000 }, async () => {
    await drop(page, '00000002_000.dcm', readFileSync(sample));
    await page.getByLabel('The radiograph as decoded').waitFor({ timeout: encryptedRunMs });
    await page.getByText('Research use only.').waitFor();
    const findings = page.locator('section[aria-label="Findings"] ul > li');
    await expect.poll(() => findings.count(), { timeout: encryptedRunMs, interval: 500 }).toBe(14);
    const rows = await findings.allInnerTexts();
    expect(rows.some((row) => /effusion/i.test(row))).toBe(true);
    for (const row of rows)
      expect(row).toMatch(/(above|below) [\d.]+\s%|indeterminate [\d.]+\s% – [\d.]+\s%|no claim/);
    await page.getByText('Ciphertext sent').waitFor();
    await page.screenshot({ path: join(results, 'window-result.png') });
  });

  it('violated no policy and left no rejection unhandled', async () => {
    expect(complaints).toEqual([]);
    const rejections = await app.evaluate(() => (globalThis as { rejections?: string[] }).rejections);
    expect(rejections).toEqual([]);
  });

  it('cannot reach the network, run inline code or navigate away', async () => {
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

/**
 * Starts the application; as root (a container) Chromium starts only without its own sandbox. Playwright's connection
 * to a starting Electron sometimes never completes, so a stalled start is given up and made again, with a profile of
 * its own: the stalled process may still hold the single-instance lock of the first.
 */
async function launch(profiles: string): Promise<ElectronApplication> {
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const executablePath = join(electron!, process.platform === 'win32' ? 'electron.exe' : 'electron');
  const { CIPHERFILM_EVALUATOR: _, ...env } = process.env as Record<string, string>;
  for (let attempt = 1; ; attempt += 1) {
    const args = [...asRoot, `--user-data-dir=${join(profiles, String(attempt))}`, root];
    try {
      return await _electron.launch({ executablePath, args, env, timeout: 40_000 });
    } catch (error) {
      if (attempt === 4) throw error;
    }
  }
}

/** Drops a file on the page as a person would, from bytes: the page gets no path. */
async function drop(page: Page, name: string, bytes: Buffer): Promise<void> {
  await page.evaluate(`{
    const content = Uint8Array.from(atob('${bytes.toString('base64')}'), (character) => character.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([content], ${JSON.stringify(name)}));
    document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
  }`);
}
