import { CxrError } from '../../../contract/errors.ts';
import type { Graph, GraphNode, Shape } from '../graph.ts';
import { sizeOf } from '../graph.ts';
import {
  addMaps,
  broadcastMap,
  composeMaps,
  constantPerChannel,
  diagonalMap,
  identityMap,
  type LinearMap,
} from '../linear-map.ts';
import { linearMapOf, perElement } from './node-maps.ts';

/**
 * These are the layers that are left of a graph: sums of affine maps, squares, products, shifts and window sums.
 *
 * Every value of a graph is an affine map of some non-linear values. Batch norm, pooling, flattening and the
 * coefficients of activations therefore cost nothing. An activation is rewritten as a·x² + b·x + c = a·(x + b/2a)² + (c
 * − b²/4a): the shift b/2a goes into the map before the square, a and the constant go into the map after it. Maps with
 * nothing between them become one, also across residual additions.
 *
 * Cost: one level for each affine layer, square and product.
 */
export type Layer =
  /** Adds up map(input) over the terms. Cost: 1 level; rotations and products as passes/pack.ts says. */
  | { readonly kind: 'affine'; readonly id: string; readonly terms: readonly Term[]; readonly shape: Shape }
  | { readonly kind: 'square'; readonly id: string; readonly input: string }
  /** Adds a constant to each element. Cost: 0 levels. */
  | { readonly kind: 'shift'; readonly id: string; readonly input: string; readonly constant: Float64Array }
  | { readonly kind: 'product'; readonly id: string; readonly left: string; readonly right: string }
  /** Sums windows of 2^log2[0] rows by 2^log2[1] columns that tile the input. Cost: 0 levels, no products. */
  | {
      readonly kind: 'sum';
      readonly id: string;
      readonly input: string;
      readonly log2: readonly [number, number];
    };
/** An affine layer is a sum of affine maps of earlier values. */
export type AffineLayer = Layer & { kind: 'affine' };
/** A term is one summand of an affine layer: an earlier value and the map that is applied to it. */
export type Term = { readonly input: string; readonly map: LinearMap };

/**
 * A folded network is a graph of which only the layers above are left, in an order in which each reads only earlier
 * ones.
 */
export type FoldedNetwork = {
  readonly layers: readonly Layer[];
  /** The shape of every layer's value by its id, and that of `input`. */
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly output: string;
  /** A bound on |value| by layer id, where the graph knows one. */
  readonly bounds: ReadonlyMap<string, number>;
  /** The graph's node from which a layer comes, by layer id. */
  readonly origins: ReadonlyMap<string, string>;
};

/** Lists the ids of the values that a layer reads. */
export const inputsOf = (layer: Layer): string[] =>
  layer.kind === 'affine'
    ? layer.terms.map(({ input }) => input)
    : layer.kind === 'product'
      ? [layer.left, layer.right]
      : [layer.input];

/** Says how many levels a layer consumes: 0 for a shift and a window sum, otherwise 1. */
export const levelsOf = (layer: Layer): number => (layer.kind === 'shift' || layer.kind === 'sum' ? 0 : 1);

/** Computes the longest chain of levels from the input to each layer. */
export function depths(layers: readonly Layer[]): Map<string, number> {
  const depth = new Map<string, number>([['input', 0]]);
  for (const layer of layers)
    depth.set(layer.id, Math.max(...inputsOf(layer).map((id) => depth.get(id)!)) + levelsOf(layer));
  return depth;
}

/** A value of the graph while it is folded: Σ map(base) over its terms, where each base is a layer or the input. */
type Value = { readonly shape: Shape; readonly terms: readonly Term[] };

/**
 * Folds a graph into layers: linear nodes disappear into the maps around squares and products.
 *
 * @throws CxrError `graph-unsupported` with the node, when two wide linear maps follow each other.
 */
export function foldGraph(graph: Graph): FoldedNetwork {
  return new Folder(graph).fold();
}

class Folder {
  readonly #graph: Graph;
  readonly #layers: Layer[] = [];
  readonly #shapes = new Map<string, Shape>();
  readonly #values = new Map<string, Value>();
  readonly #depth = new Map<string, number>([['input', 0]]);
  readonly #bounds = new Map<string, number>();
  readonly #origins = new Map<string, string>();
  /** The node that is being folded now. */
  #node = '';

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#shapes.set('input', graph.literal.input.shape);
    this.#values.set('input', plain('input', graph.literal.input.shape));
  }

  fold(): FoldedNetwork {
    const { literal } = this.#graph;
    for (const node of literal.nodes) {
      this.#node = node.id;
      this.#values.set(node.id, this.#valueOf(node));
    }
    this.#node = literal.output;
    const output = this.#result(this.#values.get(literal.output)!, literal.output);
    this.#bounds.set(output, literal.outputBound);
    const layers = withoutDead(this.#layers, output);
    return { layers, shapes: this.#shapes, output, bounds: this.#bounds, origins: this.#origins };
  }

  /**
   * Makes an affine layer of the result. It alone is returned without a rescale, and its weights put zero where nothing
   * belongs to the result.
   */
  #result(value: Value, id: string): string {
    const base = asBase(value);
    if (base !== null && this.#layers.find((layer) => layer.id === base)?.kind === 'affine') return base;
    return this.#define({ kind: 'affine', id, terms: value.terms, shape: value.shape }, value.shape);
  }

  #valueOf(node: GraphNode): Value {
    const value = this.#values.get(node.input)!;
    const shape = this.#graph.shapes.get(node.id)!;
    switch (node.op) {
      case 'quadratic':
        return this.#quadratic(node, node.id, value);
      case 'cubic':
        return this.#cubic(node, node.id, value);
      case 'scaleChannels':
        return this.#gate(node, value, shape);
      case 'add':
        return this.#add(node.id, value, this.#values.get(node.other)!);
      case 'averagePool':
        return (
          this.#windowSum(node, value, shape) ?? this.#extend(value, linearMapOf(this.#graph, node), node.id)
        );
      default:
        return this.#extend(value, linearMapOf(this.#graph, node), node.id);
    }
  }

  /** Adds a layer. Names of nodes and of layers made from them may coincide, so that a layer may get a longer name. */
  #define(wanted: Layer, shape: Shape): string {
    let { id } = wanted;
    while (this.#shapes.has(id)) id += '+';
    const layer = { ...wanted, id };
    this.#layers.push(layer);
    this.#shapes.set(id, shape);
    this.#origins.set(id, this.#node);
    const depth = Math.max(...inputsOf(layer).map((input) => this.#depth.get(input)!));
    this.#depth.set(id, depth + levelsOf(layer));
    return id;
  }

  #extend(value: Value, map: LinearMap, node: string): Value {
    const terms = value.terms.map(({ input, map: before }, index) => {
      // The bias of the new map counts once.
      const part = index === 0 ? map : { ...map, bias: null };
      const composed = composeMaps(before, part);
      if (composed === null) {
        throw new CxrError('graph-unsupported', {
          node,
          reason: 'two wide linear maps in a row: put an activation between them',
        });
      }
      return { input, map: composed };
    });
    return { shape: map.outShape, terms };
  }

  /** Makes a layer of the value, unless it is one already. Cost: 1 level. */
  #materialise(value: Value, id: string): string {
    const only = asBase(value);
    return only ?? this.#define({ kind: 'affine', id, terms: value.terms, shape: value.shape }, value.shape);
  }

  /**
   * Rewrites a value d ⊙ base + e, with no zero in d, as (base + e/d) and the factor d. A constant is added without a
   * level. The result is null for any other value.
   */
  #shiftedBase(
    value: Value,
    extra: Float64Array | null,
    id: string,
  ): { base: string; factor: Float64Array } | null {
    const [term, ...others] = value.terms;
    const factor = term!.map.diagonal;
    const isFlattened = term!.map.inShape.join() !== value.shape.join();
    if (others.length > 0 || isFlattened || factor === undefined || factor.includes(0)) return null;
    const offset = term!.map.bias;
    const constant = factor.map((d, index) => ((offset?.[index] ?? 0) + (extra?.[index] ?? 0)) / d);
    if (constant.every((shift) => shift === 0)) return { base: term!.input, factor };
    const base = this.#define(
      { kind: 'shift', id: `${id}.shift`, input: term!.input, constant },
      value.shape,
    );
    return { base, factor };
  }

  /** Folds a·x² + b·x + c = a·(x + b/2a)² + (c − b²/4a). Cost: 1 level after the map that makes x + b/2a. */
  #quadratic(node: GraphNode & { op: 'quadratic' }, id: string, value: Value): Value {
    const [a, b, c] = this.#coefficients(node, value.shape);
    const shift = a.map((square, index) => b[index]! / (2 * square));
    const constant = a.map((square, index) => c[index]! - b[index]! ** 2 / (4 * square));
    const shifted = this.#shiftedBase(value, shift, id);
    if (shifted !== null) {
      const base = this.#define({ kind: 'square', id, input: shifted.base }, value.shape);
      // The base is the activation's argument divided by the factor.
      const least = shifted.factor.reduce((low, factor) => Math.min(low, Math.abs(factor)), Infinity);
      const bound = (node.inputBound + maxAbs(shift)) / least;
      if (!this.#bounds.has(shifted.base)) this.#bounds.set(shifted.base, bound);
      this.#bounds.set(base, bound ** 2);
      const factor = a.map((square, index) => square * shifted.factor[index]! ** 2);
      return {
        shape: value.shape,
        terms: [{ input: base, map: diagonalMap(value.shape, factor, constant) }],
      };
    }
    const moved = this.#extend(value, diagonalMap(value.shape, ones(value.shape), shift), id);
    const linear = this.#materialise(moved, `${id}.linear`);
    this.#bounds.set(linear, node.inputBound + maxAbs(shift));
    const base = this.#define({ kind: 'square', id, input: linear }, value.shape);
    this.#bounds.set(base, (node.inputBound + maxAbs(shift)) ** 2);
    return { shape: value.shape, terms: [{ input: base, map: diagonalMap(value.shape, a, constant) }] };
  }

  /** Folds a·x³ + b·x + c = y·(y² + b/k) + c with y = k·x and k³ = a. Cost: 2 levels after the map that makes y. */
  #cubic(node: GraphNode & { op: 'cubic' }, id: string, value: Value): Value {
    const [a, b, c] = this.#coefficients(node, value.shape);
    const root = a.map(Math.cbrt);
    const scaled = this.#extend(value, diagonalMap(value.shape, root, null), id);
    const linear = this.#materialise(scaled, `${id}.linear`);
    const bound = node.inputBound * maxAbs(root);
    this.#bounds.set(linear, bound);
    const square = this.#define({ kind: 'square', id: `${id}.square`, input: linear }, value.shape);
    const constant = root.map((k, index) => b[index]! / k);
    this.#bounds.set(square, bound ** 2);
    const shifted = this.#define({ kind: 'shift', id: `${id}.shift`, input: square, constant }, value.shape);
    const base = this.#define({ kind: 'product', id, left: linear, right: shifted }, value.shape);
    this.#bounds.set(base, bound * (bound ** 2 + maxAbs(constant)));
    return {
      shape: value.shape,
      terms: [{ input: base, map: diagonalMap(value.shape, ones(value.shape), c) }],
    };
  }

  /**
   * Folds a channel scaling by a gate g: (d⊙p + e) ⊙ g = (p + e/d) ⊙ (d⊙g). The factor d joins the gate's map, and the
   * constant is added without a level. Cost: 1 level.
   */
  #gate(node: GraphNode & { op: 'scaleChannels' }, value: Value, shape: Shape): Value {
    const shifted = this.#shiftedBase(value, null, node.id);
    const left = shifted?.base ?? this.#materialise(value, `${node.id}.value`);
    const spread = this.#broadcast(node.gate, shape, node.id);
    const gate =
      shifted === null ? spread : this.#extend(spread, diagonalMap(shape, shifted.factor, null), node.id);
    const plainGate = this.#shiftedBase(gate, null, `${node.id}.gate`);
    if (plainGate !== null) {
      const base = this.#define({ kind: 'product', id: node.id, left, right: plainGate.base }, shape);
      return { shape, terms: [{ input: base, map: diagonalMap(shape, plainGate.factor, null) }] };
    }
    const right = this.#materialise(gate, `${node.id}.gate`);
    return plain(this.#define({ kind: 'product', id: node.id, left, right }, shape), shape);
  }

  /**
   * Spreads a gate's vector over the channels that it scales. Element-wise steps at the gate's end are done after this
   * broadcast, so that the broadcast joins the linear map before them and costs no level.
   */
  #broadcast(id: string, shape: Shape, reader: string): Value {
    const node = this.#graph.literal.nodes.find((candidate) => candidate.id === id);
    if (node?.op === 'quadratic' || node?.op === 'cubic') {
      const inner = this.#broadcast(node.input, shape, reader);
      const spreadId = `${reader}.${id}`;
      return node.op === 'quadratic'
        ? this.#quadratic(node, spreadId, inner)
        : this.#cubic(node, spreadId, inner);
    }
    return this.#extend(this.#values.get(id)!, broadcastMap(shape), reader);
  }

  /**
   * Folds a residual addition. The operand that is computed last stays a sum of maps, so that the next layer composes
   * with it. The other one has a level to spare; it becomes a layer of its own when it is more than one scaled value.
   */
  #add(id: string, left: Value, right: Value): Value {
    if (left === right) return this.#extend(left, diagonalMap(left.shape, twos(left.shape), null), id);
    const late = (value: Value) => Math.max(...value.terms.map(({ input }) => this.#depth.get(input)!));
    const [older, newer] = late(left) < late(right) ? [left, right] : [right, left];
    const simple = older.terms.length === 1 && older.terms[0]!.map.diagonal !== undefined;
    const kept = simple ? older : plain(this.#materialise(older, `${id}.shortcut`), older.shape);
    const terms = [...kept.terms];
    for (const term of newer.terms) {
      const at = terms.findIndex(({ input }) => input === term.input);
      if (at < 0) terms.push(term);
      else terms[at] = { input: term.input, map: addMaps(terms[at]!.map, term.map) };
    }
    return { shape: left.shape, terms };
  }

  /**
   * Makes a window sum of a pool in front of a convolution, when its windows tile the input and have sides that are
   * powers of two. A window sum takes rotations and additions, but no products and no level. The result is null when
   * the pool cannot be one.
   */
  #windowSum(node: GraphNode & { op: 'averagePool' }, value: Value, shape: Shape): Value | null {
    const [term, ...others] = value.terms;
    const perChannel =
      term!.map.diagonal === undefined ? null : constantPerChannel(term!.map.diagonal, value.shape);
    const log2 = node.kernel.map(Math.log2) as [number, number];
    const tiles = node.kernel.every(
      (side, axis) => side === node.stride[axis] && Number.isInteger(log2[axis]!),
    );
    const bias = term!.map.bias;
    const constant = bias === null ? new Float64Array(shape[0]!) : constantPerChannel(bias, value.shape);
    const read = this.#graph.literal.nodes.some(
      (reader) => reader.input === node.id && reader.op === 'conv2d',
    );
    if (others.length > 0 || perChannel === null || constant === null || !tiles || !read) return null;
    const base = this.#define({ kind: 'sum', id: node.id, input: term!.input, log2 }, shape);
    const share = 1 / (node.kernel[0] * node.kernel[1]);
    const factor = perChannel.map((value) => value * share);
    const map = diagonalMap(shape, perElement(factor, shape), perElement(constant, shape));
    return { shape, terms: [{ input: base, map }] };
  }

  #coefficients(
    node: GraphNode & { op: 'quadratic' | 'cubic' },
    shape: Shape,
  ): [Float64Array, Float64Array, Float64Array] {
    return [node.a, node.b, node.c].map((id) => perElement(this.#graph.tensor(id).values, shape)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
  }
}

const ones = (shape: Shape): Float64Array => new Float64Array(sizeOf(shape)).fill(1);
const twos = (shape: Shape): Float64Array => new Float64Array(sizeOf(shape)).fill(2);
const plain = (base: string, shape: Shape): Value => ({
  shape,
  terms: [{ input: base, map: identityMap(shape) }],
});
const maxAbs = (values: Float64Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Finds the layer that a value is, unchanged; null when some map still has to be applied. */
function asBase({ terms, shape }: Value): string | null {
  const [term, ...others] = terms;
  const same =
    others.length === 0 &&
    term!.map.bias === null &&
    term!.map.inShape.join() === shape.join() &&
    term!.map.diagonal?.every((factor) => factor === 1) === true;
  return same ? term!.input : null;
}

/** Drops the layers that nothing reads. */
function withoutDead(layers: readonly Layer[], output: string): Layer[] {
  const needed = new Set([output]);
  const kept: Layer[] = [];
  for (const layer of layers.toReversed()) {
    if (!needed.has(layer.id)) continue;
    kept.push(layer);
    for (const input of inputsOf(layer)) needed.add(input);
  }
  return kept.reverse();
}
