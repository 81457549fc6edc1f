#pragma once
#include "modular.h"

/**
 * This header transforms N residues in place: a negacyclic number-theoretic transform, radix 4, with the same orders as
 * kernel/assembly/ntt.ts, which explains it. The layers between neighbours that are closer than a vector's lanes are
 * done in registers, on pairs of vectors.
 */
namespace cipherfilm {
namespace {

/** Transforms with the vectors `S`. */
template <class S>
struct Ntt {
  using V = typename S::Vector;
  using M = Modular<S>;
  static constexpr size_t lanes = S::lanes;
  /** So many words stay in the first cache level. */
  static constexpr size_t block = 4096;

  /** A table holds the powers of a root and their quotients. */
  struct Table {
    const uint32_t* powers;
    const uint32_t* quotients;
  };
  /** A twiddle is one power of the root, in all lanes. */
  struct Twiddle {
    V w, quotient;
    V times(V a, V q) const { return M::mulSplat(a, w, quotient, q); }
  };
  static Twiddle twiddle(Table table, size_t index) {
    return {S::splat(table.powers[index]), S::splat(table.quotients[index])};
  }

  /**
   * This is memory that is needed next and comes from afar. At every step of the work, some lines of it are asked for.
   */
  struct Ahead {
    const uint32_t* next;
    const uint32_t* end;
    void ask(size_t lines) {
      for (; lines > 0 && next < end; lines--, next += 16) S::prefetchFar(next);
    }
  };

  /** Does one forward butterfly. It takes and leaves lazy values. */
  static void forwardPair(V& a, V& b, V product, V q2) {
    const V low = M::lower(a, q2);
    a = S::add(low, product);
    b = S::add(S::sub(low, product), q2);
  }
  /**
   * Does one backward butterfly without its multiplication. It takes half-lazy values. The sum it leaves is half-lazy;
   * the difference is lazy and still to be multiplied.
   */
  static void backwardPair(V& a, V& b, V q2) {
    const V sum = M::lower(S::add(a, b), q2);
    b = S::add(S::sub(a, b), q2);
    a = sum;
  }

  /**
   * So many pairs of neighbouring vectors are worked on side by side, so that their long chains of operations overlap.
   */
  static constexpr size_t sideBySide = lanes == 16 ? 4 : 2;
  struct Pairs {
    V a[sideBySide], b[sideBySide];
  };

  template <size_t half>
  static void exchange(Pairs& pairs) {
    for (size_t n = 0; n < sideBySide; n++) S::template exchange<half>(pairs.a[n], pairs.b[n]);
  }

  /**
   * Gives the odd lanes of what `spread<half>` made. Where groups are wider than a lane, they are the same as the even
   * ones.
   */
  template <size_t half>
  static V oddOf(V spread) {
    return half == 1 ? S::odd(spread) : spread;
  }

  template <size_t half>
  static void forwardLanes(Pairs& pairs, Table table, size_t degree, size_t pair, V q, V q2) {
    exchange<half>(pairs);
    for (size_t n = 0; n < sideBySide; n++) {
      const size_t group = degree / (2 * half) + lanes * (pair + n) / half;
      const V w = S::template spread<half>(table.powers + group);
      const V quotient = S::template spread<half>(table.quotients + group);
      forwardPair(pairs.a[n], pairs.b[n], M::mulConstant(pairs.b[n], w, quotient, oddOf<half>(quotient), q), q2);
    }
    if constexpr (half > 1) forwardLanes<half / 2>(pairs, table, degree, pair, q, q2);
  }

  template <size_t half>
  static void backwardLanes(Pairs& pairs, Table table, size_t degree, size_t pair, V q, V q2) {
    if constexpr (half > 1) backwardLanes<half / 2>(pairs, table, degree, pair, q, q2);
    for (size_t n = 0; n < sideBySide; n++) {
      const size_t group = degree / (2 * half) + lanes * (pair + n) / half;
      const V w = S::template spread<half>(table.powers + group);
      const V quotient = S::template spread<half>(table.quotients + group);
      backwardPair(pairs.a[n], pairs.b[n], q2);
      pairs.b[n] = M::mulConstant(pairs.b[n], w, quotient, oddOf<half>(quotient), q);
    }
    exchange<half>(pairs);
  }

  static Pairs loadPairs(const uint32_t* x) {
    Pairs pairs;
    for (size_t n = 0; n < sideBySide; n++) {
      pairs.a[n] = S::load(x + 2 * n * lanes);
      pairs.b[n] = S::load(x + (2 * n + 1) * lanes);
    }
    return pairs;
  }

  /** Does the last layers, over `size` words that begin at word `first` of the whole. It leaves reduced values. */
  static void forwardEnd(uint32_t* x, size_t first, size_t size, bool neighbours, Table table, size_t degree, V q, V q2,
                         Ahead& ahead) {
    for (size_t at = 0; at < size; at += 2 * lanes * sideBySide) {
      ahead.ask(4);
      const size_t pair = (first + at) / (2 * lanes);
      Pairs pairs = loadPairs(x + at);
      if (neighbours)
        for (size_t n = 0; n < sideBySide; n++) {
          const Twiddle w = twiddle(table, degree / (2 * lanes) + pair + n);
          forwardPair(pairs.a[n], pairs.b[n], w.times(pairs.b[n], q), q2);
        }
      forwardLanes<lanes / 2>(pairs, table, degree, pair, q, q2);
      for (size_t n = 0; n < sideBySide; n++) {
        S::interleave(pairs.a[n], pairs.b[n]);
        S::store(x + at + 2 * n * lanes, M::reduce(pairs.a[n], q, q2));
        S::store(x + at + (2 * n + 1) * lanes, M::reduce(pairs.b[n], q, q2));
      }
    }
  }

  static void backwardBegin(uint32_t* x, size_t first, size_t size, bool neighbours, Table table, size_t degree, V q, V q2) {
    for (size_t at = 0; at < size; at += 2 * lanes * sideBySide) {
      const size_t pair = (first + at) / (2 * lanes);
      Pairs pairs = loadPairs(x + at);
      for (size_t n = 0; n < sideBySide; n++) S::deinterleave(pairs.a[n], pairs.b[n]);
      backwardLanes<lanes / 2>(pairs, table, degree, pair, q, q2);
      for (size_t n = 0; n < sideBySide; n++) {
        if (neighbours) {
          backwardPair(pairs.a[n], pairs.b[n], q2);
          pairs.b[n] = twiddle(table, degree / (2 * lanes) + pair + n).times(pairs.b[n], q);
        }
        S::store(x + at + 2 * n * lanes, pairs.a[n]);
        S::store(x + at + (2 * n + 1) * lanes, pairs.b[n]);
      }
    }
  }

  /** Does two layers over one group of four quarters. `read(at)` gives what there is at word `at` before them. */
  template <class Read>
  static void forwardGroup(uint32_t* x, size_t quarter, Table table, size_t group, V q, V q2, Ahead& ahead, Read read) {
    const Twiddle outer = twiddle(table, group);
    const Twiddle left = twiddle(table, 2 * group);
    const Twiddle right = twiddle(table, 2 * group + 1);
    for (size_t at = 0; at < quarter; at += lanes) {
      ahead.ask(2);
      V a = read(at);
      V b = read(at + quarter);
      V c = read(at + 2 * quarter);
      V d = read(at + 3 * quarter);
      forwardPair(a, c, outer.times(c, q), q2);
      forwardPair(b, d, outer.times(d, q), q2);
      forwardPair(a, b, left.times(b, q), q2);
      forwardPair(c, d, right.times(d, q), q2);
      S::store(x + at, a);
      S::store(x + at + quarter, b);
      S::store(x + at + 2 * quarter, c);
      S::store(x + at + 3 * quarter, d);
    }
  }

  static void backwardGroup(uint32_t* x, size_t quarter, Table table, size_t group, V q, V q2) {
    const Twiddle outer = twiddle(table, group);
    const Twiddle left = twiddle(table, 2 * group);
    const Twiddle right = twiddle(table, 2 * group + 1);
    for (size_t at = 0; at < quarter; at += lanes) {
      V a = S::load(x + at);
      V b = S::load(x + at + quarter);
      V c = S::load(x + at + 2 * quarter);
      V d = S::load(x + at + 3 * quarter);
      backwardPair(a, b, q2);
      b = left.times(b, q);
      backwardPair(c, d, q2);
      d = right.times(d, q);
      backwardPair(a, c, q2);
      backwardPair(b, d, q2);
      S::store(x + at, a);
      S::store(x + at + quarter, b);
      S::store(x + at + 2 * quarter, outer.times(c, q));
      S::store(x + at + 3 * quarter, outer.times(d, q));
    }
  }

  /** Does the last two layers over the whole and multiplies by N^-1. It leaves reduced values. */
  static void backwardEnd(uint32_t* x, size_t quarter, Table table, const Modulus& modulus, V q, V q2) {
    const Twiddle left = twiddle(table, 2);
    const Twiddle right = twiddle(table, 3);
    const Twiddle whole = {S::splat(modulus.degree), S::splat(modulus.degreeQuotient)};
    const Twiddle last = {S::splat(modulus.last), S::splat(modulus.lastQuotient)};
    for (size_t at = 0; at < quarter; at += lanes) {
      V a = S::load(x + at);
      V b = S::load(x + at + quarter);
      V c = S::load(x + at + 2 * quarter);
      V d = S::load(x + at + 3 * quarter);
      backwardPair(a, b, q2);
      b = left.times(b, q);
      backwardPair(c, d, q2);
      d = right.times(d, q);
      S::store(x + at, M::lower(whole.times(S::add(a, c), q), q));
      S::store(x + at + quarter, M::lower(whole.times(S::add(b, d), q), q));
      S::store(x + at + 2 * quarter, M::lower(last.times(S::add(S::sub(a, c), q2), q), q));
      S::store(x + at + 3 * quarter, M::lower(last.times(S::add(S::sub(b, d), q2), q), q));
    }
  }

  /** Tells whether the layers of one vector's length and more are odd in number. */
  static bool hasNeighbours(size_t degree) {
    size_t layers = 0;
    for (size_t length = degree; length > lanes; length /= 2) layers++;
    return layers % 2 == 1;
  }

  /**
   * Transforms residues forward.
   *
   * @param x  N >= 1024 residues, lazy; reduced afterwards.
   */
  static void forward(uint32_t* x, const View& view, const Modulus& modulus) {
    forwardFrom(x, view, modulus, {nullptr, nullptr}, [x](size_t at) { return S::load(x + at); });
  }

  /** Transforms the residues that `read` gives, and leaves the result in x. */
  template <class Read>
  static void forwardFrom(uint32_t* x, const View& view, const Modulus& modulus, Ahead ahead, Read read) {
    const size_t degree = view.degree();
    const V q = S::splat(modulus.q);
    const V q2 = S::add(q, q);
    const uint32_t* powers = view.at<uint32_t>(modulus.forward);
    const Table table = {powers, powers + degree};
    const bool neighbours = hasNeighbours(degree);
    const size_t smallest = neighbours ? 2 * lanes : lanes;
    const auto layers = [&](size_t at, size_t length) {
      const uint32_t* own = x + at;
      forwardGroup(x + at, length / 4, table, (degree + at) / length, q, q2, ahead,
                   [own](size_t index) { return S::load(own + index); });
    };
    forwardGroup(x, degree / 4, table, 1, q, q2, ahead, read);
    size_t size = degree / 4;
    for (; size > block; size /= 4)
      for (size_t at = 0; at < degree; at += size) layers(at, size);
    for (size_t first = 0; first < degree; first += size) {
      for (size_t length = size; length > smallest; length /= 4)
        for (size_t at = first; at < first + size; at += length) layers(at, length);
      forwardEnd(x + first, first, size, neighbours, table, degree, q, q2, ahead);
    }
  }

  /** Transforms residues backward; this undoes `forward`. It takes half-lazy residues and leaves reduced ones. */
  static void backward(uint32_t* x, const View& view, const Modulus& modulus) {
    const size_t degree = view.degree();
    const V q = S::splat(modulus.q);
    const V q2 = S::add(q, q);
    const uint32_t* powers = view.at<uint32_t>(modulus.backward);
    const Table table = {powers, powers + degree};
    const bool neighbours = hasNeighbours(degree);
    size_t size = neighbours ? 2 * lanes : lanes;
    size_t inner = size;
    while (inner * 4 <= block && inner * 4 < degree) inner *= 4;
    for (size_t first = 0; first < degree; first += inner) {
      backwardBegin(x + first, first, inner, neighbours, table, degree, q, q2);
      for (size_t length = size * 4; length <= inner; length *= 4)
        for (size_t at = first; at < first + inner; at += length)
          backwardGroup(x + at, length / 4, table, (degree + at) / length, q, q2);
    }
    for (size_t length = inner * 4; length < degree; length *= 4)
      for (size_t at = 0; at < degree; at += length)
        backwardGroup(x + at, length / 4, table, (degree + at) / length, q, q2);
    backwardEnd(x, degree / 4, table, modulus, q, q2);
  }
};

}  // namespace
}  // namespace cipherfilm
