#pragma once
#include <cmath>

#include "ntt.h"

/**
 * This header encodes as kernel/assembly/encode.ts does, which explains it. The transform in doubles does the same
 * operations in the same order, and none of them is fused, so that rounding gives the same integers.
 */
namespace cipherfilm {
namespace {

/** A complex number lies in memory as two doubles. */
struct Complex {
  double real, imaginary;
};

/** Encodes plaintexts with the vectors `S`. */
template <class S>
struct Encoder {
  using V = typename S::Vector;
  using M = Modular<S>;
  static constexpr size_t lanes = S::lanes;
  static constexpr double largest = 4611686018427387904.0;

  static Complex times(Complex a, Complex root) {
    return {a.real * root.real + a.imaginary * -root.imaginary, a.imaginary * root.real + a.real * root.imaginary};
  }

  /** Transforms complex numbers in place. It takes them in bit-reversed order and leaves them in natural order. */
  static void transform(Complex* values, size_t count, const Complex* roots) {
    for (size_t half = 1; half < count; half *= 2) {
      const size_t stride = count / (2 * half);
      for (size_t group = 0; group < count; group += 2 * half)
        for (size_t index = 0; index < half; index++) {
          Complex& low = values[group + index];
          Complex& high = values[group + index + half];
          const Complex a = low;
          const Complex b = times(high, roots[index * stride]);
          low = {a.real + b.real, a.imaginary + b.imaginary};
          high = {a.real - b.real, a.imaginary - b.imaginary};
        }
    }
  }

  /**
   * Turns slots into N signed 64-bit coefficients plus 2^63, all low words before all high words. The result is false
   * when a coefficient is too large or is no number.
   */
  static bool toIntegers(const View& view, const double* slots, Complex* values, uint32_t* work, double scale) {
    const size_t degree = view.degree();
    const size_t count = degree / 2;
    const EncoderTables* tables = view.at<EncoderTables>(view.ring->encoder);
    const uint32_t* places = view.at<uint32_t>(tables->places);
    const Complex* twists = view.at<Complex>(tables->twists);
    for (size_t slot = 0; slot < count; slot++) values[places[slot]] = {slots[slot], 0};
    transform(values, count, view.at<Complex>(tables->roots));
    const double factor = scale / static_cast<double>(count);
    bool fits = true;
    const auto put = [&](size_t index, double exact) {
      const double rounded = std::nearbyint(exact);
      const bool isSmall = std::fabs(rounded) < largest;
      fits = fits && isSmall;
      const uint64_t integer = static_cast<uint64_t>(isSmall ? static_cast<int64_t>(rounded) : 0) ^ 0x8000000000000000u;
      work[index] = static_cast<uint32_t>(integer);
      work[degree + index] = static_cast<uint32_t>(integer >> 32);
    };
    for (size_t index = 0; index < count; index++) {
      const Complex twisted = times(values[index], twists[index]);
      put(index, twisted.real * factor);
      put(index + count, twisted.imaginary * factor);
    }
    return fits;
  }

  /** Reduces those integers modulo one prime, multiplies them by 2^32 (Montgomery form) and transforms them. */
  static void toLimb(const View& view, const uint32_t* work, uint32_t* out, const Modulus& modulus) {
    const size_t degree = view.degree();
    const V q = S::splat(modulus.q);
    const V radix = S::splat(modulus.radix);
    const V quotient = S::splat(modulus.radixQuotient);
    const V square = S::splat(modulus.square);
    const V squareQuotient = S::splat(modulus.squareQuotient);
    const V minusOffset = S::splat(modulus.minusOffset);
    for (size_t at = 0; at < degree; at += lanes) {
      const V low = M::lower(M::mulSplat(S::load(work + at), radix, quotient, q), q);
      const V top = M::mulSplat(S::load(work + degree + at), square, squareQuotient, q);
      S::store(out + at, S::add(S::add(low, top), minusOffset));
    }
    Ntt<S>::forward(out, view, modulus);
  }

  /**
   * Encodes one plaintext. Arguments per unit: values, out, level, a flag that is set when the plaintext is refused,
   * scale as a double.
   */
  static void encodeOne(const View& view, const Address* args, size_t unit, uint32_t thread) {
    const Address* own = args + 6 * unit;
    const size_t degree = view.degree();
    const Address scratch = view.scratch(thread);
    uint32_t* work = view.at<uint32_t>(scratch + 8 * degree);
    const double scale = *reinterpret_cast<const double*>(own + 4);
    const bool fits = toIntegers(view, view.at<double>(own[0]), view.at<Complex>(scratch), work, scale);
    const_cast<Address*>(own)[3] = fits ? 0 : 1;
    for (size_t limb = 0; limb < own[2]; limb++)
      toLimb(view, work, view.at<uint32_t>(own[1]) + limb * degree, view.modulus(limb));
  }
};

}  // namespace
}  // namespace cipherfilm
