import { createHash } from 'node:crypto';
import type { KeyPlan } from '../../../contract/bundle.ts';
import type { Cost } from '../../../contract/cost.ts';
import { CxrError } from '../../../contract/errors.ts';
import { type Digest, parseDigest } from '../../../contract/ids/digest.ts';
import type { PlaintextOperand, Program, Step } from '../../program.ts';
import { packedOperand, packSlots } from '../../run/packed-slots.ts';
import { type FoldedNetwork, inputsOf, levelsOf } from './fold.ts';

type Value = number;

/**
 * Chooses how many data primes are left in every layer's result: as few as its readers allow. Operations are cheaper at
 * low levels, so that whatever is needed late is computed late. The last map is not rescaled; its inputs therefore have
 * `resultPrimes` as well.
 *
 * @returns the level by layer id, and that of `input`.
 */
export function assignLevels(network: FoldedNetwork, resultPrimes: number): Map<string, number> {
  const levels = new Map<string, number>([[network.output, resultPrimes]]);
  for (const layer of network.layers.toReversed()) {
    const own = levels.get(layer.id)!;
    const before = layer.id === network.output ? own : own + levelsOf(layer);
    for (const input of inputsOf(layer)) levels.set(input, Math.max(levels.get(input) ?? 0, before));
  }
  return levels;
}

/**
 * A program builder writes instructions and knows the level and the exact scale of every value, so that plaintexts are
 * encoded to fit. A rescale divides the scale by the dropped prime, in doubles, exactly as SEAL does.
 */
export class ProgramBuilder {
  readonly #slotCount: number;
  readonly #primes: readonly number[];
  readonly #steps: Step[] = [];
  readonly #plaintexts: PlaintextOperand[] = [];
  readonly #levels: number[] = [];
  readonly #scales: number[] = [];
  readonly #rotated = new Map<string, Value>();
  readonly #dropped = new Map<string, Value>();
  readonly #droppedFrom = new Map<Value, Value>();
  readonly #keyLevels = new Map<number, number>();
  readonly #basis: readonly number[];
  /** The next instructions belong to this layer. */
  layer = '';

  /**
   * Begins a program without instructions.
   *
   * @param basis  rotation steps from which `rotate` may compose others: powers of two, ascending.
   */
  constructor(slotCount: number, primes: readonly bigint[], basis: readonly number[]) {
    this.#slotCount = slotCount;
    this.#primes = primes.map(Number);
    this.#basis = basis;
  }

  /** Gives the number of data primes that a value has left. */
  level = (value: Value): number => this.#levels[value]!;
  /** Gives the exact scale of a value. */
  scale = (value: Value): number => this.#scales[value]!;

  #push(step: Step, level: number, scale: number): Value {
    this.#steps.push(step);
    this.#levels.push(level);
    this.#scales.push(scale);
    return this.#steps.length - 1;
  }

  /** Writes an input ciphertext, at the top level. */
  input(index: number, scale: number): Value {
    return this.#push({ op: 'input', index, layer: 'input' }, this.#primes.length, scale);
  }

  /**
   * Writes a rotation of a value by `step` slots. It is composed of rotations that are there already and of steps of
   * the basis; every intermediate is kept and used again. Cost: as many rotations as are not there yet, 0 levels.
   *
   * @param wanted  steps that will be asked for anyway, and are therefore good intermediates.
   * @throws TypeError when the basis cannot reach the step.
   */
  rotate(value: Value, step: number, wanted: ReadonlySet<number> = new Set()): Value {
    if (step === 0) return value;
    const known = this.#alreadyRotated(value, step);
    if (known !== undefined) return known;
    const last = this.#lastStep(value, step, wanted);
    const before = this.rotate(value, step - last, wanted);
    const rotated = this.rotateOnce(before, last);
    this.#rotated.set(`${value}:${step}`, rotated);
    return rotated;
  }

  #isRotated(value: Value, step: number): boolean {
    const whole = this.#droppedFrom.get(value);
    return (
      this.#rotated.has(`${value}:${step}`) || (whole !== undefined && this.#rotated.has(`${whole}:${step}`))
    );
  }

  /**
   * Finds this rotation among those computed before. One at a higher level of the same value serves as well, after
   * primes are dropped.
   */
  #alreadyRotated(value: Value, step: number): Value | undefined {
    const same = this.#rotated.get(`${value}:${step}`);
    if (same !== undefined) return same;
    const whole = this.#droppedFrom.get(value);
    const higher = whole === undefined ? undefined : this.#rotated.get(`${whole}:${step}`);
    return higher === undefined ? undefined : this.dropTo(higher, this.level(value));
  }

  /**
   * Chooses the last step of a composed rotation: one that starts from a rotation that exists or is wanted anyway and,
   * among these, adds the fewest bytes of keys.
   */
  #lastStep(value: Value, step: number, wanted: ReadonlySet<number>): number {
    const level = this.level(value);
    const usable = this.#basis.filter((candidate) => candidate <= step).toReversed();
    const short = usable.filter((candidate) => {
      const rest = step - candidate;
      return rest === 0 || wanted.has(rest) || this.#isRotated(value, rest);
    });
    const [first, ...others] = short.length > 0 ? short : usable;
    if (first === undefined) throw new TypeError(`rotation ${step} cannot be reached from the basis`);
    const added = (candidate: number) =>
      Math.max(
        0,
        level * (level + 1) -
          (this.#keyLevels.get(candidate) ?? 0) * ((this.#keyLevels.get(candidate) ?? 0) + 1),
      );
    return others.reduce((best, candidate) => (added(candidate) < added(best) ? candidate : best), first);
  }

  /** Writes one rotation that has a key of its own. Cost: 1 rotation, 0 levels. */
  rotateOnce(value: Value, step: number): Value {
    this.#keyLevels.set(step, Math.max(this.#keyLevels.get(step) ?? 0, this.level(value)));
    return this.#push({ op: 'rotate', value, step, layer: this.layer }, this.level(value), this.scale(value));
  }

  #plaintext(values: Float64Array, level: number, scale: number): number {
    this.#plaintexts.push(packedOperand(packSlots(values), level, scale));
    return this.#plaintexts.length - 1;
  }

  /**
   * Writes Σ value·plaintext. Cost: one plaintext product per term, 0 levels.
   *
   * @param terms  at least one; the numbers of each are copied before the next is asked for.
   */
  sumOfProducts(terms: Iterable<readonly [Value, Float64Array]>, plaintextScale: number): Value {
    const encoded: (readonly [Value, number])[] = [];
    for (const [value, values] of terms)
      encoded.push([value, this.#plaintext(values, this.level(value), plaintextScale)]);
    const [first] = encoded[0]!;
    const level = this.level(first);
    return this.#push(
      { op: 'sumOfProducts', terms: encoded, layer: this.layer },
      level,
      this.scale(first) * plaintextScale,
    );
  }

  /** Writes the sum of two values of one level and scale. Cost: 0 levels. */
  add(left: Value, right: Value): Value {
    return this.#push({ op: 'add', left, right, layer: this.layer }, this.level(left), this.scale(left));
  }

  /** Writes the sum of a value and plain numbers, which are encoded at the value's level and scale. Cost: 0 levels. */
  addPlain(value: Value, values: Float64Array): Value {
    const plaintext = this.#plaintext(values, this.level(value), this.scale(value));
    return this.#push(
      { op: 'addPlain', value, plaintext, layer: this.layer },
      this.level(value),
      this.scale(value),
    );
  }

  /**
   * Writes a product, or a square when both values are the same, that has `level` data primes left. It is relinearised
   * at the doubled scale, where that adds least noise, and then rescaled. Cost: 1 relinearisation, 1 level.
   */
  multiply(first: Value, second: Value, level: number): Value {
    return this.#multiplyAt(first, second, level + 1);
  }

  #multiplyAt(left: Value, right: Value, level: number): Value {
    const [a, b] = [this.dropTo(left, level), this.dropTo(right, level)];
    const scale = this.scale(a) * this.scale(b);
    const product =
      a === b
        ? this.#push({ op: 'square', value: a, layer: this.layer }, level, scale)
        : this.#push({ op: 'multiply', left: a, right: b, layer: this.layer }, level, scale);
    return this.rescale(this.#push({ op: 'relinearize', value: product, layer: this.layer }, level, scale));
  }

  /** Writes the value with `level` data primes left. Primes are dropped once for all readers. */
  dropTo(value: Value, level: number): Value {
    if (this.level(value) === level) return value;
    const key = `${value}:${level}`;
    const known = this.#dropped.get(key);
    if (known !== undefined) return known;
    const dropped = this.#push({ op: 'dropTo', value, level, layer: this.layer }, level, this.scale(value));
    this.#dropped.set(key, dropped);
    this.#droppedFrom.set(dropped, this.#droppedFrom.get(value) ?? value);
    return dropped;
  }

  /**
   * Writes a rescale: it divides by the last data prime and drops it. Cost: 1 level.
   *
   * @throws CxrError `graph-too-deep` when only one prime is left.
   */
  rescale(value: Value): Value {
    const level = this.level(value);
    if (level < 2) throw new CxrError('graph-too-deep', { layer: this.layer, reason: 'levels short by 1' });
    return this.#push(
      { op: 'rescale', value, layer: this.layer },
      level - 1,
      this.scale(value) / this.primeAt(level),
    );
  }

  /** Gives the prime that a rescale of a value at this level drops. */
  primeAt = (level: number): number => this.#primes[level - 1]!;

  /**
   * Gives the bits that scaled values may have at a level: those of the primes left, less the sign and one bit of
   * margin.
   */
  capacityBits = (level: number): number =>
    this.#primes.slice(0, level).reduce((sum, prime) => sum + Math.log2(prime), 0) - 2;

  /** Ends the program and counts what it executes and which keys it needs. */
  finish(
    output: Value,
    inputCount: number,
    inputScale: number,
    levels: number,
    ranges: Program['ranges'],
  ): Program {
    return {
      ranges,
      slotCount: this.#slotCount,
      inputLevel: this.#primes.length,
      inputScale,
      inputCount,
      steps: this.#steps,
      plaintexts: this.#plaintexts,
      output,
      outputLevel: this.level(output),
      outputScale: this.scale(output),
      keys: keyPlanOf(this.#steps, this.#levels),
      cost: costOf(this.#steps, levels),
    };
  }
}

/**
 * Collects the keys that the steps use, each at the highest level at which it is used.
 *
 * @param levels  data primes left in every step's value.
 */
function keyPlanOf(steps: readonly Step[], levels: readonly number[]): KeyPlan {
  const highest = new Map<number, number>();
  let relinearizationLevel = 1;
  for (const [index, step] of steps.entries()) {
    const level = levels[index]!;
    if (step.op === 'rotate') highest.set(step.step, Math.max(highest.get(step.step) ?? 0, level));
    if (step.op === 'relinearize') relinearizationLevel = Math.max(relinearizationLevel, level);
  }
  const rotations = [...highest].map(([step, level]) => ({ step, level }));
  return { relinearizationLevel, rotations: rotations.sort((left, right) => left.step - right.step) };
}

/** Counts what one run of the steps executes. */
export function costOf(steps: readonly Step[], levels: number): Cost {
  const count = (...ops: readonly Step['op'][]) => steps.filter((step) => ops.includes(step.op)).length;
  return {
    levels,
    rotations: count('rotate'),
    relinearizations: count('relinearize'),
    plaintextProducts: steps.reduce(
      (sum, step) => sum + (step.op === 'sumOfProducts' ? step.terms.length : 0),
      0,
    ),
    ciphertextProducts: count('square', 'multiply'),
    rescales: count('rescale'),
  };
}

/**
 * Computes the SHA-256 over everything that a run depends on: steps, levels, scales and the exact numbers of the
 * plaintexts.
 */
export function programDigest(program: Program): Digest {
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify({ ...program, plaintexts: program.plaintexts.map(({ level, scale }) => [level, scale]) }),
  );
  for (const { values } of program.plaintexts) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return parseDigest(hash.digest('hex'));
}
