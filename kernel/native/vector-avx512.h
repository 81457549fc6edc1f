#pragma once
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

/** This vector has sixteen 32-bit lanes. Functions whose name is a word of arithmetic do it lane by lane. */
namespace cipherfilm {
namespace {

struct Avx512 {
  using Vector = __m512i;
  /** This type has 64-bit lanes and arithmetic operators. */
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
  /** Computes the 64-bit products of the even lanes. */
  static Vector mulEven(Vector a, Vector b) { return _mm512_mul_epu32(a, b); }
  /** Moves the odd lanes to the even ones. */
  static Vector odd(Vector a) { return _mm512_castps_si512(_mm512_movehdup_ps(_mm512_castsi512_ps(a))); }
  /** Takes the high halves of 64-bit lanes: those of `even` go to the even lanes, those of `odd` to the odd lanes. */
  static Vector highHalves(Vector even, Vector odd) {
    return _mm512_mask_mov_epi32(_mm512_srli_epi64(even, 32), 0xaaaa, odd);
  }
  /** Takes the low halves of 64-bit lanes, in the same way. */
  static Vector lowHalves(Vector even, Vector odd) {
    return _mm512_mask_mov_epi32(even, 0xaaaa, _mm512_slli_epi64(odd, 32));
  }
  /** Gives `value` where a > b (unsigned), and 0 elsewhere. */
  static Vector whereAbove(Vector a, Vector b, Vector value) {
    return _mm512_maskz_mov_epi32(_mm512_cmpgt_epu32_mask(a, b), value);
  }
  /** Reads the words of `from` at the given places. */
  static Vector gather(const uint32_t* from, Vector places) { return _mm512_i32gather_epi32(places, from, 4); }

  /**
   * Exchanges the upper half of every 2·half lanes of a with the lower half of those of b. Start from two neighbouring
   * vectors and do this with half = 8, 4, 2, 1. Each step puts elements that are `half` places apart into the same lane
   * of a and b, in ascending order. In the end a holds the even places and b the odd ones.
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

  /** Undoes all exchanges together: the lanes of a and b are taken in turn. */
  static void interleave(Vector& a, Vector& b) {
    const Vector first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const Vector second = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    const Vector low = _mm512_permutex2var_epi32(a, first, b);
    b = _mm512_permutex2var_epi32(a, second, b);
    a = low;
  }
  /** Puts the even places into a and the odd ones into b. */
  static void deinterleave(Vector& a, Vector& b) {
    const Vector even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const Vector odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    const Vector low = _mm512_permutex2var_epi32(a, even, b);
    b = _mm512_permutex2var_epi32(a, odd, b);
    a = low;
  }

  /**
   * Loads lanes/half neighbouring words and gives each to the lanes of its group, as they are after `exchange<half>`.
   */
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
