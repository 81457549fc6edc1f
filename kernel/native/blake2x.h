#pragma once
#include <cstring>

#include "layout.h"

/**
 * This header expands SEAL's seeds to uniform polynomials, as kernel/assembly/blake2x.ts does: with BLAKE2Xb in blocks
 * of 4096 bytes. The leaves of a block differ only in their number, so that they are hashed side by side, one per
 * 64-bit lane.
 */
namespace cipherfilm {
namespace {

constexpr uint64_t blakeInitial[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                                      0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
constexpr uint8_t blakeSigma[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};
constexpr size_t blakeBlock = 4096;

/**
 * Mixes one block into the state. `W` is one 64-bit word, or a vector of them with one hash per lane. `rotate(w, n)`
 * rotates to the right.
 */
template <class W, class Rotate>
void blakeCompress(W* state, const W* block, uint64_t counter, bool isLast, const W& zero, Rotate rotate) {
  W v[16];
  for (size_t index = 0; index < 8; index++) {
    v[index] = state[index];
    v[index + 8] = zero + blakeInitial[index];
  }
  v[12] = v[12] ^ counter;
  if (isLast) v[14] = ~v[14];
  const auto mix = [&](W& a, W& b, W& c, W& d, const W& x, const W& y) {
    a = a + b + x;
    d = rotate(d ^ a, 32);
    c = c + d;
    b = rotate(b ^ c, 24);
    a = a + b + y;
    d = rotate(d ^ a, 16);
    c = c + d;
    b = rotate(b ^ c, 63);
  };
  for (size_t round = 0; round < 12; round++) {
    const uint8_t* s = blakeSigma[round % 10];
    mix(v[0], v[4], v[8], v[12], block[s[0]], block[s[1]]);
    mix(v[1], v[5], v[9], v[13], block[s[2]], block[s[3]]);
    mix(v[2], v[6], v[10], v[14], block[s[4]], block[s[5]]);
    mix(v[3], v[7], v[11], v[15], block[s[6]], block[s[7]]);
    mix(v[0], v[5], v[10], v[15], block[s[8]], block[s[9]]);
    mix(v[1], v[6], v[11], v[12], block[s[10]], block[s[11]]);
    mix(v[2], v[7], v[8], v[13], block[s[12]], block[s[13]]);
    mix(v[3], v[4], v[9], v[14], block[s[14]], block[s[15]]);
  }
  for (size_t index = 0; index < 8; index++) state[index] = state[index] ^ v[index] ^ v[index + 8];
}

/** Expands seeds with the vectors `S`. */
template <class S>
struct Uniform {
  static constexpr size_t hashes = S::lanes / 2;
  using Wide = typename S::Wide;

  /** Computes block `counter` of the stream of a 64-byte seed. */
  static void block(const uint8_t* seed, uint64_t counter, uint64_t* out) {
    const auto rotate = [](uint64_t word, int bits) { return word >> bits | word << (64 - bits); };
    uint64_t root[8], message[16] = {};
    std::memcpy(root, blakeInitial, sizeof root);
    // Digest 64, key 64, fan-out 1, depth 1; then the length of the whole output.
    root[0] ^= 64 | 64 << 8 | 1 << 16 | 1 << 24;
    root[1] ^= static_cast<uint64_t>(blakeBlock) << 32;
    std::memcpy(message, seed, 64);
    blakeCompress<uint64_t>(root, message, 128, false, 0, rotate);
    std::memset(message, 0, sizeof message);
    message[0] = counter;
    blakeCompress<uint64_t>(root, message, 136, true, 0, rotate);
    const Wide zero = {};
    Wide wideMessage[16], state[8], numbers = {};
    for (size_t lane = 0; lane < hashes; lane++) numbers[lane] = lane;
    for (size_t index = 0; index < 16; index++) wideMessage[index] = zero + (index < 8 ? root[index] : 0);
    const auto rotateWide = [](Wide words, int bits) { return words >> bits | words << (64 - bits); };
    for (size_t leaf = 0; leaf < blakeBlock / 64; leaf += hashes) {
      for (size_t index = 0; index < 8; index++) state[index] = zero + blakeInitial[index];
      // Digest 64, leaf length 64; number of the leaf and length of the whole; inner length 64.
      state[0] = state[0] ^ (64 | static_cast<uint64_t>(64) << 32);
      state[1] = state[1] ^ ((numbers + leaf) | static_cast<uint64_t>(blakeBlock) << 32);
      state[2] = state[2] ^ (64 << 8);
      blakeCompress<Wide>(state, wideMessage, 64, true, zero, rotateWide);
      for (size_t lane = 0; lane < hashes; lane++)
        for (size_t index = 0; index < 8; index++) out[(leaf + lane) * 8 + index] = state[index][lane];
    }
  }

  /**
   * Expands one seed, one limb per modulus. Words that are refused are replaced by what follows all the others in the
   * stream.
   */
  static void expand(const View& view, const Address* args, size_t unit) {
    // Per unit: seed, list of modulus indices, limbs, out, scratch of limbs·N 64-bit words.
    const Address* own = args + 5 * unit;
    const uint8_t* seed = view.base + own[0];
    const uint32_t* indices = view.at<uint32_t>(own[1]);
    const size_t degree = view.degree();
    const size_t total = own[2] * degree;
    uint32_t* out = view.at<uint32_t>(own[3]);
    uint64_t* words = view.at<uint64_t>(own[4]);
    uint64_t buffer[blakeBlock / 8];
    uint64_t counter = 0;
    size_t left = 0;
    const auto next = [&] {
      if (left == 0) {
        block(seed, counter++, buffer);
        left = blakeBlock / 8;
      }
      return buffer[blakeBlock / 8 - left--];
    };
    for (size_t index = 0; index < total; index++) words[index] = next();
    for (size_t limb = 0; limb < own[2]; limb++) {
      const uint64_t q = view.modulus(indices[limb]).q;
      const uint64_t bound = UINT64_MAX - UINT64_MAX % q - 1;
      for (size_t index = limb * degree; index < (limb + 1) * degree; index++) {
        uint64_t value = words[index];
        while (value >= bound) value = next();
        out[index] = static_cast<uint32_t>(value % q);
      }
    }
  }
};

}  // namespace
}  // namespace cipherfilm
