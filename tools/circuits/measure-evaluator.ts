import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openAnalysis, peakBytes } from './circuit-analysis.ts';
import type { Backend } from './circuit-row.ts';

/**
 * The evaluator's side of a measured run, in a process of its own as in production, so that its peak memory is the
 * evaluator's. Says `ready`, waits for `go`, evaluates, says `evaluated`. Before `ready` comes one run that encodes the
 * weights, and the fastest of some runs after it counts; but one run is all where the weights do not stay anyway.
 */
export type EvaluatorReport = {
  readonly kind: 'evaluated';
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly firstSeconds: number;
  readonly weights: 'kept' | 'recomputed';
  readonly peakBytes: number;
};

const [label = '', folder = '', analysis = '', backend = 'kernel', threads = '1'] = process.argv.slice(2);
const { evaluator, keys, input, kept } = await openAnalysis(
  label,
  folder,
  backend as Backend,
  Number(threads),
);

/** Prints a line per tenth of the run, because some take a quarter of an hour. */
function showProgress() {
  let shown = 0;
  return (fraction: number) => {
    if (fraction * 10 < shown + 1) return;
    shown = Math.floor(fraction * 10);
    process.stderr.write(`  ${label}: evaluated ${shown * 10} %\n`);
  };
}

function evaluate() {
  const control = { progress: kept ? () => {} : showProgress(), isAborted: () => false };
  const before = process.threadCpuUsage();
  const from = performance.now();
  const { payload } = evaluator.evaluate(input, keys, control);
  const seconds = (performance.now() - from) / 1000;
  const { user, system } = process.threadCpuUsage(before);
  return { payload, seconds, cpuSeconds: (user + system) * 1e-6 };
}

/** Other work on the machine only ever adds. */
const warmRuns = backend === 'seal' ? 2 : 5;
const warming = kept ? evaluate() : undefined;
const go = once(process, 'message');
process.send?.({ kind: 'ready' });
await go;
const runs = Array.from({ length: kept ? warmRuns : 1 }, evaluate);
const { payload, seconds, cpuSeconds } = runs.reduce((best, run) =>
  run.seconds < best.seconds ? run : best,
);
const report: EvaluatorReport = {
  kind: 'evaluated',
  seconds,
  cpuSeconds,
  firstSeconds: warming?.seconds ?? seconds,
  weights: kept ? 'kept' : 'recomputed',
  peakBytes: await peakBytes(),
};
await writeFile(join(folder, `result-${analysis}`), payload);
process.send?.(report);
process.disconnect();
