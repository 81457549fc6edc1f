import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DryBackend } from '../../he/backends/dry.ts';
import { compile } from '../../he/compile.ts';
import { openGraph } from '../../he/graph.ts';
import { checkParams } from '../../he/params.ts';
import { programDigest } from '../../he/passes/levels.ts';
import { run } from '../../he/run.ts';
import { evaluateDirectly } from './direct.ts';
import { NetworkWriter, randomHefNet, seededNumbers } from './random-network.ts';
import { runClear, smallBundle } from './small-bundle.ts';

const shipped = { side: 32, widths: [32, 128] as [number, number], findings: 14, squeeze: 16 };

function randomInput(seed: number, size: number): Float64Array {
  const next = seededNumbers(seed);
  return Float64Array.from({ length: size }, () => 2 * next());
}

/** Largest difference over all slots: every slot must hold its finding's logit, or 0 where there is none. */
function worstSlot(slots: Float64Array, logits: Float64Array, period: number): number {
  return slots.reduce(
    (worst, slot, index) => Math.max(worst, Math.abs(slot - (logits[index % period] ?? 0))),
    0,
  );
}

describe('compiled HefNet-R at full size', () => {
  for (const attention of [true, false]) {
    it(`equals direct convolution to 1e-9 in every slot, attention ${attention}`, () => {
      const network = randomHefNet(11, { ...shipped, attention });
      const graph = openGraph(network.literal, network.weights);
      const compiled = compile(graph);
      const input = randomInput(5, 4 * 32 * 32);
      const slots = runClear({ compiled }, input);
      expect(worstSlot(slots, evaluateDirectly(graph, input), compiled.output.period)).toBeLessThan(1e-9);
    });
  }

  it('costs 9 levels, at most 160 rotations with 12 keys, 1,776 products, two ciphertexts up, at 128 bits', () => {
    const network = randomHefNet(11, { ...shipped, attention: true });
    const { program, ckks, input } = compile(openGraph(network.literal, network.weights));
    expect(program.cost.levels).toBe(9);
    expect(program.cost.plaintextProducts).toBe(1776);
    expect(program.cost.rotations).toBeLessThanOrEqual(160);
    expect(program.rotationSteps.length).toBeLessThanOrEqual(12);
    expect(input.ciphertexts).toBe(2);
    expect(checkParams(ckks).securityBits).toBe(128);
  });

  it('compiles to the same digest twice and to another one for other weights', () => {
    const digestOf = (seed: number) => {
      const network = randomHefNet(seed, { ...shipped, widths: [8, 16], attention: true });
      return programDigest(compile(openGraph(network.literal, network.weights)).program);
    };
    expect(digestOf(1)).toBe(digestOf(1));
    expect(digestOf(1)).not.toBe(digestOf(2));
  });
});

describe('random small networks', () => {
  it('equal direct convolution to 1e-9 and cost on dry what the program says', () => {
    const sizes = fc.record({
      seed: fc.integer({ min: 1, max: 1e6 }),
      side: fc.constantFrom(8, 16),
      first: fc.constantFrom(2, 3, 4, 8),
      last: fc.constantFrom(4, 6, 8),
      findings: fc.integer({ min: 1, max: 15 }),
      squeeze: fc.integer({ min: 1, max: 4 }),
      attention: fc.boolean(),
    });
    fc.assert(
      fc.property(sizes, ({ seed, side, first, last, findings, squeeze, attention }) => {
        const network = randomHefNet(seed, { side, widths: [first, last], findings, squeeze, attention });
        const bundle = smallBundle(network);
        const input = randomInput(seed + 1, 4 * side * side);
        const slots = runClear(bundle, input);
        expect(
          worstSlot(slots, evaluateDirectly(bundle.graph, input), bundle.compiled.output.period),
        ).toBeLessThan(1e-9);
        const { program, ckks } = bundle.compiled;
        const dry = new DryBackend(program.slotCount, ckks.dataPrimes);
        const inputs = Array.from({ length: program.inputCount }, () => dry.value(program.inputScale));
        const output = run(program, inputs, dry, (index) => program.plaintexts[index]!);
        expect(dry.cost).toEqual(program.cost);
        expect(output.level).toBe(program.outputLevel);
        expect(output.scale).toBe(program.outputScale);
      }),
      { numRuns: 25 },
    );
  });

  it('fold average pooling between activation and head', () => {
    const net = new NetworkWriter(3);
    net.quadratic('act1', net.conv('conv1', 'input', 4, 4, 3, 1, 1), 4);
    net.nodes.push({ op: 'averagePool', id: 'pool', input: 'act1', kernel: [2, 2], stride: [2, 2] });
    net.nodes.push({ op: 'flatten', id: 'flat', input: 'pool' });
    net.linear('head', 'flat', 4 * 16, 5);
    const bundle = smallBundle(net.finish('pooled', [4, 8, 8], 'head'));
    const input = randomInput(9, 256);
    expect(bundle.compiled.program.cost.levels).toBe(3);
    expect(worstSlot(runClear(bundle, input), evaluateDirectly(bundle.graph, input), 8)).toBeLessThan(1e-9);
  });
});

describe('a graph that cannot be compiled is refused with the layer and the reason', () => {
  const twoConvolutions = () => {
    const net = new NetworkWriter(3);
    net.quadratic('act1', net.conv('conv2', net.conv('conv1', 'input', 4, 8, 3, 1, 1), 8, 8, 3, 1, 1), 8);
    net.nodes.push({ op: 'flatten', id: 'flat', input: 'act1' });
    net.linear('head', 'flat', 8 * 32 * 32, 5);
    return net.finish('deep', [4, 32, 32], 'head');
  };

  it('two wide maps in a row', () => {
    expect(() => smallBundle(twoConvolutions(), 16384)).toThrow(/graph-unsupported.*conv2/);
  });

  it('weights that are not finite, shapes that do not fit, tensors that are missing', () => {
    const { literal, weights } = randomHefNet(1, { ...shipped, widths: [4, 8], attention: false });
    const broken = weights.slice();
    new DataView(broken.buffer).setFloat32(4, Number.NaN, true);
    expect(() => openGraph(literal, broken)).toThrow(/graph-invalid.*conv1.weight/);
    expect(() => openGraph(literal, weights.subarray(0, 64))).toThrow(/graph-invalid.*outside/);
    const wrong = structuredClone(literal);
    wrong.tensors['conv2.weight']!.shape = [8, 5, 3, 3];
    expect(() => openGraph(wrong, weights)).toThrow(/graph-invalid.*conv2/);
    const missing = structuredClone(literal);
    delete (missing.tensors as Record<string, unknown>)['bn1.mean'];
    expect(() => openGraph(missing, weights)).toThrow(/graph-invalid.*bn1.mean/);
  });
});
