import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { compiledFolder } from '../../evaluator/keep-compiled.ts';
import { nativeSets } from '../../kernel/native.ts';
import { fastestArithmetic } from '../../kernel/open.ts';
import { exitOnSignals } from '../../main/files/temporary-folder.ts';
import { inTemporaryFolder } from '../../main/host/headless.ts';
import { prepareAnalysis } from '../circuits/circuit-analysis.ts';
import { type Backend, backends, findEntry, labelOf, readIndex } from '../circuits/circuit-row.ts';
import { readChoices, readCount, readOptions, runCommand, UsageError } from '../command-options.ts';
import { pauseTraining } from '../pause-training.ts';
import type { HeRunReport } from './bench-he-run.ts';
import { benchTenants } from './bench-tenants.ts';
import { describeMachine, median } from './machine.ts';

/**
 * Compares the backends on the same analyses, one evaluator process each: a first run, then `--runs` warm ones. SEAL has
 * no threads: its "2" are two analyses at the same time in two processes, and its time is that of one analysis's share.
 * Writes bench-results/he.json. Schema: docs/bench.md.
 */
const usage = `usage: npm run bench:he [-- OPTIONS]
  --runs 1..100       warm runs of each, default 7
  --networks A,B      labels of npm run circuits; default hefnet-r-f8-shallow,hefnet-r-f8-none,hefnet-f8-none
  --backends A,B      seal, kernel, kernel-avx2, kernel-avx512; default all that this machine has
  --tenants A,B       clients with different keys on one evaluator; default 1,2,4; none with 0
  --json              one object on standard output`;
const available = backends.filter(
  (backend) => !backend.startsWith('kernel-') || nativeSets().some((set) => backend === `kernel-${set}`),
);
const options = readOptions(usage, {
  runs: { type: 'string', default: '7' },
  networks: { type: 'string', default: 'hefnet-r-f8-shallow,hefnet-r-f8-none,hefnet-f8-none' },
  backends: { type: 'string', default: available.join(',') },
  tenants: { type: 'string', default: '1,2,4' },
  json: { type: 'boolean', default: false },
});
const runs = readCount(usage, '--runs', options.runs, [1, 100]);
const chosenBackends = readChoices(usage, '--backends', options.backends, available);
const labels = readChoices(usage, '--networks', options.networks, (await readIndex()).map(labelOf));
const counts = options.tenants.split(',').map((count) => readCount(usage, '--tenants', count, [0, 16]));
pauseTraining();

type Run = {
  readonly network: string;
  readonly attention: string;
  readonly factor: string;
  readonly backend: Backend;
  readonly threads: number;
  readonly runs: number;
  readonly medianMs: number;
  readonly fastestMs: number;
  readonly firstMs: number;
  readonly openMs: number;
  readonly perLayerMs: Readonly<Record<string, number>>;
  readonly peakBytes: number;
};

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/** Runs one evaluator process, or two at the same time. */
async function runEvaluators(
  label: string,
  folder: string,
  backend: Backend,
  { threads, processes, count }: { threads: number; processes: number; count: number },
): Promise<readonly HeRunReport[]> {
  const script = join(import.meta.dirname, 'bench-he-run.ts');
  const args = [label, folder, backend, String(threads), String(count)];
  const children = Array.from({ length: processes }, () =>
    fork(script, args, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // As the evaluator does it.
      env: { ...process.env, NODE_COMPILE_CACHE: compiledFolder },
    }),
  );
  const next = async (child: (typeof children)[number]) => {
    const [message] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new UsageError(`${label} on ${backend} ended with exit code ${code}`);
      }),
    ]);
    return message as HeRunReport;
  };
  try {
    await Promise.all(children.map(next));
    const reports = children.map(next);
    for (const child of children) child.send('go');
    return await Promise.all(reports);
  } finally {
    for (const child of children) child.kill();
  }
}

async function measure(label: string, folder: string, backend: Backend, threads: number): Promise<Run> {
  const { network, attention, factor } = await findEntry(label);
  const processes = backend === 'seal' ? threads : 1;
  const own = backend === 'seal' ? 1 : threads;
  const reports = await runEvaluators(label, folder, backend, { threads: own, processes, count: runs });
  const share = (ms: number): number => ms / processes;
  const all = reports.flatMap(({ runsMs }) => runsMs);
  return {
    network,
    attention,
    factor,
    backend,
    threads,
    runs: all.length,
    medianMs: share(median(all)),
    fastestMs: share(Math.min(...all)),
    firstMs: mean(reports.map(({ firstMs }) => firstMs)),
    openMs: mean(reports.map(({ openMs }) => openMs)),
    perLayerMs: reports[0]!.perLayerMs,
    peakBytes: Math.max(...reports.map(({ peakBytes }) => peakBytes)),
  };
}

function line({ network, factor, attention, backend, threads, medianMs, firstMs, peakBytes }: Run): string {
  const label = `${network}-${factor}-${attention}`;
  return `${label.padEnd(22)} ${backend.padEnd(7)} ${threads}  ${medianMs.toFixed(0).padStart(7)} ms  first ${firstMs.toFixed(0).padStart(7)} ms  peak ${(peakBytes / 2 ** 20).toFixed(0).padStart(5)} MiB\n`;
}

async function bench(): Promise<void> {
  const done: Run[] = [];
  for (const label of labels) {
    await inTemporaryFolder('cipherfilm-bench-he-', async (folder) => {
      using holder = (await prepareAnalysis(label, folder)).holder;
      if (holder.params.securityBits !== 128) throw new UsageError(`${label} has no secure ring`);
      for (const backend of chosenBackends)
        for (const threads of [1, 2]) {
          const run = await measure(label, folder, backend, threads);
          done.push(run);
          process.stderr.write(line(run));
        }
    });
  }
  const note = (line: string) => void process.stderr.write(`  ${line}\n`);
  const kinds = [...new Set(['wasm', fastestArithmetic()] as const)];
  const ways = kinds.map((arithmetic) => [arithmetic, availableParallelism()] as const);
  const tenants = counts.includes(0) ? null : await benchTenants(counts, ways, note);
  const result = {
    schema: 'cipherfilm-bench-he/2',
    machine: describeMachine(),
    runs: done,
    tenants,
  };
  await mkdir('bench-results', { recursive: true });
  await writeFile('bench-results/he.json', `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : done.map(line).join(''));
}

exitOnSignals();
await runCommand('bench:he', bench);
