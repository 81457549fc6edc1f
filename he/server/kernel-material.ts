import type { KernelBackend, KernelCiphertext, KernelKey } from '../run/backends/kernel.ts';
import type { KernelRing } from '../run/kernel/ring.ts';
import { galoisElement } from '../wire/seal-bytes.ts';

/**
 * This file carries ciphertexts and keys between SEAL's bytes, already checked (he/wire/seal-bytes.ts), and the
 * kernel's memory. A residue has 64 bits there and 32 bits here, and the uniform halves of seeded ciphertexts are
 * expanded from their seeds.
 */
const prefixBytes = 16 + 32 + 1 + 8 + 8 + 8 + 8 + 8;
const arrayHeaderBytes = 16 + 8;
const seedPrefixBytes = 16 + 1;
const seedLength = 64;
const expandArgumentBytes = 20;
const prepareArgumentBytes = 16;

/** Reads the low words of `count` 64-bit words, at any offset. */
function lowWords(bytes: Uint8Array, at: number, count: number, into: Uint32Array): void {
  const words = new Uint32Array(bytes.slice(at, at + 8 * count).buffer);
  for (let index = 0; index < count; index += 1) into[index] = words[2 * index]!;
}

type Uniform = { readonly seed: Uint8Array; readonly indices: readonly number[]; readonly out: number };

/**
 * Expands seeds to uniform limbs, on all threads. In a seeded ciphertext or key, the second polynomial is uniform and
 * written as the 64-byte seed of a generator.
 *
 * @param requests  for each seed the moduli of its limbs (`indices`) and the address of the limbs (`out`).
 */
export function expandSeeds(ring: KernelRing, requests: readonly Uniform[]): void {
  const { memory, limbBytes } = ring;
  const held: [number, number][] = [];
  const reserve = (bytes: number): number => {
    const at = memory.allocate(bytes);
    held.push([at, bytes]);
    return at;
  };
  const args = reserve(expandArgumentBytes * requests.length);
  for (const [index, { seed, indices, out }] of requests.entries()) {
    const seedAt = reserve(seedLength);
    memory.bytes(seedAt, seedLength).set(seed);
    const list = reserve(4 * indices.length);
    memory.words(list, indices.length).set(indices);
    const work = reserve(2 * limbBytes * indices.length);
    memory.words(args + expandArgumentBytes * index, 5).set([seedAt, list, indices.length, out, work]);
  }
  ring.run('expand', args, requests.length);
  for (const [at, bytes] of held) memory.free(at, bytes);
}

/**
 * Reads a seeded ciphertext at the top level.
 *
 * @param bytes  SEAL's bytes, checked.
 */
export function readSeeded(
  ring: KernelRing,
  backend: KernelBackend,
  bytes: Uint8Array,
  scale: number,
): KernelCiphertext {
  const level = ring.params.dataPrimes.length;
  const value = backend.create(2, level, scale);
  const words = level * ring.degree;
  lowWords(bytes, prefixBytes + arrayHeaderBytes, words, ring.memory.words(value.at, words));
  const seed = bytes.subarray(bytes.length - seedLength);
  const indices = Array.from({ length: level }, (_, index) => index);
  expandSeeds(ring, [{ seed, indices, out: value.at + level * ring.limbBytes }]);
  return value;
}

/**
 * Reads a ciphertext of two polynomials, without a seed.
 *
 * @param bytes  SEAL's bytes, checked.
 */
export function readCiphertext(
  ring: KernelRing,
  backend: KernelBackend,
  bytes: Uint8Array,
  scale: number,
): KernelCiphertext {
  const level = (bytes.length - prefixBytes - arrayHeaderBytes) / (16 * ring.degree);
  const value = backend.create(2, level, scale);
  const words = 2 * level * ring.degree;
  lowWords(bytes, prefixBytes + arrayHeaderBytes, words, ring.memory.words(value.at, words));
  return value;
}

/**
 * Reads a key-switching key into the kernel's form.
 *
 * @param bytes  SEAL's seeded keys with one key among `places`, checked.
 * @param at     address of `keyLimbs(level)` limbs.
 * @throws TypeError when the step's place is not among `places`.
 */
export function readKey(
  ring: KernelRing,
  bytes: Uint8Array,
  { step, level, places }: { readonly step: number; readonly level: number; readonly places: number },
  at: number,
): KernelKey {
  const { memory, degree, limbBytes } = ring;
  const targets = level + 1;
  const element = step === 0 ? 1 : galoisElement(step, degree);
  const index = (element - 1) / 2;
  const ciphertext = prefixBytes + arrayHeaderBytes + 8 * targets * degree + seedPrefixBytes + seedLength;
  const first = 16 + 32 + 8 + 8 * (step === 0 ? 1 : index + 1);
  const indices = Array.from({ length: targets }, (_, target) =>
    target === level ? ring.params.dataPrimes.length : target,
  );
  // Two polynomials per digit, limbs by target; then spread over the targets, in the kernel's form.
  const halves = 2 * targets * limbBytes;
  const stage = memory.allocate(level * halves);
  const uniform: Uniform[] = [];
  for (let digit = 0; digit < level; digit += 1) {
    const from = first + digit * ciphertext;
    const to = stage + digit * halves;
    const words = targets * degree;
    lowWords(bytes, from + prefixBytes + arrayHeaderBytes, words, memory.words(to, words));
    const seed = bytes.subarray(from + ciphertext - seedLength, from + ciphertext);
    uniform.push({ seed, indices, out: to + halves / 2 });
  }
  if (places <= index) throw new TypeError(`place ${index} of ${places}`);
  expandSeeds(ring, uniform);
  const permutation = step === 0 ? 0 : ring.permutation(element);
  const back = step === 0 ? 0 : ring.permutation(inverseElement(element, 2 * degree));
  const units = 2 * targets * level;
  const argsBytes = prepareArgumentBytes * units;
  const args = memory.allocate(argsBytes);
  const words = memory.words(args, 4 * units);
  let unit = 0;
  for (let target = 0; target < targets; target += 1)
    for (let digit = 0; digit < level; digit += 1)
      for (let half = 0; half < 2; half += 1) {
        const from = stage + digit * halves + (half * targets + target) * limbBytes;
        words.set([from, at + unit * limbBytes, indices[target]!, back], 4 * unit);
        unit += 1;
      }
  ring.run('prepareKey', args, units);
  memory.free(args, argsBytes);
  memory.free(stage, level * halves);
  return { at, level, permutation };
}

/** Computes the limbs of a key of this level: 2·level·(level + 1). */
export const keyLimbs = (level: number): number => 2 * level * (level + 1);

/** Computes the inverse of an odd element modulo a power of two. */
function inverseElement(element: number, order: number): number {
  let inverse = element;
  for (let bits = 3; bits < 32; bits *= 2) inverse = Math.imul(inverse, 2 - Math.imul(element, inverse));
  return (inverse >>> 0) % order;
}

/** Writes a ciphertext of two polynomials as SEAL's bytes, uncompressed. */
export function writeCiphertext(ring: KernelRing, value: KernelCiphertext): Uint8Array {
  const { level, size, scale } = value;
  const count = size * level * ring.degree;
  const bytes = new Uint8Array(prefixBytes + arrayHeaderBytes + 8 * count);
  const view = new DataView(bytes.buffer);
  const header = (at: number, total: number) => {
    bytes.set([0x5e, 0xa1, 16, 4, 1, 0, 0, 0], at);
    view.setBigUint64(at + 8, BigInt(total), true);
  };
  header(0, bytes.length);
  bytes.set(parmsId(ring, level), 16);
  bytes[48] = 1;
  view.setBigUint64(49, BigInt(size), true);
  view.setBigUint64(57, BigInt(ring.degree), true);
  view.setBigUint64(65, BigInt(level), true);
  view.setFloat64(73, scale, true);
  view.setBigUint64(81, 1n, true);
  header(prefixBytes, arrayHeaderBytes + 8 * count);
  view.setBigUint64(prefixBytes + 16, BigInt(count), true);
  const words = new Uint32Array(2 * count);
  const residues = ring.memory.words(value.at, count);
  for (let index = 0; index < count; index += 1) words[2 * index] = residues[index]!;
  bytes.set(new Uint8Array(words.buffer), prefixBytes + arrayHeaderBytes);
  return bytes;
}

/**
 * Computes SEAL's id of a parameter set: the BLAKE2b-256 of scheme, ring degree, moduli and plain modulus.
 *
 * @param level  data primes left.
 * @param key    whether the special prime belongs to it, as it does for keys.
 * @returns 32 bytes.
 */
export function parmsId(ring: KernelRing, level: number, key = false): Uint8Array {
  const { memory, degree, moduli } = ring;
  const ckks = 2;
  const primes = [...moduli.slice(0, level), ...(key ? [moduli.at(-1)!] : [])];
  const data = new BigUint64Array([ckks, degree, ...primes, 0].map(BigInt));
  const sizes = [data.byteLength, 32, 512];
  const [from, out, scratch] = sizes.map((bytes) => memory.allocate(bytes)) as [number, number, number];
  memory.bytes(from, data.byteLength).set(new Uint8Array(data.buffer));
  memory.functions.hash256(from, data.byteLength, out, scratch);
  const id = memory.bytes(out, 32).slice();
  for (const [index, at] of [from, out, scratch].entries()) memory.free(at, sizes[index]!);
  return id;
}
