import { researchUse } from '../../contract/words/finding-words.ts';
import { columns, type FindingRow } from './finding-rows.ts';

/** A spreadsheet takes a cell that begins so for a formula and computes it, whoever wrote it. */
const formula = /^[=+\-@\t\r\n]/;

/**
 * Writes rows as CSV (RFC 4180): a line of names, then one for each row, in UTF-8. Every text is between quotation marks, and
 * one that a spreadsheet would compute begins with an apostrophe, which spreadsheets do not show.
 */
export function csvOf(rows: readonly FindingRow[]): Uint8Array {
  const lines = [columns.join(','), ...rows.map((row) => columns.map((name) => cell(row[name])).join(','))];
  return new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join(''));
}

function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = formula.test(value) ? `'${value}` : value;
  return `"${safe.replaceAll('"', '""')}"`;
}

/** Writes rows as JSON. `format` names this form, so that a program can tell it from a later one. */
export const jsonOf = (rows: readonly FindingRow[]): Uint8Array =>
  new TextEncoder().encode(
    `${JSON.stringify({ format: 'cipherfilm-findings/1', notice: researchUse, rows }, null, 2)}\n`,
  );
