import { createHash } from 'node:crypto';
import type { BundleDescription } from '../../contract/bundle.ts';
import { type BundleId, parseBundleId } from '../../contract/ids/bundle-id.ts';
import { parseDigest } from '../../contract/ids/digest.ts';
import { type Compiled, type CompileOptions, compile } from '../../he/compiler/compile.ts';
import { describeCompiled } from '../../he/compiler/describe.ts';
import { type Graph, type GraphLiteral, openGraph } from '../../he/compiler/graph.ts';
import { gather } from '../../he/layout.ts';
import { type CkksParams, insecureParamsForTests } from '../../he/params.ts';
import { runInClear } from '../../he/run/in-clear.ts';

/** A compiled network on a small, insecure ring, with a bundle description around it. */
export type SmallBundle = {
  readonly graph: Graph;
  readonly compiled: Compiled;
  readonly params: CkksParams;
  readonly id: BundleId;
  readonly description: BundleDescription;
};

export function smallBundle(
  network: { literal: GraphLiteral; weights: Uint8Array },
  polyModulusDegree = 2048,
  options: Omit<CompileOptions, 'ring'> & { readonly specialPrimeBits?: number } = {},
): SmallBundle {
  const graph = openGraph(network.literal, network.weights);
  const { specialPrimeBits = 30, ...others } = options;
  const ring = { polyModulusDegree, primeBits: 30, specialPrimeBits };
  const compiled = compile(graph, { ...others, ring });
  const description = describeCompiled(compiled, {
    name: network.literal.name,
    latentBound: 8,
    logitBound: 2 * network.literal.outputBound,
    programDigest: parseDigest('0'.repeat(64)),
    files: {},
  });
  const id = parseBundleId(createHash('sha256').update(JSON.stringify(description)).digest('hex'));
  return { graph, compiled, params: insecureParamsForTests(compiled.ckks), id, description };
}

/** All slots of the program's output on plain numbers. */
export function runClear(
  { compiled }: Pick<SmallBundle, 'compiled'>,
  input: ArrayLike<number>,
): Float64Array {
  return runInClear(compiled, input).slots;
}

/** The output's elements on plain numbers. */
export const logitsClear = (bundle: Pick<SmallBundle, 'compiled'>, input: ArrayLike<number>): Float64Array =>
  gather([runClear(bundle, input)], bundle.compiled.output.layout);
