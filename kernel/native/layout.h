#pragma once
#include <cstddef>
#include <cstdint>

/**
 * What the kernel's memory holds, as kernel/assembly lays it out: a ring, its moduli, scratch for every thread.
 * Addresses are byte offsets into that memory.
 */
namespace cipherfilm {

using Address = uint32_t;

/** kernel/assembly/modular.ts. */
struct Modulus {
  uint32_t q;
  /** q^-1 mod 2^32. */
  uint32_t inverse;
  /** 2^32 mod q; a "quotient" of w is floor(w * 2^32 / q). */
  uint32_t radix, radixQuotient;
  uint32_t oneQuotient;
  /** N^-1 mod q and the last inverse twiddle times N^-1. */
  uint32_t degree, degreeQuotient;
  uint32_t last, lastQuotient;
  /** Powers of the root in bit-reversed order, N words, then their quotients. */
  Address forward, backward;
  /** q - 2^95 mod q, then 2^64 mod q. */
  uint32_t minusOffset, square, squareQuotient;
  uint32_t unused[2];
};
static_assert(sizeof(Modulus) == 64, "as MODULUS_BYTES");

/** Inverse of a divisor modulo a prime, its quotient, and the prime minus half the divisor. */
struct Divisor {
  uint32_t inverse, quotient, minusHalf, unused;
};

/** kernel/assembly/tasks.ts and index.ts. */
struct Ring {
  uint32_t degree, primes;
  /** Data primes, then the special one; [divisor][data prime]; one address per thread; tables of the encoder. */
  Address moduli, divisors, scratch, encoder;
};

/** kernel/assembly/encode.ts. */
struct EncoderTables {
  Address places, roots, twists;
};

/** Scratch begins with a list of terms. */
constexpr size_t scratchList = 1024;
/** A term of a sum of products: the shared factor and the two others. */
struct Term {
  Address shared, x, y;
};

/** The memory, seen by one task. */
struct View {
  uint8_t* base;
  const Ring* ring;

  View(uint8_t* memory, Address ringAt) : base(memory), ring(reinterpret_cast<const Ring*>(memory + ringAt)) {}

  template <class T>
  T* at(Address address) const {
    return reinterpret_cast<T*>(base + address);
  }
  size_t degree() const { return ring->degree; }
  const Modulus& modulus(size_t index) const { return at<Modulus>(ring->moduli)[index]; }
  Address scratch(uint32_t thread) const { return at<Address>(ring->scratch)[thread]; }
};

/** One unit of one task. */
using Perform = void (*)(uint8_t* memory, uint32_t task, Address ring, Address args, uint32_t unit, uint32_t thread);

/** Tasks of kernel/assembly/index.ts: 0 to 10. */
constexpr uint32_t taskCount = 11;

void performAvx2(uint8_t*, uint32_t, Address, Address, uint32_t, uint32_t);
void performAvx512(uint8_t*, uint32_t, Address, Address, uint32_t, uint32_t);

}  // namespace cipherfilm
