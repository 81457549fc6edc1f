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
 * An affine map takes one tensor to another: out = W·in + bias, with both tensors written as vectors (channel, then
 * row, then column). Rows of W are made on demand; for a convolution, nothing of the size out × in is stored. A row may
 * name an input more than once; its weights then add up.
 *
 * Smallest case: a 2×2 kernel with the weights 1 2 3 4 on one channel of 3×3, without padding. The output is 2×2, so
 * that W has 4 rows of 9:
 *
 *     out (0,0)   1 2 0  3 4 0  0 0 0
 *     out (0,1)   0 1 2  0 3 4  0 0 0
 *     out (1,0)   0 0 0  1 2 0  3 4 0
 *     out (1,1)   0 0 0  0 1 2  0 3 4
 */
export type LinearMap = {
  readonly inShape: Shape;
  readonly outShape: Shape;
  /** This is the bias of each output element; null means that all are zero. */
  readonly bias: Float64Array | null;
  /** Calls `visit` for every weight of one row. */
  readonly row: (out: number, visit: VisitWeight) => void;
  /** Visits all rows at once, in any order. It is there only where that is faster than row by row. */
  readonly forEach?: (visit: (out: number, input: number, weight: number) => void, window?: number) => void;
  /** When this is there, the map multiplies element by element: out = diagonal ⊙ in (+ bias). */
  readonly diagonal?: Float64Array;
  /** When this is there, the map does the same at every position, as a convolution does. */
  readonly stencil?: Stencil;
};

/**
 * Visits every weight of a map.
 *
 * @param window  for maps that look the same at every position: visits only so many rows and columns in the middle.
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

/** Computes W·input + bias on plain numbers. */
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

/** Makes the map that multiplies every element by its own factor and adds its own bias. */
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

/** Makes the map that changes nothing, or only the shape (flattening). */
export const identityMap = (shape: Shape, outShape: Shape = shape): LinearMap =>
  diagonalMap(shape, new Float64Array(sizeOf(shape)).fill(1), null, outShape);

/**
 * Makes a map from a full matrix.
 *
 * @param weights  row-major [out, in].
 */
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

/** Makes the map [channels] → [channels, height, width] that repeats each value over its whole channel. */
export function broadcastMap(outShape: Shape): LinearMap {
  const [channels = 0, height = 0, width = 0] = outShape;
  return {
    inShape: [channels],
    outShape,
    bias: null,
    row: (out, visit) => visit(Math.floor(out / (height * width)), 1),
  };
}

/** Makes the map [channels, height, width] → [channels] that takes the mean of each channel. */
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

/**
 * Makes the map that takes the mean over windows of each channel.
 *
 * @param kernel  rows and columns of a window.
 * @param stride  rows and columns from one window to the next.
 */
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

/**
 * Makes the map of a convolution whose input is padded with zeros.
 *
 * @param weight  [out, in/groups, kernelY, kernelX].
 * @param bias    one per output channel, or null.
 */
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

/** A dense matrix that a composition forms has at most this many weights. */
const maxDenseWeights = 2 ** 24;

/**
 * Makes one map of two that follow each other with nothing between them. A diagonal scales the other's weights; two
 * stencils become one wider stencil; anything else becomes a dense matrix.
 *
 * @returns null when the dense matrix would have more than 2^24 weights.
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

/** Finds the factor of each channel, or returns null when the factor varies inside a channel. */
export function constantPerChannel(factor: Float64Array, shape: Shape): Float64Array | null {
  const channels = shape[0]!;
  const area = factor.length / channels;
  const perChannel = Float64Array.from({ length: channels }, (_, channel) => factor[channel * area]!);
  return factor.every((value, index) => value === perChannel[Math.floor(index / area)]) ? perChannel : null;
}

/** Makes the sum of two maps of equal shapes. */
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
