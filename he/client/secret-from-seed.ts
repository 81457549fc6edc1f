import { createCipheriv, createHash, hkdfSync } from 'node:crypto';
import type { CkksLiteral } from '../../contract/bundle.ts';
import { minimalRoot, mulMod, powMod, reverseBits } from '../modular.ts';
import type { CkksParams } from '../params.ts';

/** A seed has this many bytes. They hold as much entropy as the strongest part of what is made of them can use. */
export const seedBytes = 32;

/** This text names the way from seed to secret. Another way would get another name, so that no two ever mix. */
const label = 'cipherfilm ternary secret/1';

/**
 * Computes the SHA-256 over the numbers that make a parameter set, written in one form. It binds a secret to its
 * parameters.
 *
 * @returns 64 hexadecimal digits.
 */
export function parameterHash({ polyModulusDegree, dataPrimes, specialPrime }: ParameterSet): string {
  const written = JSON.stringify([polyModulusDegree, dataPrimes.map(String), String(specialPrime)]);
  return createHash('sha256').update(written).digest('hex');
}
type ParameterSet =
  | Pick<CkksLiteral, 'polyModulusDegree' | 'dataPrimes' | 'specialPrime'>
  | Pick<CkksParams, 'polyModulusDegree' | 'dataPrimes' | 'specialPrime'>;

/**
 * Makes a secret polynomial whose coefficients are uniform in {-1, 0, 1}. Seed and parameter set determine it:
 * HKDF-SHA256 makes a key for AES-256-CTR, and every byte below 243 of its stream gives five ternary digits. Other
 * bytes are passed over, so that no digit is more likely than another.
 *
 * @param seed  `seedBytes` bytes, not all zero: an erased seed would make a key that anybody knows.
 * @returns N coefficients; the caller erases them.
 * @throws TypeError for a seed of another length or of zeros.
 */
export function ternarySecret(seed: Uint8Array, params: ParameterSet): Int8Array {
  if (seed.length !== seedBytes) throw new TypeError(`"seed" expected ${seedBytes} bytes`);
  if (seed.every((byte) => byte === 0)) throw new TypeError('"seed" was erased');
  const key = Buffer.from(hkdfSync('sha256', seed, '', `${label} ${parameterHash(params)}`, 32));
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const secret = new Int8Array(params.polyModulusDegree);
  const zeros = Buffer.alloc(4096);
  for (let filled = 0; filled < secret.length; ) {
    const stream = cipher.update(zeros);
    for (let at = 0; at < stream.length && filled < secret.length; at += 1) {
      let rest = stream[at]!;
      if (rest >= 243) continue;
      for (let digit = 0; digit < 5 && filled < secret.length; digit += 1) {
        secret[filled] = (rest % 3) - 1;
        rest = Math.floor(rest / 3);
        filled += 1;
      }
    }
    stream.fill(0);
  }
  key.fill(0);
  return secret;
}

/**
 * Computes the residues of a secret modulo one prime in the form in which SEAL keeps them: a negacyclic
 * number-theoretic transform with the smallest primitive 2N-th root, values in bit-reversed order.
 *
 * @returns N numbers below `prime`, as little-endian 64-bit words; the caller erases them.
 */
export function transformedResidues(secret: Int8Array, prime: bigint): Uint8Array {
  return prime < 2n ** 30n ? transformSmall(secret, Number(prime)) : transformLarge(secret, prime);
}

function transformSmall(secret: Int8Array, q: number): Uint8Array {
  const degree = secret.length;
  const roots = rootPowers(degree, (exponent, root) => powMod(root, exponent, q), minimalRoot(degree, q));
  const values = Float64Array.from(secret, (digit) => (digit < 0 ? q - 1 : digit));
  for (let groups = 1, half = degree >> 1; groups < degree; groups *= 2, half >>= 1)
    for (let group = 0; group < groups; group += 1) {
      const root = roots[groups + group]!;
      for (let at = 2 * group * half; at < (2 * group + 1) * half; at += 1) {
        const upper = values[at]!;
        const lower = mulMod(values[at + half]!, root, q);
        values[at] = upper + lower >= q ? upper + lower - q : upper + lower;
        values[at + half] = upper >= lower ? upper - lower : upper - lower + q;
      }
    }
  const words = new DataView(new ArrayBuffer(8 * degree));
  for (let at = 0; at < degree; at += 1) words.setUint32(8 * at, values[at]!, true);
  values.fill(0);
  return new Uint8Array(words.buffer);
}

/** Computes the same for primes that doubles cannot multiply. The shipped parameters have none. */
function transformLarge(secret: Int8Array, q: bigint): Uint8Array {
  const degree = secret.length;
  const power = (exponent: number, root: bigint) => {
    let result = 1n;
    let square = root;
    for (let rest = exponent; rest > 0; rest >>= 1) {
      if (rest % 2 === 1) result = (result * square) % q;
      square = (square * square) % q;
    }
    return result;
  };
  const roots = rootPowers(degree, power, minimalRootOf(degree, q));
  const values = Array.from(secret, (digit) => (digit < 0 ? q - 1n : BigInt(digit)));
  for (let groups = 1, half = degree >> 1; groups < degree; groups *= 2, half >>= 1)
    for (let group = 0; group < groups; group += 1)
      for (let at = 2 * group * half; at < (2 * group + 1) * half; at += 1) {
        const upper = values[at]!;
        const lower = (values[at + half]! * roots[groups + group]!) % q;
        values[at] = (upper + lower) % q;
        values[at + half] = (upper + q - lower) % q;
      }
  return new Uint8Array(BigUint64Array.from(values).buffer);
}

/** Lists the powers of the root in the order in which the transform uses them. */
function rootPowers<Value>(
  degree: number,
  power: (exponent: number, root: Value) => Value,
  root: Value,
): Value[] {
  const bits = Math.log2(degree);
  return Array.from({ length: degree }, (_, index) => power(reverseBits(index, bits), root));
}

function minimalRootOf(degree: number, q: bigint): bigint {
  const power = (base: bigint, exponent: bigint) => {
    let result = 1n;
    let square = base;
    for (let rest = exponent; rest > 0n; rest >>= 1n) {
      if (rest % 2n === 1n) result = (result * square) % q;
      square = (square * square) % q;
    }
    return result;
  };
  let root = 1n;
  for (let base = 2n; power(root, BigInt(degree)) !== q - 1n; base += 1n)
    root = power(base, (q - 1n) / BigInt(2 * degree));
  const square = (root * root) % q;
  let smallest = root;
  for (let index = 1, current = root; index < degree; index += 1) {
    current = (current * square) % q;
    if (current < smallest) smallest = current;
  }
  return smallest;
}
