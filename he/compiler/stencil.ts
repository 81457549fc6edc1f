/** This function is called once per weight of a row, with the index of the input element and the weight. */
export type VisitWeight = (input: number, weight: number) => void;

/**
 * These are the channel weights of one tap. They are grouped by output channel: those of channel c stand at starts[c] …
 * starts[c + 1] − 1, each with the input channel that it multiplies.
 */
export type ChannelRows = {
  readonly starts: Int32Array;
  readonly inputs: Int32Array;
  readonly weights: Float64Array;
};
/** A guard is a condition: the tap counts only where stride·position + offset lies inside [0, height) × [0, width). */
type Guard = {
  readonly stride: readonly [number, number];
  readonly offset: readonly [number, number];
  readonly height: number;
  readonly width: number;
};
/**
 * A tap is one of the places that a stencil reads around a position: a 3×3 kernel has nine. It counts where all its
 * guards hold.
 */
export type Tap = { readonly guards: readonly Guard[]; readonly rows: ChannelRows };
/**
 * A stencil is a map that does the same at every position: a convolution, a pool, or a composition of these. The last
 * guard of a tap says where it reads; earlier guards keep the borders of the values that lay between two composed maps.
 */
export type Stencil = {
  readonly stride: readonly [number, number];
  readonly taps: readonly Tap[];
  /**
   * This is the number of groups. A group is a block of consecutive channels; there are as many in the input as in the
   * output, and no weight leads from one to another.
   */
  readonly groups: number;
};

/**
 * Visits the weights of one output element.
 *
 * @param out  the output element's index.
 */
export function visitStencilRow(
  stencil: Stencil,
  out: number,
  [height, width]: readonly [number, number],
  [rows, columns]: readonly [number, number],
  visit: VisitWeight,
): void {
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
}

/**
 * Visits all weights of a stencil, tap by tap. The positions where a tap counts form a rectangle.
 *
 * @param window  at most so many rows and columns of the rectangle, in its middle.
 */
export function forEachInStencil(
  stencil: Stencil,
  [height, width]: readonly [number, number],
  [rows, columns]: readonly [number, number],
  visit: (out: number, input: number, weight: number) => void,
  window: number = Math.max(rows, columns),
): void {
  for (const { guards, rows: byChannel } of stencil.taps) {
    let [top, bottom, left, right] = [0, rows, 0, columns];
    for (const { stride, offset, height: h, width: w } of guards) {
      top = Math.max(top, Math.ceil(-offset[0] / stride[0]));
      left = Math.max(left, Math.ceil(-offset[1] / stride[1]));
      bottom = Math.min(bottom, Math.floor((h - 1 - offset[0]) / stride[0]) + 1);
      right = Math.min(right, Math.floor((w - 1 - offset[1]) / stride[1]) + 1);
    }
    [top, bottom] = middle(top, bottom, window);
    [left, right] = middle(left, right, window);
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

/** Takes the middle `length` numbers of a range, or all of it when it is shorter. */
const middle = (from: number, to: number, length: number): [number, number] => {
  if (to - from <= length) return [from, to];
  const start = Math.floor((from + to - length) / 2);
  return [start, start + length];
};

/** Multiplies every output channel by its factor. */
export function scaleOutputs(stencil: Stencil, factor: Float64Array): Stencil {
  const taps = stencil.taps.map(({ guards, rows }) => ({ guards, rows: scaleChannelRows(rows, factor) }));
  return { ...stencil, taps };
}

/** Multiplies every input channel by its factor. */
export function scaleStencilInputs(stencil: Stencil, factor: Float64Array): Stencil {
  const taps = stencil.taps.map(({ guards, rows }) => ({
    guards,
    rows: { ...rows, weights: rows.weights.map((weight, at) => weight * factor[rows.inputs[at]!]!) },
  }));
  return { ...stencil, taps };
}

function scaleChannelRows(rows: ChannelRows, factor: Float64Array): ChannelRows {
  const weights = rows.weights.slice();
  for (let channel = 0; channel < factor.length; channel += 1) {
    for (let at = rows.starts[channel]!; at < rows.starts[channel + 1]!; at += 1)
      weights[at]! *= factor[channel]!;
  }
  return { ...rows, weights };
}

/**
 * Makes one stencil of two that follow each other. Every pair of taps becomes a tap; the border of the value between
 * them stays as a guard.
 *
 * @param inner  the stencil that is applied first.
 */
export function composeStencils(inner: Stencil, outer: Stencil): Stencil {
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
