import { decode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
  let window: Window;

  beforeAll(async () => {
    build();
    window = await launch(userData, {}, ['--enable-unsafe-swiftshader']);
    await openPaths(window, [sample]);
  });
  afterAll(async () => {
    await window?.app.close();
    removeFolders(userData);
  });

  /** Grey levels of the pane under a painter, after some keys. */
  async function drawn(painter: string, keys: readonly string[]): Promise<number[]> {
    const { page } = window;
    await page.evaluate(`localStorage.setItem('painter', '${painter}')`);
    await page.reload();
    await page.getByRole('list', { name: 'Studies' }).getByRole('button').first().click();
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
