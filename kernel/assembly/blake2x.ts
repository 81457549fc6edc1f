/**
 * This file is BLAKE2Xb, the hash function with which SEAL 4 expands a seed to a long stream, in blocks of 4096 bytes.
 *
 * @see RFC 7693; J.-P. Aumasson et al., BLAKE2X (2016); microsoft/SEAL 4.1.2, native/src/seal/util/blake2xb.c
 */
const INITIAL = memory.data<u64>([
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1,
  0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
]);
const SIGMA = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3, 11, 8,
  12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4, 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8, 9, 0, 5, 7, 2,
  4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13, 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9, 12, 5, 1, 15, 14, 13, 4,
  10, 0, 7, 6, 3, 9, 2, 8, 11, 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10, 6, 15, 14, 9, 11, 3, 0, 8, 12, 2,
  13, 7, 1, 4, 10, 5, 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
]);
const BLOCK: usize = 128;

// @ts-expect-error: decorator
@inline
function mix(v: usize, a: usize, b: usize, c: usize, d: usize, x: u64, y: u64): void {
  let va = load<u64>(v + (a << 3)) + load<u64>(v + (b << 3)) + x;
  let vd = rotr<u64>(load<u64>(v + (d << 3)) ^ va, 32);
  let vc = load<u64>(v + (c << 3)) + vd;
  let vb = rotr<u64>(load<u64>(v + (b << 3)) ^ vc, 24);
  va += vb + y;
  vd = rotr<u64>(vd ^ va, 16);
  vc += vd;
  vb = rotr<u64>(vb ^ vc, 63);
  store<u64>(v + (a << 3), va);
  store<u64>(v + (b << 3), vb);
  store<u64>(v + (c << 3), vc);
  store<u64>(v + (d << 3), vd);
}

/**
 * Mixes one block of 128 bytes into the state.
 *
 * @param counter  bytes hashed so far, this block included.
 * @param work     16 words of scratch.
 */
function compress(state: usize, block: usize, counter: u64, isLast: bool, work: usize): void {
  memory.copy(work, state, 64);
  memory.copy(work + 64, INITIAL, 64);
  store<u64>(work + 96, load<u64>(work + 96) ^ counter);
  if (isLast) store<u64>(work + 112, ~load<u64>(work + 112));
  for (let round: usize = 0; round < 12; round++) {
    const sigma = SIGMA + (round % 10) * 16;
    mix(work, 0, 4, 8, 12, pick(block, sigma, 0), pick(block, sigma, 1));
    mix(work, 1, 5, 9, 13, pick(block, sigma, 2), pick(block, sigma, 3));
    mix(work, 2, 6, 10, 14, pick(block, sigma, 4), pick(block, sigma, 5));
    mix(work, 3, 7, 11, 15, pick(block, sigma, 6), pick(block, sigma, 7));
    mix(work, 0, 5, 10, 15, pick(block, sigma, 8), pick(block, sigma, 9));
    mix(work, 1, 6, 11, 12, pick(block, sigma, 10), pick(block, sigma, 11));
    mix(work, 2, 7, 8, 13, pick(block, sigma, 12), pick(block, sigma, 13));
    mix(work, 3, 4, 9, 14, pick(block, sigma, 14), pick(block, sigma, 15));
  }
  for (let index: usize = 0; index < 64; index += 8)
    store<u64>(
      state + index,
      load<u64>(state + index) ^ load<u64>(work + index) ^ load<u64>(work + 64 + index),
    );
}

// @ts-expect-error: decorator
@inline
function pick(block: usize, sigma: usize, index: usize): u64 {
  return load<u64>(block + (<usize>load<u8>(sigma + index) << 3));
}

/** Begins a BLAKE2b with the given first parameter words. Word 2 holds the node depth and the inner length. */
function begin(state: usize, word0: u64, word1: u64, word2: u64): void {
  memory.copy(state, INITIAL, 64);
  store<u64>(state, load<u64>(state) ^ word0);
  store<u64>(state + 8, load<u64>(state + 8) ^ word1);
  store<u64>(state + 16, load<u64>(state + 16) ^ word2);
}

/**
 * Computes a BLAKE2b of 32 bytes. SEAL's parameter ids are such hashes.
 *
 * @param scratch  512 bytes.
 */
export function hash256(data: usize, bytes: usize, out: usize, scratch: usize): void {
  const state = scratch;
  const block = scratch + 192;
  begin(state, 32 | (1 << 16) | (1 << 24), 0, 0);
  let done: usize = 0;
  do {
    const rest = min(bytes - done, BLOCK);
    memory.fill(block, 0, BLOCK);
    memory.copy(block, data + done, rest);
    done += rest;
    compress(state, block, done, done == bytes, scratch + 64);
  } while (done < bytes);
  memory.copy(out, state, 32);
}

const OUT_BYTES: u64 = 4096;

/**
 * Computes block `counter` of a seed's stream.
 *
 * @param seed     64 bytes.
 * @param out      4096 bytes.
 * @param scratch  512 bytes.
 */
export function expandSeed(seed: usize, counter: u64, out: usize, scratch: usize): void {
  const state = scratch;
  const work = scratch + 64;
  const block = scratch + 192;
  // Root: digest 64, key 64, fan-out 1, depth 1, length of the whole output.
  begin(state, 64 | (64 << 8) | (1 << 16) | (1 << 24), OUT_BYTES << 32, 0);
  memory.fill(block, 0, BLOCK);
  memory.copy(block, seed, 64);
  compress(state, block, 128, false, work);
  memory.fill(block, 0, BLOCK);
  store<u64>(block, counter);
  compress(state, block, 136, true, work);
  memory.copy(block, state, 64);
  // Leaves: digest 64, leaf length 64, node offset, inner length 64.
  for (let leaf: u64 = 0; leaf < OUT_BYTES / 64; leaf++) {
    begin(state, 64 | (<u64>64 << 32), leaf | (OUT_BYTES << 32), 64 << 8);
    compress(state, block, 64, true, work);
    memory.copy(out + <usize>(leaf << 6), state, 64);
  }
}

/** So many bytes of the stream are made at once. */
const BUFFER_BYTES: usize = 4096;

/**
 * Reads the next 64-bit word of a seed's stream.
 *
 * @param reader  address of: seed pointer, buffer pointer, position in the buffer (bytes), then the counter of the next
 *         block (u64).
 */
function nextWord(reader: usize): u64 {
  let at = <usize>load<u32>(reader + 8);
  const buffer = <usize>load<u32>(reader + 4);
  if (at == BUFFER_BYTES) {
    expandSeed(<usize>load<u32>(reader), load<u64>(reader + 16), buffer, reader + 24);
    store<u64>(reader + 16, load<u64>(reader + 16) + 1);
    at = 0;
  }
  store<u32>(reader + 8, <u32>(at + 8));
  return load<u64>(buffer + at);
}

/**
 * Computes the uniform polynomial of a seed, one limb per modulus. A word that would favour small residues is refused
 * and replaced by what follows all the others in the stream.
 *
 * @param seed     64 bytes.
 * @param moduli   `limbs` pointers to moduli.
 * @param degree   N.
 * @param out      limbs·N residues of 32 bits.
 * @param words    limbs·N 64-bit words of scratch.
 * @param scratch  8 KiB.
 * @see microsoft/SEAL 4.1.2, native/src/seal/util/rlwe.cpp, sample_poly_uniform
 */
export function uniformFromSeed(
  seed: usize,
  moduli: usize,
  limbs: i32,
  degree: i32,
  out: usize,
  words: usize,
  scratch: usize,
): void {
  const reader = scratch;
  store<u32>(reader, <u32>seed);
  store<u32>(reader, <u32>(scratch + 4096), 4);
  store<u32>(reader, <u32>BUFFER_BYTES, 8);
  store<u64>(reader, 0, 16);
  const total = <usize>limbs * <usize>degree;
  // All words first: those refused are replaced by what follows them in the stream.
  for (let index: usize = 0; index < total; index++) store<u64>(words + (index << 3), nextWord(reader));
  for (let limb: usize = 0; limb < <usize>limbs; limb++) {
    const q = <u64>load<u32>(<usize>load<u32>(moduli + (limb << 2)));
    const bound = u64.MAX_VALUE - (u64.MAX_VALUE % q) - 1;
    const first = limb * <usize>degree;
    for (let index = first; index < first + <usize>degree; index++) {
      let value = load<u64>(words + (index << 3));
      while (value >= bound) value = nextWord(reader);
      store<u32>(out + (index << 2), <u32>(value % q));
    }
  }
}
