import type { CircuitRow, Measured } from './circuit-row.ts';

/** Rows of `npm run circuits` as text: for a terminal, or as a Markdown table. */
type Column = { readonly title: string; readonly left?: true; readonly of: (row: CircuitRow) => string };

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
const gigabytes = (bytes: number): string => (bytes / 1e9).toFixed(bytes < 1e10 ? 2 : 1);
const seconds = (count: number): string => count.toFixed(count < 10 ? 1 : 0);
const count = (number: number): string => number.toLocaleString('en-GB');
const small = (number: number | null | undefined): string => number?.toExponential(1) ?? '';

const columns: readonly Column[] = [
  { title: 'network', left: true, of: (row) => (row.trained ? `${row.network} *` : row.network) },
  { title: 'latent', left: true, of: ({ factor }) => `f${factor}` },
  { title: 'gate', left: true, of: ({ attention }) => attention },
  { title: 'levels', of: ({ levels }) => String(levels) },
  { title: 'N', of: ({ polyModulusDegree }) => String(polyModulusDegree) },
  { title: 'primes', of: ({ dataPrimes, primeBits }) => `${dataPrimes}×${primeBits}` },
  { title: 'log QP', of: ({ logQP }) => String(logQP) },
  { title: 'bits', of: ({ securityBits }) => (securityBits === 0 ? 'none' : String(securityBits)) },
  { title: 'rotations', of: ({ rotations }) => count(rotations) },
  { title: 'relin.', of: ({ relinearizations }) => count(relinearizations) },
  { title: 'products', of: ({ plaintextProducts }) => count(plaintextProducts) },
  { title: 'keys', of: ({ keySteps }) => String(keySteps + 1) },
  { title: 'keys MB', of: ({ keyBytes }) => megabytes(keyBytes) },
  { title: 'weights GB', of: ({ weightBytes }) => gigabytes(weightBytes) },
  { title: 'predicted error', of: ({ predictedError }) => small(predictedError) },
  { title: 'predicted s', of: ({ predictedSeconds }) => seconds(predictedSeconds) },
  { title: 'measured s (1, 2 threads)', of: (row) => measuredSeconds(row, 'kernel') },
  { title: 'AVX-512 s (1, 2 threads)', of: (row) => measuredSeconds(row, 'kernel-avx512') },
  { title: 'SEAL s (1, 2 analyses)', of: (row) => measuredSeconds(row, 'seal') },
  { title: 'measured error', of: ({ measured }) => small(measured?.maxAbsLogitError) },
  { title: 'peak GB', of: ({ measured }) => (measured === undefined ? '' : gigabytes(measured.peakBytes)) },
];

function measuredSeconds({ measurements }: CircuitRow, backend: Measured['backend']): string {
  const own = measurements.filter((measured) => measured.backend === backend);
  const encoding = own.some(({ weights }) => weights === 'recomputed') ? ' +w' : '';
  return own.map((measured) => seconds(measured.seconds)).join(', ') + encoding;
}

function cells(rows: readonly CircuitRow[]): { used: Column[]; lines: string[][] } {
  const used = columns.filter(({ of }) => rows.some((row) => of(row) !== ''));
  return {
    used,
    lines: [used.map(({ title }) => title), ...rows.map((row) => used.map(({ of }) => of(row)))],
  };
}

const footnotes = (rows: readonly CircuitRow[]): string[] => [
  ...(rows.some(({ trained }) => trained)
    ? ['* trained weights, the shipped bundle; all others have random weights of the same shapes']
    : []),
  ...(rows.some(({ measurements }) => measurements.some(({ weights }) => weights === 'recomputed'))
    ? ['+w: weights do not stay in memory; the time includes encoding them']
    : []),
];

const refusals = (rows: readonly CircuitRow[]): string[] =>
  rows.flatMap(({ network, factor, attention, refused }) =>
    refused === undefined ? [] : [`${network} f${factor} ${attention}: ${refused.code}, ${refused.reason}`],
  );

export function textTable(rows: readonly CircuitRow[]): string {
  const { used, lines } = cells(rows);
  const widths = used.map((_, index) => Math.max(...lines.map((line) => line[index]!.length)));
  const aligned = lines.map((line) =>
    line
      .map((cell, index) => (used[index]!.left ? cell.padEnd(widths[index]!) : cell.padStart(widths[index]!)))
      .join('  ')
      .trimEnd(),
  );
  const refused = refusals(rows);
  return [
    ...aligned,
    '',
    ...footnotes(rows),
    ...(refused.length > 0 ? ['', 'Refused at 128 bits:', ...refused.map((line) => `  ${line}`)] : []),
    '',
  ].join('\n');
}

export function markdownTable(rows: readonly CircuitRow[]): string {
  const { used, lines } = cells(rows);
  const [head, ...body] = lines.map((line) => `| ${line.join(' | ')} |`);
  const rule = `| ${used.map(({ left }) => (left ? '---' : '---:')).join(' | ')} |`;
  const notes = footnotes(rows).map((note) => note.replace('*', '\\*'));
  const refused = refusals(rows);
  return [
    head!,
    rule,
    ...body,
    ...notes.flatMap((note) => ['', note]),
    ...(refused.length > 0 ? ['', 'Refused at 128 bits:', '', ...refused.map((line) => `- ${line}`)] : []),
  ].join('\n');
}
