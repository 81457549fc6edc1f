import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { documents, withTable } from '../test/architecture/document.ts';
import { violations } from '../test/architecture/rules.ts';
import { readTree } from '../test/architecture/tree.ts';
import { readOptions } from './command-options.ts';

/** `npm run architecture`: writes the import table into the documents and prints what breaks it, a line each. */
const usage = `usage: npm run architecture
  Writes the import table into ${documents.join(' and ')}; prints what breaks it, a line each, with exit code 1.`;
readOptions(usage, {});
const root = join(import.meta.dirname, '..');
for (const document of documents) {
  const path = join(root, document);
  await writeFile(path, withTable(await readFile(path, 'utf8')));
}
const found = violations(readTree(root));
process.stdout.write(found.map((line) => `${line}\n`).join(''));
process.exitCode = found.length > 0 ? 1 : 0;
