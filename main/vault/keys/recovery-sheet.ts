import { dayInWords } from '../../../contract/words/day.ts';
import { toSheetText } from '../exports/sheet-text.ts';
import { fingerprintWords } from '../fingerprint.ts';
import type { Vault } from '../vault.ts';
import type { KeyRecord } from '../vault-body.ts';
import { exportText, save } from './key-files.ts';
import { keyNamed } from './key-records.ts';
import { sheetPage } from './sheet-page.ts';

/**
 * Writes a page to print and lock away: the export of a key as text and as a QR code, with the six words of the key.
 * The passphrase is not on it.
 *
 * @throws CxrError as `exportText` and `save`.
 */
export async function writeRecoverySheet(
  vault: Vault,
  fingerprint: string,
  passphrase: string,
  path: string,
): Promise<void> {
  const record = keyNamed(vault.body, fingerprint);
  const text = await exportText(vault, fingerprint, { kind: 'passphrase', passphrase });
  const page = sheetPage({
    title: 'Cipherfilm recovery sheet',
    about:
      'With this sheet and its passphrase, a workstation can read what was encrypted with the key below. Keep both in different places. The passphrase is not on the sheet, and nobody can find it out.',
    fingerprint,
    facts: factsOnSheet(record),
    steps: [
      'Read the code with a barcode scanner that types what it reads into an empty text file. A photograph does not do. Or copy the text below it, from its first letter to its last. Spaces and line ends do not matter.',
      'In Cipherfilm open Keys, choose “Take in a key”, and take that file.',
      'Give the passphrase, and compare the six words with those above.',
    ],
    text: toSheetText(text),
  });
  save(path, page);
}

/** What a page says of the key on it. */
export const factsOnSheet = ({
  fingerprint,
  label,
  generation,
  created,
}: KeyRecord): (readonly [term: string, value: string])[] => [
  ['Words of the key', fingerprintWords(fingerprint).join(' ')],
  ['Name', label === '' ? '–' : label],
  ['Number of the key', String(generation)],
  ['Made on', dayInWords(created.slice(0, 10))],
  ['Printed on', dayInWords(new Date().toISOString().slice(0, 10))],
];
