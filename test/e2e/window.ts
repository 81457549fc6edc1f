import { type ChildProcess, execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { electronProgram } from '../window-command.ts';

/** Starts the built application in a real Electron window; shared by the tests of the window. */
export const root = join(import.meta.dirname, '..', '..');
const electron = process.env.ELECTRON_OVERRIDE_DIST_PATH;
const bundle = join(root, 'native-models', 'cxr-f8-r1', 'client', 'bundle.json');

/** Why there is no window here; null where there is one. */
export const noWindow =
  electron === undefined
    ? 'ELECTRON_OVERRIDE_DIST_PATH is not set'
    : existsSync(bundle)
      ? null
      : 'native-models/cxr-f8-r1 has no bundle.json';

export const sample = join(root, 'native-models', 'samples', '00000002_000.dcm');
export const results = join(root, 'test-results');
/** Longest time until a study is done: keys are made and sent with the first one. */
export const studyMs = 240_000;

export type Window = {
  readonly app: ElectronApplication;
  readonly page: Page;
  /** Errors and warnings of the page, violations of its policy among them. */
  readonly complaints: string[];
};

/** Builds the application; `npm test` has done so once for all files. */
export function build(): void {
  mkdirSync(results, { recursive: true });
  if (process.env.CIPHERFILM_BUILT === 'yes') return;
  execFileSync(process.execPath, ['--run', 'build'], { cwd: root, stdio: 'pipe' });
}

/** Removes folders of an application that was told to end; its processes may still write for some seconds. */
export function removeFolders(...folders: readonly string[]): void {
  for (const folder of folders)
    rmSync(folder, { recursive: true, force: true, maxRetries: 40, retryDelay: 250 });
}

/** A profile folder whose worklist is kept although a test machine has no keychain. */
export function profile(config: Readonly<Record<string, unknown>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'cipherfilm-e2e-'));
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ withoutKeychain: true, ...config }));
  return folder;
}

/** Starts the built application with a profile of its own. */
export async function launch(
  userData: string,
  environment: Readonly<Record<string, string>> = {},
  switches: readonly string[] = [],
): Promise<Window> {
  const { CIPHERFILM_EVALUATOR: _, ...inherited } = process.env as Record<string, string>;
  return startElectron(
    [...switches, `--user-data-dir=${userData}`, root],
    { ...inherited, ...environment },
    prepared,
  );
}

/**
 * As root (a container) Chromium starts only without its own sandbox. Playwright's connection to a starting Electron
 * sometimes never completes, so a stalled start is ended and made again.
 */
export async function startElectron<T>(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  ready: (app: ElectronApplication) => Promise<T>,
): Promise<T> {
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const executablePath = electronProgram(electron!)!;
  for (let attempt = 1; ; attempt += 1) {
    using started = childrenFromNow();
    try {
      const app = await _electron.launch({
        executablePath,
        args: [...asRoot, ...args],
        env,
        timeout: 40_000,
      });
      return await ready(app);
    } catch (error) {
      // The stalled one may still hold the single-instance lock of the profile.
      started.end();
      if (attempt === 4) throw error;
    }
  }
}

/** The processes that this one starts until disposal: Playwright keeps that of a start which failed to itself. */
function childrenFromNow() {
  const children: ChildProcess[] = [];
  const hear = (message: unknown): void => {
    children.push((message as { process: ChildProcess }).process);
  };
  subscribe('child_process', hear);
  return {
    end: () => children.forEach(endWithItsOwn),
    [Symbol.dispose]: () => unsubscribe('child_process', hear),
  };
}

/** Ends a process and, where there are process groups, its own children: Playwright gives each browser a group. */
function endWithItsOwn({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  for (const target of process.platform === 'win32' ? [pid] : [-pid, pid]) {
    try {
      process.kill(target, 'SIGKILL');
    } catch {
      // It has ended, or leads no group.
    }
  }
}

async function prepared(app: ElectronApplication): Promise<Window> {
  await app.evaluate(({ dialog }) => {
    // A test that ends while a study is under way is not asked whether it means it.
    dialog.showMessageBox = (async () => ({ response: 1, checkboxChecked: false })) as never;
    const seen: string[] = [];
    (globalThis as { rejections?: string[] }).rejections = seen;
    process.on('unhandledRejection', (rejection) => seen.push(String(rejection)));
  });
  const page = await app.firstWindow();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  // Loaded once more, so that what the first load would have complained about is heard.
  await page.reload();
  await page.getByText('Research use only.').waitFor();
  return { app, page, complaints };
}

/** What went wrong without being told: complaints of the page and rejections that nobody handled. */
export async function troubles({ app, complaints }: Window): Promise<string[]> {
  const rejections = await app.evaluate(() => (globalThis as { rejections?: string[] }).rejections);
  return [...complaints, ...(rejections ?? ['the list of rejections is gone'])];
}

/** Drops a file on the page as a person would, from bytes: it has no path. Page scripts are text, as they know the DOM. */
export async function drop(page: Page, name: string, bytes: Buffer): Promise<void> {
  await page.evaluate(`{
    const content = Uint8Array.from(atob('${bytes.toString('base64')}'), (character) => character.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([content], ${JSON.stringify(name)}));
    document.body.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
  }`);
}

/** Hands files or folders over as a second start of the program does. */
export async function openPaths({ app }: Window, paths: readonly string[]): Promise<void> {
  await app.evaluate(({ app: electronApp }, given) => {
    electronApp.emit('second-instance', {}, ['electron', 'app', ...given], '/', {});
  }, paths);
}

/** The system's number of one of the application's processes; null while there is none. */
export async function processId({ app }: Window, name: string): Promise<number | null> {
  return app.evaluate(
    ({ app: electronApp }, wanted) =>
      electronApp.getAppMetrics().find((metric) => metric.name === wanted)?.pid ?? null,
    name,
  );
}

/** Ends one of the application's processes as a crash would. */
export async function kill({ app }: Window, name: string): Promise<void> {
  await app.evaluate(({ app: electronApp }, wanted) => {
    const found = electronApp.getAppMetrics().find((metric) => metric.name === wanted);
    process.kill(found!.pid, 'SIGKILL');
  }, name);
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What axe finds, as `rule: element`. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const { readFileSync } = await import('node:fs');
  await page.evaluate(`{ ${readFileSync(axe, 'utf8')} }`);
  return page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ': ' + target.join(' '))))`);
}

/** What the page says, from main's side: after its process has died, Playwright's own page is of no use any more. */
export async function pageText({ app }: Window): Promise<string> {
  return app.evaluate(async ({ BrowserWindow }) => {
    const { webContents } = BrowserWindow.getAllWindows()[0]!;
    const text = webContents.executeJavaScript('document.body.innerText').catch(() => '') as Promise<string>;
    // A page that dies meanwhile never answers.
    const none = new Promise<string>((resolve) => setTimeout(() => resolve(''), 1_000));
    return Promise.race([text, none]);
  });
}

/** Waits until the program has ended by itself. */
export async function ended({ app }: Window): Promise<void> {
  const child = app.process();
  if (child.exitCode === null && child.signalCode === null)
    await new Promise((resolve) => child.once('exit', resolve));
}
