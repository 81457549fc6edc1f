#pragma once
#include <cstring>

#include "blake2x.h"
#include "encode.h"
#include "ntt.h"

/**
 * This header has the tasks of kernel/assembly/tasks.ts, which explains them. Arguments, units and, to the bit, results
 * are the same. A unit is mostly one residue polynomial ("limb") of N words.
 */
namespace cipherfilm {
namespace {

/** Does the tasks with the vectors `S`. */
template <class S>
struct Tasks {
  using V = typename S::Vector;
  using M = Modular<S>;
  using N = Ntt<S>;
  static constexpr size_t lanes = S::lanes;
  /** So many products below 2^60 fit 64 bits with a high half that stays lazy. */
  static constexpr size_t termsAtOnce = 16;
  /** So many digits are transformed before they meet their keys, while they are in a near cache. */
  static constexpr size_t digitsAtOnce = 4;
  /** All sums make so many words of a limb before the next ones, so that what they share stays in a near cache. */
  static constexpr size_t tile = 1024;
  /** So many vectors of a sum of products are in registers at once. */
  static constexpr size_t width = lanes == 16 ? 4 : 2;

  /** Transforms a limb back to coefficients. Arguments: from, to. */
  static void toCoefficients(const View& view, const Address* args, size_t unit) {
    const size_t degree = view.degree();
    uint32_t* to = view.at<uint32_t>(args[1]) + unit * degree;
    std::memcpy(to, view.at<uint32_t>(args[0]) + unit * degree, 4 * degree);
    N::backward(to, view, view.modulus(unit));
  }

  /**
   * Does a key switch into one modulus. Arguments: level, coefficients, NTT form, digits or 0, whether they are there,
   * key, its level, sums, whether digits are centred.
   */
  static void switchInto(const View& view, const Address* args, size_t unit, uint32_t thread) {
    const size_t level = args[0];
    const size_t bytes = 4 * view.degree();
    const bool isSpecial = unit == level;
    const Modulus& modulus = view.modulus(isSpecial ? view.ring->primes : unit);
    const Address scratch = view.scratch(thread);
    const Address digits = args[3] != 0 ? args[3] + unit * level * bytes : scratch + scratchList;
    const size_t keyLevel = args[6];
    const Address key = args[5] + (isSpecial ? keyLevel : unit) * keyLevel * 2 * bytes;
    const Address sums = args[7];
    Term* terms = view.at<Term>(scratch);
    for (size_t digit = 0; digit < level; digit++) {
      Address at = digits + digit * bytes;
      if (digit == unit) {
        at = args[2] + digit * bytes;
      } else if (args[4] == 0) {
        const uint32_t* ownKey = view.at<uint32_t>(key + digit * 2 * bytes);
        const Spread spread(view.at<uint32_t>(args[1] + digit * bytes), view.modulus(digit), modulus, args[8] != 0);
        N::forwardFrom(view.at<uint32_t>(at), view, modulus, {ownKey, ownKey + bytes / 2}, spread);
      }
      const size_t place = digit % digitsAtOnce;
      terms[place] = {at, static_cast<Address>(key + digit * 2 * bytes), static_cast<Address>(key + (digit * 2 + 1) * bytes)};
      if (sums != 0 && (place + 1 == digitsAtOnce || digit + 1 == level))
        sumProducts(view, terms, place + 1, 0, view.at<uint32_t>(sums + unit * bytes),
                    view.at<uint32_t>(sums + (level + 1 + unit) * bytes), modulus, view.degree(), digit != place);
    }
  }

  /**
   * Reads residues modulo `from` as lazy residues modulo `to`. When centred, those above half stand for negative
   * numbers.
   */
  struct Spread {
    const uint32_t* source;
    V q, half, shift, one, quotient;
    bool fits;

    Spread(const uint32_t* residues, const Modulus& from, const Modulus& to, bool centred)
        : source(residues),
          q(S::splat(to.q)),
          half(S::splat(from.q >> 1)),
          shift(S::splat(centred ? (from.q + to.q - 1) / to.q * to.q - from.q : 0)),
          one(S::splat(1)),
          quotient(S::splat(to.oneQuotient)),
          // Shifted residues lie below p + q.
          fits(from.q <= 3 * to.q) {}

    V operator()(size_t at) const {
      const V value = S::load(source + at);
      const V moved = S::add(value, S::whereAbove(value, half, shift));
      return fits ? moved : M::mulSplat(moved, one, quotient, q);
    }
  };

  /**
   * Computes `length` residues of the sums of s·x and of s·y over the terms, divided by 2^32. The results are reduced.
   * `offset` is in bytes.
   */
  static void sumProducts(const View& view, const Term* terms, size_t count, size_t offset, uint32_t* outX, uint32_t* outY,
                          const Modulus& modulus, size_t length, bool isContinued = false) {
    const V q = S::splat(modulus.q);
    const V q2 = S::add(q, q);
    const V inverse = S::splat(modulus.inverse);
    for (size_t first = 0; first < count; first += termsAtOnce) {
      const bool isFirst = first == 0 && !isContinued;
      const size_t end = count < first + termsAtOnce ? count : first + termsAtOnce;
      for (size_t at = 0; at < length; at += width * lanes) {
        V x[width][2], y[width][2];
        for (size_t n = 0; n < width; n++) x[n][0] = x[n][1] = y[n][0] = y[n][1] = S::zero();
        for (size_t term = first; term < end; term++) {
          const uint32_t* s = view.at<uint32_t>(terms[term].shared + offset) + at;
          const uint32_t* xs = view.at<uint32_t>(terms[term].x + offset) + at;
          const uint32_t* ys = view.at<uint32_t>(terms[term].y + offset) + at;
          for (size_t n = 0; n < width; n++) {
            // Too many streams for the processor to foresee; beyond the end of one it does no harm.
            S::prefetch(s + (width + n) * lanes);
            S::prefetch(xs + (width + n) * lanes);
            S::prefetch(ys + (width + n) * lanes);
            const V factor = S::load(s + n * lanes);
            const V odd = S::odd(factor);
            const V xFactor = S::load(xs + n * lanes);
            x[n][0] = S::add64(x[n][0], S::mulEven(factor, xFactor));
            x[n][1] = S::add64(x[n][1], S::mulEven(odd, S::odd(xFactor)));
            const V yFactor = S::load(ys + n * lanes);
            y[n][0] = S::add64(y[n][0], S::mulEven(factor, yFactor));
            y[n][1] = S::add64(y[n][1], S::mulEven(odd, S::odd(yFactor)));
          }
        }
        for (size_t n = 0; n < width; n++) {
          put(outX + at + n * lanes, M::montgomery(x[n][0], x[n][1], inverse, q, q2), isFirst, q);
          put(outY + at + n * lanes, M::montgomery(y[n][0], y[n][1], inverse, q, q2), isFirst, q);
        }
      }
    }
  }

  static void put(uint32_t* at, V value, bool isFirst, V q) {
    S::store(at, isFirst ? value : M::lower(S::add(S::load(at), value), q));
  }

  /**
   * Computes the coefficients of the limb to divide by, plus half of the prime. Arguments: first polynomial, bytes from
   * one polynomial to the next, limb, modulus index, out. Units: polynomials.
   */
  static void toRounded(const View& view, const Address* args, size_t unit) {
    const size_t degree = view.degree();
    const Modulus& modulus = view.modulus(args[3]);
    uint32_t* out = view.at<uint32_t>(args[4]) + unit * degree;
    std::memcpy(out, view.at<uint32_t>(args[0] + unit * args[1]) + args[2] * degree, 4 * degree);
    N::backward(out, view, modulus);
    const V q = S::splat(modulus.q);
    const V half = S::splat(modulus.q >> 1);
    for (size_t at = 0; at < degree; at += lanes) S::store(out + at, M::lower(S::add(S::load(out + at), half), q));
  }

  /**
   * Divides one limb by a prime, then adds and permutes where the arguments say so. Arguments: first polynomial, bytes
   * from one polynomial to the next, rounded coefficients, modulus index of the divisor, out, limbs, addend or 0,
   * polynomials that have one, permutation or 0. Units: polynomials x limbs.
   */
  static void divide(const View& view, const Address* args, size_t unit, uint32_t thread) {
    const size_t degree = view.degree();
    const size_t limbs = args[5];
    const size_t polynomial = unit / limbs;
    const size_t limb = unit % limbs;
    const Modulus& modulus = view.modulus(limb);
    const Divisor& divisor = view.at<Divisor>(view.ring->divisors)[args[3] * view.ring->primes + limb];
    uint32_t* scratch = view.at<uint32_t>(view.scratch(thread) + scratchList);
    const V q = S::splat(modulus.q);
    const V quotientOfOne = S::splat(modulus.oneQuotient);
    const V one = S::splat(1);
    const V minusHalf = S::splat(divisor.minusHalf);
    const uint32_t* rounded = view.at<uint32_t>(args[2]) + polynomial * degree;
    N::forwardFrom(scratch, view, modulus, {nullptr, nullptr}, [=](size_t at) {
      return S::add(M::mulSplat(S::load(rounded + at), one, quotientOfOne, q), minusHalf);
    });
    const uint32_t* source = view.at<uint32_t>(args[0] + polynomial * args[1]) + limb * degree;
    const V inverse = S::splat(divisor.inverse);
    const V quotient = S::splat(divisor.quotient);
    uint32_t* out = view.at<uint32_t>(args[4]) + unit * degree;
    uint32_t* result = args[8] != 0 ? scratch : out;
    const uint32_t* addend = polynomial < args[7] ? view.at<uint32_t>(args[6]) + unit * degree : nullptr;
    for (size_t at = 0; at < degree; at += lanes) {
      const V difference = S::add(S::sub(S::load(source + at), S::load(scratch + at)), q);
      V value = M::lower(M::mulSplat(difference, inverse, quotient, q), q);
      if (addend != nullptr) value = M::lower(S::add(value, S::load(addend + at)), q);
      S::store(result + at, value);
    }
    if (args[8] != 0) permute(scratch, out, view.at<uint32_t>(args[8]), degree);
  }

  /** Permutes residues: out[n] = from[permutation[n]]. */
  static void permute(const uint32_t* from, uint32_t* out, const uint32_t* permutation, size_t degree) {
    for (size_t at = 0; at < degree; at += lanes) S::store(out + at, S::gather(from, S::load(permutation + at)));
  }

  /** Adds two ciphertexts. Arguments: left, right, out, limbs per polynomial. Units: limbs of all polynomials. */
  static void add(const View& view, const Address* args, size_t unit) {
    const size_t degree = view.degree();
    const V q = S::splat(view.modulus(unit % args[3]).q);
    const uint32_t* left = view.at<uint32_t>(args[0]) + unit * degree;
    const uint32_t* right = view.at<uint32_t>(args[1]) + unit * degree;
    uint32_t* out = view.at<uint32_t>(args[2]) + unit * degree;
    for (size_t at = 0; at < degree; at += lanes)
      S::store(out + at, M::lower(S::add(S::load(left + at), S::load(right + at)), q));
  }

  /** Adds a plaintext to the first polynomial. Arguments: value, plaintext in Montgomery form, out. Units: level. */
  static void addPlain(const View& view, const Address* args, size_t unit) {
    const size_t degree = view.degree();
    const Modulus& modulus = view.modulus(unit);
    const V q = S::splat(modulus.q);
    const V q2 = S::add(q, q);
    const V inverse = S::splat(modulus.inverse);
    const V one = S::splat(1);
    const uint32_t* value = view.at<uint32_t>(args[0]) + unit * degree;
    const uint32_t* plaintext = view.at<uint32_t>(args[1]) + unit * degree;
    uint32_t* out = view.at<uint32_t>(args[2]) + unit * degree;
    for (size_t at = 0; at < degree; at += lanes) {
      const V form = S::load(plaintext + at);
      const V plain = M::montgomery(S::mulEven(form, one), S::mulEven(S::odd(form), one), inverse, q, q2);
      S::store(out + at, M::lower(S::add(S::load(value + at), plain), q));
    }
  }

  /**
   * Computes several sums of products. Arguments: sums, their number, parts of a limb. Each sum has: list of terms,
   * their count, out, bytes of a polynomial of out.
   */
  static void sumsOfProducts(const View& view, const Address* args, size_t unit) {
    struct Sum {
      Address terms, count, out, polynomial;
    };
    const Sum* sums = view.at<Sum>(args[0]);
    const size_t parts = args[2];
    const size_t limb = unit / parts;
    const size_t part = view.degree() / parts;
    const size_t length = tile < part ? tile : part;
    const size_t first = limb * view.degree() + unit % parts * part;
    for (size_t from = first; from < first + part; from += length)
      for (const Sum* sum = sums; sum < sums + args[1]; sum++) {
        uint32_t* out = view.at<uint32_t>(sum->out) + from;
        sumProducts(view, view.at<Term>(sum->terms), sum->count, 4 * from, out, out + sum->polynomial / 4, view.modulus(limb),
                    length);
      }
  }

  /**
   * Multiplies two ciphertexts to (a0·b0, a0·b1 + a1·b0, a1·b1). Arguments: left, right, out, bytes of a polynomial.
   * Units: level.
   */
  static void multiply(const View& view, const Address* args, size_t unit) {
    const size_t degree = view.degree();
    const Modulus& modulus = view.modulus(unit);
    const V q = S::splat(modulus.q);
    const V q2 = S::add(q, q);
    const V inverse = S::splat(modulus.inverse);
    const V radix = S::splat(modulus.radix);
    const V quotient = S::splat(modulus.radixQuotient);
    const size_t polynomial = args[3] / 4;
    const uint32_t* left = view.at<uint32_t>(args[0]) + unit * degree;
    const uint32_t* right = view.at<uint32_t>(args[1]) + unit * degree;
    uint32_t* out = view.at<uint32_t>(args[2]) + unit * degree;
    for (size_t at = 0; at < degree; at += lanes) {
      const V a0 = M::lower(M::mulSplat(S::load(left + at), radix, quotient, q), q);
      const V a1 = M::lower(M::mulSplat(S::load(left + polynomial + at), radix, quotient, q), q);
      const V b0 = S::load(right + at);
      const V b1 = S::load(right + polynomial + at);
      const V a0Odd = S::odd(a0), a1Odd = S::odd(a1), b0Odd = S::odd(b0), b1Odd = S::odd(b1);
      S::store(out + at, M::montgomery(S::mulEven(a0, b0), S::mulEven(a0Odd, b0Odd), inverse, q, q2));
      S::store(out + polynomial + at,
               M::montgomery(S::add64(S::mulEven(a0, b1), S::mulEven(a1, b0)),
                             S::add64(S::mulEven(a0Odd, b1Odd), S::mulEven(a1Odd, b0Odd)), inverse, q, q2));
      S::store(out + 2 * polynomial + at, M::montgomery(S::mulEven(a1, b1), S::mulEven(a1Odd, b1Odd), inverse, q, q2));
    }
  }

  /**
   * Brings one limb of a key into Montgomery form and permutes it. Arguments per unit: from, out, modulus index,
   * permutation or 0.
   */
  static void prepareKey(const View& view, const Address* args, size_t unit, uint32_t thread) {
    const Address* own = args + 4 * unit;
    const size_t degree = view.degree();
    const Modulus& modulus = view.modulus(own[2]);
    const V q = S::splat(modulus.q);
    const V radix = S::splat(modulus.radix);
    const V quotient = S::splat(modulus.radixQuotient);
    const uint32_t* from = view.at<uint32_t>(own[0]);
    uint32_t* out = view.at<uint32_t>(own[1]);
    uint32_t* result = own[3] != 0 ? view.at<uint32_t>(view.scratch(thread) + scratchList) : out;
    for (size_t at = 0; at < degree; at += lanes)
      S::store(result + at, M::lower(M::mulSplat(S::load(from + at), radix, quotient, q), q));
    if (own[3] != 0) permute(result, out, view.at<uint32_t>(own[3]), degree);
  }

  /** Does one unit of the task with this number. */
  static void perform(uint8_t* memory, uint32_t task, Address ring, Address argsAt, uint32_t unit, uint32_t thread) {
    const View view(memory, ring);
    const Address* args = view.at<Address>(argsAt);
    switch (task) {
      case 0: return toCoefficients(view, args, unit);
      case 1: return switchInto(view, args, unit, thread);
      case 2: return toRounded(view, args, unit);
      case 3: return divide(view, args, unit, thread);
      case 4: return add(view, args, unit);
      case 5: return addPlain(view, args, unit);
      case 6: return sumsOfProducts(view, args, unit);
      case 7: return multiply(view, args, unit);
      case 8: return prepareKey(view, args, unit, thread);
      case 9: return Encoder<S>::encodeOne(view, args, unit, thread);
      case 10: return Uniform<S>::expand(view, args, unit);
    }
  }
};

}  // namespace
}  // namespace cipherfilm
