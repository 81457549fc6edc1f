import { CxrError } from '../../../contract/errors.ts';
import type { EncodeRequest, HeBackend } from '../backend.ts';
import type { KernelMemory } from '../kernel/memory.ts';
import type { KernelRing } from '../kernel/ring.ts';
import { type ExecutedOperations, noOperations } from './executed.ts';

/**
 * A kernel ciphertext is `size` polynomials of `level` limbs in the kernel's memory, from the byte `at` on. A *limb* is
 * the N residues of a polynomial modulo one prime.
 */
export type KernelCiphertext = {
  readonly at: number;
  readonly size: number;
  readonly level: number;
  readonly scale: number;
};

/**
 * A kernel plaintext is one polynomial of `level` limbs. Its residues are in Montgomery form: multiplied by 2^32 modulo
 * the prime, so that a product needs no division.
 */
export type KernelPlaintext = { readonly at: number; readonly level: number; readonly scale: number };

/**
 * A kernel key is a key-switching key: limbs in the order [target][digit][2], where the special prime is the last of
 * the targets. A *digit* is the polynomial's residues modulo one prime; a *target* is the prime in which the digits
 * meet the key.
 */
export type KernelKey = {
  readonly at: number;
  readonly level: number;
  /** The address of the table by which the result's residues are permuted; 0 for relinearisation. */
  readonly permutation: number;
};

/** The backend finds its evaluation keys here, by rotation step; 0 stands for relinearisation. */
export type KernelKeySource = { get(step: number): KernelKey };

/** Scales that should be equal may differ by the rounding of doubles, in parts of their value. */
const scaleTolerance = 2 ** -40;
const argumentWords = 64;
const encodeArgumentBytes = 24;
/** The sums of a limb are handed out in so many pieces, so that threads finish together. */
const partsOfLimb = 4;

/**
 * This backend evaluates CKKS in our own kernel (kernel/assembly): 30-bit primes in 32-bit lanes, centred digits, and
 * rotations that share the digits of their value. It takes and gives the same ciphertexts as SEAL; only the noise of
 * its key switches is lower.
 */
export class KernelBackend implements HeBackend<KernelCiphertext, KernelPlaintext>, Disposable {
  readonly name = 'kernel';
  readonly slotCount: number;
  readonly #ring: KernelRing;
  readonly #memory: KernelMemory;
  readonly #centred: boolean;
  readonly #args: number;
  readonly #coefficients: number;
  readonly #sums: number;
  readonly #rounded: number;
  readonly #fixed: [at: number, bytes: number][] = [];
  /** The address of the shared digits; 0 before any are shared. */
  #digitsAt = 0;
  /** The value whose second polynomial's digits, in every modulus, are kept for its further rotations. */
  #shared: { readonly value: KernelCiphertext; filled: boolean } | undefined;
  /**
   * Plaintexts that were given back while an operation may still be collecting its terms. They are freed at the end of
   * the next operation.
   */
  #dying: KernelPlaintext[] = [];
  #keys: KernelKeySource | undefined;
  #executed = noOperations();

  /** @param centred  false only to compare with SEAL, whose digits lie in [0, q). */
  constructor(ring: KernelRing, centred = true) {
    this.#ring = ring;
    this.#memory = ring.memory;
    this.#centred = centred;
    this.slotCount = ring.degree / 2;
    const limbs = ring.moduli.length;
    this.#args = this.#reserve(4 * argumentWords);
    this.#coefficients = this.#reserve(limbs * ring.limbBytes);
    this.#sums = this.#reserve(2 * limbs * ring.limbBytes);
    this.#rounded = this.#reserve(3 * ring.limbBytes);
  }

  /** Takes memory for the life of the backend. */
  #reserve(bytes: number): number {
    const at = this.#memory.allocate(bytes);
    this.#fixed.push([at, bytes]);
    return at;
  }

  /** Sets the keys for the following operations. */
  useKeys(keys: KernelKeySource | undefined): void {
    this.#keys = keys;
  }

  /** Gives the operations that were executed since the last call. */
  takeExecuted(): ExecutedOperations {
    const executed = this.#executed;
    this.#executed = noOperations();
    return executed;
  }

  level = (value: KernelCiphertext): number => value.level;
  scale = (value: KernelCiphertext): number => value.scale;

  /** Makes a ciphertext whose residues the caller will write. */
  create(size: number, level: number, scale: number): KernelCiphertext {
    const at = this.#memory.allocate(size * level * this.#ring.limbBytes);
    return { at, size, level, scale };
  }

  release(value: KernelCiphertext): void {
    this.#memory.free(value.at, value.size * value.level * this.#ring.limbBytes);
    if (this.#shared?.value === value) this.#shared = undefined;
  }

  #run(task: Parameters<KernelRing['run']>[0], args: readonly number[], units: number): void {
    this.#memory.words(this.#args, args.length).set(args);
    this.#ring.run(task, this.#args, units);
  }

  encode(values: Float64Array, level: number, scale: number): KernelPlaintext {
    return this.encodeAll([{ values, level, scale }])[0]!;
  }

  /**
   * Encodes several plaintexts at once, on all threads.
   *
   * @throws RangeError when a coefficient would not fit 62 bits.
   */
  encodeAll(requests: readonly EncodeRequest[]): KernelPlaintext[] {
    const { limbBytes } = this.#ring;
    const argsBytes = encodeArgumentBytes * requests.length;
    const args = this.#memory.allocate(argsBytes);
    const inputs: number[] = [];
    const plaintexts = requests.map((request, index): KernelPlaintext => {
      const { level, scale } = request;
      const input = this.#memory.allocate(8 * this.slotCount);
      inputs.push(input);
      const slots = this.#memory.doubles(input, this.slotCount);
      if (request.copyTo === undefined) slots.set(request.values);
      else request.copyTo(slots);
      const at = this.#memory.allocate(level * limbBytes);
      const own = args + encodeArgumentBytes * index;
      this.#memory.words(own, 4).set([input, at, level, 0]);
      this.#memory.doubles(own + 16, 1)[0] = scale;
      return { at, level, scale };
    });
    this.#ring.run('encode', args, requests.length);
    const refused = requests.findIndex(
      (_, index) => this.#memory.words(args + encodeArgumentBytes * index, 4)[3] !== 0,
    );
    for (const input of inputs) this.#memory.free(input, 8 * this.slotCount);
    this.#memory.free(args, argsBytes);
    if (refused >= 0) {
      for (const { at, level } of plaintexts) this.#memory.free(at, level * limbBytes);
      throw new RangeError(`plaintext ${refused} does not fit: scale ${requests[refused]!.scale}`);
    }
    return plaintexts;
  }

  releasePlaintext(plaintext: KernelPlaintext): void {
    this.#dying.push(plaintext);
  }

  #bury(): void {
    for (const { at, level } of this.#dying) this.#memory.free(at, level * this.#ring.limbBytes);
    this.#dying = [];
  }

  /**
   * Keeps the digits of this value for its further rotations. Digits take the memory of several ciphertexts, so that
   * only those of one value are kept, until the next is shared.
   */
  shareRotations(value: KernelCiphertext): void {
    if (this.#shared?.value === value) return;
    const primes = this.#ring.params.dataPrimes.length;
    if (this.#digitsAt === 0) this.#digitsAt = this.#reserve(primes * (primes + 1) * this.#ring.limbBytes);
    this.#shared = { value, filled: false };
  }

  rotate(value: KernelCiphertext, step: number): KernelCiphertext {
    this.#executed.rotations += 1;
    const key = this.#requireKeys().get(step);
    return this.#switchKey(value, 1, key, value.at, 1);
  }

  relinearize(value: KernelCiphertext): KernelCiphertext {
    if (value.size !== 3) throw new TypeError('relinearize takes three polynomials');
    this.#executed.relinearizations += 1;
    return this.#switchKey(value, 2, this.#requireKeys().get(0), value.at, 2);
  }

  /**
   * Switches the key of one polynomial of a value, and adds the first `addends` polynomials of the value.
   *
   * @param index  the polynomial: 1 for a rotation, 2 for relinearisation.
   * @throws CxrError `evaluation-key-missing` when the key reaches only a lower level than the value's.
   */
  #switchKey(
    value: KernelCiphertext,
    index: number,
    key: KernelKey,
    addend: number,
    addends: number,
  ): KernelCiphertext {
    const { level } = value;
    const shared = this.#shared?.value === value ? this.#shared : undefined;
    if (level > key.level) throw new CxrError('evaluation-key-missing', { got: key.level, expected: level });
    const { limbBytes } = this.#ring;
    const source = value.at + index * level * limbBytes;
    const special = this.#ring.params.dataPrimes.length;
    const filled = shared?.filled === true;
    if (!filled) this.#run('toCoefficients', [source, this.#coefficients], level);
    const centred = this.#centred ? 1 : 0;
    const into = [
      level,
      this.#coefficients,
      source,
      shared ? this.#digitsAt : 0,
      filled ? 1 : 0,
      key.at,
      key.level,
    ];
    this.#run('switchInto', [...into, this.#sums, centred], level + 1);
    if (shared !== undefined) shared.filled = true;
    const stride = (level + 1) * limbBytes;
    this.#run('toRounded', [this.#sums, stride, level, special, this.#rounded], 2);
    const out = this.create(2, level, value.scale);
    const { permutation } = key;
    const parts = [this.#sums, stride, this.#rounded, special, out.at, level, addend, addends, permutation];
    this.#run('divide', parts, 2 * level);
    return out;
  }

  #requireKeys(): KernelKeySource {
    if (this.#keys === undefined) throw new TypeError('no evaluation keys in use');
    return this.#keys;
  }

  sumOfProducts(terms: Iterable<readonly [KernelCiphertext, KernelPlaintext]>): KernelCiphertext {
    return this.sumsOfProducts([terms])[0]!;
  }

  sumsOfProducts(
    sums: readonly Iterable<readonly [KernelCiphertext, KernelPlaintext]>[],
  ): KernelCiphertext[] {
    const lists = sums.map((terms) => this.#collect(terms));
    const { level } = lists[0]!.out;
    const records = lists.flatMap(({ words, out }) => {
      this.#requireLevel(out.level, level);
      return [this.#written(words), words.length / 3, out.at, level * this.#ring.limbBytes];
    });
    const recordsAt = this.#written(records);
    this.#run('sumsOfProducts', [recordsAt, sums.length, partsOfLimb], level * partsOfLimb);
    for (const [index, { words }] of lists.entries())
      this.#memory.free(records[4 * index]!, 4 * words.length);
    this.#memory.free(recordsAt, 4 * records.length);
    this.#bury();
    return lists.map(({ out }) => out);
  }

  /** Writes words into the kernel's memory; the caller frees them. */
  #written(words: readonly number[]): number {
    const at = this.#memory.allocate(4 * words.length);
    this.#memory.words(at, words.length).set(words);
    return at;
  }

  /** Writes the list of a sum's addresses and takes a place for its result. */
  #collect(terms: Iterable<readonly [KernelCiphertext, KernelPlaintext]>): {
    words: readonly number[];
    out: KernelCiphertext;
  } {
    const words: number[] = [];
    let kind: { level: number; scale: number } | undefined;
    for (const [value, plaintext] of terms) {
      const { level } = value;
      const scale = value.scale * plaintext.scale;
      kind ??= { level, scale };
      if (value.size !== 2) throw new TypeError('a product takes two polynomials');
      this.#requireLevel(level, kind.level);
      this.#requireLevel(plaintext.level, level);
      this.#requireScale(scale, kind.scale);
      words.push(plaintext.at, value.at, value.at + level * this.#ring.limbBytes);
      this.#executed.plaintextProducts += 1;
    }
    if (kind === undefined) throw new TypeError('a sum of no products');
    return { words, out: this.create(2, kind.level, kind.scale) };
  }

  #requireLevel(got: number, expected: number): void {
    if (got !== expected) throw new TypeError(`level ${got} meets level ${expected}`);
  }

  #requireScale(got: number, expected: number): void {
    if (Math.abs(got / expected - 1) > scaleTolerance) throw new TypeError(`scale ${got} meets ${expected}`);
  }

  add(left: KernelCiphertext, right: KernelCiphertext): KernelCiphertext {
    this.#requireLevel(left.level, right.level);
    this.#requireScale(left.scale, right.scale);
    if (left.size !== right.size) throw new TypeError('a sum of values of different size');
    const out = this.create(left.size, left.level, left.scale);
    this.#run('add', [left.at, right.at, out.at, left.level], left.size * left.level);
    return out;
  }

  addPlain(value: KernelCiphertext, plaintext: KernelPlaintext): KernelCiphertext {
    this.#requireLevel(plaintext.level, value.level);
    this.#requireScale(plaintext.scale, value.scale);
    const { limbBytes } = this.#ring;
    const out = this.create(value.size, value.level, value.scale);
    const polynomial = value.level * limbBytes;
    this.#memory
      .bytes(out.at + polynomial, (value.size - 1) * polynomial)
      .set(this.#memory.bytes(value.at + polynomial, (value.size - 1) * polynomial));
    this.#run('addPlain', [value.at, plaintext.at, out.at], value.level);
    this.#bury();
    return out;
  }

  square(value: KernelCiphertext): KernelCiphertext {
    return this.multiply(value, value);
  }

  multiply(left: KernelCiphertext, right: KernelCiphertext): KernelCiphertext {
    this.#requireLevel(left.level, right.level);
    if (left.size !== 2 || right.size !== 2) throw new TypeError('a product takes two polynomials');
    this.#executed.ciphertextProducts += 1;
    const out = this.create(3, left.level, left.scale * right.scale);
    const polynomial = left.level * this.#ring.limbBytes;
    this.#run('multiply', [left.at, right.at, out.at, polynomial], left.level);
    return out;
  }

  rescale(value: KernelCiphertext): KernelCiphertext {
    if (value.level < 2) throw new TypeError('no prime is left to rescale by');
    this.#executed.rescales += 1;
    const { limbBytes, moduli } = this.#ring;
    const last = value.level - 1;
    const stride = value.level * limbBytes;
    this.#run('toRounded', [value.at, stride, last, last, this.#rounded], value.size);
    const out = this.create(value.size, last, value.scale / moduli[last]!);
    this.#run('divide', [value.at, stride, this.#rounded, last, out.at, last, 0, 0, 0], value.size * last);
    return out;
  }

  dropTo(value: KernelCiphertext, level: number): KernelCiphertext {
    if (level > value.level || level < 1) throw new TypeError(`level ${value.level} cannot drop to ${level}`);
    const { limbBytes } = this.#ring;
    const out = this.create(value.size, level, value.scale);
    for (let index = 0; index < value.size; index += 1)
      this.#memory
        .bytes(out.at + index * level * limbBytes, level * limbBytes)
        .set(this.#memory.bytes(value.at + index * value.level * limbBytes, level * limbBytes));
    return out;
  }

  [Symbol.dispose](): void {
    this.#bury();
    for (const [at, bytes] of this.#fixed) this.#memory.free(at, bytes);
  }
}
