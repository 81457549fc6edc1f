import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { compile } from '../../he/compiler/compile.ts';
import { explainCircuit, tinyGraph, tinyRing } from '../../he/compiler/explain.ts';
import { describeMachine } from '../bench/machine.ts';
import { readChoices, readOptions, runCommand, UsageError } from '../command-options.ts';
import {
  type CircuitRow,
  circuitRowSchema,
  compileAnyway,
  findEntry,
  labelOf,
  type Measured,
  measuredSchema,
  type NetworkEntry,
  openGraphFiles,
  openNetwork,
  readIndex,
  results,
} from './circuit-row.ts';
import { markdownTable, textTable } from './circuit-table.ts';

/** Compiles every network of native-models/networks and prints what its encrypted run needs. docs/circuits.md. */
const usage = `usage: npm run circuits [-- OPTIONS]
  --network NAME  --factor 8|16  --attention none|paper|shallow   only these
  --json          one array of rows
  --markdown      write the table into docs/circuits.md
  --measure WAYS  first run each of them encrypted and keep the figures; of kernel1,kernel2,seal1,seal2,avx512-1,avx512-2
  --explain tiny|LABEL|FILE.json   one network, layer by layer`;
const options = readOptions(usage, {
  network: { type: 'string' },
  factor: { type: 'string' },
  attention: { type: 'string' },
  json: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false },
  measure: { type: 'string' },
  explain: { type: 'string' },
});
const documentFile = join(import.meta.dirname, '..', '..', 'docs', 'circuits.md');
const markers = ['<!-- circuits -->', '<!-- /circuits -->'] as const;
const measurementsFile = join(results, 'circuits-measured.json');
const compilersAtOnce = 2;

const storeSchema = z.object({
  schema: z.literal('cipherfilm-circuits-measured/2'),
  machine: z.object({ cpu: z.string(), cores: z.int(), node: z.string(), platform: z.string() }),
  /** By digest of the program that ran. */
  programs: z.record(z.string(), z.object({ label: z.string(), measurements: z.array(measuredSchema) })),
});
type Store = z.infer<typeof storeSchema>;
const measurementSchema = z.object({ programDigest: z.string(), measured: measuredSchema });

const note = (text: string): boolean => process.stderr.write(`${text}\n`);

async function chosenEntries(): Promise<NetworkEntry[]> {
  const factor = options.factor === undefined ? undefined : `f${options.factor.replace(/^f/, '')}`;
  const { network, attention } = options;
  const chosen = (await readIndex()).filter(
    (entry) =>
      (network === undefined || entry.network === network) &&
      (factor === undefined || entry.factor === factor) &&
      (attention === undefined || entry.attention === attention),
  );
  if (chosen.length === 0)
    throw new UsageError(
      `no network for ${JSON.stringify({ network, factor, attention })}, there are ${(await readIndex()).map(labelOf).join(' ')}`,
    );
  return chosen;
}

async function inChild(script: string, args: readonly string[]): Promise<unknown> {
  const child = promisify(execFile)(process.execPath, [join(import.meta.dirname, script), ...args], {
    maxBuffer: 2 ** 24,
  });
  child.child.stderr?.pipe(process.stderr);
  return JSON.parse((await child).stdout);
}

/** A row of every entry, in their order; the last networks of the index take longest and are begun first. */
async function compileRows(entries: readonly NetworkEntry[]): Promise<CircuitRow[]> {
  const rows = new Map<NetworkEntry, CircuitRow>();
  const waiting = [...entries];
  const work = async () => {
    for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
      const from = performance.now();
      rows.set(entry, circuitRowSchema.parse(await inChild('report-circuit.ts', [labelOf(entry)])));
      note(`  ${labelOf(entry)} compiled in ${((performance.now() - from) / 1000).toFixed(1)} s`);
    }
  };
  await Promise.all(Array.from({ length: compilersAtOnce }, work));
  return entries.map((entry) => rows.get(entry)!);
}

async function readStore(): Promise<Store> {
  if (existsSync(measurementsFile))
    return storeSchema.parse(JSON.parse(await readFile(measurementsFile, 'utf8')));
  return {
    schema: 'cipherfilm-circuits-measured/2',
    machine: describeMachine(),
    programs: {},
  };
}

/** Whoever reads meanwhile finds the old store or the new one. */
async function writeStore(store: Store): Promise<void> {
  await writeFile(`${measurementsFile}.part`, `${JSON.stringify(store, null, 2)}\n`);
  await rename(`${measurementsFile}.part`, measurementsFile);
}

type Way = { readonly backend: Measured['backend']; readonly threads: number };
const ways: readonly Way[] = [
  { backend: 'kernel', threads: 1 },
  { backend: 'kernel', threads: 2 },
  { backend: 'seal', threads: 1 },
  { backend: 'seal', threads: 2 },
  { backend: 'kernel-avx512', threads: 1 },
  { backend: 'kernel-avx512', threads: 2 },
];
const nameOf = ({ backend, threads }: Way): string =>
  backend === 'kernel-avx512' ? `avx512-${threads}` : `${backend}${threads}`;
const isSame = (way: Way) => (other: Way) => way.backend === other.backend && way.threads === other.threads;

/** Runs each network for real; figures of older programs of the same network give way. */
async function measureAll(
  entries: readonly NetworkEntry[],
  rows: readonly CircuitRow[],
  names: readonly string[],
): Promise<void> {
  const chosen = ways.filter((way) => names.includes(nameOf(way)));
  for (const [index, entry] of entries.entries()) {
    if (rows[index]!.refused !== undefined) continue;
    for (const way of chosen) await measureOne(labelOf(entry), way);
  }
}

/** One network that fails, for want of memory perhaps, does not keep the others from being measured. */
async function measureOne(label: string, way: Way): Promise<void> {
  let made: z.infer<typeof measurementSchema>;
  try {
    const args = [label, way.backend, String(way.threads)];
    made = measurementSchema.parse(await inChild('measure-circuit.ts', args));
  } catch (error) {
    note(`  ${label}: not measured, ${error instanceof Error ? error.message.split('\n')[0] : 'failed'}`);
    process.exitCode = 1;
    return;
  }
  const { programDigest, measured } = made;
  const store = await readStore();
  const others = Object.entries(store.programs).filter(
    ([digest, program]) => program.label !== label || digest === programDigest,
  );
  const programs = Object.fromEntries(others);
  const before = programs[programDigest]?.measurements.filter((other) => !isSame(way)(other)) ?? [];
  const measurements = ways.flatMap((order) => [...before, measured].filter(isSame(order)));
  await writeStore({ ...store, programs: { ...programs, [programDigest]: { label, measurements } } });
  note(`  ${label}: ${way.backend} ${way.threads}: ${measured.seconds.toFixed(2)} s`);
}

/** Figures count only for exactly the program that is compiled now. */
function withMeasurements(rows: readonly CircuitRow[], store: Store): CircuitRow[] {
  return rows.map((row) => {
    const measurements = store.programs[row.programDigest]?.measurements ?? [];
    const [measured] = measurements;
    return { ...row, measurements, ...(measured === undefined ? {} : { measured }) };
  });
}

async function writeDocument(rows: readonly CircuitRow[]): Promise<void> {
  const text = await readFile(documentFile, 'utf8');
  const [start, end] = markers.map((marker) => text.indexOf(marker)) as [number, number];
  if (start < 0 || end < start) throw new TypeError(`${documentFile} has no ${markers.join(' … ')}`);
  const head = text.slice(0, start + markers[0].length);
  await writeFile(documentFile, `${head}\n\n${markdownTable(rows)}\n\n${text.slice(end)}`);
}

/** Weights stand beside a graph file as NAME.bin or weights.bin; without either, its tensors must be seeded. */
async function explain(what: string): Promise<string> {
  if (what === 'tiny') {
    const graph = tinyGraph();
    return explainCircuit(graph, compile(graph, { ring: tinyRing }));
  }
  if (!what.endsWith('.json')) {
    const graph = await openNetwork(await findEntry(what));
    return explainCircuit(graph, compileAnyway(graph).compiled);
  }
  const beside = [what.replace(/\.json$/, '.bin'), join(dirname(what), 'weights.bin')];
  const graph = await openGraphFiles(what, beside.find((file) => existsSync(file)) ?? null);
  return explainCircuit(graph, compileAnyway(graph).compiled);
}

async function main(): Promise<void> {
  if (options.explain !== undefined) {
    if (Object.keys(options).some((name) => name !== 'explain' && options[name as keyof typeof options]))
      throw new UsageError('--explain stands alone');
    process.stdout.write(await explain(options.explain));
    return;
  }
  const { measure } = options;
  const names = measure === undefined ? [] : readChoices(usage, '--measure', measure, ways.map(nameOf));
  const entries = await chosenEntries();
  const compiled = await compileRows(entries);
  await measureAll(entries, compiled, names);
  const rows = withMeasurements(compiled, await readStore());
  if (options.markdown) await writeDocument(rows);
  process.stdout.write(options.json ? `${JSON.stringify(rows)}\n` : textTable(rows));
}

await runCommand('circuits', main);
