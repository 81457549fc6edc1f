import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dicomBytes } from '../../../test/dicom/dicom-bytes.ts';
import { build, launch, noWindow, openPaths, profile } from '../../../test/e2e/window.ts';

/**
 * Measures the viewer in the real window, for `npm run bench`: a 2446×2010 12-bit CR from the click on its study to its
 * first paint, and window/level dragging at 1:1. Prints one JSON object, or nothing where no window can be opened.
 */
const [rows, columns] = [2010, 2446];
const repeats = 7;

/** A film like a CR's, compressible by nobody: smooth shades and noise. */
function film(study: number): Uint8Array {
  const pixels = new Uint8Array(rows * columns * 2);
  const words = new Uint16Array(pixels.buffer);
  let state = study;
  for (let index = 0; index < words.length; index += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const shade = 2048 + 1500 * Math.sin(index / columns / 300) * Math.cos((index % columns) / 350);
    words[index] = Math.round(shade) + (state >>> 27);
  }
  return dicomBytes(pixels, {
    '00080018': ['00080018', 'UI', `1.2.3.${study}.1`],
    '0020000d': ['0020000d', 'UI', `1.2.3.${study}`],
    '0020000e': ['0020000e', 'UI', `1.2.3.${study}.0`],
    '00080060': ['00080060', 'CS', 'CR'],
    // A lateral is shown and not classified: nothing else is at work meanwhile.
    '00185101': ['00185101', 'CS', 'LL'],
    '00100010': ['00100010', 'PN', `Film^${study}`],
    '00280010': ['00280010', 'US', [rows]],
    '00280011': ['00280011', 'US', [columns]],
    '00281050': ['00281050', 'DS', '2048'],
    '00281051': ['00281051', 'DS', '4096'],
  });
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

async function measure(): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'cipherfilm-bench-'));
  const userData = profile();
  for (let study = 1; study <= repeats + 1; study += 1)
    writeFileSync(join(folder, `${study}.dcm`), film(study));
  build();
  const window = await launch(userData);
  try {
    const { page } = window;
    await openPaths(window, [folder]);
    await page.getByText('Film, 8').first().waitFor({ timeout: 60_000 });
    await page.waitForTimeout(6_000);
    const open = (name: string) =>
      page.evaluate(`(async () => {
        performance.clearMarks('cipherfilm-painted');
        const row = [...document.querySelectorAll('ol button.row')].find((one) => one.innerText.includes(${JSON.stringify(name)}));
        const started = performance.now();
        row.click();
        for (;;) {
          const [painted] = performance.getEntriesByName('cipherfilm-painted');
          const shown = document.querySelector('.upper-right')?.innerText.includes('${columns} × ${rows}');
          if (painted && shown) return painted.startTime - started;
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      })()`) as Promise<number>;
    const openMs: number[] = [];
    for (let study = 2; study <= repeats + 1; study += 1) openMs.push(await open(`Film, ${study}`));
    await page.keyboard.press('1');
    const drag = (await page.evaluate(`(async () => {
      const pane = document.querySelector('.pane');
      const { left, top, width, height } = pane.getBoundingClientRect();
      const at = (kind, x, y, buttons) => pane.dispatchEvent(new PointerEvent(kind, {
        bubbles: true, pointerId: 1, button: 0, buttons, clientX: left + x, clientY: top + y }));
      pane.setPointerCapture = () => {};
      at('pointerdown', width / 2, height / 2, 1);
      performance.clearMarks('cipherfilm-painted');
      const frames = 120;
      const started = performance.now();
      for (let frame = 0; frame < frames; frame += 1) {
        at('pointermove', width / 2 + 80 * Math.sin(frame / 9), height / 2 + 60 * Math.cos(frame / 7), 1);
        // The mouse is heard between two frames, as the browser does it.
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      }
      const seconds = (performance.now() - started) / 1000;
      at('pointerup', width / 2, height / 2, 0);
      return { painted: performance.getEntriesByName('cipherfilm-painted').length / seconds, width, height };
    })()`)) as { painted: number; width: number; height: number };
    const painter = await page.locator('canvas[data-painter]').getAttribute('data-painter');
    return {
      image: { rows, columns },
      painter,
      openMs: { median: median(openMs), all: openMs },
      windowLevel: { framesPerSecond: drag.painted, pane: { width: drag.width, height: drag.height } },
    };
  } finally {
    await window.app.close();
    for (const path of [folder, userData]) rmSync(path, { recursive: true, force: true });
  }
}

if (noWindow === null) process.stdout.write(`${JSON.stringify(await measure())}\n`);
