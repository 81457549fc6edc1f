import type { Shape } from './graph.ts';
import { sizeOf } from './graph.ts';

export type VisitWeight = (input: number, weight: number) => void;

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
  readonly forEach?: (visit: (out: number, input: number, weight: number) => void) => void;
  /** out = diagonal ⊙ in, element by element. */
  readonly diagonal?: Float64Array;
  readonly stencil?: Stencil;
};

/** Channel weights of one tap, grouped by output channel: those of channel c stand at starts[c] … starts[c + 1] − 1. */
type ChannelRows = {
  readonly starts: Int32Array;
  readonly inputs: Int32Array;
  readonly weights: Float64Array;
};
/** A tap counts only where stride·position + offset lies inside [0, height) × [0, width). */
type Guard = {
  readonly stride: readonly [number, number];
  readonly offset: readonly [number, number];
  readonly height: number;
  readonly width: number;
};
type Tap = { readonly guards: readonly Guard[]; readonly rows: ChannelRows };
/**
 * A map that looks the same at every position: convolutions, pools, and compositions of them. The last guard of a tap
 * says where it reads; earlier ones hold the borders of the values between two composed maps.
 */
export type Stencil = {
  readonly stride: readonly [number, number];
  readonly taps: readonly Tap[];
  /** Blocks of consecutive channels, as many in the input as in the output, between which there is no weight. */
  readonly groups: number;
};

/** Visits every weight. */
export function forEachWeight(
  map: LinearMap,
  visit: (out: number, input: number, weight: number) => void,
): void {
  if (map.forEach !== undefined) {
    map.forEach(visit);
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
    forEach: (visit) => forEachInStencil(stencil, [height, width], [rows, columns], visit),
    row: (out, visit) => {
      const channel = Math.floor(out / (rows * columns));
      const y = Math.floor(out / columns) % rows;
      const x = out % columns;
      tap: for (const { guards, rows: byChannel } of stencil.taps) {
        let position = 0;
        for (const guard of guards) {
          const atY = y * guard.stride[0] + guard.offset[0];
          const atX = x * guard.stride[1] + guard.offset[1];
          if (atY < 0 || atX < 0 || atY >= guard.height || atX >= guard.width) continue tap;
          position = atY * width + atX;
        }
        for (let at = byChannel.starts[channel]!; at < byChannel.starts[channel + 1]!; at += 1)
          visit(byChannel.inputs[at]! * height * width + position, byChannel.weights[at]!);
      }
    },
  };
}

/** Visits the weights of a stencil tap by tap; the positions where a tap counts form a rectangle. */
function forEachInStencil(
  stencil: Stencil,
  [height, width]: readonly [number, number],
  [rows, columns]: readonly [number, number],
  visit: (out: number, input: number, weight: number) => void,
): void {
  for (const { guards, rows: byChannel } of stencil.taps) {
    let [top, bottom, left, right] = [0, rows, 0, columns];
    for (const { stride, offset, height: h, width: w } of guards) {
      top = Math.max(top, Math.ceil(-offset[0] / stride[0]));
      left = Math.max(left, Math.ceil(-offset[1] / stride[1]));
      bottom = Math.min(bottom, Math.floor((h - 1 - offset[0]) / stride[0]) + 1);
      right = Math.min(right, Math.floor((w - 1 - offset[1]) / stride[1]) + 1);
    }
    const { stride, offset } = guards.at(-1)!;
    const channels = byChannel.starts.length - 1;
    for (let channel = 0; channel < channels; channel += 1) {
      for (let at = byChannel.starts[channel]!; at < byChannel.starts[channel + 1]!; at += 1) {
        const weight = byChannel.weights[at]!;
        const plane = byChannel.inputs[at]! * height * width;
        for (let y = top; y < bottom; y += 1) {
          const line = plane + (y * stride[0] + offset[0]) * width + offset[1];
          const outLine = (channel * rows + y) * columns;
          for (let x = left; x < right; x += 1) visit(outLine + x, line + x * stride[1], weight);
        }
      }
    }
  }
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
    return stencilMap(shapes.inShape, shapes.outShape, composeStencils(first, second), bias);
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
    const taps = map.stencil.taps.map(({ guards, rows }) => ({
      guards,
      rows: scaleChannelRows(rows, perChannel),
    }));
    return stencilMap(shapes.inShape, shapes.outShape, { ...map.stencil, taps }, shapes.bias);
  }
  return {
    ...shapes,
    row: (out, visit) => map.row(out, (input, weight) => visit(input, weight * factor[out]!)),
  };
}

function scaleInputs(map: LinearMap, factor: Float64Array, shapes: Shapes): LinearMap {
  const perChannel = constantPerChannel(factor, shapes.inShape);
  if (map.stencil !== undefined && perChannel !== null && map.inShape.length === shapes.inShape.length) {
    const taps = map.stencil.taps.map(({ guards, rows }) => ({
      guards,
      rows: { ...rows, weights: rows.weights.map((weight, at) => weight * perChannel[rows.inputs[at]!]!) },
    }));
    return stencilMap(shapes.inShape, shapes.outShape, { ...map.stencil, taps }, shapes.bias);
  }
  return {
    ...shapes,
    row: (out, visit) => map.row(out, (input, weight) => visit(input, weight * factor[input]!)),
  };
}

function scaleChannelRows(rows: ChannelRows, factor: Float64Array): ChannelRows {
  const weights = rows.weights.slice();
  for (let channel = 0; channel < factor.length; channel += 1) {
    for (let at = rows.starts[channel]!; at < rows.starts[channel + 1]!; at += 1)
      weights[at]! *= factor[channel]!;
  }
  return { ...rows, weights };
}

/** The factor of each channel, or null when it varies inside a channel. */
export function constantPerChannel(factor: Float64Array, shape: Shape): Float64Array | null {
  const channels = shape[0]!;
  const area = factor.length / channels;
  const perChannel = Float64Array.from({ length: channels }, (_, channel) => factor[channel * area]!);
  return factor.every((value, index) => value === perChannel[Math.floor(index / area)]) ? perChannel : null;
}

/** Every pair of taps becomes a tap; the border of the value between them stays as a guard. */
function composeStencils(first: LinearMap, second: LinearMap): Stencil {
  const [inner, outer] = [first.stencil!, second.stencil!];
  const taps = outer.taps.flatMap((late) =>
    inner.taps.map((early) => {
      const last = late.guards.at(-1)!;
      const moved = early.guards.map((guard) => ({
        ...guard,
        stride: [guard.stride[0] * last.stride[0], guard.stride[1] * last.stride[1]] as const,
        offset: [
          guard.stride[0] * last.offset[0] + guard.offset[0],
          guard.stride[1] * last.offset[1] + guard.offset[1],
        ] as const,
      }));
      return { guards: [...late.guards, ...moved], rows: multiplyChannelRows(late.rows, early.rows) };
    }),
  );
  return {
    stride: [inner.stride[0] * outer.stride[0], inner.stride[1] * outer.stride[1]],
    taps,
    groups: greatestCommonDivisor(inner.groups, outer.groups),
  };
}

const greatestCommonDivisor = (left: number, right: number): number =>
  right === 0 ? left : greatestCommonDivisor(right, left % right);

function multiplyChannelRows(outer: ChannelRows, inner: ChannelRows): ChannelRows {
  const channels = outer.starts.length - 1;
  const starts = new Int32Array(channels + 1);
  const inputs: number[] = [];
  const weights: number[] = [];
  const sums = new Map<number, number>();
  for (let channel = 0; channel < channels; channel += 1) {
    sums.clear();
    for (let at = outer.starts[channel]!; at < outer.starts[channel + 1]!; at += 1) {
      const middle = outer.inputs[at]!;
      for (let from = inner.starts[middle]!; from < inner.starts[middle + 1]!; from += 1) {
        const input = inner.inputs[from]!;
        sums.set(input, (sums.get(input) ?? 0) + outer.weights[at]! * inner.weights[from]!);
      }
    }
    for (const [input, weight] of sums) {
      inputs.push(input);
      weights.push(weight);
    }
    starts[channel + 1] = inputs.length;
  }
  return { starts, inputs: Int32Array.from(inputs), weights: Float64Array.from(weights) };
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
