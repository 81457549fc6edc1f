/** Arithmetic modulo primes below 2^30 on doubles, exact: no intermediate reaches 2^53. For tables, not for data. */

/** a·b mod q for a, b < q < 2^30. */
export function mulMod(a: number, b: number, q: number): number {
  const high = (a * Math.floor(b / 32768)) % q;
  return (high * 32768 + a * (b % 32768)) % q;
}

export function powMod(base: number, exponent: number, q: number): number {
  let result = 1;
  let square = base % q;
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = mulMod(result, square, q);
    square = mulMod(square, square, q);
  }
  return result;
}

export const inverseMod = (value: number, q: number): number => powMod(value % q, q - 2, q);

/** ⌊w·2^32 / q⌋ for w < q. */
export function quotientOf(w: number, q: number): number {
  const high = Math.floor((w * 65536) / q);
  const rest = w * 65536 - high * q;
  return high * 65536 + Math.floor((rest * 65536) / q);
}

/** q^-1 mod 2^32 of an odd q (Newton). */
export function inverseOfRadix(q: number): number {
  let inverse = q;
  for (let bits = 3; bits < 32; bits *= 2) inverse = Math.imul(inverse, 2 - Math.imul(q, inverse));
  return inverse >>> 0;
}

/** The smallest primitive 2N-th root of unity, SEAL's choice. */
export function minimalRoot(degree: number, q: number): number {
  const order = 2 * degree;
  let root = 1;
  for (let base = 2; powMod(root, degree, q) !== q - 1; base += 1) root = powMod(base, (q - 1) / order, q);
  const square = mulMod(root, root, q);
  let smallest = root;
  let power = root;
  for (let index = 1; index < degree; index += 1) {
    power = mulMod(power, square, q);
    if (power < smallest) smallest = power;
  }
  return smallest;
}

/** The low `bits` bits of `index` in reverse. */
export function reverseBits(index: number, bits: number): number {
  let reversed = 0;
  for (let bit = 0; bit < bits; bit += 1) reversed = (reversed << 1) | ((index >> bit) & 1);
  return reversed;
}
