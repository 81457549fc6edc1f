import { describe, expect, it } from 'vitest';
import { CxrError } from '../../../contract/errors.ts';
import { compile } from '../../../he/compiler/compile.ts';
import { type GraphLiteral, openGraph, parseGraph } from '../../../he/compiler/graph.ts';
import { strategies } from '../../../he/compiler/passes/place.ts';
import { evaluateDirectly } from '../direct.ts';
import { NetworkWriter, seededNumbers } from '../random-network.ts';
import { logitsClear, smallBundle } from '../small-bundle.ts';

type Network = { literal: GraphLiteral; weights: Uint8Array };
type Build = (net: NetworkWriter) => string;
const side = 8;

/** A network on a 2×8×8 input; `build` returns the output. */
function network(build: Build): Network {
  const net = new NetworkWriter(29);
  return net.finish('unusual', [2, side, side], build(net));
}

const push = (net: NetworkWriter, node: NetworkWriter['nodes'][number]): string => {
  net.nodes.push(node);
  return node.id;
};
const mean = (net: NetworkWriter, input: string) =>
  push(net, { op: 'globalAveragePool', id: `${input}-mean`, input });
const flat = (net: NetworkWriter, input: string) => push(net, { op: 'flatten', id: `${input}-flat`, input });
const half = (net: NetworkWriter, input: string) => net.conv('half', input, 2, 4, 3, 2, 1);
const activated = (net: NetworkWriter) => net.quadratic('act', net.conv('conv', 'input', 2, 4, 3, 1, 1), 4);
const gated = (net: NetworkWriter, input: string, gate: string) =>
  push(net, { op: 'scaleChannels', id: 'gated', input, gate });
const added = (net: NetworkWriter, input: string, other: string) =>
  push(net, { op: 'add', id: `${input}+${other}`, input, other });

/** What is right without being usual: each of these once computed something else, crashed, or never ended. */
const unusual: Record<string, Build> = {
  'a strided first convolution with a mean directly after it': (net) =>
    net.linear('head', mean(net, half(net, 'input')), 4, 3),
  'a strided first convolution with another directly after it': (net) =>
    flat(net, net.quadratic('act', net.conv('next', half(net, 'input'), 4, 2, 3, 1, 1), 2)),
  'a strided first convolution with a pool directly after it': (net) =>
    net.linear(
      'head',
      flat(
        net,
        push(net, {
          op: 'averagePool',
          id: 'pool',
          input: half(net, 'input'),
          kernel: [2, 2],
          stride: [2, 2],
        }),
      ),
      16,
      3,
    ),
  'a strided first convolution beside a reader of the input': (net) => {
    const wide = net.conv('wide', 'input', 2, 2, 3, 2, 5);
    return flat(net, net.quadratic('act', added(net, wide, 'input'), 2));
  },
  'an activation after flatten': (net) =>
    net.linear('head', net.quadratic('late', flat(net, activated(net)), 256), 256, 3),
  'an activation of the flattened input': (net) =>
    net.linear('head', net.quadratic('late', flat(net, 'input'), 128), 128, 3),
  'a gate computed from a later layer': (net) => {
    const first = activated(net);
    const second = net.quadratic('act2', net.conv('conv2', first, 4, 4, 3, 1, 1), 4);
    return net.linear(
      'head',
      flat(net, gated(net, first, net.linear('fc', mean(net, second), 4, 4))),
      256,
      3,
    );
  },
  'a gate on the input': (net) =>
    net.linear(
      'head',
      flat(net, gated(net, 'input', net.linear('fc', mean(net, activated(net)), 4, 2))),
      128,
      3,
    ),
  'an output that is an activation': (net) => flat(net, activated(net)),
  'an output that is a spatial activation': activated,
  'an output that is a cubic': (net) =>
    net.cubic('late', net.linear('fc', mean(net, activated(net)), 4, 3), 3),
  'an output that is a gated value': (net) =>
    gated(net, activated(net), net.linear('fc', mean(net, 'act'), 4, 4)),
  'a value added to itself': (net) => {
    const twice = added(net, net.conv('conv', 'input', 2, 2, 3, 1, 1), 'conv');
    return flat(net, net.quadratic('act', added(net, twice, twice), 2));
  },
  'names that layers would get': (net) => {
    net.conv('b.shift', 'input', 2, 4, 3, 1, 1);
    net.quadratic('b.linear', 'b.shift', 4);
    net.cubic('b', net.conv('b.square', 'b.linear', 4, 4, 3, 1, 1), 4);
    return net.linear('head', flat(net, 'b'), 256, 3);
  },
};

describe('unusual networks', () => {
  const cases = Object.entries(unusual).flatMap(([name, build]) =>
    strategies.map((strategy) => ({ name, strategy, build })),
  );
  it.each(cases)('$name, layout $strategy', ({ strategy, build }) => {
    const bundle = smallBundle(network(build), 4096, { strategy });
    const next = seededNumbers(7);
    const input = Float64Array.from({ length: 2 * side * side }, () => 2 * next());
    const want = evaluateDirectly(bundle.graph, input);
    const got = logitsClear(bundle, input);
    const worst = Math.max(...want.map((value, index) => Math.abs(value - got[index]!)));
    expect(worst).toBeLessThan(1e-9 * Math.max(1, ...want.map(Math.abs)));
  });

  it('cost no level for adding a value to itself', () => {
    const levels = (build: Build) => smallBundle(network(build), 4096).compiled.program.cost.levels;
    const once: Build = (net) => flat(net, net.quadratic('act', net.conv('conv', 'input', 2, 2, 3, 1, 1), 2));
    expect(levels(unusual['a value added to itself']!)).toBe(levels(once));
  });
});

describe('a graph is refused', () => {
  /** Code and detail with which a changed graph is refused on its way to a program. */
  function refusal(build: Build, change: (literal: GraphLiteral) => void = () => {}) {
    try {
      const { literal, weights } = network(build);
      change(literal);
      compile(openGraph(parseGraph(JSON.stringify(literal), 'graph.json'), weights));
    } catch (error) {
      if (error instanceof CxrError) return { code: error.code, ...error.detail };
      throw error;
    }
    return 'accepted';
  }
  const plain: Build = (net) =>
    net.linear('head', flat(net, net.batchNorm('norm', net.conv('conv', 'input', 2, 4, 3, 1, 1), 4)), 256, 3);
  const nodeOf = (literal: GraphLiteral, id: string) =>
    literal.nodes.find((node) => node.id === id)! as Record<string, unknown>;

  it.each<[string, (literal: GraphLiteral) => void, object]>([
    [
      'an unknown field',
      (g) => (nodeOf(g, 'conv').dilation = [2, 2]),
      { code: 'graph-invalid', node: 'conv' },
    ],
    ['an operator named like a method', (g) => (nodeOf(g, 'conv').op = 'constructor'), { node: 'conv' }],
    ['a huge input', (g) => (g.input.shape = [1, 2 ** 17, 2 ** 17]), { path: 'input.shape.1' }],
    ['the input as output', (g) => (g.output = 'input'), { node: 'input' }],
    ['a missing tensor', (g) => delete g.tensors['conv.weight'], { node: 'conv', tensor: 'conv.weight' }],
    [
      'a tensor beyond the weights',
      (g) => (g.tensors['conv.weight'] = { shape: [4, 2, 3, 3], offset: 1e6 }),
      { node: 'conv', tensor: 'conv.weight' },
    ],
    [
      'a weight of wrong rank',
      (g) => (g.tensors['head.weight'] = { shape: [3, 256, 1], offset: 0 }),
      { node: 'head' },
    ],
    ['a vector layer on a spatial value', (g) => (nodeOf(g, 'head').input = 'norm'), { node: 'head' }],
    ['an output without bound', (g) => (g.outputBound = 1e9), { code: 'graph-imprecise', node: 'head' }],
  ])('with %s, naming where', (_, change, expected) => {
    expect(refusal(plain)).toBe('accepted');
    expect(refusal(plain, change)).toMatchObject({ reason: expect.any(String), ...expected });
    expect(JSON.stringify(refusal(plain, change))).not.toMatch(/native code|\[object/);
  });

  it('whose batch norm would divide by zero or by the root of a negative number', () => {
    const { literal, weights } = network(plain);
    const variance = literal.tensors['norm.variance']!;
    const view = new Float32Array(weights.buffer);
    view['offset' in variance ? variance.offset : 0] = -1;
    expect(() => compile(openGraph(literal, weights))).toThrow(/graph-invalid.*norm.*variance/);
  });

  it('in terms of its own nodes, not of layers made from them', () => {
    const tiny: Build = (net) => net.linear('head', flat(net, activated(net)), 256, 3);
    const found = refusal(tiny, (g) => (nodeOf(g, 'act').inputBound = 1e30));
    expect(found).toMatchObject({ code: 'graph-imprecise', node: 'act' });
    // Also where the activation needs no map before it.
    const twice: Build = (net) => flat(net, net.quadratic('again', activated(net), 4));
    expect(refusal(twice, (g) => (nodeOf(g, 'again').inputBound = 1e30))).toMatchObject({ node: 'again' });
  });
});
