import { CxrError } from '../contract/errors.ts';

export type LabelledImage = {
  readonly file: string;
  readonly patient: string;
  readonly labels: readonly boolean[];
};

/**
 * Reads a label table: CSV without quoted commas, columns `file`, `patient_id`, optionally `split`, and one 1/0 column
 * per finding. Columns are found by name.
 *
 * @param split  keeps only rows of this split, where the column exists.
 * @throws CxrError `request-invalid` naming the missing column.
 */
export function readLabelTable(text: string, findings: readonly string[], split?: string): LabelledImage[] {
  const [header, ...lines] = text.split(/\r?\n/).filter((line) => line !== '');
  const columns = (header ?? '').split(',');
  const columnOf = (name: string): number => {
    const index = columns.indexOf(name);
    if (index < 0)
      throw new CxrError('request-invalid', { column: name, reason: 'missing in the label table' });
    return index;
  };
  const [file, patient] = [columnOf('file'), columnOf('patient_id')];
  const labelColumns = findings.map(columnOf);
  const splitColumn = split === undefined ? -1 : columnOf('split');
  return lines
    .map((line) => line.split(','))
    .filter((cells) => splitColumn < 0 || cells[splitColumn] === split)
    .map((cells) => ({
      file: cells[file]!,
      patient: cells[patient]!,
      labels: labelColumns.map((column) => cells[column] === '1'),
    }));
}
