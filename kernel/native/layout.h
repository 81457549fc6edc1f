#pragma once
#include <cstddef>
#include <cstdint>

/**
 * This header describes what the kernel's memory holds, as kernel/assembly lays it out: a ring, its moduli, and scratch
 * for every thread. Addresses are byte offsets into that memory.
 */
namespace cipherfilm {

/** An address is a byte offset into the kernel's memory. */
using Address = uint32_t;

/**
 * A modulus holds a prime q and what is prepared for it, as kernel/assembly/modular.ts lays it out. A *quotient* of w
 * is floor(w * 2^32 / q).
 */
struct Modulus {
  uint32_t q;
  /** This is q^-1 mod 2^32. */
  uint32_t inverse;
  /** These are 2^32 mod q and its quotient. */
  uint32_t radix, radixQuotient;
  uint32_t oneQuotient;
  /** These are N^-1 mod q and the last inverse twiddle times N^-1, each with its quotient. */
  uint32_t degree, degreeQuotient;
  uint32_t last, lastQuotient;
  /**
   * The powers of the root lie here in bit-reversed order, N words, then their quotients; so do those of the inverse
   * root.
   */
  Address forward, backward;
  /** These are q - 2^95 mod q, then 2^64 mod q and its quotient. */
  uint32_t minusOffset, square, squareQuotient;
  uint32_t unused[2];
};
static_assert(sizeof(Modulus) == 64, "as MODULUS_BYTES");

/** A divisor holds its inverse modulo a prime, the quotient of that, and the prime minus half the divisor. */
struct Divisor {
  uint32_t inverse, quotient, minusHalf, unused;
};

/** A ring holds the tables of one parameter set, as kernel/assembly/tasks.ts and index.ts lay them out. */
struct Ring {
  uint32_t degree, primes;
  /**
   * These are the addresses of the moduli (data primes, then the special one), the divisors ([divisor][data prime]),
   * one address per thread, and the encoder's tables.
   */
  Address moduli, divisors, scratch, encoder;
};

/** These are the addresses of the encoder's tables, as kernel/assembly/encode.ts describes them. */
struct EncoderTables {
  Address places, roots, twists;
};

/** Scratch begins with a list of terms of so many bytes. */
constexpr size_t scratchList = 1024;
/** A term of a sum of products holds the addresses of the shared factor and of the two others. */
struct Term {
  Address shared, x, y;
};

/** A view is the memory as one task sees it: it turns addresses into pointers. */
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

/** Does one unit of one task. */
using Perform = void (*)(uint8_t* memory, uint32_t task, Address ring, Address args, uint32_t unit, uint32_t thread);

/** The tasks are those of kernel/assembly/index.ts: 0 to 10. */
constexpr uint32_t taskCount = 11;

void performAvx2(uint8_t*, uint32_t, Address, Address, uint32_t, uint32_t);
void performAvx512(uint8_t*, uint32_t, Address, Address, uint32_t, uint32_t);

}  // namespace cipherfilm
