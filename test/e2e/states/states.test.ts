import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doneRow, studyRow } from '../../renderer/study-rows.ts';
import { titled } from '../../titled.ts';
import { accessibilityProblems, build, noWindow } from '../window.ts';
import { keyScenes } from './key-scenes.ts';
import { scenes as otherScenes } from './scenes.ts';
import { openStage, type Stage } from './stage.ts';

const scenes = { ...otherScenes, ...keyScenes };

/**
 * Every state of the window, in a real Electron with a bridge of the tests' own (test/e2e/states/stage.ts): what axe finds, what
 * is cut off at which size, and what the keyboard reaches. Needs what test/e2e/app.test.ts needs.
 */
describe.skipIf(noWindow !== null)(titled('every state of the window', noWindow), () => {
  let stage: Stage;
  const usual = { width: 1600, height: 1000 };

  beforeAll(async () => {
    build();
    stage = await openStage();
    await stage.page.setViewportSize(usual);
  });
  afterAll(async () => {
    await stage?.app.close();
  });

  async function play(name: string): Promise<void> {
    await stage.play(scenes[name]!.scene);
    await scenes[name]!.act?.(stage);
  }

  /** Text that is cut off, and elements that reach out of the window to a side; empty where all is well. */
  const cutOff = () =>
    stage.page.evaluate(`(() => {
      const found = [];
      const { clientWidth, scrollWidth, clientHeight, scrollHeight } = document.documentElement;
      if (scrollWidth > clientWidth) found.push('the page scrolls sideways by ' + (scrollWidth - clientWidth));
      if (scrollHeight > clientHeight) found.push('the page scrolls by ' + (scrollHeight - clientHeight));
      for (const element of document.querySelectorAll('body *')) {
        // Overlays of the film are moved with it; what only screen readers read has no place.
        if (element.closest('.pane, .visually-hidden') || !element.checkVisibility()) continue;
        const { left, right } = element.getBoundingClientRect();
        const name = element.tagName + '.' + element.className + ' ' + element.textContent.trim().slice(0, 30);
        if (left < -1 || right > clientWidth + 1) found.push('outside: ' + name);
        const { overflowX, textOverflow } = getComputedStyle(element);
        const scrolls = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
        if (scrolls && overflowX !== 'visible' && textOverflow !== 'ellipsis') found.push('cut off: ' + name);
      }
      return found;
    })()`) as Promise<string[]>;

  /** Texts on films that lie over each other or reach out of their pane; empty where all is well. */
  const overlapping = () =>
    stage.page.evaluate(`[...document.querySelectorAll('.pane')].flatMap((pane) => {
      const frame = pane.getBoundingClientRect();
      const notes = [...pane.querySelectorAll('[data-film-note]')].map((one) => [one.textContent.trim(), one.getBoundingClientRect()]);
      const outside = notes.filter(([, { left, right, top, bottom }]) =>
        left < frame.left || right > frame.right || top < frame.top || bottom > frame.bottom);
      const pairs = notes.flatMap(([text, one], index) => notes.slice(index + 1)
        .filter(([, other]) => one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 1 && other.top < one.bottom - 1)
        .map(([other]) => text + ' over ' + other));
      return [...outside.map(([text]) => 'outside: ' + text), ...pairs];
    })`) as Promise<string[]>;

  /** Text under 12 px, and what is to be hit with the mouse under 24 px (WCAG 2.2, 2.5.8); empty where all is well. */
  const tooSmall = () =>
    stage.page.evaluate(`(() => {
      const found = new Set();
      const shown = (element) => element.checkVisibility() && element.closest('.visually-hidden') === null;
      for (const element of document.querySelectorAll('body *')) {
        const says = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
        if (says && shown(element) && parseFloat(getComputedStyle(element).fontSize) < 12)
          found.add('text: ' + element.textContent.trim().slice(0, 30));
      }
      for (const element of document.querySelectorAll('button, select, summary, input:not([hidden])')) {
        // The words of a choice belong to what is hit.
        const hit = element.closest('label') ?? element;
        const { width, height } = hit.getBoundingClientRect();
        if (shown(element) && (width < 24 || height < 24))
          found.add('target of ' + width.toFixed(1) + ' × ' + height.toFixed(1) + ': ' + (element.ariaLabel ?? element.textContent).trim().slice(0, 30));
      }
      return [...found];
    })()`) as Promise<string[]>;

  it.each(Object.keys(scenes))('%s: axe finds nothing, in both themes', async (name) => {
    await play(name);
    for (const theme of ['dark', 'light']) {
      await stage.page.evaluate(`document.documentElement.dataset.theme = '${theme}'`);
      expect(await accessibilityProblems(stage.page), theme).toEqual([]);
    }
  });

  it.each([
    ['a small screen', 1024, 700],
    ['a usual one', 1600, 1000],
    ['4K', 3840, 2160],
    ['1280 × 920 at 200 %', 640, 460],
  ] as const)('nothing is cut off, covered or too small on %s', async (_, width, height) => {
    await stage.page.setViewportSize({ width, height });
    const found: Record<string, string[]> = {};
    for (const name of Object.keys(scenes)) {
      await play(name);
      const cut = [...(await cutOff()), ...(await overlapping()), ...(await tooSmall())];
      if (cut.length > 0) found[name] = cut;
    }
    await stage.page.setViewportSize(usual);
    expect(found).toEqual({});
  });

  it('would see what is cut off', async () => {
    const { page } = stage;
    await play('done');
    await page.evaluate(`{
      const sheet = new CSSStyleSheet();
      sheet.replaceSync('.lead { overflow: hidden; white-space: nowrap } .side { width: 3000px } body { min-width: 2000px }');
      document.adoptedStyleSheets = [sheet];
    }`);
    const found = (await cutOff()).join('\n');
    expect(found).toMatch(/the page scrolls sideways by/);
    expect(found).toMatch(/cut off: P\.lead.* Atelectasis/);
    expect(found).toMatch(/outside: SECTION\.side/);
  });

  it('would see texts on a film that lie over each other, and what is too small', async () => {
    const { page } = stage;
    await play('prior');
    await page.evaluate(`{
      const sheet = new CSSStyleSheet();
      sheet.replaceSync('[data-film-note] { position: absolute !important; top: 0; left: 0 } .fact { font-size: 11px !important } .bar button { height: 20px !important; min-height: 0 !important }');
      document.adoptedStyleSheets = [sheet];
    }`);
    expect((await overlapping()).join('\n')).toMatch(/PA · DX.* over /s);
    const small = (await tooSmall()).join('\n');
    expect(small).toMatch(/text: EX-1001/);
    expect(small).toMatch(/target of [\d.]+ × 20\.0: Window/);
  });

  it('fits 1280 × 920 at the real zoom of 200 %', async () => {
    const { app, page } = stage;
    await page.setViewportSize({ width: 1280, height: 920 });
    const zoom = (factor: number) =>
      app.evaluate(
        ({ BrowserWindow }, by) => BrowserWindow.getAllWindows()[0]!.webContents.setZoomFactor(by),
        factor,
      );
    await zoom(2);
    await expect.poll(() => page.evaluate('innerWidth')).toBe(640);
    await play('a finding opened');
    expect(await cutOff()).toEqual([]);
    await zoom(1);
    await page.setViewportSize(usual);
  });

  it.each([
    ['the whole window', 1600, 1000],
    ['one column', 640, 460],
  ] as const)('the line on research use stays, with %s and in dialogs', async (_, width, height) => {
    const { page } = stage;
    await page.setViewportSize({ width, height });
    const isOnTop = () =>
      page.evaluate(`[...document.querySelectorAll('.research')].some((line) => {
        const { left, top, width, height } = line.getBoundingClientRect();
        const there = document.elementFromPoint(left + width / 2, top + height / 2);
        return there !== null && line.contains(there) && line.querySelector('button') === null;
      })`);
    await play('done');
    expect(await isOnTop()).toBe(true);
    await page.getByText('Protected by').scrollIntoViewIfNeeded();
    await page.mouse.move(width - 60, height / 2);
    await page.mouse.wheel(0, 20_000);
    expect(await isOnTop()).toBe(true);
    for (const dialog of ['settings', 'keys and mouse', 'grayscales', 'keys']) {
      await play(dialog);
      await page.getByRole('dialog').waitFor();
      expect(await isOnTop(), dialog).toBe(true);
      await page
        .getByRole('dialog')
        .locator('.body')
        .evaluate((body) => {
          (body as unknown as { scrollTop: number }).scrollTop = 1e6;
        });
      expect(await isOnTop(), dialog).toBe(true);
    }
    await page.setViewportSize(usual);
  });

  it('can be worked by keyboard alone, and shows where the focus is', async () => {
    const { page } = stage;
    await play('done');
    const wanted = (await page.evaluate(`(() => {
      const all = [...document.querySelectorAll('button, input, select, summary, [tabindex="0"]')]
        .filter((one) => !one.disabled && one.tabIndex >= 0 && one.checkVisibility());
      all.forEach((one, index) => one.dataset.stop = String(index));
      return all.length;
    })()`)) as number;
    expect(wanted).toBeGreaterThan(40);
    const reached = new Set<string>();
    const unseen: string[] = [];
    for (let presses = 0; presses < wanted + 5; presses += 1) {
      await page.keyboard.press('Tab');
      const [stop, outline, name] = (await page.evaluate(`(() => {
        const { activeElement: one } = document;
        const { outlineStyle, outlineWidth } = getComputedStyle(one);
        return [one.dataset.stop ?? '', outlineStyle === 'none' ? 0 : parseFloat(outlineWidth), one.outerHTML.slice(0, 80)];
      })()`)) as [string, number, string];
      reached.add(stop);
      if (stop !== '' && outline < 2) unseen.push(name);
    }
    reached.delete('');
    expect([...reached].length).toBe(wanted);
    expect(unseen).toEqual([]);
  });

  it('opens a finding with Enter and scrolls the result with the arrow keys', async () => {
    const { page } = stage;
    await play('done');
    const effusion = page.getByRole('button', { name: 'Effusion', exact: true });
    await effusion.focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => effusion.getAttribute('aria-expanded')).toBe('true');
    const answer = page.locator('section.answer');
    await answer.focus();
    await page.keyboard.press('PageDown');
    await expect
      .poll(() => answer.evaluate((panel) => (panel as unknown as { scrollTop: number }).scrollTop))
      .toBeGreaterThan(100);
    // Elsewhere the keys are the film's.
    await page.locator('.lut', { hasText: 'Full range' }).waitFor();
    await page.getByRole('button', { name: 'Invert' }).focus();
    await page.keyboard.press('ArrowUp');
    await page.locator('.lut', { hasText: 'Own window' }).waitFor();
  });

  it('announces a finished result once', async () => {
    const { page } = stage;
    await stage.play({ ...scenes.empty!.scene, rows: [studyRow(1, { state: 'working' })] });
    const announcer = page.locator('[data-announcer]');
    await page.evaluate(`(() => {
      window.told = [];
      const region = document.querySelector('[data-announcer]');
      const hear = new MutationObserver(() => window.told.push(region.textContent));
      hear.observe(region, { childList: true, characterData: true, subtree: true });
    })()`);
    const done = doneRow(1, { Effusion: 'above' });
    await stage.tell({ kind: 'rows', rows: [done] });
    await expect.poll(() => announcer.textContent()).toBe('Result ready. Effusion is above its threshold.');
    await stage.tell({ kind: 'rows', rows: [{ ...done, check: 'working' }] });
    await stage.tell({
      kind: 'rows',
      rows: [{ ...done, check: { logit: 0.001, probability: 0.0001, tookMs: 500 } }],
    });
    await page.getByText(/no logit differs by more than/).waitFor();
    expect(await page.evaluate('window.told')).toEqual(['Result ready. Effusion is above its threshold.']);
    // No other live region says it as well.
    const said =
      await page.evaluate(`[...document.querySelectorAll('[role=status], [role=alert], [aria-live]')]
      .filter((region) => region.textContent.includes('Effusion')).length`);
    expect(said).toBe(1);
  });

  it('copies a digest whole', async () => {
    const { page, app } = stage;
    await play('done');
    await page.getByRole('button', { name: 'Copy SHA-256 of the encrypted latent' }).click();
    await page.getByText('copied').first().waitFor();
    expect(await app.evaluate(({ clipboard }) => clipboard.readText())).toBe('c'.repeat(64));
  });

  it('keeps a prevalence, and gives back the reference set’s own', async () => {
    const { page } = stage;
    await play('a finding opened');
    const field = page.getByLabel('How many of 100 of your patients have it?');
    await field.fill('50');
    // Sensitivity 0.569 and specificity 0.8999 at a prevalence of a half: 0.569 / (0.569 + 0.1001) = 0.850.
    await page.getByText('PPV 85').waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Effusion', exact: true }).click();
    expect(await field.inputValue()).toBe('50');
    await page.getByRole('button', { name: /^As in the reference films/ }).click();
    expect(await field.inputValue()).toBe('7.7');
  });

  it('leaves no passphrase in a field once it was used', async () => {
    const { page } = stage;
    for (const name of ['keys, unlock refused', 'keys, backed up', 'keys, passphrase of a file refused']) {
      await play(name);
      const values = await page.evaluate(
        "[...document.querySelectorAll('dialog input')].map((one) => one.value)",
      );
      expect((values as string[]).join(''), name).toBe('');
    }
  });

  it('destroys a key only once its first two words are typed', async () => {
    const { page, asked } = stage;
    await play('keys, destroy');
    const destroy = page.getByRole('button', { name: 'Destroy for good' });
    const words = page.getByLabel('To confirm, type the first two words');
    for (const wrong of ['', 'amber', 'amber bridge cactus', 'bridge amber']) {
      await words.fill(wrong);
      expect(await destroy.isDisabled(), wrong).toBe(true);
    }
    await words.fill('Amber  bridge ');
    await destroy.click();
    await page.getByText(/is destroyed\./).waitFor();
    expect(asked.filter((each) => each.includes('"destroy"'))).toHaveLength(1);
  });

  it('shows the first key when the engine has made it by itself', async () => {
    const { page } = stage;
    const { scene } = keyScenes['keys, not made yet']!;
    await play('keys, not made yet');
    stage.change({ ...scene, keys: keyScenes.keys!.scene.keys! });
    await stage.tell({
      kind: 'status',
      status: { ...scene.status, standing: { kind: 'uploading-keys', fraction: 0 } },
    });
    await page.getByText('amber bridge').waitFor();
  });

  it('offers the first thing to do about the keys beside the words on where they are kept', async () => {
    const { page } = stage;
    await stage.play(keyScenes['keys, locked']!.scene);
    await page.getByRole('button', { name: 'Unlock the keys' }).click();
    await page.getByRole('heading', { name: 'Unlock the keys' }).waitFor();
    await stage.play(keyScenes.keys!.scene);
    await stage.tell({ kind: 'command', command: 'keys' });
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  });

  it('never says of an evaluator on this machine that anything left it', async () => {
    for (const name of ['done', 'working']) {
      await play(name);
      const text = (await stage.page.locator('section.answer').innerText()).toLowerCase();
      expect(text, name).not.toMatch(/leaves this machine|left this (workstation|machine)|what left/);
    }
    await play('privacy, evaluator elsewhere');
    await stage.page.getByText('What left this workstation').waitFor();
  });

  it('sets the earlier study’s finding beside this one only for the same model', async () => {
    const { page } = stage;
    await play('prior');
    expect(await page.getByText(/^Earlier: .* cannot tell, /).count()).toBe(1);
    await play('prior of another model');
    await page.getByText(/was classified by another model \(cxr-f8-r0\)/).waitFor();
    expect(await page.getByText(/^Earlier: /).count()).toBe(0);
  });

  it('complains of nothing', () => {
    expect(stage.complaints).toEqual([]);
  });
});
