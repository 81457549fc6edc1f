import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleDescription, bundleDescriptionSchema } from '../../contract/bundle.ts';
import { CxrError } from '../../contract/errors.ts';
import { type BundleId, parseBundleId } from '../../contract/ids/bundle-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { EncryptedLatent } from '../../contract/stages.ts';
import { encrypt } from '../../he/client/encryption.ts';
import { generateEvaluationKeys, KeyHolder } from '../../he/client/keys.ts';
import { type Compiled, compile, ringOf } from '../../he/compiler/compile.ts';
import { describeCompiled } from '../../he/compiler/describe.ts';
import type { Graph } from '../../he/compiler/graph.ts';
import { programDigest } from '../../he/compiler/passes/levels.ts';
import { type CkksParams, checkParams } from '../../he/params.ts';
import { seededTensor } from '../../he/seeded-tensor.ts';
import {
  defaultBudgets,
  type Engine,
  type EvaluatorBudgets,
  type LoadedKeys,
} from '../../he/server/engine.ts';
import { type EncryptedEvaluator, openEncryptedEvaluator } from '../../he/server/evaluate.ts';
import { KernelEngine } from '../../he/server/kernel-engine.ts';
import { SealEngine } from '../../he/server/seal-engine.ts';
import { decodeFrame } from '../../he/wire/frame.ts';
import { keyPlaces, payloadLimits } from '../../he/wire/sizes.ts';
import { type Arithmetic, openKernel } from '../../kernel/open.ts';
import { type Backend, findEntry, openNetwork } from './circuit-row.ts';

/** One encrypted analysis of a network of native-models/networks, outside the application: for measuring evaluators. */
const latentSeed = 7;
/** Latents are uniform in ±√3: unit variance. */
const latentSpread = Math.sqrt(3);
const latentBound = 8;

export type CircuitAnalysis = {
  readonly graph: Graph;
  readonly compiled: Compiled;
  readonly id: BundleId;
  readonly description: BundleDescription;
  readonly latent: Float32Array;
  readonly holder: KeyHolder;
  readonly keyId: KeyId;
  readonly question: EncryptedLatent;
  readonly keyBytes: number;
  readonly keygenSeconds: number;
};

/** Generates keys, encrypts a latent, and writes what an evaluator gets into `folder`. */
export async function prepareAnalysis(label: string, folder: string): Promise<CircuitAnalysis> {
  const graph = await openNetwork(await findEntry(label));
  const compiled = compile(graph);
  const description = describeCompiled(compiled, {
    name: graph.literal.name,
    latentBound,
    logitBound: graph.literal.outputBound * 2,
    programDigest: programDigest(compiled.program),
    files: {},
  });
  const id = parseBundleId(createHash('sha256').update(JSON.stringify(description)).digest('hex'));
  const holder = await KeyHolder.generate(description);
  const beforeKeys = performance.now();
  const keys = await generateEvaluationKeys(holder, id, description);
  const keygenSeconds = (performance.now() - beforeKeys) / 1000;
  const { shape } = graph.literal.input;
  const latent = Float32Array.from(
    seededTensor(
      shape.reduce((product, side) => product * side),
      latentSeed,
      latentSpread,
    ),
  );
  const question = encrypt({ values: latent, shape }, holder, keys.keyId, id, description);
  const limits = payloadLimits(description);
  const payloadOf = (frame: Uint8Array, kind: 'evaluationKeys' | 'input') =>
    decodeFrame(frame, { kind, bundle: id, maxPayloadBytes: limits[kind] }).payload;
  await writeFile(join(folder, 'description.json'), JSON.stringify(description));
  await writeFile(join(folder, 'keys'), payloadOf(keys.frame, 'evaluationKeys'));
  await writeFile(join(folder, 'input'), payloadOf(question.frame, 'input'));
  const keyBytes = keys.frame.length;
  return {
    graph,
    compiled,
    id,
    description,
    latent,
    holder,
    keyId: keys.keyId,
    question,
    keyBytes,
    keygenSeconds,
  };
}

const arithmeticOf = (backend: Backend): Arithmetic =>
  backend === 'kernel-avx2' ? 'avx2' : backend === 'kernel-avx512' ? 'avx512' : 'wasm';

/** @param keyLevels  levels that have evaluation keys. */
export async function openEngine(
  backend: Backend,
  params: CkksParams,
  keyLevels: readonly number[],
  { budgets = defaultBudgets, threads = 1 }: { budgets?: EvaluatorBudgets; threads?: number } = {},
): Promise<Engine<unknown, unknown, LoadedKeys>> {
  const engine =
    backend === 'seal'
      ? await SealEngine.open(params, keyLevels, budgets)
      : new KernelEngine(await openKernel(threads, { arithmetic: arithmeticOf(backend) }), params, budgets);
  return engine as Engine<unknown, unknown, LoadedKeys>;
}

export type AnalysisEvaluator = {
  readonly evaluator: EncryptedEvaluator;
  readonly keys: LoadedKeys;
  readonly input: Uint8Array;
  /** Whether all encoded weights stay in memory. */
  readonly kept: boolean;
};

/** The evaluator's side of an analysis in `folder`; in a process of its own, so that its peak memory is the evaluator's. */
export async function openAnalysis(
  label: string,
  folder: string,
  backend: Backend,
  threads: number,
): Promise<AnalysisEvaluator> {
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
  const params = checkParams(description.ckks);
  const wordBytes = backend === 'seal' ? 8 : 4;
  const weightBytes = program.plaintexts.reduce(
    (sum, { level }) => sum + wordBytes * params.polyModulusDegree * level,
    0,
  );
  // Where weights do not stay in memory, a single run has no use for the few that would: the keys take the room.
  const kept = weightBytes <= defaultBudgets.plaintextBytes;
  const budgets = kept ? defaultBudgets : { keyBytes: 2.5 * 2 ** 30, plaintextBytes: 0 };
  const keyLevels = keyPlaces(description).map(({ level }) => level);
  const engine = await openEngine(backend, params, keyLevels, { budgets, threads });
  const evaluator = openEncryptedEvaluator(description, program, engine);
  const keys = evaluator.loadKeys(new Uint8Array(await readFile(join(folder, 'keys'))));
  return { evaluator, keys, input: new Uint8Array(await readFile(join(folder, 'input'))), kept };
}

/** Highest resident memory of this process so far, bytes. */
export async function peakBytes(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? process.resourceUsage().maxRSS * 1024 : Number(kilobytes) * 1024;
}
