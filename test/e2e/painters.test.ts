import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dicomBytes } from '../dicom/dicom-bytes.ts';
import { titled } from '../titled.ts';
import {
  build,
  launch,
  noWindow,
  openPaths,
  profile,
  removeFolders,
  sample,
  troubles,
  type Window,
} from './window.ts';

/** The film as it is drawn with WebGL2 (imitated here, on machines without a graphics processor) and by plain code. */
describe.skipIf(noWindow !== null)(titled('painters', noWindow), () => {
  // Nobody is there: nothing but the film is wanted.
  const userData = profile({ evaluator: 'https://127.0.0.1:1' });
  const films: string[] = [];
  let window: Window;

  beforeAll(async () => {
    build();
    window = await launch(userData, {}, ['--enable-unsafe-swiftshader']);
    const folder = mkdtempSync(join(tmpdir(), 'cipherfilm-painters-'));
    films.push(folder);
    writeFileSync(join(folder, 'tall.dcm'), tall);
    await openPaths(window, [sample, folder]);
    await window.page.getByText('Tall, Pixels').first().waitFor();
  });
  afterAll(async () => {
    await window?.app.close();
    removeFolders(userData, ...films);
  });

  /** Grey levels of the pane under a painter, after some keys; of the first study, or of the one so named. */
  async function drawn(painter: string, keys: readonly string[], name?: string): Promise<number[]> {
    const { page } = window;
    await page.evaluate(`localStorage.setItem('painter', '${painter}')`);
    await page.reload();
    const studies = page.getByRole('list', { name: 'Studies' }).getByRole('listitem');
    const wanted = name === undefined ? studies : studies.filter({ hasText: name });
    await wanted.getByRole('button').first().click();
    await page.locator(`canvas[data-painter="${painter}"]`).waitFor();
    await page.locator('h2', { hasText: 'Studies' }).click();
    for (const key of keys) await page.keyboard.press(key);
    // A draft is drawn again in full when nothing moves any more.
    await page.waitForTimeout(400);
    const { data, channels } = decode(await page.locator('canvas[data-painter]').screenshot());
    return Array.from(
      { length: Math.floor(data.length / channels / 7) },
      (_, index) => data[7 * channels * index]!,
    );
  }

  // 60 rows of pixels twice as tall as wide: waves, so that a stretch the wrong way is seen.
  const tall = dicomBytes(
    Array.from({ length: 60 * 120 }, (_, index) =>
      Math.round(2048 + 1000 * Math.sin((index % 120) / 5) + 1000 * Math.sin(Math.floor(index / 120) / 3)),
    ),
    {
      '00080018': ['00080018', 'UI', '1.2.826.0.1.3680043.10.1.99.1'],
      '00100010': ['00100010', 'PN', 'Tall^Pixels'],
      '00280010': ['00280010', 'US', [60]],
      '00280011': ['00280011', 'US', [120]],
      '00280034': ['00280034', 'IS', '2\\1'],
    },
  );
  it.each([
    ['enlarged', []],
    ['turned, one way smaller and the other larger', ['r', '1', '-', '-']],
  ] as const)('pixels that are not square are the same picture, %s', async (_, keys) => {
    const [plain, gl] = [await drawn('canvas', keys, 'Tall'), await drawn('webgl2', keys, 'Tall')];
    expect(new Set(plain).size).toBeGreaterThan(50);
    const far = plain.filter((level, index) => Math.abs(level - gl[index]!) > 8).length;
    expect(far / plain.length).toBeLessThan(0.002);
  });

  it.each([
    // Made smaller, one takes the mean of every pixel, the other of samples.
    ['the whole film', [], 8],
    ['at 1:1, turned and flipped', ['r', 'h', '1'], 0],
    ['enlarged, inverted', ['+', '+', '+', '+', 'i'], 1],
  ] as const)('%s is the same picture', async (_, keys, tolerance) => {
    const plain = await drawn('canvas', keys);
    const gl = await drawn('webgl2', keys);
    expect(gl).toHaveLength(plain.length);
    expect(new Set(plain).size).toBeGreaterThan(50);
    const far = plain.filter((level, index) => Math.abs(level - gl[index]!) > tolerance).length;
    expect(far / plain.length).toBeLessThan(0.002);
    // Drivers grumble about their own speed when a picture is taken.
    const complaints = await troubles(window);
    expect(complaints.filter((text) => !text.includes('GL Driver Message'))).toEqual([]);
  });
});
