#pragma once
#include "layout.h"

/**
 * Arithmetic modulo primes q < 2^30 on the lanes of a vector, as kernel/assembly/modular.ts has it: a value is *lazy*
 * below 4q, *half-lazy* below 2q, *reduced* below q. What these leave reduced is the same number on every machine.
 */
namespace cipherfilm {
namespace {

template <class S>
struct Modular {
  using V = typename S::Vector;

  /** High halves of 32-bit products; `bOdd` has b's odd lanes in the even ones. */
  static V mulHigh(V a, V b, V bOdd) {
    return S::highHalves(S::mulEven(a, b), S::mulEven(S::odd(a), bOdd));
  }

  /** a·w mod q, half-lazy, for any a: w and its quotient are the same in all lanes. */
  static V mulSplat(V a, V w, V quotient, V q) {
    return mulConstant(a, w, quotient, quotient, q);
  }
  static V mulConstant(V a, V w, V quotient, V quotientOdd, V q) {
    return S::sub(S::mulLow(a, w), S::mulLow(mulHigh(a, quotient, quotientOdd), q));
  }

  /** a - m where a >= m. */
  static V lower(V a, V m) { return S::least(a, S::sub(a, m)); }
  static V reduce(V a, V q, V q2) { return lower(lower(a, q2), q); }

  /** Sums of products of the even and of the odd lanes, divided by 2^32: reduced. Their high halves are lazy. */
  static V montgomery(V even, V odd, V inverse, V q, V q2) {
    const V top = reduce(S::highHalves(even, odd), q, q2);
    const V multiple = mulHigh(S::mulLow(S::lowHalves(even, odd), inverse), q, q);
    const V difference = S::sub(top, multiple);
    return S::least(difference, S::add(difference, q));
  }
};

}  // namespace
}  // namespace cipherfilm
