import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { eventChannel } from '../../main/electron/ipc/channels.ts';
import { keyScenes } from '../../test/e2e/states/key-scenes.ts';
import { scenes as otherScenes } from '../../test/e2e/states/scenes.ts';
import { openStage } from '../../test/e2e/states/stage.ts';
import {
  build,
  launch,
  openPaths,
  profile,
  root,
  sample,
  studyMs,
  type Window,
} from '../../test/e2e/window.ts';
import { writeExampleFilms } from './example-films.ts';

/**
 * Writes every screen into docs/screenshots/<theme>/<size>/<part>, in both themes and three sizes. `npm run
 * screenshots` starts it where a window opens. The films are the radiographs that the repository ships, under made-up names, and the results are the application's own.
 * States that pass in a moment, or that need something to be broken, are played as in test/e2e/states/states.test.ts. It needs
 * what the tests of the window need (CONTRIBUTING.md), and a display of 3840×2160.
 */
const scenes = { ...otherScenes, ...keyScenes };
const folder = join(root, 'docs', 'screenshots');
const themes = ['dark', 'light'] as const;
const sizes = [
  [1024, 700],
  [1600, 1000],
  [3840, 2160],
] as const;
/** Of 100. The pictures are WebP, because films of 4K in PNG would be the largest part of the repository. */
const quality = 15;
/** A film is painted in full when nothing has moved for a moment. */
const restMs = 500;
const films = mkdtempSync(join(tmpdir(), 'cipherfilm-screens-'));
const userData = profile();

function save(picture: string, theme: string, size: string, part: Part, name: string): void {
  const place = join(folder, theme, size, part);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, `${name}.webp`), Buffer.from(picture, 'base64'));
}

/** The folders of the pictures. */
type Part = 'window' | 'list' | 'result' | 'keys' | 'key-files' | 'key-changes';

/** The states to be played, and the names of their pictures. */
const played: Readonly<Partial<Record<Part, Readonly<Record<string, string>>>>> = {
  window: {
    'cannot classify': 'cannot-classify',
    'a white film, without a side': 'white-film',
    'keys on their way': 'keys-on-their-way',
    'a full queue': 'full-queue',
    'settings of an organisation': 'settings-locked',
    'settings, other machines': 'settings-other-machines',
  },
  list: {
    working: 'progress',
    refused: 'refused',
    'a film that lies otherwise': 'lies-otherwise',
    failed: 'failed',
    cancelled: 'cancelled',
    'no frontal film': 'no-frontal-film',
    'taken beside the film on the screen': 'taken-elsewhere',
    removed: 'removed',
    'a filter that nobody meets': 'filter-empty',
  },
  result: {
    'nothing above': 'nothing-above',
    'a child, AP, inverted': 'cautions',
    'prior of another model': 'prior-of-another-model',
    'privacy, evaluator elsewhere': 'evaluator-elsewhere',
    exporting: 'export',
    'earlier films in the archive': 'earlier-films',
    'exported before': 'exported',
  },
  keys: {
    keys: 'keys',
    'keys, the others shown': 'earlier-keys',
    'keys, a change is due': 'change-is-due',
    'keys, none': 'none',
    'keys, not made yet': 'not-made-yet',
    'keys, making one': 'making',
    'keys, cannot be opened': 'cannot-be-opened',
    'keys, locked here': 'locked-here',
    'keys, locked': 'unlock',
    'keys, locked by the keychain': 'unlock-by-keychain',
    'keys, unlock refused': 'unlock-refused',
    'keys, begin again': 'begin-again',
    'keys, begun again': 'begun-again',
    'keys, no keychain': 'no-keychain',
  },
  'key-files': {
    'keys, back up': 'back-up',
    'keys, a weak passphrase': 'weak-passphrase',
    'keys, a drawn passphrase': 'drawn-passphrase',
    'keys, backed up': 'backed-up',
    'keys, back up for colleagues': 'back-up-for-colleagues',
    'keys, backed up for colleagues': 'backed-up-for-colleagues',
    'keys, share with addresses': 'share',
    'keys, shared': 'shared',
    'keys, take in': 'take-in',
    'keys, passphrase of a file refused': 'passphrase-refused',
    'keys, one page of several': 'one-page-of-several',
    'keys, a key to compare': 'compare',
    'keys, a key of another model': 'another-model',
    'keys, taken in': 'taken-in',
  },
  'key-changes': {
    'keys, changing': 'changing',
    'keys, changed': 'changed',
    'keys, check passed': 'check-passed',
    'keys, check failed': 'check-failed',
    'keys, protect': 'protect',
    'keys, destroy': 'destroy',
  },
};

type Shown = { readonly page: Page; readonly toggleTheme: () => Promise<void> };

/** One screen in all sizes and themes; `heading` is brought to the top of its panel. */
async function shoot(
  { page, toggleTheme }: Shown,
  part: Part,
  name: string,
  heading?: string,
): Promise<void> {
  const session = await page.context().newCDPSession(page);
  for (const [width, height] of sizes) {
    await page.setViewportSize({ width, height });
    if (heading !== undefined)
      await page.locator('h2, legend', { hasText: heading }).evaluate((one) => one.scrollIntoView());
    await page.waitForTimeout(restMs);
    for (const theme of themes) {
      const now = await page.evaluate('document.documentElement.dataset.theme');
      if (now !== theme) await toggleTheme();
      await page.locator(`:root[data-theme="${theme}"]`).waitFor();
      const { data: picture } = await session.send('Page.captureScreenshot', { format: 'webp', quality });
      save(picture, theme, `${width}x${height}`, part, name);
    }
  }
  await session.detach();
  await toggleTheme();
  await page.setViewportSize({ width: 1600, height: 1000 });
}

/** The application with its menu's way to change the theme, which also works under a dialog. */
const shown = ({ app, page }: Window): Shown => ({
  page,
  toggleTheme: () =>
    app.evaluate(
      ({ BrowserWindow }, [channel, event]) =>
        BrowserWindow.getAllWindows()[0]!.webContents.send(channel, event),
      [eventChannel, { kind: 'command', command: 'theme' }] as const,
    ),
});

async function screens(window: Window): Promise<void> {
  const { page } = window;
  const screen = shown(window);
  const rows = page.getByRole('list', { name: 'Studies' }).getByRole('listitem');
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const closed = async () => {
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };
  await page.getByText('ready', { exact: true }).waitFor({ timeout: 60_000 });
  await shoot(screen, 'window', 'empty');

  writeExampleFilms(films);
  await openPaths(window, [films, sample]);
  await rows.nth(4).waitFor({ timeout: 60_000 });
  await page.getByText('What was skipped and why').click();
  await page.locator('canvas[data-painter]').waitFor();
  await shoot(screen, 'list', 'dropped');
  await button('Dismiss').click();

  const done = rows.getByText(/above threshold$/);
  while ((await done.count()) < 5) await done.nth(await done.count()).waitFor({ timeout: studyMs });
  await rows.filter({ hasText: '0000' }).getByRole('button').first().click();
  await page.locator('section[aria-label="Findings"] ul > li').first().waitFor();
  await page.mouse.move(5, 5);
  await page.getByRole('searchbox').fill('ben');
  await rows.nth(1).waitFor();
  await shoot(screen, 'list', 'filter');
  await page.getByRole('searchbox').fill('');
  await rows.filter({ hasText: '0000' }).getByRole('button').first().click();
  await page.locator('h2', { hasText: 'Findings' }).click();
  await shoot(screen, 'result', 'result');

  const chosen = page.locator('section[aria-label="Findings"] ul > li').first().getByRole('button');
  await chosen.click();
  await shoot(screen, 'result', 'finding');
  await page.locator('h2', { hasText: 'Findings' }).click();
  await page.keyboard.press('e');
  await page.getByText('It is no outline of a finding').waitFor();
  await shoot(screen, 'result', 'evidence');
  await page.keyboard.press('e');
  await chosen.click();

  await shoot(screen, 'result', 'input', 'What the model saw');
  await shoot(screen, 'result', 'limits', 'What this model can and cannot do');
  await button(/without encryption, here/).click();
  await page.getByText(/no logit differs by more than/).waitFor({ timeout: studyMs });
  await shoot(screen, 'result', 'privacy', 'Privacy');

  await rows
    .filter({ hasText: 'Example, Ben' })
    .filter({ hasText: '2024' })
    .getByRole('button')
    .first()
    .click();
  await page.locator('h2', { hasText: 'Findings' }).click();
  await page.keyboard.press('b');
  await page.locator('canvas[data-painter]').nth(1).waitFor();
  await shoot(screen, 'result', 'prior');
  await page.keyboard.press('b');
  await page.keyboard.press('x');
  await shoot(screen, 'window', 'patient-hidden');
  await page.keyboard.press('x');

  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await shoot(screen, 'window', 'keys-and-mouse');
  await closed();
  await button('More').click();
  await shoot(screen, 'window', 'more-tools');
  await page.getByRole('menuitem', { name: 'Window by numbers, own grayscales' }).click();
  await page.getByRole('dialog').waitFor();
  await shoot(screen, 'window', 'grayscales');
  await closed();

  await button('Settings').click();
  await page.getByRole('radio', { name: /Elsewhere/ }).check();
  await page.getByLabel('Address', { exact: true }).fill('https://evaluator.invalid');
  await button('Test the connection').click();
  await page.getByText(/^The evaluator cannot be reached/).waitFor({ timeout: 60_000 });
  await shoot(screen, 'window', 'settings');
  await shoot(screen, 'window', 'settings-list-and-keys', 'List of studies');
  await closed();
}

/** The page that is printed to back a key up, written by the application itself. The key goes with the profile. */
async function recoverySheet({ app, page }: Window): Promise<void> {
  const sheet = join(films, 'sheet.html');
  await app.evaluate(({ dialog }, path) => {
    dialog.showSaveDialog = (async () => ({ canceled: false, filePath: path })) as never;
  }, sheet);
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  await press('Keys');
  await press('Back up');
  await press('Draw one');
  await page.getByText('Very hard to guess').waitFor({ timeout: 60_000 });
  await press('Save the sheet…');
  await page.getByText('The recovery sheet is saved.').waitFor({ timeout: 60_000 });
  await page.keyboard.press('Escape');
  const opened = app.waitForEvent('window');
  await app.evaluate(async ({ BrowserWindow }, path) => {
    const size = { width: 900, height: 1200, useContentSize: true };
    await new BrowserWindow({ ...size, webPreferences: { sandbox: true, partition: 'sheet' } }).loadFile(
      path,
    );
  }, sheet);
  const session = await page.context().newCDPSession(await opened);
  const { data: picture } = await session.send('Page.captureScreenshot', { format: 'webp', quality });
  save(picture, 'light', '1600x1000', 'key-files', 'recovery-sheet');
}

async function playedScreens(): Promise<void> {
  const stage = await openStage();
  try {
    await stage.page.setViewportSize({ width: 1600, height: 1000 });
    const toggleTheme = () => stage.tell({ kind: 'command', command: 'theme' });
    for (const [part, names] of Object.entries(played) as [Part, Readonly<Record<string, string>>][]) {
      for (const [scene, name] of Object.entries(names)) {
        await stage.play(scenes[scene]!.scene);
        await scenes[scene]!.act?.(stage);
        await shoot({ page: stage.page, toggleTheme }, part, name);
      }
    }
  } finally {
    await stage.app.close();
  }
}

rmSync(folder, { recursive: true, force: true });
build();
await playedScreens();
const window = await launch(userData);
try {
  await window.page.setViewportSize({ width: 1600, height: 1000 });
  await screens(window);
  await recoverySheet(window);
} finally {
  await window.app.close();
  for (const made of [films, userData]) rmSync(made, { recursive: true, force: true, maxRetries: 20 });
}
