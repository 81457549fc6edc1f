import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  type BundleDescription,
  bundleDescriptionSchema,
  calibrationSchema,
  parseBundleFile,
} from '../../contract/bundle.ts';
import { compile } from '../../he/compiler/compile.ts';
import { describeCompiled } from '../../he/compiler/describe.ts';
import { openGraph, parseGraph } from '../../he/compiler/graph.ts';
import { programDigest } from '../../he/compiler/passes/levels.ts';
import { checkParams } from '../../he/params.ts';
import { sha256 } from '../../he/wire/frame.ts';
import { predictKeyBytes } from '../../he/wire/sizes.ts';
import { readArguments, runCommand } from '../command-options.ts';
import { knownAnswer, knownAnswerFile } from './known-answer.ts';

/** `npm run bundle` ties the two halves of an exported model together, of these files. */
const files = [
  'client/calibration.json',
  'client/decoder.onnx',
  'client/encoder.onnx',
  'client/film-check.json',
  'client/film-check.onnx',
  'client/gate.json',
  'client/known-answer.json',
  'server/graph.json',
  'server/weights.bin',
];

/**
 * Compiles the network of a bundle's folder, computes its known answer, and writes the same `bundle.json` into both
 * halves.
 *
 * @throws CxrError 'bundle-invalid' and the `graph-…` and `params-…` codes for what cannot be compiled.
 */
export async function buildBundle(folder: string): Promise<BundleDescription> {
  const given = files.filter((file) => file !== knownAnswerFile);
  const bytes = new Map<string, Uint8Array>();
  for (const file of given) bytes.set(file, await readFile(join(folder, file)));
  const text = (file: string) => Buffer.from(bytes.get(file)!).toString('utf8');
  const calibration = parseBundleFile(
    calibrationSchema,
    text('client/calibration.json'),
    'client/calibration.json',
  );
  const graph = openGraph(
    parseGraph(text('server/graph.json'), 'server/graph.json'),
    bytes.get('server/weights.bin')!,
  );
  const compiled = compile(graph);
  checkParams(compiled.ckks);
  const about = {
    name: basename(folder),
    latentBound: calibration.latentBound,
    logitBound: graph.literal.outputBound * 2,
    programDigest: programDigest(compiled.program),
    files: {},
  };
  const answer = knownAnswer(compiled, describeCompiled(compiled, about));
  bytes.set(knownAnswerFile, Buffer.from(`${JSON.stringify(answer, null, 2)}\n`));
  await writeFile(join(folder, knownAnswerFile), bytes.get(knownAnswerFile)!);
  const description = describeCompiled(compiled, {
    ...about,
    files: Object.fromEntries(files.map((file) => [file, sha256(bytes.get(file)!)])),
  });
  const json = `${JSON.stringify(bundleDescriptionSchema.parse(description), null, 2)}\n`;
  await Promise.all(['client', 'server'].map((half) => writeFile(join(folder, half, 'bundle.json'), json)));
  return description;
}

const usage = `usage: npm run bundle [-- FOLDER]
  Compiles the network in a bundle's folder and writes bundle.json into both of its halves.
  FOLDER   with client/ and server/; default native-models/cxr-f8-r1`;

async function command(folder: string): Promise<void> {
  const description = await buildBundle(folder);
  const { name, cost, evaluationKeys } = description;
  const megabytes = (predictKeyBytes(description).transferBytes / 1e6).toFixed(0);
  process.stdout.write(
    `${name}: ${cost.levels} levels, ${cost.rotations} rotations, ${evaluationKeys.rotations.length} rotation keys, ${megabytes} MB of keys\n`,
  );
}

if (import.meta.main) {
  const { positionals } = readArguments(usage, {}, { most: 1 });
  const shipped = join(import.meta.dirname, '..', '..', 'native-models', 'cxr-f8-r1');
  await runCommand('bundle', () => command(resolve(positionals[0] ?? shipped)));
}
