import type { Shape } from './graph.ts';
import { sizeOf } from './graph.ts';

/**
 * An affine map between flattened tensors: out = W·in + bias. Sparse maps enumerate their weights; nothing of the
 * size out × in is ever stored for a convolution.
 */
export type LinearMap = {
  readonly inShape: Shape;
  readonly outShape: Shape;
  /** Per output element; absent means zero. */
  readonly bias: Float64Array | null;
  /** `diagonal`: out = d ⊙ in. `local`: sparse. `dense`: every pair may be present. */
  readonly kind: 'diagonal' | 'local' | 'dense';
  readonly forEach: (visit: (out: number, input: number, weight: number) => void) => void;
};

/** W·in + bias. */
export function applyMap(map: LinearMap, input: Float64Array): Float64Array {
  const out = map.bias === null ? new Float64Array(sizeOf(map.outShape)) : map.bias.slice();
  map.forEach((row, column, weight) => {
    out[row]! += weight * input[column]!;
  });
  return out;
}

export function diagonalMap(shape: Shape, factor: Float64Array, bias: Float64Array | null): LinearMap {
  return {
    inShape: shape,
    outShape: shape,
    bias,
    kind: 'diagonal',
    forEach: (visit) => {
      for (let index = 0; index < factor.length; index += 1) visit(index, index, factor[index]!);
    },
  };
}

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
    kind: 'dense',
    forEach: (visit) => {
      for (let row = 0; row * columns < weights.length; row += 1) {
        for (let column = 0; column < columns; column += 1)
          visit(row, column, weights[row * columns + column]!);
      }
    },
  };
}

/** The same elements under another shape. */
export const reshapeMap = (inShape: Shape, outShape: Shape): LinearMap => ({
  ...diagonalMap(inShape, new Float64Array(sizeOf(inShape)).fill(1), null),
  outShape,
});

/** [channels] → [channels, height, width]: each value over its whole channel. */
export function broadcastMap(outShape: Shape): LinearMap {
  const [channels = 0, height = 0, width = 0] = outShape;
  return {
    inShape: [channels],
    outShape,
    bias: null,
    kind: 'dense',
    forEach: (visit) => {
      for (let out = 0; out < channels * height * width; out += 1)
        visit(out, Math.floor(out / (height * width)), 1);
    },
  };
}

/** Mean over windows; a global pool is one window with `outShape` [channels]. */
export function averagePoolMap(
  inShape: Shape,
  kernel: readonly [number, number],
  stride: readonly [number, number],
  outShape: Shape,
): LinearMap {
  const [channels = 0, height = 0, width = 0] = inShape;
  const rows = Math.floor((height - kernel[0]) / stride[0]) + 1;
  const columns = Math.floor((width - kernel[1]) / stride[1]) + 1;
  return {
    inShape,
    outShape,
    bias: null,
    kind: 'local',
    forEach: (visit) => {
      const share = 1 / (kernel[0] * kernel[1]);
      forEachPosition(channels, rows, columns, (channel, y, x) => {
        for (let dy = 0; dy < kernel[0]; dy += 1) {
          for (let dx = 0; dx < kernel[1]; dx += 1) {
            const source = (channel * height + y * stride[0] + dy) * width + x * stride[1] + dx;
            visit((channel * rows + y) * columns + x, source, share);
          }
        }
      });
    },
  };
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
  const [outChannels = 0, rows = 0, columns = 0] = outShape;
  const [, perGroup = 0, kernelY = 0, kernelX = 0] = weight.shape;
  const outPerGroup = outChannels / form.groups;
  const spread =
    bias === null
      ? null
      : Float64Array.from({ length: sizeOf(outShape) }, (_, i) => bias[Math.floor(i / (rows * columns))]!);
  return {
    inShape,
    outShape,
    bias: spread,
    kind: 'local',
    forEach: (visit) =>
      forEachPosition(outChannels, rows, columns, (out, y, x) => {
        const firstInput = Math.floor(out / outPerGroup) * perGroup;
        for (let part = 0; part < perGroup; part += 1) {
          for (let ky = 0; ky < kernelY; ky += 1) {
            const sourceY = y * form.stride[0] + ky - form.padding[0];
            if (sourceY < 0 || sourceY >= height) continue;
            for (let kx = 0; kx < kernelX; kx += 1) {
              const sourceX = x * form.stride[1] + kx - form.padding[1];
              if (sourceX < 0 || sourceX >= width) continue;
              const weightAt = ((out * perGroup + part) * kernelY + ky) * kernelX + kx;
              visit(
                (out * rows + y) * columns + x,
                ((firstInput + part) * height + sourceY) * width + sourceX,
                weight.values[weightAt]!,
              );
            }
          }
        }
      }),
  };
}

function forEachPosition(
  channels: number,
  rows: number,
  columns: number,
  visit: (c: number, y: number, x: number) => void,
): void {
  for (let c = 0; c < channels; c += 1) {
    for (let y = 0; y < rows; y += 1) for (let x = 0; x < columns; x += 1) visit(c, y, x);
  }
}

/**
 * Two maps with nothing between them become one.
 *
 * A diagonal scales the other's weights in place; otherwise the product is formed densely, which is only done when
 * the result has few rows or few columns (`maxThinSide`), as heads, squeezes and gates have.
 *
 * @returns null when the composition would be large on both sides.
 */
export function composeMaps(first: LinearMap, second: LinearMap, maxThinSide = 1024): LinearMap | null {
  const shapes = { inShape: first.inShape, outShape: second.outShape };
  const bias = first.bias === null ? second.bias : applyMap(second, first.bias);
  if (second.kind === 'diagonal') {
    const factor = diagonalOf(second);
    return {
      ...shapes,
      bias,
      kind: first.kind,
      forEach: (visit) =>
        first.forEach((o, i, w) => {
          visit(o, i, w * factor[o]!);
        }),
    };
  }
  if (first.kind === 'diagonal') {
    const factor = diagonalOf(first);
    return {
      ...shapes,
      bias,
      kind: second.kind,
      forEach: (visit) =>
        second.forEach((o, i, w) => {
          visit(o, i, w * factor[i]!);
        }),
    };
  }
  const rows = sizeOf(second.outShape);
  const columns = sizeOf(first.inShape);
  if (Math.min(rows, columns) > maxThinSide) return null;
  const product = new Float64Array(rows * columns);
  const { starts, outs, weights } = byInput(second);
  first.forEach((middle, input, weight) => {
    for (let at = starts[middle]!; at < starts[middle + 1]!; at += 1) {
      product[outs[at]! * columns + input]! += weight * weights[at]!;
    }
  });
  return denseMap(shapes.inShape, shapes.outShape, product, bias);
}

/** The weights of a map grouped by input element: those of input i stand at starts[i] … starts[i + 1] − 1. */
function byInput(map: LinearMap): { starts: Int32Array; outs: Int32Array; weights: Float64Array } {
  const starts = new Int32Array(sizeOf(map.inShape) + 1);
  map.forEach((_out, input) => {
    starts[input + 1]! += 1;
  });
  for (let index = 1; index < starts.length; index += 1) starts[index]! += starts[index - 1]!;
  const next = starts.slice();
  const outs = new Int32Array(starts.at(-1)!);
  const weights = new Float64Array(outs.length);
  map.forEach((out, input, weight) => {
    const at = next[input]!;
    next[input] = at + 1;
    outs[at] = out;
    weights[at] = weight;
  });
  return { starts, outs, weights };
}

/** The factors of a diagonal map, by element. */
export function diagonalOf(map: LinearMap): Float64Array {
  const factor = new Float64Array(sizeOf(map.outShape));
  map.forEach((out, _input, weight) => {
    factor[out] = weight;
  });
  return factor;
}
