#pragma once
#include "layout.h"

/**
 * This header computes modulo primes q < 2^30 on the lanes of a vector, as kernel/assembly/modular.ts does. A value is
 * *lazy* below 4q, *half-lazy* below 2q, and *reduced* below q. What these functions leave reduced is the same number
 * on every machine.
 */
namespace cipherfilm {
namespace {

/** Computes on the vectors `S`. */
template <class S>
struct Modular {
  using V = typename S::Vector;

  /** Computes the high halves of 32-bit products. `bOdd` has the odd lanes of b in the even ones. */
  static V mulHigh(V a, V b, V bOdd) {
    return S::highHalves(S::mulEven(a, b), S::mulEven(S::odd(a), bOdd));
  }

  /** Computes a·w mod q, half-lazy, for any a. w and its quotient are the same in all lanes. */
  static V mulSplat(V a, V w, V quotient, V q) {
    return mulConstant(a, w, quotient, quotient, q);
  }
  /** Computes the same for a w and a quotient that differ from lane to lane. */
  static V mulConstant(V a, V w, V quotient, V quotientOdd, V q) {
    return S::sub(S::mulLow(a, w), S::mulLow(mulHigh(a, quotient, quotientOdd), q));
  }

  /** Subtracts m from a where a >= m. */
  static V lower(V a, V m) { return S::least(a, S::sub(a, m)); }
  /** Computes a mod q of a lazy value. `q2` is 2q. */
  static V reduce(V a, V q, V q2) { return lower(lower(a, q2), q); }

  /**
   * Divides sums of products, those of the even and those of the odd lanes, by 2^32 modulo q. The high halves of the
   * sums are lazy; the result is reduced.
   */
  static V montgomery(V even, V odd, V inverse, V q, V q2) {
    const V top = reduce(S::highHalves(even, odd), q, q2);
    const V multiple = mulHigh(S::mulLow(S::lowHalves(even, odd), inverse), q, q);
    const V difference = S::sub(top, multiple);
    return S::least(difference, S::add(difference, q));
  }
};

}  // namespace
}  // namespace cipherfilm
