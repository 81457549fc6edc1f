import { createHash } from 'node:crypto';
import type { KeyPlan } from '../../../contract/bundle.ts';
import type { Cost } from '../../../contract/cost.ts';
import { CxrError } from '../../../contract/errors.ts';
import { type Digest, parseDigest } from '../../../contract/ids/digest.ts';
import type { PlaintextOperand, Program, Step } from '../../program.ts';
import { packSlots } from '../../run/packed-slots.ts';
import { type FoldedNetwork, inputsOf, levelsOf } from './fold.ts';

type Value = number;

/**
 * Data primes left in every layer's result, as few as its readers allow: what is needed late is computed late, where
 * every operation is cheaper. The last map is not rescaled, so its inputs have `resultPrimes` as well.
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
 * Writes instructions and knows every value's level and exact scale, so that plaintexts are encoded at the right
 * ones. Rescaling divides the scale by the dropped prime, in doubles, exactly as SEAL does.
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
  layer = '';

  /** @param basis  rotation steps from which `rotate` may compose, ascending powers of two. */
  constructor(slotCount: number, primes: readonly bigint[], basis: readonly number[]) {
    this.#slotCount = slotCount;
    this.#primes = primes.map(Number);
    this.#basis = basis;
  }

  level = (value: Value): number => this.#levels[value]!;
  scale = (value: Value): number => this.#scales[value]!;

  #push(step: Step, level: number, scale: number): Value {
    this.#steps.push(step);
    this.#levels.push(level);
    this.#scales.push(scale);
    return this.#steps.length - 1;
  }

  input(index: number, scale: number): Value {
    return this.#push({ op: 'input', index, layer: 'input' }, this.#primes.length, scale);
  }

  /** rotate(value, step), from rotations already there and steps of the basis; each intermediate is kept for reuse. */
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

  /** The rotation as computed before, also at a higher level of the same value, of which it is then a dropped copy. */
  #alreadyRotated(value: Value, step: number): Value | undefined {
    const same = this.#rotated.get(`${value}:${step}`);
    if (same !== undefined) return same;
    const whole = this.#droppedFrom.get(value);
    const higher = whole === undefined ? undefined : this.#rotated.get(`${whole}:${step}`);
    return higher === undefined ? undefined : this.dropTo(higher, this.level(value));
  }

  /** The last step of a composed rotation: from one that exists or is wanted anyway, with the fewest new key bytes. */
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

  /** One rotation with its own key. */
  rotateOnce(value: Value, step: number): Value {
    this.#keyLevels.set(step, Math.max(this.#keyLevels.get(step) ?? 0, this.level(value)));
    return this.#push({ op: 'rotate', value, step, layer: this.layer }, this.level(value), this.scale(value));
  }

  #plaintext(values: Float64Array, level: number, scale: number): number {
    const packed = packSlots(values);
    this.#plaintexts.push({
      level,
      scale,
      get values() {
        return packed.unpack();
      },
      copyTo: (target) => packed.copyTo(target),
    });
    return this.#plaintexts.length - 1;
  }

  /** @param terms  at least one; the values of each are copied before the next is asked for. */
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

  add(left: Value, right: Value): Value {
    return this.#push({ op: 'add', left, right, layer: this.layer }, this.level(left), this.scale(left));
  }

  addPlain(value: Value, values: Float64Array): Value {
    const plaintext = this.#plaintext(values, this.level(value), this.scale(value));
    return this.#push(
      { op: 'addPlain', value, plaintext, layer: this.layer },
      this.level(value),
      this.scale(value),
    );
  }

  /** Square or product with `level` data primes left, relinearised at the doubled scale (least noise), then rescaled. */
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

  /** The value with `level` data primes left; dropped once for all readers. */
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

  rescale(value: Value): Value {
    const level = this.level(value);
    if (level < 2) throw new CxrError('graph-too-deep', { layer: this.layer, reason: 'levels short by 1' });
    return this.#push(
      { op: 'rescale', value, layer: this.layer },
      level - 1,
      this.scale(value) / this.primeAt(level),
    );
  }

  /** The prime that a rescale with `level` data primes left drops. */
  primeAt = (level: number): number => this.#primes[level - 1]!;

  /** Bits that values at a level can take, sign and one bit of margin taken off. */
  capacityBits = (level: number): number =>
    this.#primes.slice(0, level).reduce((sum, prime) => sum + Math.log2(prime), 0) - 2;

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

/** @param levels  data primes left in every step's value. */
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

/** SHA-256 over everything that a run depends on: steps, levels, scales and the exact plaintext values. */
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
