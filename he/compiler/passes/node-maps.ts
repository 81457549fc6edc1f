import type { Graph, GraphNode, Shape } from '../graph.ts';
import { sizeOf } from '../graph.ts';
import {
  averagePoolMap,
  convolutionMap,
  denseMap,
  diagonalMap,
  globalMeanMap,
  identityMap,
  type LinearMap,
} from '../linear-map.ts';

/** Repeats the values of a per-channel tensor over each channel's elements. A single value serves all channels. */
export function perElement(values: Float64Array, shape: Shape): Float64Array {
  const area = sizeOf(shape) / shape[0]!;
  return Float64Array.from(
    { length: sizeOf(shape) },
    (_, index) => values[values.length === 1 ? 0 : Math.floor(index / area)]!,
  );
}

/** A linear node is a graph node that computes an affine map of one value. */
export type LinearNode = Exclude<GraphNode, { op: 'quadratic' | 'cubic' | 'scaleChannels' | 'add' }>;

/** Makes the affine map that a linear node computes. */
export function linearMapOf(graph: Graph, node: LinearNode): LinearMap {
  const inShape = graph.shapes.get(node.input)!;
  const outShape = graph.shapes.get(node.id)!;
  const values = (id: string) => graph.tensor(id).values;
  switch (node.op) {
    case 'conv2d':
      return convolutionMap(
        inShape,
        outShape,
        graph.tensor(node.weight),
        node.bias === null ? null : values(node.bias),
        node,
      );
    case 'batchNorm': {
      const [gamma, beta, mean, variance] = [node.gamma, node.beta, node.mean, node.variance].map(values) as [
        Float64Array,
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      const factor = gamma.map((value, i) => value / Math.sqrt(variance[i]! + node.epsilon));
      const bias = factor.map((value, i) => beta[i]! - value * mean[i]!);
      return diagonalMap(outShape, perElement(factor, outShape), perElement(bias, outShape));
    }
    case 'globalAveragePool':
      return globalMeanMap(inShape);
    case 'averagePool':
      return averagePoolMap(inShape, node.kernel, node.stride, outShape);
    case 'flatten':
      return identityMap(inShape, outShape);
    case 'linear':
      return denseMap(inShape, outShape, values(node.weight), node.bias === null ? null : values(node.bias));
  }
}
