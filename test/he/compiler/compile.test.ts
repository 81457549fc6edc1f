import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Compiled, compile } from '../../../he/compiler/compile.ts';
import { openGraph, parseGraph } from '../../../he/compiler/graph.ts';
import { programDigest } from '../../../he/compiler/passes/levels.ts';
import { strategies } from '../../../he/compiler/passes/place.ts';
import { gather, scatter } from '../../../he/layout.ts';
import { checkParams } from '../../../he/params.ts';
import { runDry } from '../../../he/run/dry.ts';
import { evaluateDirectly } from '../direct.ts';
import { randomGraph } from '../random-graph.ts';
import { NetworkWriter, randomHefNet, seededNumbers } from '../random-network.ts';
import { logitsClear, runClear, smallBundle } from '../small-bundle.ts';

const shipped = { side: 32, widths: [32, 128] as [number, number], findings: 14, squeeze: 16 };
const ring = { polyModulusDegree: 16384, primeBits: 30, specialPrimeBits: 30 };

function randomInput(seed: number, size: number): Float64Array {
  const next = seededNumbers(seed);
  return Float64Array.from({ length: size }, () => 2 * next());
}

const worst = (got: Float64Array, want: Float64Array): number =>
  want.reduce((most, value, index) => Math.max(most, Math.abs(value - got[index]!)), 0);

/** Runs on `dry` and expects the counts, level and scale that the program announces. */
function expectDryCost({ program, ckks }: Compiled): void {
  const { output, cost } = runDry({ program, ckks });
  expect(cost).toEqual(program.cost);
  expect([output.level, output.scale]).toEqual([program.outputLevel, program.outputScale]);
}

describe('compiled HefNet-R at full size', () => {
  for (const attention of [true, false]) {
    it(`equals direct convolution to 1e-9 in every slot, attention ${attention}`, () => {
      const network = randomHefNet(11, { ...shipped, attention });
      const graph = openGraph(network.literal, network.weights);
      const compiled = compile(graph, { ring, strategy: 'phases' });
      const input = randomInput(5, 4 * 32 * 32);
      const slots = runClear({ compiled }, input);
      const logits = evaluateDirectly(graph, input);
      // Every slot holds its finding's logit, or 0 where there is none: nothing else leaves the evaluator.
      expect(
        worst(
          slots,
          Float64Array.from(slots, (_, slot) => logits[slot % 16] ?? 0),
        ),
      ).toBeLessThan(1e-9);
    });
  }

  it('as shipped, with logits per region, holds those and nothing else', () => {
    const network = randomHefNet(11, { ...shipped, attention: true, regions: true });
    const graph = openGraph(network.literal, network.weights);
    const compiled = compile(graph);
    const { layout } = compiled.output;
    expect(layout.shape).toEqual([14, 4, 4]);
    const input = randomInput(5, 4 * 32 * 32);
    const slots = runClear({ compiled }, input);
    const wanted = evaluateDirectly(graph, input);
    expect(worst(gather([slots], layout), wanted)).toBeLessThan(1e-9);
    const [placed] = scatter(wanted, layout, slots.length);
    expect(worst(slots, placed!)).toBeLessThan(1e-9);
  });

  it('costs 9 levels, at most 162 rotations with 12 keys, 1,824 products, two ciphertexts up, at 128 bits', () => {
    const network = randomHefNet(11, { ...shipped, attention: true, regions: true });
    const compiled = compile(openGraph(network.literal, network.weights));
    const { program, ckks, input } = compiled;
    expect(program.cost.levels).toBe(9);
    expect(program.cost.plaintextProducts).toBe(1824);
    expect(program.cost.rotations).toBeLessThanOrEqual(162);
    expect(program.keys.rotations.length).toBeLessThanOrEqual(12);
    expect(input.ciphertexts).toBe(2);
    expect([ckks.polyModulusDegree, ckks.dataPrimes.length, ckks.scaleBits]).toEqual([16384, 10, 30]);
    expect(checkParams(ckks).securityBits).toBe(128);
    expect(compiled.predictedError).toBeLessThan(5e-3);
  });

  it('compiles to the same digest twice and to another one for other weights', () => {
    const digestOf = (seed: number) => {
      const network = randomHefNet(seed, { ...shipped, widths: [8, 16], attention: true });
      return programDigest(compile(openGraph(network.literal, network.weights), { ring }).program);
    };
    expect(digestOf(1)).toBe(digestOf(1));
    expect(digestOf(1)).not.toBe(digestOf(2));
  });
});

describe('random small networks', () => {
  it('equal direct convolution to 1e-9 in every layout, and cost on dry what the program says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.constantFrom(...strategies), (seed, strategy) => {
        const bundle = smallBundle(randomGraph(seed), 4096, { strategy });
        const input = randomInput(
          seed + 1,
          bundle.graph.literal.input.shape.reduce((a, b) => a * b),
        );
        const want = evaluateDirectly(bundle.graph, input);
        expect(worst(logitsClear(bundle, input), want)).toBeLessThan(
          1e-9 *
            Math.max(
              1,
              worst(
                want,
                want.map(() => 0),
              ),
            ),
        );
        expectDryCost(bundle.compiled);
      }),
      { numRuns: 60 },
    );
  });
});

describe('positions made of padding', () => {
  it.each(strategies)('around a single one get a grid of their own, layout %s', (strategy) => {
    const net = new NetworkWriter(17);
    net.quadratic('act1', net.conv('conv1', 'input', 2, 4, 8, 1, 0), 4);
    net.quadratic('act2', net.conv('conv2', 'act1', 4, 4, 3, 1, 2), 4);
    net.nodes.push({ op: 'flatten', id: 'flat', input: 'act2' });
    const network = net.finish('widened', [2, 8, 8], net.linear('head', 'flat', 36, 3));
    const bundle = smallBundle(network, 4096, { strategy });
    const input = randomInput(3, 128);
    expect(worst(logitsClear(bundle, input), evaluateDirectly(bundle.graph, input))).toBeLessThan(1e-9);
  });
});

describe('levels', () => {
  const block = (net: NetworkWriter, id: string, input: string) => {
    const inner = net.quadratic(`${id}.act`, net.conv(`${id}.a`, input, 4, 4, 3, 1, 1), 4);
    net.nodes.push({ op: 'add', id, input: net.conv(`${id}.b`, inner, 4, 4, 3, 1, 1), other: input });
    return id;
  };

  it('composes the convolutions of neighbouring residual blocks: two per block, not three', () => {
    const net = new NetworkWriter(5);
    let at = net.quadratic('act', net.conv('stem', 'input', 2, 4, 3, 1, 1), 4);
    for (const id of ['one', 'two', 'three']) at = block(net, id, at);
    net.nodes.push({ op: 'globalAveragePool', id: 'mean', input: at });
    const bundle = smallBundle(net.finish('residual', [2, 8, 8], net.linear('head', 'mean', 4, 3)), 4096);
    expect(bundle.compiled.program.cost.levels).toBe(2 + 3 * 2 + 1);
    const input = randomInput(9, 128);
    expect(worst(logitsClear(bundle, input), evaluateDirectly(bundle.graph, input))).toBeLessThan(1e-9);
  });

  it('pools in front of a convolution without a level or a product', () => {
    const net = new NetworkWriter(3);
    net.quadratic('act1', net.conv('conv1', 'input', 4, 4, 3, 1, 1), 4);
    net.nodes.push({ op: 'averagePool', id: 'pool', input: 'act1', kernel: [2, 2], stride: [2, 2] });
    net.quadratic('act2', net.conv('conv2', 'pool', 4, 4, 3, 1, 1), 4);
    net.nodes.push({ op: 'flatten', id: 'flat', input: 'act2' });
    const bundle = smallBundle(net.finish('pooled', [4, 8, 8], net.linear('head', 'flat', 64, 5)));
    const pooling = bundle.compiled.program.steps.filter(({ layer }) => layer === 'pool');
    expect(bundle.compiled.program.cost.levels).toBe(5);
    expect(new Set(pooling.map(({ op }) => op))).toEqual(new Set(['rotate', 'add']));
  });

  it('gives logits per region that sum to the finding’s logit', () => {
    const net = new NetworkWriter(4);
    const features = net.quadratic('act', net.conv('conv', 'input', 2, 4, 3, 2, 1), 4);
    const bundle = smallBundle(net.finish('regions', [2, 8, 8], net.conv('head', features, 4, 3, 1, 1, 0)));
    expect(bundle.compiled.output.layout.shape).toEqual([3, 4, 4]);
    expect(bundle.compiled.program.cost.levels).toBe(3);
    const input = randomInput(2, 128);
    expect(worst(logitsClear(bundle, input), evaluateDirectly(bundle.graph, input))).toBeLessThan(1e-9);
  });

  it('may be larger regions, at no cost to the layers before', () => {
    const network = (pooled: boolean) => {
      const net = new NetworkWriter(4);
      const at = net.quadratic('act1', net.conv('conv1', 'input', 2, 4, 3, 1, 1), 4);
      const grid = net.quadratic('act2', net.conv('conv2', at, 4, 8, 3, 2, 1), 8);
      const head = net.conv('head', grid, 8, 3, 1, 1, 0);
      if (pooled)
        net.nodes.push({ op: 'averagePool', id: 'regions', input: head, kernel: [2, 2], stride: [2, 2] });
      return smallBundle(net.finish('regions', [2, 8, 8], pooled ? 'regions' : head), 2048, {
        strategy: 'phases',
      });
    };
    const [coarse, fine] = [network(true), network(false)];
    expect(coarse.compiled.output.layout.shape).toEqual([3, 2, 2]);
    const earlier = ({ compiled }: typeof coarse) =>
      compiled.program.steps.filter(({ layer }) => layer.startsWith('act')).map(({ op }) => op);
    expect(earlier(coarse)).toEqual(earlier(fine));
    const input = randomInput(2, 128);
    expect(worst(logitsClear(coarse, input), evaluateDirectly(coarse.graph, input))).toBeLessThan(1e-9);
  });
});

describe('the ring', () => {
  const deep = (layers: number) => {
    const net = new NetworkWriter(6);
    let at = 'input';
    for (let index = 0; index < layers; index += 1)
      at = net.quadratic(`act${index}`, net.conv(`conv${index}`, at, 1, 1, 1, 1, 0), 1);
    net.nodes.push({ op: 'globalAveragePool', id: 'mean', input: at });
    const network = net.finish('deep', [1, 4, 4], net.linear('head', 'mean', 1, 1));
    return openGraph(network.literal, network.weights);
  };

  it('is the smallest that is precise enough, and its chain the shortest', () => {
    const shallow = compile(deep(1));
    expect([shallow.ckks.polyModulusDegree, shallow.ckks.dataPrimes.length]).toEqual([8192, 4]);
    const deeper = compile(deep(4));
    expect([deeper.ckks.polyModulusDegree, deeper.ckks.dataPrimes.length]).toEqual([16384, 10]);
    for (const { ckks } of [shallow, deeper]) expect(checkParams(ckks).securityBits).toBe(128);
  });

  it('has smaller primes where its chain is long, and none above 30 bits', () => {
    const bitsOf = (layers: number) => compile(deep(layers), { precision: 1 }).ckks.scaleBits;
    expect([1, 4, 10, 13].map(bitsOf)).toEqual([30, 30, 30, 29]);
  });

  it('is refused with the levels or the bits that are missing', () => {
    expect(() => compile(deep(30))).toThrow(/graph-too-deep.*act\d+.*levels short by \d+/);
    expect(() => compile(deep(2), { precision: 1e-14 })).toThrow(
      /graph-imprecise.*precision short by \d+ bits/,
    );
  });
});

describe('a graph that cannot be compiled is refused with the layer and what to change', () => {
  const { literal, weights } = randomHefNet(1, { ...shipped, widths: [4, 8], attention: false });
  const changed = (change: (graph: typeof literal) => void) => {
    const copy = structuredClone(literal);
    change(copy);
    return () => openGraph(parseGraph(JSON.stringify(copy), 'graph.json'), weights);
  };

  it('an unsupported operator', () => {
    const withOp = (op: string) => changed((graph) => Object.assign(graph.nodes[2]!, { op }));
    expect(withOp('relu')).toThrow(/graph-unsupported.*act1.*relu.*use quadratic/);
    expect(withOp('deformableConv')).toThrow(/graph-unsupported.*act1.*use one of conv2d/);
  });

  it('weights that are not finite, shapes that do not fit, tensors that are missing, parts outside the weights', () => {
    const broken = weights.slice();
    new DataView(broken.buffer).setFloat32(4, Number.NaN, true);
    expect(() => openGraph(literal, broken)).toThrow(/graph-invalid.*conv1.*not finite/);
    expect(() => openGraph(literal, weights.subarray(0, 64))).toThrow(/graph-invalid.*outside/);
    expect(changed((graph) => (graph.tensors['conv2.weight']!.shape = [8, 5, 3, 3]))).toThrow(
      /graph-invalid.*conv2/,
    );
    const missing = changed((graph) => delete (graph.tensors as Record<string, unknown>)['bn1.mean']);
    expect(missing).toThrow(/graph-invalid.*bn1.mean/);
    expect(changed((graph) => Object.assign(graph.nodes[0]!, { stride: [0, 1] }))).toThrow(
      /graph-invalid.*conv1/,
    );
  });

  it('an input that is not a graph', () => {
    expect(() => parseGraph('{', 'graph.json')).toThrow(/bundle-invalid/);
    expect(() => parseGraph('{"nodes": [3]}', 'graph.json')).toThrow(/graph-invalid/);
  });

  it('strides that no power of two describes', () => {
    const net = new NetworkWriter(8);
    const act = net.quadratic('act', net.conv('conv', 'input', 1, 2, 3, 1, 0), 2);
    const next = net.quadratic('act2', net.conv('conv2', act, 2, 2, 3, 3, 0), 2);
    net.nodes.push({ op: 'globalAveragePool', id: 'mean', input: next });
    const network = net.finish('strided', [1, 14, 14], net.linear('head', 'mean', 2, 1));
    expect(() => smallBundle(network)).toThrow(/graph-unsupported.*act2.*powers of two/);
  });
});
