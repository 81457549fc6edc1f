import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCount, readOptions } from '../../command-options.ts';
import { median } from '../machine.ts';
import { runInWindow } from './in-window.ts';
import type { Listed } from './listing.ts';
import type { SecondStart } from './second-start.ts';
import type { Classified } from './studies.ts';
import type { Dragged, Opened } from './viewer.ts';

/**
 * `npm run bench:app`: measures the application in its real window, writes docs/results/bench-app.json and prints a
 * table. docs/bench.md says what the fields mean. It takes some minutes and needs what the tests of the window need.
 */
type Measured = {
  readonly viewer: { readonly opening: Opened; readonly dragging: Dragged };
  readonly openingLargest: Opened;
  readonly listing: Listed;
  readonly studies: Classified;
  readonly secondStart: SecondStart;
};

const usage = 'usage: npm run bench:app [-- --studies 12..90] [--json]';
const values = readOptions(usage, {
  json: { type: 'boolean', default: false },
  studies: { type: 'string', default: '50' },
});
const count = readCount(usage, '--studies', values.studies, [12, 90]);

const total = (processes: Readonly<Record<string, number>>) =>
  Object.values(processes).reduce((sum, one) => sum + one, 0);
const ms = (value: number) => `${value.toFixed(0)} ms`;

/** What was measured beside what is wanted. */
function table({
  viewer,
  openingLargest,
  listing,
  studies,
  secondStart,
}: Measured): readonly (readonly string[])[] {
  const { dropToResultMs, memoryMiB } = studies;
  const twelve = dropToResultMs.slice(0, 12);
  const grown = memoryMiB.map(({ studies: after, processes }) => `${after}: ${total(processes)}`);
  return [
    ['measured', 'figure', 'wanted'],
    ['2446×2010 12 bit, drop to first paint, median of 7', ms(viewer.opening.medianMs), '≤ 300 ms'],
    ['window/level drag at 1:1', `${viewer.dragging.framesPerSecond.toFixed(1)} /s`, '≥ 50 /s'],
    ['4000×5000 16 bit, drop to first paint, median of 3', ms(openingLargest.medianMs), '≤ 1500 ms'],
    [`${listing.files} mixed files listed`, ms(listing.listedMs), '≤ 5000 ms'],
    ['  longest stall of the main process', ms(listing.longestStallMs.main), ''],
    ['  longest stall of the page', ms(listing.longestStallMs.page), ''],
    ['first study, drop to result', ms(dropToResultMs[0]!), '≤ 5000 ms'],
    ['twelve in a row, drop to result, median', ms(median(twelve)), ''],
    ['  slowest', ms(Math.max(...twelve)), ''],
    ['second start, first study, drop to result', ms(secondStart.dropToResultMs), '≤ 4000 ms'],
    ['memory of all processes after n studies, MiB', grown.join(', '), 'flat'],
  ];
}

const result = runInWindow('measure.ts', ['--studies', String(count)]) as Measured | null;
if (result === null) process.exitCode = 1;
else {
  const folder = join(import.meta.dirname, '..', '..', '..', 'docs', 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'bench-app.json'), `${JSON.stringify(result, null, 2)}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else for (const row of table(result)) process.stdout.write(`| ${row.join(' | ')} |\n`);
}
