import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { CxrError } from '../../contract/errors.ts';
import { type Compiled, type CompileOptions, compile } from '../../he/compiler/compile.ts';
import { type CostModel, costModelSchema, predictSeconds } from '../../he/compiler/cost-model.ts';
import { type Graph, openGraph, parseGraph } from '../../he/compiler/graph.ts';
import { programDigest } from '../../he/compiler/passes/levels.ts';
import { reportCircuit } from '../../he/compiler/report.ts';
import { UsageError } from '../command-options.ts';

/** One row of `npm run circuits`: a network, what its encrypted run needs, and what was measured. docs/circuits.md. */
const root = resolve(import.meta.dirname, '..', '..');
const models = join(root, 'native-models');
export const results = join(root, 'docs', 'results');

const whole = z.int().nonnegative();
const amount = z.number().nonnegative();

export const entrySchema = z.object({
  network: z.string(),
  factor: z.enum(['f8', 'f16']),
  attention: z.enum(['none', 'paper', 'shallow']),
  graph: z.string(),
  weights: z.string(),
  trained: z.boolean(),
});
export type NetworkEntry = z.infer<typeof entrySchema>;

/** `kernel` is WebAssembly, `kernel-…` native code (npm run native). */
export const backends = ['seal', 'kernel', 'kernel-avx2', 'kernel-avx512'] as const;
export type Backend = (typeof backends)[number];

export const measuredSchema = z.object({
  backend: z.enum(backends),
  /** Of the kernel. SEAL has none: two are two analyses at the same time in two processes. */
  threads: z.int().positive(),
  /** Wall seconds of one analysis, or of one analysis's share. */
  seconds: amount,
  /** Processor seconds of one analysis. */
  cpuSeconds: amount,
  /** Whether `seconds` is of a warm run with all weights encoded, or of a run that encoded weights as it went. */
  weights: z.enum(['kept', 'recomputed']),
  /** The run before: opens contexts, loads keys, encodes weights. The only one where weights are recomputed. */
  firstSeconds: amount,
  /** Decrypted logits against direct convolution of the graph. */
  maxAbsLogitError: amount,
  /** Decrypted logits against the same program on plain slots. */
  maxAbsClearError: amount,
  maxAbsLogit: amount,
  /** Highest resident memory of the evaluator, all of its processes together. */
  peakBytes: whole,
  keyBytes: whole,
  uploadBytes: whole,
  downloadBytes: whole,
  keygenSeconds: amount,
});
export type Measured = z.infer<typeof measuredSchema>;

export const circuitRowSchema = z.object({
  network: z.string(),
  factor: z.union([z.literal(8), z.literal(16)]),
  attention: z.enum(['none', 'paper', 'shallow']),
  trained: z.boolean(),
  levels: whole,
  polyModulusDegree: whole,
  dataPrimes: whole,
  primeBits: amount,
  logQP: whole,
  securityBits: z.union([z.literal(128), z.literal(0)]),
  strategy: z.string(),
  rotations: whole,
  relinearizations: whole,
  plaintextProducts: whole,
  ciphertextProducts: whole,
  rescales: whole,
  inputCiphertexts: whole,
  keySteps: whole,
  keyBytes: whole,
  weightBytes: whole,
  uploadBytes: whole,
  downloadBytes: whole,
  predictedError: amount.nullable(),
  /** The kernel on one thread, weights encoded, keys loaded. */
  predictedSeconds: amount,
  /** The same for SEAL. */
  predictedSealSeconds: amount,
  /** The kernel encodes all weights. */
  encodeSeconds: amount,
  programDigest: z.string(),
  /** Why the network does not compile at 128 bits and the default precision. */
  refused: z.object({ code: z.string(), reason: z.string() }).optional(),
  /** The first of the measurements: the kernel on one thread, where it was measured. */
  measured: measuredSchema.optional(),
  measurements: z.array(measuredSchema),
});
export type CircuitRow = z.infer<typeof circuitRowSchema>;

export const labelOf = ({ network, factor, attention }: NetworkEntry): string =>
  `${network}-${factor}-${attention}`;

const readJson = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'));

export async function readIndex(): Promise<NetworkEntry[]> {
  return z.array(entrySchema).parse(await readJson(join(models, 'networks', 'index.json')));
}

/** @throws TypeError for a label that the index does not name. */
export async function findEntry(label: string): Promise<NetworkEntry> {
  const index = await readIndex();
  const found = index.find((entry) => labelOf(entry) === label);
  if (found === undefined)
    throw new UsageError(`no network ${label}, expected one of ${index.map(labelOf).join(', ')}`);
  return found;
}

/** @throws CxrError `graph-invalid`, `bundle-invalid`. */
export async function openGraphFiles(graph: string, weights: string | null): Promise<Graph> {
  const literal = parseGraph(await readFile(graph, 'utf8'), basename(graph));
  return openGraph(literal, weights === null ? new Uint8Array() : new Uint8Array(await readFile(weights)));
}

export const openNetwork = (entry: NetworkEntry): Promise<Graph> =>
  openGraphFiles(join(models, entry.graph), join(models, entry.weights));

export async function readCostModel(): Promise<CostModel> {
  return costModelSchema.parse(await readJson(join(results, 'cost-model.json')));
}

/** Largest ring and usual primes, for networks that no secure chain holds. */
const unlimitedRing = { polyModulusDegree: 32768, primeBits: 30, specialPrimeBits: 30 };

/** The network as it would run, or, when it is refused, what it would need without the limit that refused it. */
export function compileAnyway(graph: Graph): { compiled: Compiled; refused?: CircuitRow['refused'] } {
  try {
    return { compiled: compile(graph) };
  } catch (error) {
    if (!(error instanceof CxrError)) throw error;
    const { code, detail } = error;
    const facts = Object.entries(detail).map(([name, value]) => `${name} ${value}`);
    const refused = { code, reason: String(detail.reason ?? facts.join(', ')) };
    return { compiled: compile(graph, withoutLimit(code)), refused };
  }
}

function withoutLimit(code: CxrError['code']): CompileOptions {
  switch (code) {
    case 'graph-imprecise':
      return { precision: Number.POSITIVE_INFINITY };
    case 'graph-too-deep':
      return { beyondSecurity: true };
    default:
      return { ring: unlimitedRing };
  }
}

export function circuitRow(
  entry: Pick<NetworkEntry, 'network' | 'factor' | 'attention' | 'trained'>,
  graph: Graph,
  { backends }: Pick<CostModel, 'backends'>,
): CircuitRow {
  const { compiled, refused } = compileAnyway(graph);
  const { program, ckks } = compiled;
  const seconds = predictSeconds(program, ckks, backends.kernel);
  const { network, factor, attention, trained } = entry;
  return {
    network,
    factor: factor === 'f8' ? 8 : 16,
    attention,
    trained,
    ...reportCircuit(compiled),
    predictedSeconds: seconds.evaluate,
    predictedSealSeconds: predictSeconds(program, ckks, backends.seal).evaluate,
    encodeSeconds: seconds.encodeWeights,
    programDigest: programDigest(program),
    measurements: [],
    ...(refused === undefined ? {} : { refused }),
  };
}
