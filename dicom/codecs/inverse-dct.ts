/** Factors are integers of 13 fraction bits. */
const fractionBits = 13;
const fixed = (factor: number): number => Math.round(factor * 2 ** fractionBits);

/** Rotations of the fast transform, in the notation of the paper's figure 1: sums and differences of √2·cos(kπ/16). */
const f0298 = fixed(0.298631336);
const f0390 = fixed(0.390180644);
const f0541 = fixed(0.5411961);
const f0765 = fixed(0.765366865);
const f0899 = fixed(0.899976223);
const f1175 = fixed(1.175875602);
const f1501 = fixed(1.50132111);
const f1847 = fixed(1.847759065);
const f1961 = fixed(1.96157056);
const f2053 = fixed(2.053119869);
const f2562 = fixed(2.562915447);
const f3072 = fixed(3.072711026);

/** Fraction bits kept between columns and rows: one is what 32 bits leave for samples of 12 bits. */
const keptBits = 1;
/** The two one-dimensional transforms together come out 8 times too large. */
const scaleBits = 3;
const middle = 2048;
const largest = 4095;

/**
 * Computes the inverse discrete cosine transform (DCT) of an 8×8 block whose samples have 12 bits. It rounds as
 * libjpeg's accurate integer method does, so that it agrees to the bit with decoders that use that method.
 *
 * @param coefficients 64 dequantised coefficients row by row; they are overwritten.
 * @param samples      receives 64 samples in 0 … 4095.
 * @see   C. Loeffler, A. Ligtenberg, G. Moschytz, *Practical fast 1-D DCT algorithms with 11 multiplications*,
 *        ICASSP 1989.
 */
export function inverseDct(coefficients: Int32Array, samples: Uint16Array): void {
  for (let column = 0; column < 8; column += 1) transform(coefficients, column, 8, fractionBits - keptBits);
  for (let row = 0; row < 8; row += 1) {
    transform(coefficients, 8 * row, 1, fractionBits + keptBits + scaleBits);
  }
  for (let index = 0; index < 64; index += 1) {
    samples[index] = Math.min(Math.max(coefficients[index]! + middle, 0), largest);
  }
}

/** Transforms eight values in place, which lie `step` apart from `at` on. The results are rounded and shifted right. */
function transform(data: Int32Array, at: number, step: number, shift: number): void {
  const x = (k: number): number => data[at + k * step]!;
  // Even part: a rotation of 2 and 6, a butterfly of 0 and 4.
  const even = (x(2) + x(6)) * f0541;
  const even2 = even - x(6) * f1847;
  const even3 = even + x(2) * f0765;
  const sum = (x(0) + x(4)) * 2 ** fractionBits;
  const difference = (x(0) - x(4)) * 2 ** fractionBits;
  // Odd part.
  const z5 = (x(7) + x(3) + x(5) + x(1)) * f1175;
  const z1 = -(x(7) + x(1)) * f0899;
  const z2 = -(x(5) + x(3)) * f2562;
  const z3 = z5 - (x(7) + x(3)) * f1961;
  const z4 = z5 - (x(5) + x(1)) * f0390;
  const odd0 = x(7) * f0298 + z1 + z3;
  const odd1 = x(5) * f2053 + z2 + z4;
  const odd2 = x(3) * f3072 + z2 + z3;
  const odd3 = x(1) * f1501 + z1 + z4;

  const half = 2 ** (shift - 1);
  const store = (low: number, evenPart: number, oddPart: number): void => {
    data[at + low * step] = (evenPart + oddPart + half) >> shift;
    data[at + (7 - low) * step] = (evenPart - oddPart + half) >> shift;
  };
  store(0, sum + even3, odd3);
  store(1, difference + even2, odd2);
  store(2, difference - even2, odd1);
  store(3, sum - even3, odd0);
}
