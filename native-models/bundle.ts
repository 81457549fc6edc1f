import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import {
  type BundleDescription,
  bundleDescriptionSchema,
  type Calibration,
  calibrationSchema,
  type Gate,
  gateSchema,
  type KnownAnswer,
  knownAnswerSchema,
  parseBundleFile,
} from '../contract/bundle.ts';
import { CxrError } from '../contract/errors.ts';
import type { BundleId } from '../contract/stages.ts';
import { compile, ringOf } from '../he/compiler/compile.ts';
import { type Graph, openGraph, parseGraph } from '../he/compiler/graph.ts';
import { programDigest } from '../he/compiler/passes/levels.ts';
import { checkParams } from '../he/params.ts';
import type { Program } from '../he/program.ts';
import { sha256 } from '../he/wire/frame.ts';
import { mergeKeyPlans } from '../he/wire/sizes.ts';

export type Half = 'client' | 'server';
export type Described = { readonly id: BundleId; readonly description: BundleDescription };
export type ServerHalf = Described & { readonly program: Program; readonly graph: Graph };
export type ClientHalf = Described & {
  readonly calibration: Calibration;
  readonly gate: Gate;
  readonly knownAnswer: KnownAnswer;
  readonly encoderPath: string;
  readonly decoderPath: string;
};

/** Names of the folders below `root` that hold a half; none when the root is missing. */
export async function listBundles(root: string, half: Half = 'server'): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const names: string[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const files: string[] = await readdir(join(root, entry.name, half)).catch(() => []);
    if (files.includes('bundle.json')) names.push(entry.name);
  }
  return names.sort();
}

async function readBundleFile(folder: string, file: string): Promise<Uint8Array> {
  try {
    return await readFile(join(folder, file));
  } catch {
    throw new CxrError('bundle-missing', { file });
  }
}

/** Reads `bundle.json` of one half; its digest is the bundle's id. Checks the parameters' security. */
export async function readDescription(folder: string, half: Half = 'server'): Promise<Described> {
  const bytes = await readBundleFile(folder, `${half}/bundle.json`);
  const description = parseBundleFile(
    bundleDescriptionSchema,
    Buffer.from(bytes).toString('utf8'),
    `${half}/bundle.json`,
  );
  checkParams(description.ckks);
  return { id: sha256(bytes) as string as BundleId, description };
}

/** Reads files of one half and compares each with its digest. @throws CxrError `bundle-digest`, `bundle-missing`. */
async function readVerified(
  folder: string,
  description: BundleDescription,
  files: readonly string[],
): Promise<Uint8Array[]> {
  return Promise.all(
    files.map(async (file) => {
      const bytes = await readBundleFile(folder, file);
      if (sha256(bytes) !== description.files[file]) throw new CxrError('bundle-digest', { file });
      return bytes;
    }),
  );
}

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

/** Opens what a workstation needs: parameters, packings, calibration and the paths of verified models. */
export async function openClientHalf(folder: string): Promise<ClientHalf> {
  const described = await readDescription(folder, 'client');
  const files = [
    'client/calibration.json',
    'client/gate.json',
    'client/known-answer.json',
    'client/encoder.onnx',
    'client/decoder.onnx',
  ] as const;
  const verified = await readVerified(folder, described.description, files);
  const read = <T>(schema: z.ZodType<T>, index: number): T =>
    parseBundleFile(schema, Buffer.from(verified[index]!).toString('utf8'), files[index]!);
  const calibration = read(calibrationSchema, 0);
  const gate = read(gateSchema, 1);
  const knownAnswer = read(knownAnswerSchema, 2);
  const expected = described.description.output.count;
  for (const [file, got] of [
    [files[0], calibration.findings.length],
    [files[2], knownAnswer.logits.length],
  ] as const)
    if (got !== expected) throw new CxrError('bundle-invalid', { file, got, expected });
  return {
    ...described,
    calibration,
    gate,
    knownAnswer,
    encoderPath: join(folder, files[3]),
    decoderPath: join(folder, files[4]),
  };
}
