import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CxrError } from '../../../contract/errors.ts';
import { readExport, writeShares } from '../exports/export-file.ts';
import type { ShareFacts } from '../exports/export-header.ts';
import { toSheetText } from '../exports/sheet-text.ts';
import { fingerprintWords, setWords } from '../fingerprint.ts';
import type { Vault } from '../vault.ts';
import type { KeyRecord } from '../vault-body.ts';
import { save } from './key-files.ts';
import { factsOf, keyNamed } from './key-records.ts';
import { factsOnSheet } from './recovery-sheet.ts';
import { sheetPage } from './sheet-page.ts';

/**
 * Writes a page for each of several custodians into a folder. Any two of the pages open the key; one alone opens nothing.
 * Either all pages are there when this returns, or none of them.
 *
 * @param write  writes one page; tests let it fail.
 * @returns the size of all pages together, bytes.
 * @throws  CxrError `key-unknown`, `key-locked`, `key-unsaved`.
 */
export async function writeShareSheets(
  vault: Vault,
  fingerprint: string,
  of: number,
  folder: string,
  write: (path: string, page: string) => void = save,
): Promise<number> {
  const record = keyNamed(vault.body, fingerprint);
  const seed = vault.seed(fingerprint);
  const texts = await writeShares(seed, factsOf(record), of).finally(() => seed.fill(0));
  const pages = texts.map((text) => {
    const [share] = readExport(Buffer.from(text, 'latin1')).shares as [ShareFacts];
    return { path: join(folder, nameOf(record, share)), page: pageOf(record, share, text) };
  });
  const written: string[] = [];
  try {
    for (const { path, page } of pages) {
      if (existsSync(path)) throw new CxrError('key-unsaved', { reason: 'EEXIST' });
      write(path, page);
      written.push(path);
    }
  } catch (error) {
    // Two pages would be enough for whoever finds them.
    for (const path of written) rmSync(path, { force: true });
    throw error;
  }
  return pages.reduce((bytes, { page }) => bytes + Buffer.byteLength(page, 'utf8'), 0);
}

/** The name of a set for people: three words, which stand on each of its pages. */
const setName = ({ set }: ShareFacts): string => setWords(set).join(' ');

function nameOf({ fingerprint }: KeyRecord, share: ShareFacts): string {
  const words = fingerprintWords(fingerprint).slice(0, 2).join('-');
  return `cipherfilm-key-${words}-set-${setWords(share.set).join('-')}-page-${share.number}-of-${share.of}.html`;
}

const pageOf = (record: KeyRecord, share: ShareFacts, text: string): string =>
  sheetPage({
    title: `Cipherfilm key, page ${share.number} of ${share.of}`,
    about: `The key below was given to ${share.of} people, one page each. Any two of their pages together bring it back, and no passphrase is needed. This page alone opens nothing. Keep it where the other pages are not.`,
    fingerprint: record.fingerprint,
    facts: [
      ['Page', `${share.number} of ${share.of}; any two are needed`],
      ['Words of this set of pages', setName(share)],
      ...factsOnSheet(record),
      ['Fingerprint', record.fingerprint],
    ],
    steps: [
      `Ask one of the others for a page with the words of the same set: ${setName(share)}.`,
      'Take the files of both pages. From paper, read each code with a barcode scanner that types what it reads, each into an empty text file of its own; or copy the text below it, from its first letter to its last. Spaces and line ends do not matter.',
      'In Cipherfilm open Keys, choose “Take in a key”, and take one file and then the other.',
      'Compare the six words with those above.',
    ],
    text: toSheetText(text),
  });
