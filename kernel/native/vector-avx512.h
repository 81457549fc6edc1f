#pragma once
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

/** Sixteen 32-bit lanes. */
namespace cipherfilm {
namespace {

struct Avx512 {
  using Vector = __m512i;
  /** 64-bit lanes with arithmetic operators. */
  typedef uint64_t Wide __attribute__((vector_size(64)));
  static constexpr size_t lanes = 16;
  static constexpr size_t logLanes = 4;

  static Vector load(const uint32_t* at) { return _mm512_loadu_si512(at); }
  static void prefetch(const uint32_t* at) { _mm_prefetch(reinterpret_cast<const char*>(at), _MM_HINT_T0); }
  static void prefetchFar(const uint32_t* at) { _mm_prefetch(reinterpret_cast<const char*>(at), _MM_HINT_T1); }
  static void store(uint32_t* at, Vector value) { _mm512_storeu_si512(at, value); }
  static Vector splat(uint32_t value) { return _mm512_set1_epi32(static_cast<int>(value)); }
  static Vector zero() { return _mm512_setzero_si512(); }
  static Vector add(Vector a, Vector b) { return _mm512_add_epi32(a, b); }
  static Vector add64(Vector a, Vector b) { return _mm512_add_epi64(a, b); }
  static Vector sub(Vector a, Vector b) { return _mm512_sub_epi32(a, b); }
  static Vector least(Vector a, Vector b) { return _mm512_min_epu32(a, b); }
  static Vector mulLow(Vector a, Vector b) { return _mm512_mullo_epi32(a, b); }
  /** 64-bit products of the even lanes. */
  static Vector mulEven(Vector a, Vector b) { return _mm512_mul_epu32(a, b); }
  /** Odd lanes moved to the even ones. */
  static Vector odd(Vector a) { return _mm512_castps_si512(_mm512_movehdup_ps(_mm512_castsi512_ps(a))); }
  /** High halves of 64-bit lanes: those of `even` to the even lanes, those of `odd` to the odd lanes. */
  static Vector highHalves(Vector even, Vector odd) {
    return _mm512_mask_mov_epi32(_mm512_srli_epi64(even, 32), 0xaaaa, odd);
  }
  static Vector lowHalves(Vector even, Vector odd) {
    return _mm512_mask_mov_epi32(even, 0xaaaa, _mm512_slli_epi64(odd, 32));
  }
  /** `value` where a > b, unsigned. */
  static Vector whereAbove(Vector a, Vector b, Vector value) {
    return _mm512_maskz_mov_epi32(_mm512_cmpgt_epu32_mask(a, b), value);
  }
  static Vector gather(const uint32_t* from, Vector places) { return _mm512_i32gather_epi32(places, from, 4); }

  /**
   * Exchanges the upper half of every 2·half lanes of a with the lower half of those of b. From two neighbouring
   * vectors on, with half = 8, 4, 2, 1, each step puts elements `half` places apart into the same lane of a and b, in
   * ascending order: in the end the even places in a, the odd ones in b.
   */
  template <size_t half>
  static void exchange(Vector& a, Vector& b) {
    Vector low, high;
    if constexpr (half == 8) {
      low = _mm512_shuffle_i64x2(a, b, 0x44);
      high = _mm512_shuffle_i64x2(a, b, 0xee);
    } else if constexpr (half == 4) {
      low = _mm512_permutex2var_epi64(a, _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13), b);
      high = _mm512_permutex2var_epi64(a, _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15), b);
    } else if constexpr (half == 2) {
      low = _mm512_unpacklo_epi64(a, b);
      high = _mm512_unpackhi_epi64(a, b);
    } else {
      low = lowHalves(a, b);
      high = highHalves(a, b);
    }
    a = low;
    b = high;
  }

  /** Undoes all exchanges together: a's and b's lanes in turn. */
  static void interleave(Vector& a, Vector& b) {
    const Vector first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const Vector second = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const Vector low = _mm512_permutex2var_epi32(a, first, b);
    b = _mm512_permutex2var_epi32(a, second, b);
    a = low;
  }
  /** Even places to a, odd ones to b. */
  static void deinterleave(Vector& a, Vector& b) {
    const Vector even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const Vector odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    const Vector low = _mm512_permutex2var_epi32(a, even, b);
    b = _mm512_permutex2var_epi32(a, odd, b);
    a = low;
  }

  /** lanes/half neighbouring words, each for the lanes of its group after `exchange<half>`. */
  template <size_t half>
  static Vector spread(const uint32_t* words) {
    const Vector loaded = load(words);
    if constexpr (half == 8)
      return _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1), loaded);
    else if constexpr (half == 4)
      return _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3), loaded);
    else if constexpr (half == 2)
      return _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7), loaded);
    else
      return loaded;
  }
};

}  // namespace
}  // namespace cipherfilm
