import { once } from 'node:events';
import { openAnalysis, peakBytes } from '../circuits/circuit-analysis.ts';
import type { Backend } from '../circuits/circuit-row.ts';

/**
 * Child process of `npm run bench:he`: one evaluator. Usage: bench-he-run.ts LABEL FOLDER BACKEND THREADS RUNS. Says
 * `ready` after a first run, waits for `go`, then reports the warm runs.
 */
export type HeRunReport = {
  readonly kind: 'ran';
  readonly openMs: number;
  readonly firstMs: number;
  readonly runsMs: readonly number[];
  /** Of the fastest run. */
  readonly perLayerMs: Readonly<Record<string, number>>;
  readonly peakBytes: number;
};

const [label = '', folder = '', backend = '', threads = '1', runs = '7'] = process.argv.slice(2);
const openedFrom = performance.now();
const { evaluator, keys, input } = await openAnalysis(label, folder, backend as Backend, Number(threads));
const openMs = performance.now() - openedFrom;

function evaluate(): { ms: number; perLayerMs: Record<string, number> } {
  const perLayerMs: Record<string, number> = {};
  const from = performance.now();
  let since = from;
  let current = '';
  const close = () => {
    const now = performance.now();
    if (current !== '') perLayerMs[current] = (perLayerMs[current] ?? 0) + now - since;
    since = now;
  };
  const progress = (_: number, layer: string) => {
    if (layer === current) return;
    close();
    current = layer;
  };
  evaluator.evaluate(input, keys, { progress, isAborted: () => false });
  close();
  return { ms: performance.now() - from, perLayerMs };
}

const first = evaluate();
const go = once(process, 'message');
process.send?.({ kind: 'ready' });
await go;
const done = Array.from({ length: Number(runs) }, evaluate);
const fastest = done.reduce((best, run) => (run.ms < best.ms ? run : best));
const report: HeRunReport = {
  kind: 'ran',
  openMs,
  firstMs: first.ms,
  runsMs: done.map(({ ms }) => ms),
  perLayerMs: fastest.perLayerMs,
  peakBytes: await peakBytes(),
};
process.send?.(report);
process.disconnect();
process.exit();
