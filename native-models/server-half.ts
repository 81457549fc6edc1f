import { isDeepStrictEqual } from 'node:util';
import { CxrError } from '../contract/errors.ts';
import { compile, ringOf } from '../he/compiler/compile.ts';
import { type Graph, openGraph, parseGraph } from '../he/compiler/graph.ts';
import { programDigest } from '../he/compiler/passes/levels.ts';
import type { Program } from '../he/program.ts';
import { mergeKeyPlans } from '../he/wire/sizes.ts';

import { type Described, readDescription, readVerified } from './bundle.ts';

/** What an evaluator opens of a bundle: the program that was compiled from its graph and weights. */
export type ServerHalf = Described & { readonly program: Program; readonly graph: Graph };

/**
 * Opens what an evaluator needs and compiles it; about four seconds for the shipped network.
 *
 * @throws CxrError `bundle-digest` when a file, or the program that they compile to, is not the described one.
 */
export async function openServerHalf(folder: string): Promise<ServerHalf> {
  const described = await readDescription(folder, 'server');
  const [graphBytes, weights] = await readVerified(folder, described.description, [
    'server/graph.json',
    'server/weights.bin',
  ]);
  const literal = parseGraph(Buffer.from(graphBytes!).toString('utf8'), 'server/graph.json');
  const graph = openGraph(literal, weights!);
  const { ckks, placement, evaluationKeys, result } = described.description;
  const { program } = compile(graph, { ring: ringOf(ckks), strategy: placement });
  // Keys may serve other programs as well, but must serve this one.
  const asDescribed =
    isDeepStrictEqual(mergeKeyPlans([evaluationKeys, program.keys]), evaluationKeys) &&
    isDeepStrictEqual(result, { primes: program.outputLevel, scale: program.outputScale });
  if (!asDescribed || programDigest(program) !== described.description.programDigest)
    throw new CxrError('bundle-digest', { file: 'program' });
  return { ...described, program, graph };
}
