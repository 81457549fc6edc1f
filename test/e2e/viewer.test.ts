import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dicomBytes, type Field } from '../dicom/dicom-bytes.ts';
import { titled } from '../titled.ts';
import {
  accessibilityProblems,
  build,
  launch,
  noWindow,
  openPaths,
  profile,
  removeFolders,
  troubles,
  type Window,
} from './window.ts';

const side = 64;
/** One mark of the overlay: the pixel in the first column of row 8. */
const marks = new Uint8Array((side * side) / 8);
marks[(8 * side) / 8] = 1;

/** A white film of 64 × 64 pixels of a made-up patient. */
const film = (number: number, date: string, ...more: Field[]): Uint8Array => {
  const fields: Field[] = [
    ['00080018', 'UI', `1.2.826.0.1.3680043.10.8.${number}.1`],
    ['0020000d', 'UI', `1.2.826.0.1.3680043.10.8.${number}`],
    ['00080020', 'DA', date],
    ['00100010', 'PN', 'Shutter^Ann'],
    ['00100020', 'LO', 'S-1'],
    ['00185101', 'CS', 'PA'],
    ['00280010', 'US', [side]],
    ['00280011', 'US', [side]],
    ['00281050', 'DS', '2000'],
    ['00281051', 'DS', '2000'],
    ...more,
  ];
  const pixels = Array.from({ length: side * side }, () => 4000);
  return dicomBytes(pixels, Object.fromEntries(fields.map((field) => [field[0], field])));
};
/** The right half is covered by the shutter. */
const covered: readonly Field[] = [
  ['00181164', 'DS', '0.5\\0.5'],
  ['00181600', 'CS', 'RECTANGULAR'],
  ['00181602', 'IS', '1'],
  ['00181604', 'IS', '32'],
  ['00181606', 'IS', '1'],
  ['00181608', 'IS', '64'],
  ['00200020', 'CS', 'L\\F'],
  ['60000010', 'US', [side]],
  ['60000011', 'US', [side]],
  ['60000040', 'CS', 'G'],
  ['60003000', 'OW', marks],
];

describe.skipIf(noWindow !== null)(titled('the viewer', noWindow), () => {
  // Nobody is there: nothing but the film is wanted.
  const userData = profile({ evaluator: 'https://127.0.0.1:1' });
  const films = mkdtempSync(join(tmpdir(), 'cipherfilm-viewer-'));
  let window: Window;

  beforeAll(async () => {
    writeFileSync(join(films, 'now.dcm'), film(1, '20240212', ...covered));
    writeFileSync(join(films, 'prior.dcm'), film(2, '20230105'));
    build();
    window = await launch(userData);
    await openPaths(window, [films]);
    const studies = window.page.getByRole('list', { name: 'Studies' }).getByRole('listitem');
    await studies.filter({ hasText: '2024' }).getByRole('button').first().click();
    await window.page.locator('canvas[data-painter]').waitFor();
    await free();
  });
  afterAll(async () => {
    await window?.app.close();
    removeFolders(userData, films);
  });

  const press = (...keys: readonly string[]) =>
    keys.reduce((before, key) => before.then(() => window.page.keyboard.press(key)), Promise.resolve());
  const told = (text: string | RegExp) => window.page.getByText(text).first().waitFor();
  /** Takes the keyboard away from lists and fields. */
  const free = () => window.page.locator('h2', { hasText: 'Studies' }).click();
  const closed = () => window.page.getByRole('dialog').waitFor({ state: 'detached' });
  const dialog = async (key: string) => {
    await press(key);
    await window.page.getByRole('dialog').waitFor();
    expect(await accessibilityProblems(window.page)).toEqual([]);
  };
  /** A place of the pane, as shares of its sides. */
  async function place(across: number, down: number) {
    const { x, y, width, height } = (await window.page.locator('.pane').first().boundingBox())!;
    return { x: x + across * width, y: y + down * height };
  }
  async function greyAt(across: number, down: number): Promise<number> {
    const { x, y } = await place(across, down);
    const shot = decode(await window.page.screenshot({ clip: { x, y, width: 1, height: 1 } }));
    return shot.data[0]!;
  }

  it('covers with the shutter, and uncovers on a key', async () => {
    await told(/shutter on · overlays on/);
    expect([await greyAt(0.45, 0.3), await greyAt(0.55, 0.3)]).toEqual([255, 0]);
    await press('s');
    await told(/shutter off/);
    expect(await greyAt(0.55, 0.3)).toBe(255);
    await press('s');
  });

  it('leaves overlays out with the patient', async () => {
    await press('x');
    await told('overlays hidden with the patient');
    await press('x', 'y');
    await told(/overlays off/);
    await press('y');
  });

  it('measures angles', async () => {
    await press('j');
    for (const [across, down] of [
      [0.45, 0.4],
      [0.45, 0.6],
      [0.48, 0.6],
    ] as const) {
      const { x, y } = await place(across, down);
      await window.page.mouse.click(x, y);
    }
    await told('90.0°');
    await told('as projected');
    await press('w', 'Delete');
  });

  it('measures from press to release as well as from click to click', async () => {
    const reading = () =>
      window.page
        .locator('p.on-film.number', { hasText: /mm|pixels/ })
        .last()
        .innerText();
    const from = await place(0.45, 0.4);
    const to = await place(0.45, 0.6);
    await press('l');
    await window.page.mouse.click(from.x, from.y);
    await window.page.mouse.click(to.x, to.y);
    const clicked = await reading();
    await press('Delete');
    await window.page.mouse.move(from.x, from.y);
    await window.page.mouse.down();
    await window.page.mouse.move(to.x, to.y, { steps: 4 });
    await window.page.mouse.up();
    expect(await reading()).toBe(clicked);
    await press('w', 'Delete');
  });

  it('takes a window by numbers', async () => {
    await dialog('u');
    await window.page.keyboard.type('4000');
    await press('Tab');
    await window.page.keyboard.type('none');
    await press('Enter');
    await told('The width is no number.');
    await window.page.getByLabel('Width').fill('1000');
    await press('Enter');
    await closed();
    await told('C 4000 W 1000');
    // LINEAR: (4000 − 3999.5) / 999 + 0.5, of 255: 127.6.
    expect(await greyAt(0.45, 0.3)).toBe(128);
    await press('Shift+D');
    await told('4000 to 4000, linear');
    await press('d');
  });

  it('asks once for a card, and then shows the true size', async () => {
    await dialog('t');
    await window.page.getByRole('button', { name: 'Keep' }).click();
    await closed();
    await told('true size, in the detector plane');
    await press('f', 't');
    await told('true size, in the detector plane');
    await press('f');
  });

  it('hangs the prior beside it, and zooms both when they are linked', async () => {
    await press('b');
    await told(/^Prior · PA/);
    await press('k', 'f', '+', '+');
    const percents = await window.page.locator('.upper-right').allTextContents();
    expect(percents).toHaveLength(2);
    const [now, prior] = percents.map((text) => /· (\d+ %)/.exec(text)?.[1]);
    expect(now).toBe(prior);
    // With every button that only some films have.
    expect(await accessibilityProblems(window.page)).toEqual([]);
    await press('b');
  });

  it('says when a key is taken from another action', async () => {
    await dialog('?');
    await window.page.getByRole('button', { name: /^Invert: I/ }).click();
    await press('r');
    await told(/R was the key of “Turn right”/);
    await window.page.getByRole('button', { name: 'Keyboard as at first' }).click();
    await press('Escape');
    await closed();
  });

  it('complains of nothing, not even in a window that leaves no room for a film', async () => {
    await window.page.setViewportSize({ width: 640, height: 120 });
    await window.page.waitForTimeout(500);
    await window.page.setViewportSize({ width: 1280, height: 920 });
    await told(/shutter on · overlays on/);
    expect(await troubles(window)).toEqual([]);
  });
});
