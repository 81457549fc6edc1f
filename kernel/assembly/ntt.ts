import {
  lower,
  MODULUS_BACKWARD,
  MODULUS_DEGREE,
  MODULUS_FORWARD,
  MODULUS_LAST,
  MODULUS_ONE_QUOTIENT,
  MODULUS_Q,
  mulConstant,
  reduce,
} from './modular';

/**
 * This file transforms N residues in place: a negacyclic number-theoretic transform (NTT), radix 4. It is the Fourier
 * transform of modular arithmetic. After it, a product of polynomials modulo X^N + 1 is a product place by place.
 *
 * Forward, it takes natural order and leaves bit-reversed order: position n holds the value at ψ^(2·bitrev(n) + 1),
 * where ψ is a primitive 2N-th root of unity. Two layers of butterflies are done at a time. After the first passes the
 * blocks fit the first cache level, and each is finished by itself.
 *
 * @see P. Longa, M. Naehrig, Speeding up the Number Theoretic Transform for Faster Ideal Lattice-Based Cryptography; D.
 *   Harvey, Faster arithmetic for number-theoretic transforms.
 */
const BLOCK: i32 = 4096;

// @ts-expect-error: decorator
@inline
function splatAt(address: usize): v128 {
  return v128.load32_splat(address);
}

/** Does two forward layers over one group of four quarters of `quarter` bytes, from `at` on. */
// @ts-expect-error: decorator
@inline
function forwardGroup(at: usize, quarter: usize, w: usize, q: v128, q2: v128, tableBytes: usize, group: usize): void {
  const w1 = splatAt(w + (group << 2));
  const v1 = splatAt(w + tableBytes + (group << 2));
  const w2 = splatAt(w + (group << 3));
  const v2 = splatAt(w + tableBytes + (group << 3));
  const w3 = splatAt(w + (group << 3) + 4);
  const v3 = splatAt(w + tableBytes + (group << 3) + 4);
  for (let end = at + quarter; at < end; at += 16) {
    const c = mulConstant(v128.load(at + 2 * quarter), w1, v1, q);
    const d = mulConstant(v128.load(at + 3 * quarter), w1, v1, q);
    forwardFour(at, quarter, v128.load(at), v128.load(at + quarter), c, d, w2, v2, w3, v3, q, q2);
  }
}

/**
 * Does two forward layers on a and b (lazy) and c and d (half-lazy, already times the first layer's twiddle), and
 * stores them from `at` on.
 */
// @ts-expect-error: decorator
@inline
function forwardFour(
  at: usize,
  quarter: usize,
  aLazy: v128,
  bLazy: v128,
  c: v128,
  d: v128,
  w2: v128,
  v2: v128,
  w3: v128,
  v3: v128,
  q: v128,
  q2: v128,
): void {
  const a = lower(aLazy, q2);
  const b = lower(bLazy, q2);
  const a1 = lower(i32x4.add(a, c), q2);
  const c1 = lower(i32x4.add(i32x4.sub(a, c), q2), q2);
  const b1 = mulConstant(i32x4.add(b, d), w2, v2, q);
  const d1 = mulConstant(i32x4.add(i32x4.sub(b, d), q2), w3, v3, q);
  v128.store(at, i32x4.add(a1, b1));
  v128.store(at + quarter, i32x4.add(i32x4.sub(a1, b1), q2));
  v128.store(at + 2 * quarter, i32x4.add(c1, d1));
  v128.store(at + 3 * quarter, i32x4.add(i32x4.sub(c1, d1), q2));
}

/** Makes lazy residues modulo q of residues modulo another prime: `shift` is added above `half`. */
// @ts-expect-error: decorator
@inline
function spreadOne(value: v128, half: v128, shift: v128, one: v128, q: v128, fits: bool): v128 {
  const moved = i32x4.add(value, v128.and(i32x4.gt_u(value, half), shift));
  return fits ? moved : mulConstant(moved, i32x4.splat(1), one, q);
}

/**
 * Transforms residues modulo another prime into `at`, as residues modulo this one. When centred, residues above half of
 * the other prime stand for negative numbers. The first layers read the source.
 *
 * @param source   N residues modulo the source's prime, reduced; they stay.
 * @param at       N residues, reduced afterwards.
 * @param from     the source's modulus.
 * @param modulus  the target's modulus.
 */
export function forwardSpread(source: usize, at: usize, from: usize, modulus: usize, degree: i32, centred: bool): void {
  const p = load<u32>(from + MODULUS_Q);
  const qOne = load<u32>(modulus + MODULUS_Q);
  const q = i32x4.splat(qOne);
  const q2 = i32x4.add(q, q);
  const half = i32x4.splat(p >> 1);
  const shift = i32x4.splat(centred ? ((p + qOne - 1) / qOne) * qOne - p : 0);
  const one = splatAt(modulus + MODULUS_ONE_QUOTIENT);
  // Shifted residues lie below p + q.
  const fits = p <= 3 * qOne;
  const bytes = <usize>degree << 2;
  if ((ctz(degree) & 1) != 0) {
    for (let offset: usize = 0; offset < bytes; offset += 16)
      v128.store(at + offset, spreadOne(v128.load(source + offset), half, shift, one, q, fits));
    forwardNtt(at, modulus, degree);
    return;
  }
  const w = <usize>load<u32>(modulus + MODULUS_FORWARD);
  const w1 = splatAt(w + 4);
  const v1 = splatAt(w + bytes + 4);
  const w2 = splatAt(w + 8);
  const v2 = splatAt(w + bytes + 8);
  const w3 = splatAt(w + 12);
  const v3 = splatAt(w + bytes + 12);
  const quarter = <usize>degree;
  for (let offset: usize = 0; offset < quarter; offset += 16) {
    const here = source + offset;
    const a = spreadOne(v128.load(here), half, shift, one, q, fits);
    const b = spreadOne(v128.load(here + quarter), half, shift, one, q, fits);
    const c = mulConstant(spreadOne(v128.load(here + 2 * quarter), half, shift, one, q, fits), w1, v1, q);
    const d = mulConstant(spreadOne(v128.load(here + 3 * quarter), half, shift, one, q, fits), w1, v1, q);
    forwardFour(at + offset, quarter, a, b, c, d, w2, v2, w3, v3, q, q2);
  }
  forwardFrom(at, modulus, degree, degree >> 2, 4);
}

/** Does one forward layer over one group of two halves of `half` bytes. */
function forwardHalves(at: usize, half: usize, w: v128, v: v128, q: v128, q2: v128): void {
  for (let end = at + half; at < end; at += 16) {
    const a = lower(v128.load(at), q2);
    const b = mulConstant(v128.load(at + half), w, v, q);
    v128.store(at, i32x4.add(a, b));
    v128.store(at + half, i32x4.add(i32x4.sub(a, b), q2));
  }
}

/**
 * Does the last two forward layers: on 16 values, which are four groups, one per lane after a transposition. It leaves
 * reduced values.
 */
// @ts-expect-error: decorator
@inline
function forwardLast(at: usize, w: usize, tableBytes: usize, group: usize, q: v128, q2: v128): void {
  const x0 = v128.load(at);
  const x1 = v128.load(at + 16);
  const x2 = v128.load(at + 32);
  const x3 = v128.load(at + 48);
  const t0 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
  const t1 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
  const t2 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
  const t3 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
  const a0 = lower(v128.shuffle<i64>(t0, t1, 0, 2), q2);
  const b0 = lower(v128.shuffle<i64>(t0, t1, 1, 3), q2);
  const c0 = v128.shuffle<i64>(t2, t3, 0, 2);
  const d0 = v128.shuffle<i64>(t2, t3, 1, 3);
  const w1 = v128.load(w + (group << 2));
  const v1 = v128.load(w + tableBytes + (group << 2));
  const p0 = v128.load(w + (group << 3));
  const p1 = v128.load(w + (group << 3) + 16);
  const u0 = v128.load(w + tableBytes + (group << 3));
  const u1 = v128.load(w + tableBytes + (group << 3) + 16);
  const c = mulConstant(c0, w1, v1, q);
  const d = mulConstant(d0, w1, v1, q);
  const a1 = lower(i32x4.add(a0, c), q2);
  const c1 = lower(i32x4.add(i32x4.sub(a0, c), q2), q2);
  const b1 = mulConstant(
    i32x4.add(b0, d),
    v128.shuffle<i32>(p0, p1, 0, 2, 4, 6),
    v128.shuffle<i32>(u0, u1, 0, 2, 4, 6),
    q,
  );
  const d1 = mulConstant(
    i32x4.add(i32x4.sub(b0, d), q2),
    v128.shuffle<i32>(p0, p1, 1, 3, 5, 7),
    v128.shuffle<i32>(u0, u1, 1, 3, 5, 7),
    q,
  );
  const y0 = reduce(i32x4.add(a1, b1), q, q2);
  const y1 = reduce(i32x4.add(i32x4.sub(a1, b1), q2), q, q2);
  const y2 = reduce(i32x4.add(c1, d1), q, q2);
  const y3 = reduce(i32x4.add(i32x4.sub(c1, d1), q2), q, q2);
  const s0 = v128.shuffle<i32>(y0, y1, 0, 4, 1, 5);
  const s1 = v128.shuffle<i32>(y2, y3, 0, 4, 1, 5);
  const s2 = v128.shuffle<i32>(y0, y1, 2, 6, 3, 7);
  const s3 = v128.shuffle<i32>(y2, y3, 2, 6, 3, 7);
  v128.store(at, v128.shuffle<i64>(s0, s1, 0, 2));
  v128.store(at + 16, v128.shuffle<i64>(s0, s1, 1, 3));
  v128.store(at + 32, v128.shuffle<i64>(s2, s3, 0, 2));
  v128.store(at + 48, v128.shuffle<i64>(s2, s3, 1, 3));
}

/**
 * Transforms residues forward, from coefficients to values.
 *
 * @param at       N residues, lazy; reduced afterwards.
 * @param modulus  address of the fields of modular.ts.
 * @param degree   N ≥ 32, a power of two.
 */
export function forwardNtt(at: usize, modulus: usize, degree: i32): void {
  // An odd number of layers begins with a single one.
  const isOdd = (ctz(degree) & 1) != 0;
  if (isOdd) {
    const q = splatAt(modulus + MODULUS_Q);
    const w = <usize>load<u32>(modulus + MODULUS_FORWARD);
    const tableBytes = <usize>degree << 2;
    forwardHalves(at, <usize>(degree << 1), splatAt(w + 4), splatAt(w + tableBytes + 4), q, i32x4.add(q, q));
  }
  forwardFrom(at, modulus, degree, isOdd ? degree >> 1 : degree, isOdd ? 2 : 1);
}

/** Does the layers that are left when there are `groups` groups of `size` residues. */
function forwardFrom(at: usize, modulus: usize, degree: i32, size: i32, groups: i32): void {
  const q = splatAt(modulus + MODULUS_Q);
  const q2 = i32x4.add(q, q);
  const w = <usize>load<u32>(modulus + MODULUS_FORWARD);
  const tableBytes = <usize>degree << 2;
  while (size > BLOCK) {
    for (let group = 0; group < groups; group++)
      forwardGroup(at + <usize>(group * size << 2), <usize>size, w, q, q2, tableBytes, <usize>(groups + group));
    size >>= 2;
    groups <<= 2;
  }
  const blocks = groups;
  const blockSize = size;
  for (let block = 0; block < blocks; block++) {
    const start = at + <usize>(block * blockSize << 2);
    let inner: i32 = 1;
    let length = blockSize;
    while (length > 4) {
      const first = blocks * inner + block * inner;
      for (let group = 0; group < inner; group++)
        forwardGroup(start + <usize>(group * length << 2), <usize>length, w, q, q2, tableBytes, <usize>(first + group));
      length >>= 2;
      inner <<= 2;
    }
    const first = blocks * inner + block * inner;
    for (let group = 0; group < inner; group += 4)
      forwardLast(start + <usize>(group << 4), w, tableBytes, <usize>(first + group), q, q2);
  }
}

/** Does the first two backward layers on 16 reduced or half-lazy values. */
// @ts-expect-error: decorator
@inline
function backwardFirst(at: usize, w: usize, tableBytes: usize, group: usize, q: v128, q2: v128): void {
  const x0 = v128.load(at);
  const x1 = v128.load(at + 16);
  const x2 = v128.load(at + 32);
  const x3 = v128.load(at + 48);
  const t0 = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5);
  const t1 = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5);
  const t2 = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
  const t3 = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
  const a = v128.shuffle<i64>(t0, t1, 0, 2);
  const b = v128.shuffle<i64>(t0, t1, 1, 3);
  const c = v128.shuffle<i64>(t2, t3, 0, 2);
  const d = v128.shuffle<i64>(t2, t3, 1, 3);
  const w1 = v128.load(w + (group << 2));
  const v1 = v128.load(w + tableBytes + (group << 2));
  const p0 = v128.load(w + (group << 3));
  const p1 = v128.load(w + (group << 3) + 16);
  const u0 = v128.load(w + tableBytes + (group << 3));
  const u1 = v128.load(w + tableBytes + (group << 3) + 16);
  const a1 = lower(i32x4.add(a, b), q2);
  const b1 = mulConstant(
    i32x4.add(i32x4.sub(a, b), q2),
    v128.shuffle<i32>(p0, p1, 0, 2, 4, 6),
    v128.shuffle<i32>(u0, u1, 0, 2, 4, 6),
    q,
  );
  const c1 = lower(i32x4.add(c, d), q2);
  const d1 = mulConstant(
    i32x4.add(i32x4.sub(c, d), q2),
    v128.shuffle<i32>(p0, p1, 1, 3, 5, 7),
    v128.shuffle<i32>(u0, u1, 1, 3, 5, 7),
    q,
  );
  const y0 = lower(i32x4.add(a1, c1), q2);
  const y1 = lower(i32x4.add(b1, d1), q2);
  const y2 = mulConstant(i32x4.add(i32x4.sub(a1, c1), q2), w1, v1, q);
  const y3 = mulConstant(i32x4.add(i32x4.sub(b1, d1), q2), w1, v1, q);
  const s0 = v128.shuffle<i32>(y0, y1, 0, 4, 1, 5);
  const s1 = v128.shuffle<i32>(y2, y3, 0, 4, 1, 5);
  const s2 = v128.shuffle<i32>(y0, y1, 2, 6, 3, 7);
  const s3 = v128.shuffle<i32>(y2, y3, 2, 6, 3, 7);
  v128.store(at, v128.shuffle<i64>(s0, s1, 0, 2));
  v128.store(at + 16, v128.shuffle<i64>(s0, s1, 1, 3));
  v128.store(at + 32, v128.shuffle<i64>(s2, s3, 0, 2));
  v128.store(at + 48, v128.shuffle<i64>(s2, s3, 1, 3));
}

/** Does two backward layers over one group of four quarters. */
// @ts-expect-error: decorator
@inline
function backwardGroup(at: usize, quarter: usize, w: usize, q: v128, q2: v128, tableBytes: usize, group: usize): void {
  const w1 = splatAt(w + (group << 2));
  const v1 = splatAt(w + tableBytes + (group << 2));
  const w2 = splatAt(w + (group << 3));
  const v2 = splatAt(w + tableBytes + (group << 3));
  const w3 = splatAt(w + (group << 3) + 4);
  const v3 = splatAt(w + tableBytes + (group << 3) + 4);
  for (let end = at + quarter; at < end; at += 16) {
    const a = v128.load(at);
    const b = v128.load(at + quarter);
    const c = v128.load(at + 2 * quarter);
    const d = v128.load(at + 3 * quarter);
    const a1 = lower(i32x4.add(a, b), q2);
    const b1 = mulConstant(i32x4.add(i32x4.sub(a, b), q2), w2, v2, q);
    const c1 = lower(i32x4.add(c, d), q2);
    const d1 = mulConstant(i32x4.add(i32x4.sub(c, d), q2), w3, v3, q);
    v128.store(at, lower(i32x4.add(a1, c1), q2));
    v128.store(at + quarter, lower(i32x4.add(b1, d1), q2));
    v128.store(at + 2 * quarter, mulConstant(i32x4.add(i32x4.sub(a1, c1), q2), w1, v1, q));
    v128.store(at + 3 * quarter, mulConstant(i32x4.add(i32x4.sub(b1, d1), q2), w1, v1, q));
  }
}

/** Does the last backward layer, over the whole, and multiplies by N^-1. It leaves reduced values. */
function backwardHalves(at: usize, half: usize, modulus: usize, q: v128, q2: v128): void {
  const n = splatAt(modulus + MODULUS_DEGREE);
  const m = splatAt(modulus + MODULUS_DEGREE + 4);
  const w = splatAt(modulus + MODULUS_LAST);
  const v = splatAt(modulus + MODULUS_LAST + 4);
  for (let end = at + half; at < end; at += 16) {
    const a = v128.load(at);
    const b = v128.load(at + half);
    v128.store(at, lower(mulConstant(i32x4.add(a, b), n, m, q), q));
    v128.store(at + half, lower(mulConstant(i32x4.add(i32x4.sub(a, b), q2), w, v, q), q));
  }
}

/**
 * Transforms residues backward, from values to coefficients; this undoes `forwardNtt`.
 *
 * @param at       N residues, half-lazy; reduced afterwards.
 * @param modulus  address of the fields of modular.ts.
 * @param degree   N ≥ 32, a power of two.
 */
export function backwardNtt(at: usize, modulus: usize, degree: i32): void {
  const q = splatAt(modulus + MODULUS_Q);
  const q2 = i32x4.add(q, q);
  const w = <usize>load<u32>(modulus + MODULUS_BACKWARD);
  const tableBytes = <usize>degree << 2;
  // Pairs of layers from the smallest on; one or two layers are left for the end.
  const paired = (ctz(degree) & 1) != 0 ? degree >> 1 : degree >> 2;
  const blockSize = min(paired, BLOCK);
  const blocks = degree / blockSize;
  for (let block = 0; block < blocks; block++) {
    const start = at + <usize>(block * blockSize << 2);
    let inner = blockSize >> 2;
    const first = blocks * inner + block * inner;
    for (let group = 0; group < inner; group += 4)
      backwardFirst(start + <usize>(group << 4), w, tableBytes, <usize>(first + group), q, q2);
    for (let length = 16; length <= blockSize; length <<= 2) {
      inner = blockSize / length;
      const firstGroup = blocks * inner + block * inner;
      for (let group = 0; group < inner; group++)
        backwardGroup(start + <usize>(group * length << 2), <usize>length, w, q, q2, tableBytes, <usize>(firstGroup + group));
    }
  }
  for (let size = blockSize << 2; size <= paired; size <<= 2) {
    const groups = degree / size;
    for (let group = 0; group < groups; group++)
      backwardGroup(at + <usize>(group * size << 2), <usize>size, w, q, q2, tableBytes, <usize>(groups + group));
  }
  if (paired << 1 == degree) backwardHalves(at, <usize>degree << 1, modulus, q, q2);
  else backwardQuarters(at, modulus, w, tableBytes, <usize>degree, q, q2);
}

/** Does the last two backward layers, over the whole, and multiplies by N^-1. It leaves reduced values. */
function backwardQuarters(at: usize, modulus: usize, w: usize, tableBytes: usize, quarter: usize, q: v128, q2: v128): void {
  const w2 = splatAt(w + 8);
  const v2 = splatAt(w + tableBytes + 8);
  const w3 = splatAt(w + 12);
  const v3 = splatAt(w + tableBytes + 12);
  for (let here = at, end = at + quarter; here < end; here += 16) {
    const a = v128.load(here);
    const b = v128.load(here + quarter);
    const c = v128.load(here + 2 * quarter);
    const d = v128.load(here + 3 * quarter);
    v128.store(here, lower(i32x4.add(a, b), q2));
    v128.store(here + quarter, mulConstant(i32x4.add(i32x4.sub(a, b), q2), w2, v2, q));
    v128.store(here + 2 * quarter, lower(i32x4.add(c, d), q2));
    v128.store(here + 3 * quarter, mulConstant(i32x4.add(i32x4.sub(c, d), q2), w3, v3, q));
  }
  backwardHalves(at, 2 * quarter, modulus, q, q2);
}
