import { readFile, writeFile } from 'node:fs/promises';

/** One alteration of many films. Shares are in [0, 1]; differences are those of a finding's probability. */
export type KindRow = {
  readonly kind: string;
  readonly wants: 'refused' | 'same' | 'either';
  readonly films: number;
  readonly refused: number;
  /** How many were refused with each code and reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** The share that passed with a doubt. */
  readonly doubted: number;
  /** Of the films that passed, against the same films unaltered. */
  readonly largestDifference: number | null;
  readonly medianDifference: number | null;
  /** The share that is turned upright where the header says how the film lies. */
  readonly statedTurned: number | null;
  readonly turnedDifference: number | null;
};
export type Measured = {
  readonly bundle: string;
  readonly kinds: readonly KindRow[];
  readonly plain: readonly {
    readonly name: string;
    readonly films: number;
    readonly refused: number;
    readonly reasons: Readonly<Record<string, number>>;
    readonly doubts: Readonly<Record<string, number>>;
  }[];
  readonly others: readonly {
    readonly file: string;
    readonly shows: string;
    readonly byHeader: string;
    readonly byFilm: string;
  }[];
};

const marks = ['<!-- gate -->', '<!-- /gate -->'] as const;
const percent = (share: number | null): string => (share === null ? '' : `${(100 * share).toFixed(1)} %`);
const number = (value: number | null): string => (value === null ? '' : value.toFixed(3));
const listed = (reasons: Readonly<Record<string, number>>): string =>
  Object.entries(reasons)
    .sort(([, one], [, other]) => other - one)
    .map(([reason, count]) => `${reason} ${count}`)
    .join('; ');

const wanted = { refused: 'refused', same: 'same findings', either: '' } as const;

function tables({ bundle, kinds, plain, others }: Measured): string {
  return [
    `Bundle \`${bundle.slice(0, 16)}\`; ${kinds.reduce((sum, { films }) => sum + films, 0)} altered films.`,
    '',
    '| made into | wanted | films | refused | with which code | passed with a doubt | largest difference | median | turned where the header says so | largest difference then |',
    '|---|---|---:|---:|---|---:|---:|---:|---:|---:|',
    ...kinds.map(
      (row) =>
        `| ${row.kind} | ${wanted[row.wants]} | ${row.films} | ${percent(row.refused)} | ${listed(row.reasons)} | ${percent(row.doubted)} | ${number(row.largestDifference)} | ${number(row.medianDifference)} | ${percent(row.statedTurned)} | ${number(row.turnedDifference)} |`,
    ),
    '',
    '| unaltered | films | refused | with which code | doubts |',
    '|---|---:|---:|---|---|',
    ...plain.map(
      ({ name, films, refused, reasons, doubts }) =>
        `| ${name} | ${films} | ${percent(refused)} | ${listed(reasons)} | ${Object.entries(doubts)
          .map(([kind, share]) => `${kind} ${percent(share)}`)
          .join(', ')} |`,
    ),
    '',
    '| no chest | shows | with its header | by the film alone |',
    '|---|---|---|---|',
    ...others.map(({ file, shows, byHeader, byFilm }) => `| ${file} | ${shows} | ${byHeader} | ${byFilm} |`),
  ].join('\n');
}

/** Writes the tables between the marks of a page. */
export async function writePage(page: string, measured: Measured): Promise<void> {
  const text = await readFile(page, 'utf8');
  const [before, rest] = text.split(marks[0]);
  const after = rest?.split(marks[1])[1];
  if (after === undefined) throw new TypeError(`${page} lacks its marks`);
  await writeFile(page, `${before}${marks[0]}\n\n${tables(measured)}\n\n${marks[1]}${after}`);
}
