import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { AnalysisResult, StageTimes } from '../../contract/stages.ts';
import { fastestArithmetic } from '../../kernel/open.ts';
import { exitOnSignals } from '../../main/files/temporary-folder.ts';
import { sampleStudy, withHeadless } from '../../main/host/headless.ts';
import { readCount, readOptions } from '../command-options.ts';
import { pauseTraining } from '../pause-training.ts';
import { runInWindow } from './app/in-window.ts';
import type { Dragged, Opened } from './app/viewer.ts';
import { describeMachine, median } from './machine.ts';

/**
 * Measures the main job: one first analysis (keys generated and uploaded, weights encoded), then `--runs` warm ones; and,
 * where a window can be opened, the viewer.
 * Writes bench-results/main.json and prints a table, or with `--json` the same object. Schema: docs/bench.md.
 */
const usage = 'usage: npm run bench [-- --runs 1..100] [--json]';
const values = readOptions(usage, {
  json: { type: 'boolean', default: false },
  runs: { type: 'string', default: '5' },
});
const runs = readCount(usage, '--runs', values.runs, [1, 100]);
pauseTraining();

/** Highest resident memory of a process so far, bytes; null where the system does not tell (only Linux does). */
async function peakBytes(pid: number | null): Promise<number | null> {
  const status = pid === null ? '' : await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

async function measure() {
  return withHeadless(undefined, async ({ engine, evaluator, classify: classifyFile }) => {
    const classify = () => classifyFile(sampleStudy);
    const first = await classify();
    const warm: AnalysisResult[] = [];
    for (let run = 0; run < runs; run += 1) {
      warm.push(await classify());
      process.stderr.write(
        `  run ${run + 1} of ${runs}: evaluate ${(warm[run]!.timesMs.evaluate / 1000).toFixed(1)} s\n`,
      );
    }
    const stages = Object.keys(first.timesMs) as (keyof StageTimes)[];
    const medianMs = Object.fromEntries(
      stages.map((stage) => [stage, median(warm.map(({ timesMs }) => timesMs[stage]))]),
    );
    return {
      schema: 'cipherfilm-bench/2',
      machine: describeMachine(),
      bundle: first.bundle,
      backend: `kernel ${fastestArithmetic()}`,
      runs,
      parameters: first.parameters,
      cost: first.cost,
      firstMs: first.timesMs,
      medianMs: { ...medianMs, keygen: first.timesMs.keygen },
      bytes: {
        evaluationKeys: first.bytes.evaluationKeys,
        sent: warm[0]!.bytes.sent,
        received: warm[0]!.bytes.received,
      },
      peakBytes: {
        host: await peakBytes(process.pid),
        engine: await peakBytes(engine.pid ?? null),
        evaluator: await peakBytes(evaluator.pid),
      },
    };
  });
}

/** In the real window; null where there is none. */
const measureViewer = (): Viewer | null =>
  (runInWindow('measure.ts', ['--viewer']) as { readonly viewer: Viewer } | null)?.viewer ?? null;
type Viewer = { readonly opening: Opened; readonly dragging: Dragged };

exitOnSignals();
const result = { ...(await measure()), viewer: measureViewer() };
await mkdir('bench-results', { recursive: true });
await writeFile('bench-results/main.json', `${JSON.stringify(result, null, 2)}\n`);
if (values.json) {
  process.stdout.write(`${JSON.stringify(result)}\n`);
} else {
  const rows = Object.entries(result.medianMs).map(([stage, ms]) => [stage, `${ms.toFixed(1)} ms`]);
  rows.push(...Object.entries(result.bytes).map(([what, count]) => [`${what} bytes`, String(count)]));
  rows.push(
    ...Object.entries(result.peakBytes).map(([who, count]) => [
      `peak ${who}`,
      count === null ? 'unknown' : `${(count / 2 ** 20).toFixed(0)} MiB`,
    ]),
  );
  if (result.viewer !== null) {
    rows.push(['viewer first paint', `${result.viewer.opening.medianMs.toFixed(1)} ms`]);
    rows.push(['viewer window/level', `${result.viewer.dragging.framesPerSecond.toFixed(1)} /s`]);
  }
  rows.push(['first evaluate', `${result.firstMs.evaluate.toFixed(1)} ms`]);
  for (const [name, value] of rows) process.stdout.write(`${name!.padEnd(22)} ${value!.padStart(14)}\n`);
}
