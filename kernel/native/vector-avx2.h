#pragma once
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

/** This vector has eight 32-bit lanes. vector-avx512.h explains each function. */
namespace cipherfilm {
namespace {

struct Avx2 {
  using Vector = __m256i;
  /** This type has 64-bit lanes and arithmetic operators. */
  typedef uint64_t Wide __attribute__((vector_size(32)));
  static constexpr size_t lanes = 8;
  static constexpr size_t logLanes = 3;

  static Vector load(const uint32_t* at) { return _mm256_loadu_si256(reinterpret_cast<const Vector*>(at)); }
  static void prefetch(const uint32_t* at) { _mm_prefetch(reinterpret_cast<const char*>(at), _MM_HINT_T0); }
  static void prefetchFar(const uint32_t* at) { _mm_prefetch(reinterpret_cast<const char*>(at), _MM_HINT_T1); }
  static void store(uint32_t* at, Vector value) { _mm256_storeu_si256(reinterpret_cast<Vector*>(at), value); }
  static Vector splat(uint32_t value) { return _mm256_set1_epi32(static_cast<int>(value)); }
  static Vector zero() { return _mm256_setzero_si256(); }
  static Vector add(Vector a, Vector b) { return _mm256_add_epi32(a, b); }
  static Vector add64(Vector a, Vector b) { return _mm256_add_epi64(a, b); }
  static Vector sub(Vector a, Vector b) { return _mm256_sub_epi32(a, b); }
  static Vector least(Vector a, Vector b) { return _mm256_min_epu32(a, b); }
  static Vector mulLow(Vector a, Vector b) { return _mm256_mullo_epi32(a, b); }
  static Vector mulEven(Vector a, Vector b) { return _mm256_mul_epu32(a, b); }
  static Vector odd(Vector a) { return _mm256_srli_epi64(a, 32); }
  static Vector highHalves(Vector even, Vector odd) {
    return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
  }
  static Vector lowHalves(Vector even, Vector odd) {
    return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
  }
  static Vector whereAbove(Vector a, Vector b, Vector value) {
    // a <= b where their minimum is a.
    return _mm256_andnot_si256(_mm256_cmpeq_epi32(_mm256_min_epu32(a, b), a), value);
  }
  static Vector gather(const uint32_t* from, Vector places) {
    return _mm256_i32gather_epi32(reinterpret_cast<const int*>(from), places, 4);
  }

  template <size_t half>
  static void exchange(Vector& a, Vector& b) {
    Vector low, high;
    if constexpr (half == 4) {
      low = _mm256_permute2x128_si256(a, b, 0x20);
      high = _mm256_permute2x128_si256(a, b, 0x31);
    } else if constexpr (half == 2) {
      low = _mm256_unpacklo_epi64(a, b);
      high = _mm256_unpackhi_epi64(a, b);
    } else {
      low = lowHalves(a, b);
      high = highHalves(a, b);
    }
    a = low;
    b = high;
  }

  static void interleave(Vector& a, Vector& b) {
    const Vector low = _mm256_unpacklo_epi32(a, b);
    const Vector high = _mm256_unpackhi_epi32(a, b);
    a = _mm256_permute2x128_si256(low, high, 0x20);
    b = _mm256_permute2x128_si256(low, high, 0x31);
  }
  static void deinterleave(Vector& a, Vector& b) {
    const __m256 first = _mm256_castsi256_ps(a);
    const __m256 second = _mm256_castsi256_ps(b);
    const Vector even = _mm256_castps_si256(_mm256_shuffle_ps(first, second, 0x88));
    const Vector odd = _mm256_castps_si256(_mm256_shuffle_ps(first, second, 0xdd));
    a = _mm256_permute4x64_epi64(even, 0xd8);
    b = _mm256_permute4x64_epi64(odd, 0xd8);
  }

  template <size_t half>
  static Vector spread(const uint32_t* words) {
    const Vector loaded = load(words);
    if constexpr (half == 4)
      return _mm256_permutevar8x32_epi32(loaded, _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1));
    else if constexpr (half == 2)
      return _mm256_permutevar8x32_epi32(loaded, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3));
    else
      return loaded;
  }
};

}  // namespace
}  // namespace cipherfilm
