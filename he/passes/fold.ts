import { CxrError } from '../../contract/errors.ts';
import type { Graph, GraphNode, Shape } from '../graph.ts';
import { sizeOf } from '../graph.ts';
import {
  averagePoolMap,
  broadcastMap,
  composeMaps,
  convolutionMap,
  denseMap,
  diagonalMap,
  diagonalOf,
  type LinearMap,
  reshapeMap,
} from '../linear-map.ts';

/**
 * A network in which only three things are left: affine maps, pure squares and products.
 *
 * Every graph value is affine in some non-linear value, so batch norm, pooling, flattening and the activation's
 * coefficients cost nothing: a·x² + b·x + c = a·(x + b/2a)² + (c − b²/4a); the shift goes into the map before the
 * square, a and the constant into the map after it. One level per map, one per square.
 */
export type Layer =
  | { readonly kind: 'affine'; readonly id: string; readonly input: string; readonly map: LinearMap }
  | { readonly kind: 'square'; readonly id: string; readonly input: string }
  /** Adds a constant per element; no level. */
  | { readonly kind: 'shift'; readonly id: string; readonly input: string; readonly constant: Float64Array }
  | { readonly kind: 'product'; readonly id: string; readonly left: string; readonly right: string };

export type FoldedNetwork = {
  readonly layers: readonly Layer[];
  /** Element shape by layer id, and of `input`. */
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly output: string;
};

/** A graph value as an affine function of the non-linear value `base`; null map = identity. */
type Affine = { readonly base: string; readonly map: LinearMap | null };

/** @throws CxrError `graph-unsupported` naming the node, when two wide maps follow each other or a gate has no form here. */
export function foldGraph(graph: Graph): FoldedNetwork {
  const layers: Layer[] = [];
  const shapes = new Map<string, Shape>([['input', graph.literal.input.shape]]);
  const values = new Map<string, Affine>([['input', { base: 'input', map: null }]]);
  const shapeAt = (id: string): Shape => graph.shapes.get(id)!;

  const extend = (value: Affine, map: LinearMap, node: string): Affine => {
    if (value.map === null) return { base: value.base, map };
    const composed = composeMaps(value.map, map);
    if (composed === null) {
      throw new CxrError('graph-unsupported', {
        node,
        reason: 'two wide linear maps in a row: put an activation between them',
      });
    }
    return { base: value.base, map: composed };
  };
  const define = (layer: Layer, shape: Shape): string => {
    layers.push(layer);
    shapes.set(layer.id, shape);
    return layer.id;
  };
  const materialise = (value: Affine, id: string, shape: Shape): string =>
    value.map === null
      ? value.base
      : define({ kind: 'affine', id, input: value.base, map: value.map }, shape);

  for (const node of graph.literal.nodes) {
    const value = values.get(node.input)!;
    const shape = shapeAt(node.id);
    if (node.op === 'quadratic') {
      const { shift, factor, constant } = completedSquare(graph, node, shape);
      const linear = materialise(
        extend(value, diagonalMap(shape, ones(shape), shift), node.id),
        `${node.id}.linear`,
        shape,
      );
      const base = define({ kind: 'square', id: node.id, input: linear }, shape);
      values.set(node.id, { base, map: diagonalMap(shape, factor, constant) });
    } else if (node.op === 'scaleChannels') {
      values.set(node.id, gateProduct(node.id, value, values.get(node.gate)!, shape));
    } else {
      values.set(node.id, extend(value, linearMapOf(graph, node), node.id));
    }
  }
  const output = materialise(
    values.get(graph.literal.output)!,
    graph.literal.output,
    shapeAt(graph.literal.output),
  );
  return { layers: withoutDead(layers, output), shapes, output };

  /** (d⊙p + e) ⊙ g = (p + e/d) ⊙ (d⊙g): the factor d joins the gate's map, the constant is added without a level. */
  function gateProduct(id: string, value: Affine, gate: Affine, shape: Shape): Affine {
    if (value.map !== null && value.map.kind !== 'diagonal') {
      throw new CxrError('graph-unsupported', {
        node: id,
        reason: 'a gate must scale the output of an activation',
      });
    }
    const factor = value.map === null ? ones(shape) : diagonalOf(value.map);
    const offset = value.map?.bias ?? null;
    const constant = offset === null ? null : offset.map((term, index) => term / factor[index]!);
    const left =
      constant === null
        ? value.base
        : define({ kind: 'shift', id: `${id}.shift`, input: value.base, constant }, shape);
    const spread = extend(gate, broadcastMap(shape), id);
    const right = materialise(extend(spread, diagonalMap(shape, factor, null), id), `${id}.gate`, shape);
    return { base: define({ kind: 'product', id, left, right }, shape), map: null };
  }
}

const ones = (shape: Shape): Float64Array => new Float64Array(sizeOf(shape)).fill(1);

/** Values of one per-channel tensor, repeated over the channel's elements. */
function perElement(values: Float64Array, shape: Shape): Float64Array {
  const area = sizeOf(shape) / shape[0]!;
  return Float64Array.from({ length: sizeOf(shape) }, (_, index) => values[Math.floor(index / area)]!);
}

function completedSquare(graph: Graph, node: GraphNode & { op: 'quadratic' }, shape: Shape) {
  const [a, b, c] = [node.a, node.b, node.c].map((id) => graph.tensor(id).values) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return {
    shift: perElement(
      a.map((value, i) => b[i]! / (2 * value)),
      shape,
    ),
    factor: perElement(a, shape),
    constant: perElement(
      a.map((value, i) => c[i]! - (b[i]! * b[i]!) / (4 * value)),
      shape,
    ),
  };
}

function linearMapOf(
  graph: Graph,
  node: Exclude<GraphNode, { op: 'quadratic' } | { op: 'scaleChannels' }>,
): LinearMap {
  const inShape = graph.shapes.get(node.input)!;
  const outShape = graph.shapes.get(node.id)!;
  switch (node.op) {
    case 'conv2d':
      return convolutionMap(
        inShape,
        outShape,
        graph.tensor(node.weight),
        node.bias === null ? null : graph.tensor(node.bias).values,
        node,
      );
    case 'batchNorm': {
      const [gamma, beta, mean, variance] = [node.gamma, node.beta, node.mean, node.variance].map(
        (id) => graph.tensor(id).values,
      ) as [Float64Array, Float64Array, Float64Array, Float64Array];
      const factor = gamma.map((value, i) => value / Math.sqrt(variance[i]! + node.epsilon));
      const bias = factor.map((value, i) => beta[i]! - value * mean[i]!);
      return diagonalMap(outShape, perElement(factor, outShape), perElement(bias, outShape));
    }
    case 'globalAveragePool':
      return averagePoolMap(inShape, [inShape[1]!, inShape[2]!], [1, 1], outShape);
    case 'averagePool':
      return averagePoolMap(inShape, node.kernel, node.stride, outShape);
    case 'flatten':
      return reshapeMap(inShape, outShape);
    case 'linear':
      return denseMap(
        inShape,
        outShape,
        graph.tensor(node.weight).values,
        node.bias === null ? null : graph.tensor(node.bias).values,
      );
  }
}

/** Drops layers that nothing reads. */
function withoutDead(layers: readonly Layer[], output: string): Layer[] {
  const needed = new Set([output]);
  const kept: Layer[] = [];
  for (const layer of layers.toReversed()) {
    if (!needed.has(layer.id)) continue;
    kept.push(layer);
    for (const input of layer.kind === 'product' ? [layer.left, layer.right] : [layer.input])
      needed.add(input);
  }
  return kept.reverse();
}
