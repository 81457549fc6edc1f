import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleDescriptionSchema } from '../contract/bundle.ts';
import { CxrError } from '../contract/errors.ts';
import { compile, ringOf } from '../he/compile.ts';
import { defaultBudgets, openEncryptedEvaluator } from '../he/evaluate.ts';
import { checkParams } from '../he/params.ts';
import { programDigest } from '../he/passes/levels.ts';
import { weightBytes } from '../he/report.ts';
import { findEntry, openNetwork } from './circuit-row.ts';

/**
 * The evaluator's side of a measured run, in a process of its own as in production, so that its peak memory is the
 * evaluator's. Says `ready`, waits for `go`, evaluates once, says `evaluated`. Before `ready` comes one run that opens
 * contexts, loads keys and encodes weights, unless the weights would not stay anyway.
 */
export type EvaluatorReport = {
  readonly kind: 'evaluated';
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly firstSeconds: number;
  readonly weights: 'kept' | 'recomputed';
  readonly peakBytes: number;
};

/** Highest resident memory of this process so far. */
async function peakBytes(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? process.resourceUsage().maxRSS * 1024 : Number(kilobytes) * 1024;
}

const [label = '', folder = '', study = ''] = process.argv.slice(2);
const description = bundleDescriptionSchema.parse(
  JSON.parse(await readFile(join(folder, 'description.json'), 'utf8')),
);
const { program } = compile(await openNetwork(await findEntry(label)), {
  ring: ringOf(description.ckks),
  strategy: description.placement,
});
const got = programDigest(program);
if (got !== description.programDigest)
  throw new CxrError('bundle-digest', { got, expected: description.programDigest });

// Where weights do not stay in memory, a single run has no use for the few that would: the keys take the room.
const kept = weightBytes(program) <= defaultBudgets.plaintextBytes;
const budgets = kept ? defaultBudgets : { keyBytes: 2.5 * 2 ** 30, plaintextBytes: 0 };
const evaluator = await openEncryptedEvaluator(description, program, checkParams(description.ckks), budgets);
const keys = evaluator.loadKeys(new Uint8Array(await readFile(join(folder, 'keys'))));
const input = new Uint8Array(await readFile(join(folder, 'input')));

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

const warming = kept ? evaluate() : undefined;
const go = once(process, 'message');
process.send?.({ kind: 'ready' });
await go;
const { payload, seconds, cpuSeconds } = evaluate();
const report: EvaluatorReport = {
  kind: 'evaluated',
  seconds,
  cpuSeconds,
  firstSeconds: warming?.seconds ?? seconds,
  weights: kept ? 'kept' : 'recomputed',
  peakBytes: await peakBytes(),
};
await writeFile(join(folder, `result-${study}`), payload);
process.send?.(report);
process.disconnect();
