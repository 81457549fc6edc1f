import { isDeepStrictEqual } from 'node:util';
import { CxrError } from '../contract/errors.ts';
import type { BundleId } from '../contract/ids/bundle-id.ts';
import { compile, ringOf } from '../he/compiler/compile.ts';
import { type Graph, openGraph, parseGraph } from '../he/compiler/graph.ts';
import { programDigest } from '../he/compiler/passes/levels.ts';
import { decodeProgram, encodeProgram } from '../he/compiler/program-bytes.ts';
import type { Program } from '../he/program.ts';
import { mergeKeyPlans } from '../he/wire/sizes.ts';
import { type Described, readDescription, readVerified } from './bundle.ts';

/** What an evaluator opens of a bundle: the program that was compiled from its graph and weights. */
export type ServerHalf = Described & { readonly program: Program; readonly graph: Graph };

/** Keeps compiled programs beside the bundles from which they were made, so that a later start need not compile them. */
export type KeptPrograms = {
  /** Returns null where there is none. */
  read(bundle: BundleId): Promise<Uint8Array | null>;
  write(bundle: BundleId, bytes: Uint8Array): Promise<void>;
};

/**
 * Opens what an evaluator needs and compiles it. The shipped network takes 1.6 s, or 0.4 s where its program was kept.
 *
 * @param kept  is read and written; what is there is used only when it is the described program to the last bit.
 * @throws CxrError `bundle-digest` when a file, or the program that they compile to, is not the described one.
 */
export async function openServerHalf(folder: string, kept?: KeptPrograms): Promise<ServerHalf> {
  const described = await readDescription(folder, 'server');
  const [graphBytes, weights] = await readVerified(folder, described.description, [
    'server/graph.json',
    'server/weights.bin',
  ]);
  const literal = parseGraph(Buffer.from(graphBytes!).toString('utf8'), 'server/graph.json');
  const graph = openGraph(literal, weights!);
  const { ckks, placement } = described.description;
  const found = await keptProgram(described, kept);
  if (found !== null) return { ...described, program: found, graph };
  const { program } = compile(graph, { ring: ringOf(ckks), strategy: placement });
  if (!isDescribed(program, described)) throw new CxrError('bundle-digest', { file: 'program' });
  // A full disk costs the next start the time of compiling.
  await kept?.write(described.id, encodeProgram(program)).catch(() => {});
  return { ...described, program, graph };
}

/** The program that an earlier start kept; null when there is none, or it is damaged or of another version. */
async function keptProgram({ id, description }: Described, kept?: KeptPrograms): Promise<Program | null> {
  try {
    const bytes = (await kept?.read(id)) ?? null;
    if (bytes === null) return null;
    const program = decodeProgram(bytes, description.ckks.polyModulusDegree / 2);
    return isDescribed(program, { id, description }) ? program : null;
  } catch {
    return null;
  }
}

function isDescribed(program: Program, { description }: Described): boolean {
  const { evaluationKeys, result, programDigest: expected } = description;
  // Keys may serve other programs as well, but must serve this one.
  return (
    isDeepStrictEqual(mergeKeyPlans([evaluationKeys, program.keys]), evaluationKeys) &&
    isDeepStrictEqual(result, { primes: program.outputLevel, scale: program.outputScale }) &&
    programDigest(program) === expected
  );
}
