import { CxrError } from '../../../contract/errors.ts';
import { sheetVersion } from './export-header.ts';

/**
 * The form in which an export stands on paper. It comes back by a scanner that types, or by copying: through editors that
 * write other line ends, wrap lines, add spaces or another encoding. In this form none of that matters:
 *
 *   cipherfilm-sheet/1
 *   base64url of the export's bytes, in lines
 *
 * White space means nothing anywhere in it. What the letters say is as strict as the export itself.
 */
const magic = 'cipherfilm-sheet/';
/** So many letters stand in a line, which fits a page. */
const lineLength = 64;

/** Writes an export for paper. */
export function toSheetText(exported: string): string {
  const letters = Buffer.from(exported, 'latin1').toString('base64url');
  const lines = letters.match(new RegExp(`.{1,${lineLength}}`, 'g')) ?? [];
  return [`${magic}${sheetVersion}`, ...lines, ''].join('\n');
}

/**
 * Reads an export from the text of a sheet.
 *
 * @param bytes  as some editor saved them: UTF-8 or UTF-16, with or without a byte order mark.
 * @returns the export's bytes; null for a text that is of no sheet.
 * @throws CxrError `key-file-version` for a sheet of a newer program, `key-file-altered` for letters that are none.
 */
export function fromSheetText(bytes: Uint8Array): Uint8Array | null {
  const text = decoded(bytes).replaceAll(/[\s\ufeff]+/g, '');
  if (!text.startsWith(magic)) return null;
  const letters = text.slice(magic.length + 1);
  // The version has one digit; letters of an export always begin with those of "cipherfilm-key/".
  if (text[magic.length] !== String(sheetVersion))
    throw new CxrError('key-file-version', { got: Number(text[magic.length]) || 0, expected: sheetVersion });
  const exported = Buffer.from(letters, 'base64url');
  if (exported.toString('base64url') !== letters)
    throw new CxrError('key-file-altered', { reason: 'spelling' });
  return exported;
}

/** The characters of a text file. An editor of Windows may save UTF-16, which its byte order mark tells. */
function decoded(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return Buffer.from(bytes).toString('utf8');
}
