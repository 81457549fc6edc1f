import type { Shape } from './graph.ts';
import { sizeOf } from './graph.ts';
import {
  type ChannelRows,
  composeStencils,
  forEachInStencil,
  type Stencil,
  scaleOutputs,
  scaleStencilInputs,
  type Tap,
  type VisitWeight,
  visitStencilRow,
} from './stencil.ts';

/**
 * An affine map between flattened tensors: out = W·in + bias. Rows are enumerated on demand; nothing of the size
 * out × in is stored for a convolution. A row may name an input more than once: weights add.
 */
export type LinearMap = {
  readonly inShape: Shape;
  readonly outShape: Shape;
  /** Per output element; absent means zero. */
  readonly bias: Float64Array | null;
  readonly row: (out: number, visit: VisitWeight) => void;
  /** All rows at once, in any order, where that is faster than row by row. */
  readonly forEach?: (visit: (out: number, input: number, weight: number) => void, window?: number) => void;
  /** out = diagonal ⊙ in, element by element. */
  readonly diagonal?: Float64Array;
  readonly stencil?: Stencil;
};

/**
 * Visits every weight.
 *
 * @param window  where a map looks the same at every position, only so many rows and columns in the middle.
 */
export function forEachWeight(
  map: LinearMap,
  visit: (out: number, input: number, weight: number) => void,
  window?: number,
): void {
  if (map.forEach !== undefined) {
    map.forEach(visit, window);
    return;
  }
  const rows = sizeOf(map.outShape);
  for (let out = 0; out < rows; out += 1) map.row(out, (input, weight) => visit(out, input, weight));
}

/** W·in + bias. */
export function applyMap(map: LinearMap, input: Float64Array): Float64Array {
  const out = map.bias === null ? new Float64Array(sizeOf(map.outShape)) : map.bias.slice();
  for (let row = 0; row < out.length; row += 1) {
    let sum = out[row]!;
    map.row(row, (column, weight) => {
      sum += weight * input[column]!;
    });
    out[row] = sum;
  }
  return out;
}

export function diagonalMap(
  shape: Shape,
  diagonal: Float64Array,
  bias: Float64Array | null,
  outShape: Shape = shape,
): LinearMap {
  return {
    inShape: shape,
    outShape,
    bias,
    diagonal,
    row: (out, visit) => visit(out, diagonal[out]!),
  };
}

export const identityMap = (shape: Shape, outShape: Shape = shape): LinearMap =>
  diagonalMap(shape, new Float64Array(sizeOf(shape)).fill(1), null, outShape);

/** Row-major [out, in] weights. */
export function denseMap(
  inShape: Shape,
  outShape: Shape,
  weights: Float64Array,
  bias: Float64Array | null,
): LinearMap {
  const columns = sizeOf(inShape);
  return {
    inShape,
    outShape,
    bias,
    row: (out, visit) => {
      for (let column = 0; column < columns; column += 1) {
        const weight = weights[out * columns + column]!;
        if (weight !== 0) visit(column, weight);
      }
    },
  };
}

/** [channels] → [channels, height, width]: each value over its whole channel. */
export function broadcastMap(outShape: Shape): LinearMap {
  const [channels = 0, height = 0, width = 0] = outShape;
  return {
    inShape: [channels],
    outShape,
    bias: null,
    row: (out, visit) => visit(Math.floor(out / (height * width)), 1),
  };
}

/** Mean over each channel: [channels, height, width] → [channels]. */
export function globalMeanMap(inShape: Shape): LinearMap {
  const [channels = 0, height = 0, width = 0] = inShape;
  const area = height * width;
  return {
    inShape,
    outShape: [channels],
    bias: null,
    row: (out, visit) => {
      for (let index = 0; index < area; index += 1) visit(out * area + index, 1 / area);
    },
  };
}

/** Mean over windows. */
export function averagePoolMap(
  inShape: Shape,
  kernel: readonly [number, number],
  stride: readonly [number, number],
  outShape: Shape,
): LinearMap {
  const [channels = 0, height = 0, width = 0] = inShape;
  const each: ChannelRows = {
    starts: Int32Array.from({ length: channels + 1 }, (_, index) => index),
    inputs: Int32Array.from({ length: channels }, (_, index) => index),
    weights: new Float64Array(channels).fill(1 / (kernel[0] * kernel[1])),
  };
  const taps: Tap[] = [];
  for (let dy = 0; dy < kernel[0]; dy += 1) {
    for (let dx = 0; dx < kernel[1]; dx += 1)
      taps.push({ guards: [{ stride, offset: [dy, dx], height, width }], rows: each });
  }
  return stencilMap(inShape, outShape, { stride, taps, groups: channels }, null);
}

/** Zero-padded convolution; weights [out, in/groups, kernelY, kernelX]. */
export function convolutionMap(
  inShape: Shape,
  outShape: Shape,
  weight: { shape: Shape; values: Float64Array },
  bias: Float64Array | null,
  form: { stride: readonly [number, number]; padding: readonly [number, number]; groups: number },
): LinearMap {
  const [, height = 0, width = 0] = inShape;
  const [outChannels = 0, perGroup = 0, kernelY = 0, kernelX = 0] = weight.shape;
  const outPerGroup = outChannels / form.groups;
  const starts = Int32Array.from({ length: outChannels + 1 }, (_, index) => index * perGroup);
  const inputs = Int32Array.from(
    { length: outChannels * perGroup },
    (_, at) => Math.floor(Math.floor(at / perGroup) / outPerGroup) * perGroup + (at % perGroup),
  );
  const taps: Tap[] = [];
  for (let ky = 0; ky < kernelY; ky += 1) {
    for (let kx = 0; kx < kernelX; kx += 1) {
      const weights = Float64Array.from(
        { length: outChannels * perGroup },
        (_, at) => weight.values[(at * kernelY + ky) * kernelX + kx]!,
      );
      const offset = [ky - form.padding[0], kx - form.padding[1]] as const;
      taps.push({
        guards: [{ stride: form.stride, offset, height, width }],
        rows: { starts, inputs, weights },
      });
    }
  }
  return stencilMap(inShape, outShape, { ...form, taps }, spreadOver(bias, outShape));
}

const spreadOver = (bias: Float64Array | null, shape: Shape): Float64Array | null => {
  if (bias === null) return null;
  const area = sizeOf(shape) / shape[0]!;
  return Float64Array.from({ length: sizeOf(shape) }, (_, index) => bias[Math.floor(index / area)]!);
};

function stencilMap(inShape: Shape, outShape: Shape, stencil: Stencil, bias: Float64Array | null): LinearMap {
  const [, height = 0, width = 0] = inShape;
  const [, rows = 0, columns = 0] = outShape;
  return {
    inShape,
    outShape,
    bias,
    stencil,
    forEach: (visit, window) => forEachInStencil(stencil, [height, width], [rows, columns], visit, window),
    row: (out, visit) => visitStencilRow(stencil, out, [height, width], [rows, columns], visit),
  };
}

/** Largest dense product that a composition may form. */
const maxDenseWeights = 2 ** 24;

/**
 * Two maps with nothing between them become one. Diagonals scale the other's weights; two stencils become one wider
 * stencil; anything else becomes a dense matrix.
 *
 * @returns null when the dense matrix would be too large.
 */
export function composeMaps(first: LinearMap, second: LinearMap): LinearMap | null {
  const bias = first.bias === null ? second.bias : applyMap(second, first.bias);
  const shapes = { inShape: first.inShape, outShape: second.outShape, bias };
  if (second.diagonal !== undefined) return scaleRows(first, second.diagonal, shapes);
  if (first.diagonal !== undefined) return scaleInputs(second, first.diagonal, shapes);
  if (first.stencil !== undefined && second.stencil !== undefined)
    return stencilMap(shapes.inShape, shapes.outShape, composeStencils(first.stencil, second.stencil), bias);
  const [rows, columns] = [sizeOf(second.outShape), sizeOf(first.inShape)];
  if (rows * columns > maxDenseWeights) return null;
  const product = new Float64Array(rows * columns);
  for (let out = 0; out < rows; out += 1) {
    second.row(out, (middle, outer) => {
      first.row(middle, (input, inner) => {
        product[out * columns + input]! += outer * inner;
      });
    });
  }
  return denseMap(shapes.inShape, shapes.outShape, product, bias);
}

type Shapes = Pick<LinearMap, 'inShape' | 'outShape' | 'bias'>;

function scaleRows(map: LinearMap, factor: Float64Array, shapes: Shapes): LinearMap {
  if (map.diagonal !== undefined) {
    const diagonal = map.diagonal.map((value, index) => value * factor[index]!);
    return diagonalMap(shapes.inShape, diagonal, shapes.bias, shapes.outShape);
  }
  const perChannel = constantPerChannel(factor, map.outShape);
  if (map.stencil !== undefined && perChannel !== null && map.outShape.length === shapes.outShape.length) {
    return stencilMap(shapes.inShape, shapes.outShape, scaleOutputs(map.stencil, perChannel), shapes.bias);
  }
  return {
    ...shapes,
    row: (out, visit) => map.row(out, (input, weight) => visit(input, weight * factor[out]!)),
  };
}

function scaleInputs(map: LinearMap, factor: Float64Array, shapes: Shapes): LinearMap {
  const perChannel = constantPerChannel(factor, shapes.inShape);
  if (map.stencil !== undefined && perChannel !== null && map.inShape.length === shapes.inShape.length) {
    return stencilMap(
      shapes.inShape,
      shapes.outShape,
      scaleStencilInputs(map.stencil, perChannel),
      shapes.bias,
    );
  }
  return {
    ...shapes,
    row: (out, visit) => map.row(out, (input, weight) => visit(input, weight * factor[input]!)),
  };
}

/** The factor of each channel, or null when it varies inside a channel. */
export function constantPerChannel(factor: Float64Array, shape: Shape): Float64Array | null {
  const channels = shape[0]!;
  const area = factor.length / channels;
  const perChannel = Float64Array.from({ length: channels }, (_, channel) => factor[channel * area]!);
  return factor.every((value, index) => value === perChannel[Math.floor(index / area)]) ? perChannel : null;
}

/** The sum of two maps of equal shapes. */
export function addMaps(left: LinearMap, right: LinearMap): LinearMap {
  const bias =
    left.bias === null || right.bias === null
      ? (left.bias ?? right.bias)
      : left.bias.map((value, index) => value + right.bias![index]!);
  const shapes = { inShape: left.inShape, outShape: left.outShape };
  if (left.diagonal !== undefined && right.diagonal !== undefined) {
    const diagonal = left.diagonal.map((value, index) => value + right.diagonal![index]!);
    return diagonalMap(shapes.inShape, diagonal, bias, shapes.outShape);
  }
  return {
    ...shapes,
    bias,
    row: (out, visit) => {
      left.row(out, visit);
      right.row(out, visit);
    },
  };
}
