/** Plain arithmetic for the examples: what the encrypted results are compared with. */

/** Numbers in [-size, size] that look random but are the same in every run. */
export const waves = (count: number, seed: number, size = 1): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => size * Math.sin(seed + 12.9898 * (index + 1) ** 1.5));

export type Kernel = {
  readonly weights: ArrayLike<number>;
  readonly inputs: number;
  readonly outputs: number;
  readonly side: number;
  readonly stride: number;
};

/** A convolution of `inputs` square channels with one pixel of zeros around them; weights as PyTorch orders them. */
export function convolve(x: ArrayLike<number>, kernel: Kernel): Float64Array {
  const { weights, inputs, outputs, side: k, stride } = kernel;
  const side = Math.sqrt(x.length / inputs);
  const outSide = Math.floor((side + 2 - k) / stride) + 1;
  const taps = inputs * k * k;
  return Float64Array.from({ length: outputs * outSide * outSide }, (_, element) => {
    const top = (Math.floor(element / outSide) % outSide) * stride - 1;
    const left = (element % outSide) * stride - 1;
    const first = Math.floor(element / outSide ** 2) * taps;
    let sum = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const row = top + (Math.floor(tap / k) % k);
      const column = left + (tap % k);
      if (row < 0 || row >= side || column < 0 || column >= side) continue;
      const channel = Math.floor(tap / (k * k));
      sum += weights[first + tap]! * x[(channel * side + row) * side + column]!;
    }
    return sum;
  });
}

/** a·x² + b·x + c with a, b and c of each channel. */
export function activate(x: Float64Array, [a, b, c]: readonly ArrayLike<number>[]): Float64Array {
  const area = x.length / a!.length;
  return x.map((value, index) => {
    const channel = Math.floor(index / area);
    return a![channel]! * value * value + b![channel]! * value + c![channel]!;
  });
}
