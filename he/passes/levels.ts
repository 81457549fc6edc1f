import { createHash } from 'node:crypto';
import type { KeyPlan } from '../../contract/bundle.ts';
import { CxrError } from '../../contract/errors.ts';
import type { Cost } from '../../contract/stages.ts';
import type { PlaintextOperand, Program, Step } from '../program.ts';

type Value = number;

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
  readonly #basis: readonly number[];
  layer = '';

  /** @param basis  rotation steps that may be used, ascending powers of two. */
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
    const key = `${value}:${step}`;
    const known = this.#rotated.get(key);
    if (known !== undefined) return known;
    const usable = this.#basis.filter((candidate) => candidate <= step).toReversed();
    const last =
      usable.find(
        (candidate) =>
          candidate === step ||
          wanted.has(step - candidate) ||
          this.#rotated.has(`${value}:${step - candidate}`),
      ) ?? usable[0];
    if (last === undefined) throw new TypeError(`rotation ${step} cannot be reached from the basis`);
    const before = this.rotate(value, step - last, wanted);
    const rotated = this.rotateOnce(before, last);
    this.#rotated.set(key, rotated);
    return rotated;
  }

  rotateOnce(value: Value, step: number): Value {
    return this.#push({ op: 'rotate', value, step, layer: this.layer }, this.level(value), this.scale(value));
  }

  #plaintext(values: Float64Array, level: number, scale: number): number {
    this.#plaintexts.push({ level, scale, values });
    return this.#plaintexts.length - 1;
  }

  sumOfProducts(terms: readonly (readonly [Value, Float64Array])[], plaintextScale: number): Value {
    const level = this.level(terms[0]![0]);
    const encoded = terms.map(
      ([value, values]) => [value, this.#plaintext(values, level, plaintextScale)] as const,
    );
    return this.#push(
      { op: 'sumOfProducts', terms: encoded, layer: this.layer },
      level,
      this.scale(terms[0]![0]) * plaintextScale,
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

  /** Square or product, relinearised while the scale is still doubled (least noise), then rescaled. Cost: 1 level. */
  multiply(left: Value, right: Value): Value {
    const level = Math.min(this.level(left), this.level(right));
    const [a, b] = [this.#dropTo(left, level), this.#dropTo(right, level)];
    const scale = this.scale(a) * this.scale(b);
    const product =
      a === b
        ? this.#push({ op: 'square', value: a, layer: this.layer }, level, scale)
        : this.#push({ op: 'multiply', left: a, right: b, layer: this.layer }, level, scale);
    return this.rescale(this.#push({ op: 'relinearize', value: product, layer: this.layer }, level, scale));
  }

  #dropTo(value: Value, level: number): Value {
    if (this.level(value) === level) return value;
    return this.#push({ op: 'dropTo', value, level, layer: this.layer }, level, this.scale(value));
  }

  rescale(value: Value): Value {
    const level = this.level(value);
    if (level < 2) throw new CxrError('graph-too-deep', { layer: this.layer, reason: 'levels short by 1' });
    return this.#push(
      { op: 'rescale', value, layer: this.layer },
      level - 1,
      this.scale(value) / this.lastPrime(value),
    );
  }

  /** The prime that the next rescale of `value` drops. */
  lastPrime = (value: Value): number => this.#primes[this.level(value) - 1]!;

  finish(output: Value, inputCount: number, inputScale: number, levels: number): Program {
    return {
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
export function programDigest(program: Program): string {
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify({ ...program, plaintexts: program.plaintexts.map(({ level, scale }) => [level, scale]) }),
  );
  for (const { values } of program.plaintexts) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}
