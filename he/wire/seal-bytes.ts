import { CxrError, type ErrorCode } from '../../contract/errors.ts';

/**
 * This file checks SEAL 4.1's uncompressed serialisation field by field, before SEAL's own parser sees it. Foreign
 * bytes reach the WebAssembly heap only when every length, count, identifier and flag is exactly the expected one and
 * every residue lies below its modulus. Nothing is then left for SEAL to refuse.
 *
 *   header      16   u16 magic 0xA15E · u8 size 16 · u8 major 4 · u8 minor · u8 compression 0 · u16 0 · u64 total bytes
 *   ciphertext  header | parms id 32 | ntt u8 | size u64 | N u64 | l u64 | scale f64 | correction u64 | array
 *   array       header | count u64 | data
 *   seeded      the array holds the first polynomial; then header | prng u8 = 1 | seed 64
 *   keys        header | parms id 32 | dim1 u64 | per index: dim2 u64, dim2 × ciphertext
 *
 * @see microsoft/SEAL 4.1.2, native/src/seal/{serialization,ciphertext,dynarray,kswitchkeys,randomgen}.h
 */
const headerBytes = 16;
const seedBytes = headerBytes + 1 + 64;
const ciphertextPrefixBytes = headerBytes + 32 + 1 + 8 + 8 + 8 + 8 + 8;

/** This is the form that a ciphertext's bytes must have. */
export type CiphertextForm = {
  /** This is SEAL's id of the parameters that are left at the ciphertext's level. */
  readonly parmsId: Uint8Array;
  readonly polyModulusDegree: number;
  /**
   * There is one residue per coefficient and modulus. The moduli are the data primes that are left, and for key
   * material also the special prime.
   */
  readonly moduli: readonly bigint[];
  /** This says whether the second polynomial is written as a seed. */
  readonly seeded: boolean;
  /** The scale must be this to the last bit; it is 1 for key material. */
  readonly scale: number;
};

/** These are the three things on which the number of bytes depends. */
export type ByteShape = {
  readonly polyModulusDegree: number;
  readonly primes: number;
  readonly seeded: boolean;
};

/** Computes the exact number of bytes of a ciphertext of two polynomials. */
export function ciphertextBytes({ polyModulusDegree, primes, seeded }: ByteShape): number {
  const polynomial = polyModulusDegree * primes * 8;
  const array = headerBytes + 8 + (seeded ? polynomial : 2 * polynomial);
  return ciphertextPrefixBytes + array + (seeded ? seedBytes : 0);
}

/**
 * Computes the exact number of bytes of key-switching keys that hold one key among `indices` places. Galois keys have N
 * places, relinearisation keys have 1.
 */
export function keyBytes(shape: ByteShape, indices: number): number {
  const decompositions = shape.primes - 1;
  return headerBytes + 32 + 8 + indices * 8 + decompositions * ciphertextBytes(shape);
}

class Reader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #code: ErrorCode;
  #at = 0;

  constructor(bytes: Uint8Array, code: ErrorCode) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#code = code;
  }

  refuse(field: string): never {
    throw new CxrError(this.#code, { field, offset: this.#at });
  }

  take(count: number, field: string): Uint8Array {
    if (this.#at + count > this.#bytes.length) this.refuse(field);
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  u8(expected: number, field: string): void {
    if (this.take(1, field)[0] !== expected) this.refuse(field);
  }

  u64(expected: number, field: string): void {
    this.take(8, field);
    if (this.#view.getBigUint64(this.#at - 8, true) !== BigInt(expected)) this.refuse(field);
  }

  f64(expected: number, field: string): void {
    this.take(8, field);
    if (this.#view.getFloat64(this.#at - 8, true) !== expected) this.refuse(field);
  }

  bytes(expected: Uint8Array, field: string): void {
    if (Buffer.compare(this.take(expected.length, field), expected) !== 0) this.refuse(field);
  }

  /** Reads one residue per coefficient; each must lie below `modulus`. */
  residues(count: number, modulus: bigint): void {
    // Copied because the words lie at odd offsets.
    const words = new Uint32Array(new Uint8Array(this.take(count * 8, 'array')).buffer);
    const high = Number(modulus >> 32n);
    const low = Number(modulus & 0xffffffffn);
    for (let at = 0; at < words.length; at += 2) {
      const top = words[at + 1]!;
      if (top > high || (top === high && words[at]! >= low)) this.refuse('residues');
    }
  }

  /**
   * Reads a header that must announce exactly `total` bytes, uncompressed. SEAL 4.x accepts minor versions up to its
   * own, and so does this.
   */
  header(total: number, field: string): void {
    const head = this.take(headerBytes, field);
    const announced = new DataView(head.buffer, head.byteOffset).getBigUint64(8, true);
    const fixed = head[0] === 0x5e && head[1] === 0xa1 && head[2] === 16 && head[3] === 4 && head[4] === 1;
    if (!fixed || head[5] !== 0 || head[6] !== 0 || head[7] !== 0 || announced !== BigInt(total))
      this.refuse(field);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) this.refuse('end');
  }
}

function readCiphertext(reader: Reader, form: CiphertextForm): void {
  const { polyModulusDegree, moduli, seeded } = form;
  const primes = moduli.length;
  const polynomials = seeded ? 1 : 2;
  const count = polynomials * polyModulusDegree * primes;
  reader.header(ciphertextBytes({ polyModulusDegree, primes, seeded }), 'header');
  reader.bytes(form.parmsId, 'parms id');
  reader.u8(1, 'ntt form');
  reader.u64(2, 'size');
  reader.u64(polyModulusDegree, 'ring degree');
  reader.u64(primes, 'primes');
  reader.f64(form.scale, 'scale');
  reader.u64(1, 'correction factor');
  reader.header(headerBytes + 8 + count * 8, 'array header');
  reader.u64(count, 'array count');
  for (let polynomial = 0; polynomial < polynomials; polynomial += 1)
    for (const modulus of moduli) reader.residues(polyModulusDegree, modulus);
  if (seeded) {
    reader.header(seedBytes, 'seed header');
    reader.u8(1, 'generator');
    reader.take(64, 'seed');
  }
}

/**
 * Checks that bytes are a ciphertext of exactly this form.
 *
 * @throws CxrError `code`, with the first field that differs.
 */
export function checkCiphertextBytes(bytes: Uint8Array, form: CiphertextForm, code: ErrorCode): void {
  const reader = new Reader(bytes, code);
  readCiphertext(reader, form);
  reader.end();
}

/** Reads the level of a checked ciphertext: the number of data primes that are left. */
export function ciphertextLevel(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Number(view.getBigUint64(headerBytes + 32 + 1 + 8 + 8, true));
}

/**
 * Checks that bytes are seeded key-switching keys that hold exactly one key.
 *
 * @param places  the place of the one key, and the number of places. The key of the Galois element e has place (e−1)/2
 *         of N, relinearisation has place 0 of 1.
 * @throws CxrError `evaluation-key-invalid`, with the first field that differs.
 */
export function checkKeyBytes(
  bytes: Uint8Array,
  form: Omit<CiphertextForm, 'scale' | 'seeded'>,
  places: { index: number; of: number },
): void {
  const reader = new Reader(bytes, 'evaluation-key-invalid');
  const seeded = { ...form, seeded: true, scale: 1 };
  const shape = { polyModulusDegree: form.polyModulusDegree, primes: form.moduli.length, seeded: true };
  reader.header(keyBytes(shape, places.of), 'header');
  reader.bytes(form.parmsId, 'parms id');
  reader.u64(places.of, 'places');
  for (let index = 0; index < places.of; index += 1) {
    const decompositions = index === places.index ? form.moduli.length - 1 : 0;
    reader.u64(decompositions, 'decompositions');
    for (let part = 0; part < decompositions; part += 1) readCiphertext(reader, seeded);
  }
  reader.end();
}

/**
 * Computes the Galois element of a rotation: 3^step mod 2N. Replacing X by X^element in a polynomial rotates its slots
 * by `step`.
 */
export function galoisElement(step: number, polyModulusDegree: number): number {
  let element = 1;
  for (let power = 0; power < step; power += 1) element = (element * 3) % (2 * polyModulusDegree);
  return element;
}

/** Computes the place of a rotation step's key in SEAL's Galois keys: (element − 1) / 2. */
export const galoisIndex = (step: number, polyModulusDegree: number): number =>
  (galoisElement(step, polyModulusDegree) - 1) / 2;
