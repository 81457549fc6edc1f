import { type ChildProcess, fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleDescription } from '../contract/bundle.ts';
import type { BundleId } from '../contract/stages.ts';
import { ClearBackend } from '../he/backends/clear.ts';
import { decrypt, encrypt } from '../he/client.ts';
import { type Compiled, compile } from '../he/compile.ts';
import { describeCompiled } from '../he/describe.ts';
import { evaluateDirectly } from '../he/direct.ts';
import { decodeFrame, encodeFrame } from '../he/frame.ts';
import { type Graph, seededTensor } from '../he/graph.ts';
import { generateEvaluationKeys, KeyHolder } from '../he/keys.ts';
import { packPatches } from '../he/layout.ts';
import { programDigest } from '../he/passes/levels.ts';
import { measurePrecision } from '../he/precision.ts';
import { run } from '../he/run.ts';
import { payloadLimits } from '../he/sizes.ts';
import { findEntry, type Measured, openNetwork } from './circuit-row.ts';
import type { EvaluatorReport } from './measure-evaluator.ts';
import { exitOnSignals, withTemporaryFolder } from './temporary-folder.ts';

/**
 * Child process of `npm run circuits -- --measure`: the workstation's side of one real encrypted run, with one
 * evaluator process per study. Usage: node main/measure-circuit.ts LABEL STUDIES. Writes JSON to standard output.
 */
export type Measurement = { readonly programDigest: string; readonly measured: Measured };

const latentSeed = 7;
/** Latents are uniform in ±√3: unit variance. */
const latentSpread = Math.sqrt(3);
const latentBound = 8;

function describe(graph: Graph, compiled: Compiled): { id: BundleId; description: BundleDescription } {
  const description = describeCompiled(compiled, {
    name: graph.literal.name,
    latentBound,
    logitBound: graph.literal.outputBound * 2,
    programDigest: programDigest(compiled.program),
    files: {},
  });
  const id = createHash('sha256').update(JSON.stringify(description)).digest('hex') as BundleId;
  return { id, description };
}

function evaluateClear({ program, ckks, input, output }: Compiled, latent: Float32Array): Float64Array {
  const backend = new ClearBackend(program.slotCount, ckks.dataPrimes);
  const inputs = packPatches(latent, input, program.slotCount).map((slots) =>
    backend.value(slots, program.inputScale),
  );
  const { slots } = run(program, inputs, backend, (index) => {
    const { values, level, scale } = program.plaintexts[index]!;
    return backend.encode(values, level, scale);
  });
  return slots.slice(0, output.count);
}

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

/** Runs the evaluators, all at the same time; returns their reports and the wall time of all together. */
async function evaluateInChildren(label: string, folder: string, studies: number) {
  const script = join(import.meta.dirname, 'measure-evaluator.ts');
  const children = Array.from({ length: studies }, (_, study) =>
    fork(script, [label, folder, String(study)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  );
  try {
    await Promise.all(children.map((child) => next(child, 'ready')));
    const from = performance.now();
    const reports = children.map((child) => next<EvaluatorReport>(child, 'evaluated'));
    for (const child of children) child.send('go');
    return { reports: await Promise.all(reports), wallSeconds: (performance.now() - from) / 1000 };
  } finally {
    for (const child of children) child.kill();
  }
}

async function measure(label: string, studies: number): Promise<Measurement> {
  const graph = await openNetwork(await findEntry(label));
  const compiled = compile(graph);
  const { id, description } = describe(graph, compiled);
  using holder = await KeyHolder.generate(description);
  const beforeKeys = performance.now();
  const keys = await generateEvaluationKeys(holder, id, description);
  const keygenSeconds = (performance.now() - beforeKeys) / 1000;
  const [channels, height, width] = graph.literal.input.shape;
  const values = Float32Array.from(seededTensor(channels * height * width, latentSeed, latentSpread));
  const question = encrypt({ values, shape: graph.literal.input.shape }, holder, keys.keyId, id, description);
  const limits = payloadLimits(description);
  const payloadOf = (frame: Uint8Array, kind: 'evaluationKeys' | 'input') =>
    decodeFrame(frame, { kind, bundle: id, maxPayloadBytes: limits[kind] }).payload;
  return await withTemporaryFolder('cipherfilm-circuit-', async (folder) => {
    await writeFile(join(folder, 'description.json'), JSON.stringify(description));
    await writeFile(join(folder, 'keys'), payloadOf(keys.frame, 'evaluationKeys'));
    await writeFile(join(folder, 'input'), payloadOf(question.frame, 'input'));
    process.stderr.write(`  ${label}: keys ${keygenSeconds.toFixed(1)} s\n`);
    const { reports, wallSeconds } = await evaluateInChildren(label, folder, studies);
    const direct = evaluateDirectly(graph, values);
    const clear = evaluateClear(compiled, values);
    const answers = await Promise.all(
      reports.map(async (_, study) => {
        const payload = new Uint8Array(await readFile(join(folder, `result-${study}`)));
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
        backend: 'seal',
        threads: studies,
        seconds: studies === 1 ? reports[0]!.seconds : wallSeconds / studies,
        cpuSeconds: mean(reports.map(({ cpuSeconds }) => cpuSeconds)),
        weights: reports[0]!.weights,
        firstSeconds: mean(reports.map(({ firstSeconds }) => firstSeconds)),
        maxAbsLogitError: worst(direct),
        maxAbsClearError: worst(clear),
        maxAbsLogit: direct.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0),
        peakBytes: reports.reduce((sum, { peakBytes }) => sum + peakBytes, 0),
        keyBytes: keys.frame.length,
        uploadBytes: question.frame.length,
        downloadBytes: answers[0]!.frame.length,
        keygenSeconds,
      },
    };
  });
}

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

exitOnSignals();
const [label = '', studies = '1'] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await measure(label, Number(studies))));
