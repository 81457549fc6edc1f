import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { noWindow, profile, removeFolders, root, sample, studyMs } from './window.ts';

/**
 * `npm run package`, and what it made, copied elsewhere and started as a person would, with a film: all fuses are set,
 * so that no inspector helps; the page is reached through Chromium's own debugging port.
 */
const reason = noWindow ?? (process.platform === 'linux' ? null : 'only tried on Linux');

describe.skipIf(reason !== null)(
  `the packaged application${reason === null ? '' : ` (skipped: ${reason})`}`,
  () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'cipherfilm-packaged-'));
    const userData = profile();
    let child: ChildProcess | undefined;
    let browser: Browser | undefined;
    afterAll(async () => {
      await browser?.close();
      child?.kill();
      removeFolders(elsewhere, userData);
    });

    it('is made by one command and classifies a film without the repository', {
      timeout: 2 * studyMs,
    }, async () => {
      execFileSync(process.execPath, ['--run', 'package'], { cwd: root, stdio: 'pipe' });
      cpSync(join(root, 'dist', 'linux-unpacked'), join(elsewhere, 'application'), { recursive: true });
      cpSync(sample, join(elsewhere, 'film.dcm'));
      const port = await freePort();
      const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
      const args = [...asRoot, `--user-data-dir=${userData}`, `--remote-debugging-port=${port}`, 'film.dcm'];
      // Only what a desktop session has: nothing that points to the sources.
      const { DISPLAY, DBUS_SESSION_BUS_ADDRESS, XAUTHORITY, HOME } = process.env;
      child = spawn(join(elsewhere, 'application', 'cipherfilm'), args, {
        cwd: elsewhere,
        env: { DISPLAY, DBUS_SESSION_BUS_ADDRESS, XAUTHORITY, HOME, PATH: '/usr/bin:/bin' },
        stdio: 'ignore',
      });
      browser = await connected(port);
      const page = await firstPage(browser);
      await page
        .getByRole('list', { name: 'Studies' })
        .getByText(/Done|Above threshold/)
        .waitFor({ timeout: studyMs });
      await expect.poll(() => page.locator('section[aria-label="Findings"] ul > li').count()).toBe(14);
      expect(page.url()).toBe('app://cipherfilm/index.html');
    });
  },
);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function connected(port: number): Promise<Browser> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
    } catch (error) {
      if (attempt === 120) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

async function firstPage(browser: Browser): Promise<Page> {
  const context = browser.contexts()[0]!;
  return context.pages()[0] ?? (await context.waitForEvent('page'));
}
