import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, launch, profile, removeFolders } from '../../../test/e2e/window.ts';
import { describeMachine } from '../machine.ts';
import { emptyList, idle, watch } from './desk.ts';
import { largest, plate } from './films.ts';
import { measureListing } from './listing.ts';
import { measureSecondStart } from './second-start.ts';
import { measureStudies } from './studies.ts';
import { measureDragging, measureOpening } from './viewer.ts';

/**
 * Measures the application in its real window and prints one JSON object; index.ts and bench.ts start it. With
 * `--viewer` it measures the viewer only.
 */
const { values } = parseArgs({
  options: {
    viewer: { type: 'boolean', default: false },
    studies: { type: 'string', default: '50' },
  },
});
const readyWithinMs = 90_000;
const note = (text: string) => process.stderr.write(`  ${text}\n`);

const folder = mkdtempSync(join(tmpdir(), 'cipherfilm-bench-'));
const userData = profile();
build();
let window = await launch(userData);
try {
  const { page } = window;
  // Whatever is done in the idle time after the start is done before anything is measured.
  const isReady = await page
    .getByText(/^ready/)
    .waitFor({ timeout: readyWithinMs })
    .then(() => true)
    .catch(() => false);
  await idle(window);
  await watch(page);
  const opening = await measureOpening(page, folder, plate, 7);
  note(`2446×2010 to first paint: ${opening.medianMs.toFixed(0)} ms`);
  const dragging = await measureDragging(page);
  note(`window/level: ${dragging.framesPerSecond.toFixed(1)} frames/s`);
  const viewer = { image: plate, opening, dragging };
  let whole = {};
  if (!values.viewer) {
    const openingLargest = await measureOpening(page, folder, largest, 3);
    note(`4000×5000 to first paint: ${openingLargest.medianMs.toFixed(0)} ms`);
    const many = join(folder, 'many');
    mkdirSync(many);
    const listing = await measureListing(window, many);
    note(`${listing.files} files listed: ${(listing.listedMs / 1000).toFixed(1)} s`);
    await emptyList(page);
    const studies = await measureStudies(window, folder, Number(values.studies), note);
    await window.app.close();
    window = await launch(userData);
    const secondStart = await measureSecondStart(window, folder);
    note(`second start, first study: ${(secondStart.dropToResultMs / 1000).toFixed(1)} s`);
    whole = { openingLargest: { image: largest, ...openingLargest }, listing, studies, secondStart };
  }
  const result = { schema: 'cipherfilm-bench-app/1', machine: describeMachine(), isReady, viewer, ...whole };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await window.app.close();
  removeFolders(folder, userData);
}
