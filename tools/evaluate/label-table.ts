import { parse } from 'csv-parse/sync';
import { CxrError } from '../../contract/errors.ts';

export type LabelledImage = {
  readonly file: string;
  readonly patient: string;
  readonly labels: readonly boolean[];
};

/** Which rows are kept: those of a split, and of files whose name begins with a prefix. */
type Choice = { readonly split?: string | undefined; readonly prefix?: string | undefined };

type Row = Readonly<Record<string, string>>;
/** Names of the same column: ours, then that of NIH's own table (Data_Entry_2017). */
const columnNames = {
  file: ['file', 'Image Index'],
  patient: ['patient_id', 'Patient ID'],
  split: ['split'],
} as const;
/** Splits that an error names at most: another column's values may be many. */
const mostNamed = 10;
/** NIH's own table has all findings of an image in one column, divided by bars. */
const jointLabels = 'Finding Labels';

/**
 * Reads a label table: CSV with a column for the file, one for the patient, optionally one for the split, and labels as
 * one 1/0 column per finding or as NIH publishes them (`Atelectasis|Mass`, `No Finding`).
 *
 * @returns at least one image.
 * @throws CxrError `request-invalid` naming the column that is missing, the value that is no label, the splits of the
 *         table where it has not the one asked for, or the choice that leaves no image.
 */
export function readLabelTable(
  text: string,
  findings: readonly string[],
  { split, prefix = '' }: Choice = {},
): LabelledImage[] {
  const rows = parseRows(text);
  if (rows.length === 0) throw new CxrError('request-invalid', { field: '--labels', reason: 'no rows' });
  const present = new Set(Object.keys(rows[0] ?? {}));
  const column = (kind: keyof typeof columnNames): string => {
    const name = columnNames[kind].find((candidate) => present.has(candidate));
    if (name === undefined) throw missing(columnNames[kind][0]);
    return name;
  };
  const [file, patient] = [column('file'), column('patient')];
  const ofSplit = split === undefined ? rows : rowsOf(rows, column('split'), split);
  const wanted = ofSplit.filter((row) => row[file]!.startsWith(prefix));
  if (wanted.length === 0)
    throw new CxrError('request-invalid', { field: '--prefix', reason: 'no image begins with it' });
  const labelsOf = labelReader(present, findings);
  return wanted.map((row) => ({ file: row[file]!, patient: row[patient]!, labels: labelsOf(row) }));
}

function rowsOf(rows: readonly Row[], column: string, split: string): Row[] {
  const wanted = split === '' ? [] : rows.filter((row) => row[column] === split);
  if (wanted.length > 0) return wanted;
  const splits = [...new Set(rows.map((row) => row[column]!))].filter((name) => name !== '');
  const some = splits.slice(0, mostNamed).join(', ') + (splits.length > mostNamed ? ', and others' : '');
  throw new CxrError('request-invalid', {
    field: '--split',
    reason: 'no image of it in the label table',
    expected: splits.length === 0 ? 'a table that names splits' : some,
  });
}

const missing = (column: string): CxrError =>
  new CxrError('request-invalid', { column, reason: 'missing in the label table' });

/** A table that was put together from several may end its lines in several ways. */
const lineEnds = ['\r\n', '\n', '\r'];

function parseRows(text: string): Row[] {
  try {
    return parse<Row>(text, {
      ...{ columns: true, bom: true, skip_empty_lines: true, trim: true },
      record_delimiter: lineEnds,
    });
  } catch {
    throw new CxrError('request-invalid', { field: '--labels', reason: 'not a CSV table' });
  }
}

function labelReader(present: ReadonlySet<string>, findings: readonly string[]): (row: Row) => boolean[] {
  const absent = findings.find((name) => !present.has(name));
  if (absent === undefined) return (row) => findings.map((name) => flag(row[name]!, name));
  if (!present.has(jointLabels)) throw missing(absent);
  return (row) => {
    const named = row[jointLabels]!.split('|');
    return findings.map((name) => named.includes(name));
  };
}

function flag(text: string, column: string): boolean {
  const value = Number(text);
  if (text === '' || (value !== 0 && value !== 1))
    throw new CxrError('request-invalid', { column, reason: 'labels are 1 or 0' });
  return value === 1;
}
