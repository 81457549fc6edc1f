import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { comparableFiles, compareWithDcmtk } from '../../test/parity/dcmtk.ts';

/** `npm run grayscale`: writes the table of docs/conformance.md between its marks, from what is measured here. */
const page = join(import.meta.dirname, '..', '..', 'docs', 'conformance.md');
const marks = ['<!-- grayscale -->', '<!-- /grayscale -->'] as const;

const { files, reason } = comparableFiles();
if (reason !== null) throw new Error(reason);
const rows: string[] = [];
for (const path of files) {
  for (const { grayscale, pixels, largest, beyondOne } of await compareWithDcmtk(path))
    rows.push(
      `| ${basename(path)} | ${grayscale} | ${pixels} | ${largest} | ${(100 * beyondOne).toFixed(3)} % |`,
    );
}
const table = [
  '| file | grayscale | pixels | largest difference, grey levels | pixels more than one level off |',
  '|---|---|---:|---:|---:|',
  ...rows,
].join('\n');
const text = readFileSync(page, 'utf8');
const [before, rest] = text.split(marks[0]);
const after = rest?.split(marks[1])[1];
if (after === undefined) throw new Error(`${page} lacks its marks`);
writeFileSync(page, `${before}${marks[0]}\n\n${table}\n\n${marks[1]}${after}`);
