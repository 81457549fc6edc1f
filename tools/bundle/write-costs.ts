import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { compile } from '../../he/compiler/compile.ts';
import { costModelSchema, predictSeconds } from '../../he/compiler/cost-model.ts';
import { openGraph, parseGraph } from '../../he/compiler/graph.ts';
import { predictAnalysisBytes, predictKeyBytes } from '../../he/wire/sizes.ts';
import { type FactorCosts, readResult, root } from './results.ts';

/**
 * Writes docs/results/factor-costs.json: what the shipped architecture costs under encryption at each compression factor,
 * from the compiled program alone (nothing is evaluated). FOLDER holds `f2.json`, `f2.bin`, … of training/export/export_factors.py.
 * Usage: node tools/bundle/write-costs.ts FOLDER
 */
const folder = resolve(process.argv[2] ?? '.');
const model = await readResult(costModelSchema, 'docs/results/cost-model.json');
const costs: FactorCosts = [];
for (const file of (await readdir(folder)).filter((name) => /^f\d+\.json$/.test(name))) {
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
