import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { compile } from '../../he/compiler/compile.ts';
import { costModelSchema, predictSeconds } from '../../he/compiler/cost-model.ts';
import { openGraph, parseGraph } from '../../he/compiler/graph.ts';
import { predictAnalysisBytes, predictKeyBytes } from '../../he/wire/sizes.ts';
import { readArguments, refuse, runCommand, UsageError } from '../command-options.ts';
import { type FactorCosts, readResult, root } from './results.ts';

/**
 * Writes docs/results/factor-costs.json: what the shipped architecture costs under encryption at each compression factor,
 * from the compiled program alone (nothing is evaluated). FOLDER holds `f2.json`, `f2.bin`, … of training/export/export_factors.py.
 */
const usage = `usage: node tools/bundle/write-costs.ts FOLDER
  FOLDER holds f2.json, f2.bin and so on, which training/export/export_factors.py writes`;

async function writeCosts(folder: string): Promise<void> {
  const model = await readResult(costModelSchema, 'docs/results/cost-model.json');
  const costs: FactorCosts = [];
  const files = (await readdir(folder)).filter((name) => /^f\d+\.json$/.test(name));
  if (files.length === 0) throw new UsageError(`${folder} holds no f2.json, f4.json or the like`);
  for (const file of files) {
    const name = file.slice(0, -'.json'.length);
    const [text, weights] = await Promise.all([
      readFile(join(folder, file), 'utf8'),
      readFile(join(folder, `${name}.bin`)),
    ]);
    const { program, ckks, input, result } = compile(openGraph(parseGraph(text, file), weights));
    const study = predictAnalysisBytes(ckks, input.ciphertexts, result.primes);
    const keys = predictKeyBytes({ ckks, evaluationKeys: program.keys });
    costs.push({
      factor: Number(name.slice(1)),
      levels: program.cost.levels,
      rotations: program.cost.rotations,
      plaintextProducts: program.cost.plaintextProducts,
      inputCiphertexts: input.ciphertexts,
      keyMegabytes: Math.round(keys.transferBytes / 1e5) / 10,
      sentMegabytes: Math.round(study.sentBytes / 1e4) / 100,
      predictedSeconds: Math.round(predictSeconds(program, ckks, model.backends.kernel).evaluate * 100) / 100,
    });
  }
  costs.sort((left, right) => left.factor - right.factor);
  await writeFile(join(root, 'docs', 'results', 'factor-costs.json'), `${JSON.stringify(costs, null, 2)}\n`);
  process.stdout.write(`${JSON.stringify(costs)}\n`);
}

const { positionals } = readArguments(usage, {}, { most: 1 });
const [folder = refuse(usage, 'FOLDER is missing')] = positionals;
await runCommand('write-costs', () => writeCosts(resolve(folder)));
