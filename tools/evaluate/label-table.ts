import { parse } from 'csv-parse/sync';
import { CxrError } from '../../contract/errors.ts';

export type LabelledImage = {
  readonly file: string;
  readonly patient: string;
  readonly labels: readonly boolean[];
};

/** Which rows are kept: those of a split, and of files whose name begins with a prefix. */
type Choice = { readonly split?: string | undefined; readonly prefix?: string | undefined };

/** A row of the table, by its columns, with the line of the file on which it ends. */
type Row = { readonly cells: Readonly<Record<string, string>>; readonly line: number };
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
/** What stands there for an image without any. */
const noFinding = 'No Finding';

/**
 * Reads a label table: CSV with a column for the file, one for the patient, optionally one for the split, and labels as
 * one 1/0 column per finding or as NIH publishes them (`Atelectasis|Mass`, `No Finding`).
 *
 * The table is closed: a name that is no finding, a finding that is named twice, a column or an image that is there twice and
 * a row without file or patient are refused, wherever in the table they are, because each would pass for a negative label.
 *
 * @returns at least one image.
 * @throws CxrError `request-invalid` naming the line of the row that is refused, the column that is missing, the value that is
 *         no label, the splits of the table where it has not the one asked for, or the choice that leaves no image.
 */
export function readLabelTable(
  text: string,
  findings: readonly string[],
  { split, prefix = '' }: Choice = {},
): LabelledImage[] {
  const rows = parseRows(text);
  if (rows.length === 0) throw new CxrError('request-invalid', { field: '--labels', reason: 'no rows' });
  const present = new Set(Object.keys(rows[0]!.cells));
  const column = (kind: keyof typeof columnNames): string => {
    const name = columnNames[kind].find((candidate) => present.has(candidate));
    if (name === undefined) throw missing(columnNames[kind][0]);
    return name;
  };
  const [file, patient] = [column('file'), column('patient')];
  const splitColumn = split === undefined ? null : column('split');
  const labelsOf = labelReader(present, findings);
  const labelled = rows.map((row) => ({ row, labels: labelsOf(row) }));
  checkImages(rows, file, patient);
  const ofSplit = splitColumn === null ? labelled : rowsOf(labelled, splitColumn, split!);
  const wanted = ofSplit.filter(({ row }) => row.cells[file]!.startsWith(prefix));
  if (wanted.length === 0)
    throw new CxrError('request-invalid', { field: '--prefix', reason: 'no image begins with it' });
  return wanted.map(({ row, labels }) => ({ file: row.cells[file]!, patient: row.cells[patient]!, labels }));
}

/** Refuses a row without file or patient, and an image that has a row already. */
function checkImages(rows: readonly Row[], file: string, patient: string): void {
  const lines = new Map<string, number>();
  for (const { cells, line } of rows) {
    for (const column of [file, patient])
      if (cells[column] === '') throw new CxrError('request-invalid', { line, column, reason: 'empty' });
    const before = lines.get(cells[file]!);
    if (before !== undefined)
      throw new CxrError('request-invalid', {
        ...{ line, column: file, reason: `the image is in line ${before} already` },
      });
    lines.set(cells[file]!, line);
  }
}

type Labelled = { readonly row: Row; readonly labels: readonly boolean[] };

function rowsOf(rows: readonly Labelled[], column: string, split: string): Labelled[] {
  const wanted = split === '' ? [] : rows.filter(({ row }) => row.cells[column] === split);
  if (wanted.length > 0) return wanted;
  const splits = [...new Set(rows.map(({ row }) => row.cells[column]!))].filter((name) => name !== '');
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
  let rows: { record: string[]; info: { lines: number } }[];
  try {
    rows = parse(text, {
      ...{ bom: true, skip_empty_lines: true, trim: true, info: true },
      record_delimiter: lineEnds,
    }) as unknown as typeof rows;
  } catch {
    throw new CxrError('request-invalid', { field: '--labels', reason: 'not a CSV table' });
  }
  const names = rows[0]?.record ?? [];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new CxrError('request-invalid', { line: 1, column: twice, reason: 'there twice' });
  return rows.slice(1).map(({ record, info }) => ({
    cells: Object.fromEntries(names.map((name, index) => [name, record[index]!])),
    line: info.lines,
  }));
}

function labelReader(present: ReadonlySet<string>, findings: readonly string[]): (row: Row) => boolean[] {
  const absent = findings.find((name) => !present.has(name));
  if (absent === undefined)
    return ({ cells, line }) => findings.map((name) => flag(cells[name]!, name, line));
  if (!present.has(jointLabels)) throw missing(absent);
  return ({ cells, line }) => {
    const named = cells[jointLabels]!.split('|');
    const refuse = (reason: string) => new CxrError('request-invalid', { line, column: jointLabels, reason });
    if (named.some((name) => name !== noFinding && !findings.includes(name)))
      throw refuse('a name that is no finding of the model');
    if (new Set(named).size < named.length) throw refuse('a finding twice');
    if (named.length > 1 && named.includes(noFinding)) throw refuse('no finding beside a finding');
    return findings.map((name) => named.includes(name));
  };
}

function flag(text: string, column: string, line: number): boolean {
  const value = Number(text);
  if (text === '' || (value !== 0 && value !== 1))
    throw new CxrError('request-invalid', { line, column, reason: 'labels are 1 or 0' });
  return value === 1;
}
