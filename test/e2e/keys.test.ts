import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleRoot } from '../../main/host/headless.ts';
import { openClientHalf } from '../../native-models/client-half.ts';
import { TraceFinder } from '../secret-traces/find-traces.ts';
import { FolderSearch, familyOf, noMemory, openTo, tracesInMemory } from '../secret-traces/places.ts';
import { secretsOf } from '../secret-traces/secrets.ts';
import { titled } from '../titled.ts';
import {
  build,
  launch,
  noWindow,
  processId,
  profile,
  removeFolders,
  root,
  troubles,
  type Window,
} from './window.ts';

/**
 * A key goes from one workstation to another through both windows, by a passphrase and by a sheet; the system's dialogs
 * are answered by the test. Needs what test/e2e/app.test.ts needs.
 */
describe.skipIf(noWindow !== null)(titled('keys in the window', noWindow), () => {
  const folders: string[] = [];
  const open: Window[] = [];
  const shared = mkdtempSync(join(tmpdir(), 'cipherfilm-e2e-keys-'));
  const file = join(shared, 'shared.key');
  /** What went over the borders of the main process; a passphrase may be in it, on its way to the engine. */
  const messages = join(mkdtempSync(join(tmpdir(), 'cipherfilm-e2e-messages-')), 'messages.bin');
  let words = '';
  let passphrase = '';

  beforeAll(build);
  afterAll(async () => {
    for (const { app } of open) await app.close();
    removeFolders(shared, dirname(messages), ...folders);
  });

  async function workstation(): Promise<Window> {
    const folder = profile();
    folders.push(folder);
    const recorder = join(root, 'test', 'secret-traces', 'record-messages.cjs');
    const window = await launch(folder, { CIPHERFILM_MESSAGES: messages }, ['--require', recorder]);
    open.push(window);
    await window.app.evaluate(({ dialog }, path) => {
      dialog.showSaveDialog = (async () => ({ canceled: false, filePath: path })) as never;
      dialog.showOpenDialog = (async () => ({ canceled: false, filePaths: [path] })) as never;
    }, file);
    await window.page.getByRole('button', { name: 'Keys', exact: true }).click();
    return window;
  }
  /** The six words of the key in use. The first key is made while the program starts. */
  async function wordsOf({ page }: Window): Promise<string> {
    const shown = page.getByRole('dialog').locator('.words').first();
    await shown.waitFor({ timeout: 120_000 });
    return (await shown.innerText()).replace(/^.*words: ?/, '').trim();
  }
  const press = ({ page }: Window, name: string) => page.getByRole('button', { name, exact: true }).click();

  it('a key is written to a file that only its owner can read, and no path or passphrase is in it', async () => {
    const first = await workstation();
    words = await wordsOf(first);
    expect(words.split(' ')).toHaveLength(6);
    await press(first, 'Move or share');
    await press(first, 'Draw one');
    const drawn = first.page.getByLabel('Passphrase', { exact: true });
    await expect.poll(() => drawn.inputValue(), { timeout: 60_000 }).not.toBe('');
    passphrase = await drawn.inputValue();
    expect(passphrase.split(' ')).toHaveLength(6);
    await press(first, 'Save the key file…');
    await first.page.getByText('The key file is saved.').waitFor({ timeout: 60_000 });
    expect(readFileSync(file, 'utf8')).toMatch(/^cipherfilm-key\/1\n/);
    expect(readFileSync(file, 'utf8')).not.toContain(passphrase);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await first.page.locator('body').innerText()).not.toContain(shared);
    expect(await troubles(first)).toEqual([]);
    await open.pop()!.app.close();
  });

  it('is taken in by another workstation after its words were compared, and the key there is kept', async () => {
    expect(existsSync(file)).toBe(true);
    const second = await workstation();
    const before = await wordsOf(second);
    expect(before).not.toBe(words);
    await press(second, 'Take in a key');
    await press(second, 'Choose the file…');
    const field = second.page.getByLabel('Passphrase of the file');
    await field.fill(`${passphrase}s`);
    await press(second, 'Open the file');
    await second.page.getByText('The passphrase does not fit.').waitFor({ timeout: 60_000 });
    await field.fill(passphrase);
    await press(second, 'Open the file');
    expect(await wordsOf(second)).toBe(words);
    await second.page.getByText(`It would take the place of the key ${before}`).waitFor();
    await press(second, 'The words are the same: take it in');
    await second.page.getByText('is in use now.').waitFor({ timeout: 120_000 });
    await press(second, 'Back');
    expect(await wordsOf(second)).toBe(words);
    await second.page.getByText('Earlier keys (1)').click();
    await second.page.getByText(before).waitFor();
    expect(await second.page.locator('body').innerText()).not.toContain(shared);
    expect(await troubles(second)).toEqual([]);
  });

  it('is backed up for three colleagues, and any two of their pages bring it back', async () => {
    const first = open.at(-1)!;
    const pages = mkdtempSync(join(shared, 'pages-'));
    const choose = (...paths: string[]) =>
      first.app.evaluate(({ dialog }, chosen) => {
        dialog.showOpenDialog = (async () => ({ canceled: false, filePaths: chosen })) as never;
      }, paths);
    await press(first, 'Back up');
    await first.page.getByRole('radio', { name: /Two of several colleagues/ }).check();
    await choose(pages);
    await press(first, 'Save 3 pages…');
    await first.page.getByText('3 pages are saved.').waitFor({ timeout: 60_000 });
    const files = readdirSync(pages)
      .toSorted()
      .map((name) => join(pages, name));
    expect(files).toHaveLength(3);
    if (process.platform !== 'win32') expect(statSync(files[0]!).mode & 0o777).toBe(0o600);
    await press(first, 'Back');

    await press(first, 'Take in a key');
    await choose(files[2]!);
    await press(first, 'Choose the file…');
    await first.page.getByText('This is page 3 of 3; one more page is needed.').waitFor({ timeout: 60_000 });
    await first.page.getByText('choose page 1 or 2 too').waitFor();
    await press(first, 'Choose the second page…');
    await first.page.getByText('This is the same page twice.').waitFor();
    await choose(files[0]!);
    await press(first, 'Choose the second page…');
    expect(await wordsOf(first)).toBe(words);
    await first.page.getByText('This key is in use here already.').waitFor();
    expect(await first.page.locator('body').innerText()).not.toContain(shared);
    expect(await troubles(first)).toEqual([]);
  });

  it.skipIf(noMemory !== null)(
    titled('is in the engine alone: in no file, message, argument and memory of another process', noMemory),
    async () => {
      const window = open.at(-1)!;
      const profileFolder = folders.at(-1)!;
      const key = readFileSync(join(profileFolder, 'keys', 'vault.plain-key'));
      const { description } = await openClientHalf(join(bundleRoot, 'cxr-f8-r1'));
      const opener = { kind: 'system', key } as const;
      const secrets = await secretsOf(join(profileFolder, 'keys'), opener, description);
      const finder = new TraceFinder(secrets);
      const engine = (await processId(window, 'Cipherfilm engine'))!;
      const inEngine = () => [...tracesInMemory(engine, finder).found];
      // The key that was taken in is the one in use as soon as its evaluation keys are made.
      await expect.poll(inEngine, { timeout: 60_000 }).toContain('residues in 64 bits');
      const others = familyOf(window.app.process().pid!).filter((pid) => pid !== engine);
      // Main process, page, reader and evaluator; Chromium has more.
      expect(others.length).toBeGreaterThan(3);
      const closed: number[] = [];
      for (const pid of others)
        try {
          expect([pid, [...finder.inFile(openTo(pid))], [...tracesInMemory(pid, finder).found]]).toEqual([
            pid,
            [],
            [],
          ]);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
          closed.push(pid);
        }
      // Chromium's sandbox keeps its processes from other programs of the account, but not from root.
      expect(closed.length).toBeLessThan(process.getuid?.() === 0 ? 1 : others.length);
      expect(readFileSync(`/proc/${engine}/coredump_filter`, 'latin1').trim()).toBe('00000000');
      const sent = readFileSync(messages);
      for (const known of ['keys-done', 'bundleRoot', 'fingerprint'])
        expect(sent.includes(Buffer.from(known, 'latin1'))).toBe(true);
      expect([...finder.inFile(sent)]).toEqual([]);
      const search = new FolderSearch(finder, [passphrase]);
      expect([search.tracesBelow(profileFolder), search.tracesBelow(shared)]).toEqual([[], []]);
      expect(search.files).toBeGreaterThan(10);
    },
  );
});
