import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { comparableFiles, compareGreys, refusalOf } from '../../test/parity/dcmtk.ts';
import { readOptions, runCommand, UsageError } from '../command-options.ts';

/** `npm run grayscale`: writes the table of docs/conformance.md between its marks, from what is measured here. */
const page = join(import.meta.dirname, '..', '..', 'docs', 'conformance.md');
const marks = ['<!-- grayscale -->', '<!-- /grayscale -->'] as const;

const usage = `usage: npm run grayscale
  Compares the grey levels of the sample collection (CIPHERFILM_SAMPLES) with DCMTK's and writes docs/conformance.md.`;

async function writeTable(): Promise<void> {
  const { files, reason } = comparableFiles();
  if (reason !== null) throw new UsageError(reason);
  if (files.length === 0) throw new UsageError('the collection has no film to compare');
  const rows: string[] = [];
  const refused: string[] = [];
  for (const path of files) {
    const name = `${basename(dirname(path))}/${basename(path)}`;
    const code = await refusalOf(path);
    if (code !== null) refused.push(`${name} (\`${code}\`)`);
    else
      for (const { grayscale, reference, pixels, largest, beyondOne, otherwise } of await compareGreys(
        path,
      )) {
        const measured =
          reference === null ? '– | – | –' : `${reference} | ${largest} | ${(100 * beyondOne).toFixed(3)} %`;
        rows.push(`| ${name} | ${grayscale} | ${pixels} | ${measured} | ${otherwise ?? ''} |`);
      }
  }
  const table = [
    '| file | grayscale | pixels | reference | largest difference, grey levels | pixels more than one level off | why otherwise |',
    '|---|---|---:|---|---:|---:|---|',
    ...rows,
    '',
    `Not in the table, because they are refused: ${refused.join(', ')}.`,
  ].join('\n');
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split(marks[0]);
  const after = rest?.split(marks[1])[1];
  if (after === undefined) throw new TypeError(`${page} lacks its marks`);
  writeFileSync(page, `${before}${marks[0]}\n\n${table}\n\n${marks[1]}${after}`);
}

readOptions(usage, {});
await runCommand('grayscale', writeTable);
