import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyState } from '../../contract/ipc/vault.ts';
import type { StudyRow } from '../../contract/ipc/worklist.ts';
import { logitStep } from '../../main/engine/findings.ts';
import { plainKeyFile } from '../../main/files/kept-key.ts';
import { bundleRoot, type RunningEvaluator, startEmbeddedEvaluator } from '../../main/host/headless.ts';
import { custodyWith, vaultKeyPath } from '../../main/settings/custody.ts';
import { openClientHalf } from '../../native-models/client-half.ts';
import { anotherStudy } from '../../tools/bench/app/films.ts';
import { cipherfilmIn } from '../main/cli/cipherfilm.ts';
import { TraceFinder } from '../secret-traces/find-traces.ts';
import { FolderSearch, familyOf, noMemory, openTo, tracesInMemory } from '../secret-traces/places.ts';
import { secretsOf } from '../secret-traces/secrets.ts';
import { titled } from '../titled.ts';
import { readByKeyOf } from '../workstations/read-by-key.ts';
import {
  openRecordingEvaluator,
  type Recorded,
  type RecordingEvaluator,
} from '../workstations/recording-evaluator.ts';
import {
  build,
  launch,
  noWindow,
  openPaths,
  processId,
  profile,
  removeFolders,
  root,
  studyMs,
  troubles,
  type Window,
} from './window.ts';

/**
 * A key goes from one workstation to another through both windows, is used there, changed in the middle of ten studies
 * and found at the next start. The system's dialogs are answered by the test; the evaluator is a process of its own. Needs
 * what test/e2e/app.test.ts needs.
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
  let evaluator: RunningEvaluator;
  let door: RecordingEvaluator;
  /** What the first workstation sent and got for its study, and the logits that it showed. */
  let first: { readonly passed: Recorded; readonly logits: readonly number[] };

  beforeAll(async () => {
    build();
    evaluator = await startEmbeddedEvaluator({ dataDir: join(shared, 'evaluator'), bundleRoot });
    door = await openRecordingEvaluator(evaluator.url);
    for (let number = 10; number < 21; number += 1) {
      mkdirSync(join(shared, 'films', String(number)), { recursive: true });
      writeFileSync(join(shared, 'films', String(number), 'film.dcm'), anotherStudy(number));
    }
  });
  afterAll(async () => {
    for (const { app } of open) await app.close();
    await door?.[Symbol.asyncDispose]();
    await evaluator?.stop();
    removeFolders(shared, dirname(messages), ...folders);
  });
  const film = (number: number) => join(shared, 'films', String(number));
  const rowsOf = ({ page }: Window) =>
    page.evaluate('window.cipherfilm.worklist({}).then(({ value }) => value.rows)') as Promise<
      readonly StudyRow[]
    >;
  const logitsOf = ({ result }: StudyRow) => result!.findings.map(({ logit }) => logit);
  /** Waits until so many studies have their result. */
  const done = async (window: Window, count: number): Promise<readonly StudyRow[]> => {
    const finished = async () => (await rowsOf(window)).filter(({ state }) => state === 'done');
    await expect
      .poll(async () => (await finished()).length, { timeout: studyMs })
      .toBeGreaterThanOrEqual(count);
    return finished();
  };

  async function workstation(): Promise<Window> {
    const folder = profile({ evaluator: door.url });
    folders.push(folder);
    return openKeys(folder);
  }
  async function openKeys(folder: string): Promise<Window> {
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
    const window = await workstation();
    words = await wordsOf(window);
    expect(words.split(' ')).toHaveLength(6);
    await press(window, 'Move or share');
    await press(window, 'Draw one');
    const drawn = window.page.getByLabel('Passphrase', { exact: true });
    await expect.poll(() => drawn.inputValue(), { timeout: 60_000 }).not.toBe('');
    passphrase = await drawn.inputValue();
    expect(passphrase.split(' ')).toHaveLength(6);
    await press(window, 'Save the key file…');
    await window.page.getByText('The key file is saved.').waitFor({ timeout: 60_000 });
    expect(readFileSync(file, 'utf8')).toMatch(/^cipherfilm-key\/1\n/);
    expect(readFileSync(file, 'utf8')).not.toContain(passphrase);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await window.page.locator('body').innerText()).not.toContain(shared);
    await press(window, 'Close');
    await openPaths(window, [film(10)]);
    const [study] = await done(window, 1);
    first = { passed: door.last!, logits: logitsOf(study!) };
    expect(await troubles(window)).toEqual([]);
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
    const window = open.at(-1)!;
    const pages = mkdtempSync(join(shared, 'pages-'));
    const choose = (...paths: string[]) =>
      window.app.evaluate(({ dialog }, chosen) => {
        dialog.showOpenDialog = (async () => ({ canceled: false, filePaths: chosen })) as never;
      }, paths);
    await press(window, 'Back up');
    await window.page.getByRole('radio', { name: /Two of several colleagues/ }).check();
    await choose(pages);
    await press(window, 'Save 3 pages…');
    await window.page.getByText('3 pages are saved.').waitFor({ timeout: 60_000 });
    const files = readdirSync(pages)
      .toSorted()
      .map((name) => join(pages, name));
    expect(files).toHaveLength(3);
    if (process.platform !== 'win32') expect(statSync(files[0]!).mode & 0o777).toBe(0o600);
    await press(window, 'Back');

    await press(window, 'Take in a key');
    await choose(files[2]!);
    await press(window, 'Choose the file…');
    await window.page.getByText('This is page 3 of 3; one more page is needed.').waitFor({ timeout: 60_000 });
    await window.page.getByText('choose page 1 or 2 too').waitFor();
    await press(window, 'Choose the second page…');
    await window.page.getByText('This is the same page twice.').waitFor();
    await choose(files[0]!);
    await press(window, 'Choose the second page…');
    expect(await wordsOf(window)).toBe(words);
    await window.page.getByText('This key is in use here already.').waitFor();
    expect(await window.page.locator('body').innerText()).not.toContain(shared);
    expect(await troubles(window)).toEqual([]);
    await press(window, 'Close');
  });

  it('reads there what was encrypted by the first workstation', async () => {
    const custodyOf = (folder: string) => custodyWith(folder, plainKeyFile(vaultKeyPath(folder)));
    const read = await readByKeyOf(custodyOf(folders[1]!), null, first.passed);
    // Main and window get logits rounded to a step.
    for (const [index, logit] of first.logits.entries())
      expect(Math.abs(read[index]! - logit)).toBeLessThanOrEqual(0.51 * logitStep);
  });

  it('is changed in the middle of ten studies: all have their result, and the old keys are gone from the evaluator', {
    timeout: 2 * studyMs,
  }, async () => {
    const [second] = open;
    await openPaths(
      second!,
      Array.from({ length: 10 }, (_, index) => film(10 + index)),
    );
    await done(second!, 2);
    const used = door.uploaded.at(-1)!;
    await press(second!, 'Keys');
    await press(second!, 'Change the key');
    await press(second!, 'Change the key now');
    await second!.page.getByText('The new key is in use:').waitFor({ timeout: studyMs });
    await press(second!, 'Close');
    // Some were asked with the old key, the rest with the new one.
    const rows = await done(second!, 10);
    expect(rows).toHaveLength(10);
    for (const row of rows)
      for (const [index, logit] of logitsOf(row).entries())
        expect(Math.abs(logit - first.logits[index]!)).toBeLessThanOrEqual(4 * logitStep);
    const now = door.uploaded.at(-1)!;
    expect(now).not.toBe(used);
    await expect.poll(() => door.deleted, { timeout: 60_000 }).toContain(used);
    const statusOf = async (path: string) =>
      (await fetch(new URL(path, evaluator.url), { method: 'HEAD' })).status;
    expect([await statusOf(used), await statusOf(now)]).toEqual([404, 200]);
    expect(await troubles(second!)).toEqual([]);
    await open.pop()!.app.close();
  });

  it('is there at the next start: none is made and nothing is uploaded', { timeout: studyMs }, async () => {
    const uploads = door.uploaded.length;
    const again = await openKeys(folders[1]!);
    await press(again, 'Close');
    await openPaths(again, [film(20)]);
    const rows = await done(again, 11);
    // In the order in which they came.
    const { seen } = rows.at(-1)!;
    expect(door.uploaded.length).toBe(uploads);
    expect(rows).toHaveLength(11);
    expect(seen).not.toContain('generating-keys');
    expect(seen).not.toContain('uploading-keys');
    expect(await troubles(again)).toEqual([]);
  });

  it('is changed by the command line, and the window takes that up without being told', {
    timeout: studyMs,
  }, async () => {
    const [window] = open;
    await press(window!, 'Keys');
    const before = await wordsOf(window!);
    const rotated = await cipherfilmIn({}, ['keys', 'rotate', '--data', folders[1]!, '--json']);
    expect(rotated.code).toBe(0);
    const { keys } = JSON.parse(rotated.stdout) as KeyState;
    const now = keys.find(({ state }) => state === 'active')!.words.join(' ');
    expect(now).not.toBe(before);
    // The engine looks at the vault every twenty seconds.
    await expect.poll(() => wordsOf(window!), { timeout: 60_000 }).toBe(now);
    await press(window!, 'Close');
    await window!.page.getByText('ready', { exact: true }).waitFor({ timeout: studyMs });
    expect(await troubles(window!)).toEqual([]);
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
  it('is had back by whoever forgot the passphrase, and the keys that do not open are not deleted', {
    timeout: 2 * studyMs,
  }, async () => {
    const window = open.at(-1)!;
    const { page } = window;
    const choose = (path: string) =>
      window.app.evaluate(({ dialog }, chosen) => {
        dialog.showOpenDialog = (async () => ({ canceled: false, filePaths: [chosen] })) as never;
      }, path);
    const takeIn = async (path: string, opener: string) => {
      await choose(path);
      await press(window, 'Choose the file…');
      await page.getByLabel('Passphrase of the file').fill(opener);
      await press(window, 'Open the file');
      const seen = await wordsOf(window);
      await press(window, 'The words are the same: take it in');
      await page.getByText('is in use now.').waitFor({ timeout: 120_000 });
      return seen;
    };
    const forgotten = 'pelican turnstile mosaic ember';
    await press(window, 'Keys');
    const lost = await wordsOf(window);
    await press(window, 'What opens the keys');
    await page.getByRole('radio', { name: /With a passphrase only/ }).check();
    await page.getByLabel('Passphrase', { exact: true }).fill(forgotten);
    await page.getByLabel('The same again', { exact: true }).fill(forgotten);
    await press(window, 'Save');
    await page.getByText('✓ Changed.').waitFor({ timeout: 60_000 });
    await page.getByText('keys sealed by a passphrase').waitFor();
    await press(window, 'Back');
    await press(window, 'Lock now');
    await page.getByRole('heading', { name: 'Unlock the keys' }).waitFor({ timeout: 60_000 });

    await press(window, 'Begin again…');
    await press(window, 'Set them aside and begin again');
    await page.getByText('The keys that did not open are set aside.').waitFor({ timeout: 60_000 });
    const folder = join(folders.at(-1)!, 'keys');
    const [aside] = readdirSync(folder).filter((name) => name.startsWith('keys-set-aside-'));
    await page.getByText(`they lie in the file ${aside}`).waitFor();
    // What opens the new keys comes first: nothing but this account does now.
    await page.getByText('No passphrase opens the new ones yet.').waitFor();
    await press(window, 'Take in a key…');
    expect(await takeIn(file, passphrase)).toBe(words);
    await press(window, 'Close');
    const count = (await rowsOf(window)).length;
    await openPaths(window, [film(19)]);
    await done(window, count);

    // The passphrase turned up.
    await press(window, 'Keys');
    await press(window, 'Take in a key');
    expect(await takeIn(join(folder, aside!), forgotten)).toBe(lost);
    await press(window, 'Close');
    expect(await page.locator('body').innerText()).not.toContain(folder);
    expect(await troubles(window)).toEqual([]);
  });
});
