import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decrypt } from '../../he/client/encryption.ts';
import { evaluateDirectly } from '../../he/compiler/direct.ts';
import { gather } from '../../he/layout.ts';
import { measurePrecision } from '../../he/precision.ts';
import { runInClear } from '../../he/run/in-clear.ts';
import { encodeFrame } from '../../he/wire/frame.ts';
import { exitOnSignals } from '../../main/files/temporary-folder.ts';
import { inTemporaryFolder } from '../../main/host/headless.ts';
import { prepareAnalysis } from './circuit-analysis.ts';
import type { Backend, Measured } from './circuit-row.ts';
import type { EvaluatorReport } from './measure-evaluator.ts';

/**
 * Child process of `npm run circuits -- --measure`: the workstation's side of one real encrypted run, with one
 * evaluator process per analysis. Usage: node tools/circuits/measure-circuit.ts LABEL ANALYSES. Writes JSON to standard output.
 */
export type Measurement = { readonly programDigest: string; readonly measured: Measured };

async function next<Message extends { kind: string }>(
  child: ChildProcess,
  kind: Message['kind'],
): Promise<Message> {
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`evaluator ended with exit code ${code} before "${kind}"`);
    }),
  ])) as [Message];
  if (message.kind !== kind) throw new TypeError(`expected "${kind}", got "${message.kind}"`);
  return message;
}

/** Runs the evaluators, all at the same time. */
async function evaluateInChildren(label: string, folder: string, backend: Backend, threads: number) {
  const script = join(import.meta.dirname, 'measure-evaluator.ts');
  // SEAL has no threads: two analyses at the same time take their place.
  const analyses = backend === 'seal' ? threads : 1;
  const children = Array.from({ length: analyses }, (_, analysis) =>
    fork(script, [label, folder, String(analysis), backend, String(threads)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    }),
  );
  try {
    await Promise.all(children.map((child) => next(child, 'ready')));
    const reports = children.map((child) => next<EvaluatorReport>(child, 'evaluated'));
    for (const child of children) child.send('go');
    return await Promise.all(reports);
  } finally {
    for (const child of children) child.kill();
  }
}

async function measure(label: string, backend: Backend, threads: number): Promise<Measurement> {
  return await inTemporaryFolder('cipherfilm-circuit-', async (folder) => {
    const analysis = await prepareAnalysis(label, folder);
    const { graph, compiled, id, description, latent, question } = analysis;
    using holder = analysis.holder;
    process.stderr.write(`  ${label}: keys ${analysis.keygenSeconds.toFixed(1)} s\n`);
    const reports = await evaluateInChildren(label, folder, backend, threads);
    const direct = evaluateDirectly(graph, latent);
    const clear = gather([runInClear(compiled, latent).slots], compiled.output.layout);
    const answers = await Promise.all(
      reports.map(async (_, analysis) => {
        const payload = new Uint8Array(await readFile(join(folder, `result-${analysis}`)));
        const frame = encodeFrame({
          kind: 'result',
          bundle: id,
          subject: question.digest,
          nonce: randomBytes(16),
          payload,
        });
        return { frame, logits: decrypt({ frame }, question, holder, id, description) };
      }),
    );
    const worst = (want: Float64Array) =>
      Math.max(...answers.map(({ logits }) => measurePrecision(logits, want).maxAbsError));
    return {
      programDigest: description.programDigest,
      measured: {
        backend,
        threads,
        seconds: mean(reports.map(({ seconds }) => seconds)) / reports.length,
        cpuSeconds: mean(reports.map(({ cpuSeconds }) => cpuSeconds)),
        weights: reports[0]!.weights,
        firstSeconds: mean(reports.map(({ firstSeconds }) => firstSeconds)),
        maxAbsLogitError: worst(direct),
        maxAbsClearError: worst(clear),
        maxAbsLogit: direct.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0),
        peakBytes: reports.reduce((sum, { peakBytes }) => sum + peakBytes, 0),
        keyBytes: analysis.keyBytes,
        uploadBytes: question.frame.length,
        downloadBytes: answers[0]!.frame.length,
        keygenSeconds: analysis.keygenSeconds,
      },
    };
  });
}

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

exitOnSignals();
const [label = '', backend = 'kernel', threads = '1'] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await measure(label, backend as Backend, Number(threads))));
