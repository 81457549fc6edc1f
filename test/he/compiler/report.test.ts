import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Cost } from '../../../contract/cost.ts';
import { compile } from '../../../he/compiler/compile.ts';
import {
  costModelSchema,
  fitCosts,
  levelsOfSteps,
  type Measurement,
  operationSeconds,
  operations,
  predictSeconds,
} from '../../../he/compiler/cost-model.ts';
import { explainCircuit, tinyGraph, tinyRing } from '../../../he/compiler/explain.ts';
import { openGraph } from '../../../he/compiler/graph.ts';
import { reportCircuit, weightBytes } from '../../../he/compiler/report.ts';
import { packPatches } from '../../../he/layout.ts';
import type { Program } from '../../../he/program.ts';
import { ClearBackend, type ClearPlaintext, type ClearValue } from '../../../he/run/backends/clear.ts';
import { runInClear } from '../../../he/run/in-clear.ts';
import { keyBytes } from '../../../he/wire/seal-bytes.ts';
import { randomHefNet, seededNumbers } from '../random-network.ts';

const { literal, weights } = randomHefNet(33, {
  side: 16,
  widths: [8, 16],
  findings: 5,
  squeeze: 4,
  attention: true,
});
const graph = openGraph(literal, weights);
const compiled = compile(graph, {
  ring: { polyModulusDegree: 2048, primeBits: 30, specialPrimeBits: 30 },
});
const { program, ckks } = compiled;
const report = reportCircuit(compiled);
const costs = costModelSchema.parse(
  JSON.parse(
    readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'results', 'cost-model.json'), 'utf8'),
  ),
);

/** Plain slots, counting what is asked of it. */
class CountingClear extends ClearBackend {
  readonly count = {
    rotations: 0,
    relinearizations: 0,
    plaintextProducts: 0,
    ciphertextProducts: 0,
    rescales: 0,
  };
  override rotate(value: ClearValue, step: number): ClearValue {
    this.count.rotations += 1;
    return super.rotate(value, step);
  }
  override sumOfProducts(terms: Iterable<readonly [ClearValue, ClearPlaintext]>): ClearValue {
    const all = [...terms];
    this.count.plaintextProducts += all.length;
    return super.sumOfProducts(all);
  }
  override multiply(left: ClearValue, right: ClearValue): ClearValue {
    this.count.ciphertextProducts += 1;
    return super.multiply(left, right);
  }
  override relinearize(value: ClearValue): ClearValue {
    this.count.relinearizations += 1;
    return super.relinearize(value);
  }
  override rescale(value: ClearValue): ClearValue {
    this.count.rescales += 1;
    return super.rescale(value);
  }
}

describe('a circuit report', () => {
  it('counts what the program itself states', () => {
    const stated: Cost = program.cost;
    expect(report).toMatchObject(stated);
    expect(report.rotations).toBeGreaterThan(10);
  });

  it('counts what a run on plain slots executes', () => {
    const backend = new CountingClear(program.slotCount, ckks.dataPrimes);
    const next = seededNumbers(4);
    const latent = Float64Array.from({ length: 4 * 16 * 16 }, next);
    runInClear(compiled, latent, backend);
    expect(report).toMatchObject(backend.count);
    expect(report.inputCiphertexts).toBe(packPatches(latent, compiled.input, program.slotCount).length);
  });

  it('counts 4 bytes for every coefficient and prime of a weight', () => {
    const one = { ...program, plaintexts: [{ level: 3, scale: 1, values: new Float64Array(1024) }] };
    expect(weightBytes(one)).toBe(2048 * 3 * 4);
    expect(report.weightBytes).toBe(program.plaintexts.reduce((sum, { level }) => sum + 2048 * level * 4, 0));
  });

  it('counts keys, relinearisation included, in fewer bytes than they take uncompressed', () => {
    const { relinearizationLevel, rotations } = program.keys;
    const levels = [relinearizationLevel, ...rotations.map(({ level }) => level)];
    const expanded = levels.reduce(
      (sum, level) => sum + keyBytes({ polyModulusDegree: 2048, primes: level + 1, seeded: true }, 1),
      0,
    );
    expect(report.keySteps).toBe(rotations.length);
    expect(report.keyBytes).toBeLessThan(expanded);
    expect(report.keyBytes).toBeGreaterThan(expanded / 4);
  });

  it('calls a ring outside the security tables insecure', () => {
    expect(report.securityBits).toBe(0);
    expect(report.logQP).toBe(30 * (report.dataPrimes + 1));
  });
});

describe('predicted seconds', () => {
  const raised: Program = {
    ...program,
    inputLevel: program.inputLevel + 1,
    steps: program.steps.map((step) => (step.op === 'dropTo' ? { ...step, level: step.level + 1 } : step)),
    plaintexts: program.plaintexts.map((plaintext) => ({ ...plaintext, level: plaintext.level + 1 })),
  };

  it('follow the level of every value', () => {
    const levels = levelsOfSteps(program);
    expect(levels[0]).toBe(program.inputLevel);
    expect(levels[program.output]).toBe(program.outputLevel);
    for (const [index, step] of program.steps.entries())
      if (step.op === 'sumOfProducts')
        for (const [, plaintext] of step.terms)
          expect(program.plaintexts[plaintext]!.level).toBe(levels[index]);
  });

  it.each(['kernel', 'seal'] as const)('grow with level and ring degree, on %s', (backend) => {
    const model = costs.backends[backend];
    for (const operation of operations)
      for (let level = 1; level < 30; level += 1)
        for (const polyModulusDegree of [8192, 16384]) {
          const seconds = operationSeconds(model, operation, { polyModulusDegree, level });
          const higher = operationSeconds(model, operation, { polyModulusDegree, level: level + 1 });
          const larger = operationSeconds(model, operation, {
            polyModulusDegree: 2 * polyModulusDegree,
            level,
          });
          expect(higher).toBeGreaterThan(seconds);
          expect(larger).toBeGreaterThan(seconds);
        }
    const [low, high] = [predictSeconds(program, ckks, model), predictSeconds(raised, ckks, model)];
    expect(high.evaluate).toBeGreaterThan(low.evaluate);
    expect(high.encodeWeights).toBeGreaterThan(low.encodeWeights);
  });

  it('come from coefficients that a fit finds again in exact measurements', () => {
    const nanoseconds = Object.fromEntries(
      operations.map((operation) => [operation, { pass: 3, call: 1000 }]),
    ) as unknown as Parameters<typeof operationSeconds>[0]['nanoseconds'];
    const exact: Measurement[] = operations.flatMap((operation) =>
      [8192, 16384, 32768].flatMap((polyModulusDegree) =>
        [2, 5, 9, 13].map((level) => {
          const at = { polyModulusDegree, level };
          return { operation, ...at, seconds: operationSeconds({ nanoseconds }, operation, at) };
        }),
      ),
    );
    const fitted = { nanoseconds: fitCosts(exact) };
    for (const { operation, seconds, ...at } of exact)
      expect(operationSeconds(fitted, operation, at) / seconds).toBeCloseTo(1, 4);
  });

  it('are never negative, whatever was measured', () => {
    const next = seededNumbers(11);
    const noise = operations.flatMap((operation) =>
      [2, 5, 9, 13].map((level) => ({
        operation,
        polyModulusDegree: 8192,
        level,
        seconds: 1.01 + next(),
      })),
    );
    for (const coefficients of Object.values(fitCosts(noise)))
      for (const nanoseconds of Object.values(coefficients)) expect(nanoseconds).toBeGreaterThan(0);
  });
});

describe('an explained circuit', () => {
  const tiny = tinyGraph();
  const text = explainCircuit(tiny, compile(tiny, { ring: tinyRing }));

  it('names every layer with its level, and the sums of its columns are the totals', () => {
    const lines = text.split('\n');
    const first = lines.findIndex((line) => line.startsWith('input '));
    const rows = lines
      .slice(first, lines.indexOf('', first))
      .map((line) => line.split(/\s{2,}/).filter((cell) => cell !== ''));
    const total = (column: number) => rows.reduce((sum, row) => sum + Number(row[column]), 0);
    const { rotations, plaintextProducts } = compile(tiny, { ring: tinyRing }).program.cost;
    expect(rows.map(([id]) => id)).toEqual(['input', 'act.linear', 'act', 'act2.linear', 'act2', 'head']);
    expect(total(5)).toBe(rotations);
    expect(total(6)).toBe(plaintextProducts);
    expect(text).toContain('NOT secure');
  });

  it('draws every element of a tensor once', () => {
    const section = text.split('\n\n').find((part) => part.startsWith('act.linear'))!;
    const drawn = [...section.matchAll(/c\d\(\d,\d\)/g)].map(([name]) => name);
    const all = [0, 1].flatMap((c) =>
      [0, 1, 2, 3].flatMap((y) => [0, 1, 2, 3].map((x) => `c${c}(${y},${x})`)),
    );
    expect(drawn.toSorted()).toEqual(all.toSorted());
  });
});
