import { lower, MODULUS_INVERSE, MODULUS_Q, montgomery } from './modular';

/** So many products below 2^60 fit 64 bits with a high half that stays lazy. */
const TERMS: i32 = 16;
/** A term of a list takes so many bytes: pointers to the shared factor and to the two others. */
export const TERM_BYTES: usize = 12;

/**
 * Computes Σ s·x and Σ s·y modulo q over the terms (s, x, y) of a list, divided by 2^32. With one factor in Montgomery
 * form, this is the plain sum. Both outputs are reduced.
 *
 * @param list         `count` ≥ 1 terms of three pointers to polynomials of residues.
 * @param offset       bytes that are added to every pointer.
 * @param bytes        bytes of every polynomial that are worked on, a multiple of 32.
 * @param isContinued  whether the sums are added to what the outputs hold.
 */
export function sumProducts(
  list: usize,
  count: i32,
  offset: usize,
  outX: usize,
  outY: usize,
  modulus: usize,
  bytes: usize,
  isContinued: bool,
): void {
  const q = v128.load32_splat(modulus + MODULUS_Q);
  const q2 = i32x4.add(q, q);
  const inverse = v128.load32_splat(modulus + MODULUS_INVERSE);
  const last = list + <usize>count * TERM_BYTES;
  for (let first = list; first < last; first += <usize>TERMS * TERM_BYTES) {
    const end = min(last, first + <usize>TERMS * TERM_BYTES);
    const isFirst = first == list && !isContinued;
    for (let at: usize = 0; at < bytes; at += 32) {
      let x0 = i64x2.splat(0);
      let x1 = i64x2.splat(0);
      let x2 = i64x2.splat(0);
      let x3 = i64x2.splat(0);
      let y0 = i64x2.splat(0);
      let y1 = i64x2.splat(0);
      let y2 = i64x2.splat(0);
      let y3 = i64x2.splat(0);
      for (let term = first; term < end; term += TERM_BYTES) {
        const s = <usize>load<u32>(term) + offset + at;
        const x = <usize>load<u32>(term, 4) + offset + at;
        const y = <usize>load<u32>(term, 8) + offset + at;
        const s0 = v128.load(s);
        const s1 = v128.load(s, 16);
        let factor = v128.load(x);
        x0 = i64x2.add(x0, i64x2.extmul_low_i32x4_u(s0, factor));
        x1 = i64x2.add(x1, i64x2.extmul_high_i32x4_u(s0, factor));
        factor = v128.load(x, 16);
        x2 = i64x2.add(x2, i64x2.extmul_low_i32x4_u(s1, factor));
        x3 = i64x2.add(x3, i64x2.extmul_high_i32x4_u(s1, factor));
        factor = v128.load(y);
        y0 = i64x2.add(y0, i64x2.extmul_low_i32x4_u(s0, factor));
        y1 = i64x2.add(y1, i64x2.extmul_high_i32x4_u(s0, factor));
        factor = v128.load(y, 16);
        y2 = i64x2.add(y2, i64x2.extmul_low_i32x4_u(s1, factor));
        y3 = i64x2.add(y3, i64x2.extmul_high_i32x4_u(s1, factor));
      }
      store4(outX + at, montgomery(x0, x1, inverse, q, q2), isFirst, q);
      store4(outX + at + 16, montgomery(x2, x3, inverse, q, q2), isFirst, q);
      store4(outY + at, montgomery(y0, y1, inverse, q, q2), isFirst, q);
      store4(outY + at + 16, montgomery(y2, y3, inverse, q, q2), isFirst, q);
    }
  }
}

// @ts-expect-error: decorator
@inline
function store4(at: usize, value: v128, isFirst: bool, q: v128): void {
  v128.store(at, isFirst ? value : lower(i32x4.add(v128.load(at), value), q));
}
