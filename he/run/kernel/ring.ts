import { CxrError } from '../../../contract/errors.ts';
import {
  inverseMod,
  inverseOfRadix,
  minimalRoot,
  mulMod,
  powMod,
  quotientOf,
  reverseBits,
} from '../../modular.ts';
import type { CkksParams } from '../../params.ts';
import type { KernelMemory } from './memory.ts';

/** The layouts of kernel/assembly/modular.ts and tasks.ts have these sizes, in 32-bit words. */
const modulusWords = 16;
const ringWords = 8;
const divisorWords = 4;
const largestPrime = 2 ** 30;
const listBytes = 1024;

/** These are the numbers of the kernel's tasks; kernel/assembly/index.ts performs them. */
export const tasks = {
  toCoefficients: 0,
  switchInto: 1,
  toRounded: 2,
  divide: 3,
  add: 4,
  addPlain: 5,
  sumsOfProducts: 6,
  multiply: 7,
  prepareKey: 8,
  encode: 9,
  expand: 10,
} as const;

/**
 * A kernel ring is the tables of one parameter set in the kernel's memory: its primes, the powers of their roots of
 * unity, divisors, scratch for each thread and the tables of the encoder.
 */
export class KernelRing implements Disposable {
  readonly memory: KernelMemory;
  readonly params: CkksParams;
  readonly degree: number;
  /** The data primes, then the special one. */
  readonly moduli: readonly number[];
  readonly limbBytes: number;
  readonly #at: number;
  readonly #moduliAt: number;
  readonly #permutations = new Map<number, number>();
  readonly #held: [at: number, bytes: number][] = [];

  /** @throws CxrError `params-invalid` for primes of more than 30 bits. */
  constructor(memory: KernelMemory, params: CkksParams) {
    this.memory = memory;
    this.params = params;
    this.degree = params.polyModulusDegree;
    this.moduli = [...params.dataPrimes, params.specialPrime].map(Number);
    this.limbBytes = 4 * this.degree;
    for (const [index, q] of this.moduli.entries())
      if (q >= largestPrime)
        throw new CxrError('params-invalid', { field: 'primes', index, got: q, expected: 'below 2^30' });
    this.#moduliAt = this.#reserve(4 * modulusWords * this.moduli.length);
    for (const [index, q] of this.moduli.entries()) this.#writeModulus(index, q);
    this.#at = this.#reserve(4 * ringWords);
    memory
      .words(this.#at, ringWords)
      .set([
        this.degree,
        params.dataPrimes.length,
        this.#moduliAt,
        this.#writeDivisors(),
        this.#allocateScratch(),
        this.#writeEncoder(),
      ]);
  }

  /** Gives the address of a modulus' table. */
  modulusAt = (index: number): number => this.#moduliAt + 4 * modulusWords * index;

  /** Runs all units of a task on this ring. */
  run(task: keyof typeof tasks, args: number, units: number): void {
    this.memory.run(tasks[task], this.#at, args, units);
  }

  #writeModulus(index: number, q: number): void {
    const { degree, memory } = this;
    const root = minimalRoot(degree, q);
    const back = inverseMod(root, q);
    const byDegree = inverseMod(degree, q);
    // The backward transform's last layer has the twiddle of the first forward one.
    const last = mulMod(powMod(back, degree / 2, q), byDegree, q);
    const radix = 2 ** 32 % q;
    const square = mulMod(radix, radix, q);
    const minusOffset = (q - mulMod(2 ** 31 % q, square, q)) % q;
    const constants = [q, inverseOfRadix(q), radix, quotientOf(radix, q), quotientOf(1, q)];
    const finals = [byDegree, quotientOf(byDegree, q), last, quotientOf(last, q)];
    const tables = [this.#writePowers(root, q), this.#writePowers(back, q)];
    const encoding = [minusOffset, square, quotientOf(square, q)];
    memory.words(this.modulusAt(index), modulusWords).set([...constants, ...finals, ...tables, ...encoding]);
  }

  /** Writes the powers of a root in bit-reversed order, then their quotients. */
  #writePowers(root: number, q: number): number {
    const { degree, memory } = this;
    const at = this.#reserve(8 * degree);
    const words = memory.words(at, 2 * degree);
    const bits = Math.log2(degree);
    let power = 1;
    for (let index = 0; index < degree; index += 1) {
      const place = reverseBits(index, bits);
      words[place] = power;
      words[degree + place] = quotientOf(power, q);
      power = mulMod(power, root, q);
    }
    return at;
  }

  #writeDivisors(): number {
    const primes = this.params.dataPrimes.length;
    const at = this.#reserve(4 * divisorWords * this.moduli.length * primes);
    const words = this.memory.words(at, divisorWords * this.moduli.length * primes);
    for (const [index, divisor] of this.moduli.entries())
      for (const [limb, q] of this.moduli.slice(0, primes).entries()) {
        if (limb === index) continue;
        const inverse = inverseMod(divisor, q);
        const half = Math.floor(divisor / 2) % q;
        words.set([inverse, quotientOf(inverse, q), q - half], divisorWords * (index * primes + limb));
      }
    return at;
  }

  #allocateScratch(): number {
    const bytes = Math.max(listBytes + this.moduli.length * this.limbBytes, 4 * this.limbBytes, 16_384);
    const areas = Array.from({ length: this.memory.threads }, () => this.#reserve(bytes));
    const at = this.#reserve(4 * areas.length);
    this.memory.words(at, areas.length).set(areas);
    return at;
  }

  /** Writes the tables that kernel/assembly/encode.ts reads. */
  #writeEncoder(): number {
    const { degree, memory } = this;
    const slots = degree / 2;
    const [placesAt, rootsAt, twistsAt] = [4 * slots, 8 * slots, 16 * slots].map((bytes) =>
      this.#reserve(bytes),
    ) as [number, number, number];
    const places = memory.words(placesAt, slots);
    let element = 1;
    for (let slot = 0; slot < slots; slot += 1) {
      const side = element % 4 === 1 ? element : 2 * degree - element;
      places[slot] = reverseBits((side - 1) / 4, Math.log2(slots));
      element = (element * 3) % (2 * degree);
    }
    const write = (at: number, count: number, turn: number) => {
      const table = memory.doubles(at, 2 * count);
      for (let index = 0; index < count; index += 1) {
        table[2 * index] = Math.cos(index * turn);
        table[2 * index + 1] = Math.sin(index * turn);
      }
    };
    write(rootsAt, slots / 2, (-2 * Math.PI) / slots);
    write(twistsAt, slots, -Math.PI / degree);
    const at = this.#reserve(12);
    memory.words(at, 3).set([placesAt, rootsAt, twistsAt]);
    return at;
  }

  #reserve(bytes: number): number {
    const at = this.memory.allocate(bytes);
    this.#held.push([at, bytes]);
    return at;
  }

  [Symbol.dispose](): void {
    for (const [at, bytes] of this.#held) this.memory.free(at, bytes);
  }

  /**
   * Makes the table of the automorphism X → X^element on transformed residues: out[n] = in[table[n]]. The table is kept
   * for the next time.
   *
   * @returns its address.
   */
  permutation(element: number): number {
    const known = this.#permutations.get(element);
    if (known !== undefined) return known;
    const bits = Math.log2(this.degree);
    const at = this.#reserve(this.limbBytes);
    const table = this.memory.words(at, this.degree);
    for (let index = 0; index < this.degree; index += 1) {
      const exponent = (element * (2 * reverseBits(index, bits) + 1)) % (2 * this.degree);
      table[index] = reverseBits((exponent - 1) / 2, bits);
    }
    this.#permutations.set(element, at);
    return at;
  }
}
