import { CxrError } from '../../contract/errors.ts';
import type { Program, Step } from '../program.ts';
import type { HeBackend } from './backend.ts';

/** With this, the caller of a run watches it and can end it. */
export type RunControl = {
  /** This is called before each instruction, with the share of the work that is done (0 to 1) and the layer's name. */
  readonly progress?: (fraction: number, layer: string) => void;
  /** This is asked between instructions; true ends the run with `cancelled`. */
  readonly isAborted?: () => boolean;
};

/**
 * A plaintext source gives the encoded form of plaintext `index`, so that an evaluator can encode once and keep it. The
 * plaintext need stay valid only until the next one is asked for.
 */
export type PlaintextSource<Pt> = (index: number) => Pt;

/**
 * Runs a program on any backend. This is the one interpreter. Values are released after their last use; inputs belong
 * to the caller.
 *
 * @param inputs  one ciphertext for each input of the program, at its input level and scale.
 * @returns the result, which the caller releases.
 * @throws CxrError `ciphertext-invalid` for a wrong number of inputs; `cancelled` between two instructions once
 *   `isAborted` answers true.
 */
export function run<Ct, Pt>(
  program: Program,
  inputs: readonly Ct[],
  backend: HeBackend<Ct, Pt>,
  plaintext: PlaintextSource<Pt>,
  control: RunControl = {},
): Ct {
  if (inputs.length !== program.inputCount) {
    throw new CxrError('ciphertext-invalid', {
      field: 'count',
      got: inputs.length,
      expected: program.inputCount,
    });
  }
  const lastUse = lastUses(program);
  const rotations = rotationsByValue(program);
  const live = new Map<number, Ct>();
  const read = (index: number): Ct => live.get(index)!;
  const isInput = (index: number): boolean => program.steps[index]!.op === 'input';
  try {
    for (const [index, step] of program.steps.entries()) {
      if (control.isAborted?.() === true) throw new CxrError('cancelled', { layer: step.layer });
      control.progress?.(index / program.steps.length, step.layer);
      if (step.op === 'rotate' && backend.shareRotations !== undefined)
        rotateFrom(index, program, live, rotations, backend);
      else if (step.op === 'sumOfProducts' && backend.sumsOfProducts !== undefined)
        for (const [at, sum] of sumsFrom(index, program, live, backend, plaintext)) live.set(at, sum);
      else live.set(index, execute(step, inputs, backend, read, plaintext));
      for (const operand of operandsOf(step)) {
        if (lastUse[operand] !== index || isInput(operand)) continue;
        backend.release(read(operand));
        live.delete(operand);
      }
    }
    const output = read(program.output);
    live.delete(program.output);
    return output;
  } finally {
    for (const [index, value] of live) if (!isInput(index)) backend.release(value);
  }
}

function execute<Ct, Pt>(
  step: Step,
  inputs: readonly Ct[],
  backend: HeBackend<Ct, Pt>,
  read: (index: number) => Ct,
  plaintext: PlaintextSource<Pt>,
): Ct {
  switch (step.op) {
    case 'input':
      return inputs[step.index]!;
    case 'rotate':
      return backend.rotate(read(step.value), step.step);
    case 'sumOfProducts':
      return backend.sumOfProducts(termsOf(step.terms, read, plaintext));
    case 'add':
      return backend.add(read(step.left), read(step.right));
    case 'addPlain':
      return backend.addPlain(read(step.value), plaintext(step.plaintext));
    case 'square':
      return backend.square(read(step.value));
    case 'multiply':
      return backend.multiply(read(step.left), read(step.right));
    case 'relinearize':
      return backend.relinearize(read(step.value));
    case 'rescale':
      return backend.rescale(read(step.value));
    case 'dropTo':
      return backend.dropTo(read(step.value), step.level);
  }
}

/**
 * The encoded plaintexts of one batch of sums may take so many bytes. Where memory is short, all of them are encoded
 * for the batch.
 */
const batchBytes = 64 * 2 ** 20;

/**
 * Computes the sum at `index`, unless it is there, together with those sums that follow in its layer and whose values
 * are there as well.
 */
function sumsFrom<Ct, Pt>(
  index: number,
  program: Program,
  live: ReadonlyMap<number, Ct>,
  backend: HeBackend<Ct, Pt>,
  plaintext: PlaintextSource<Pt>,
): [number, Ct][] {
  if (live.has(index)) return [];
  const { layer } = program.steps[index]!;
  const read = (at: number): Ct => live.get(at)!;
  const batch: number[] = [];
  let level = 0;
  let bytes = 0;
  for (let at = index; program.steps[at]?.layer === layer; at += 1) {
    const step = program.steps[at]!;
    if (step.op !== 'sumOfProducts' || live.has(at)) continue;
    if (!operandsOf(step).every((operand) => live.has(operand))) break;
    const own = backend.level(read(step.terms[0]![0]));
    if (batch.length === 0) level = own;
    bytes += step.terms.length * own * program.slotCount * 8;
    if (batch.length > 0 && (own !== level || bytes > batchBytes)) break;
    batch.push(at);
  }
  const sums = backend.sumsOfProducts!(
    batch.map((at) => {
      const step = program.steps[at]!;
      return step.op === 'sumOfProducts' ? termsOf(step.terms, read, plaintext) : [];
    }),
  );
  return batch.map((at, place) => [at, sums[place]!]);
}

/** Gives one term at a time, because there may be more plaintexts than fit into memory. */
function* termsOf<Ct, Pt>(
  terms: readonly (readonly [value: number, plaintext: number])[],
  read: (index: number) => Ct,
  plaintext: PlaintextSource<Pt>,
): Generator<readonly [Ct, Pt]> {
  for (const [value, index] of terms) yield [read(value), plaintext(index)];
}

/** Lists the values that an instruction reads, each once. */
export function operandsOf(step: Step): number[] {
  switch (step.op) {
    case 'input':
      return [];
    case 'sumOfProducts':
      return [...new Set(step.terms.map(([value]) => value))];
    case 'add':
    case 'multiply':
      return [...new Set([step.left, step.right])];
    default:
      return [step.value];
  }
}

/** Lists the instructions that rotate each value. */
function rotationsByValue(program: Program): Map<number, number[]> {
  const rotations = new Map<number, number[]>();
  for (const [index, step] of program.steps.entries())
    if (step.op === 'rotate') rotations.set(step.value, [...(rotations.get(step.value) ?? []), index]);
  return rotations;
}

/**
 * Makes the rotation at `index`, unless it is there, and its layer's other rotations of the same value while the
 * value's digits are kept.
 */
function rotateFrom<Ct, Pt>(
  index: number,
  { steps }: Program,
  live: Map<number, Ct>,
  rotations: ReadonlyMap<number, readonly number[]>,
  backend: HeBackend<Ct, Pt>,
): void {
  const step = steps[index]!;
  if (live.has(index) || step.op !== 'rotate') return;
  const value = live.get(step.value)!;
  const together = rotations.get(step.value)!.filter((at) => steps[at]!.layer === step.layer);
  if (together.length > 1) backend.shareRotations?.(value);
  for (const at of together) {
    const other = steps[at]!;
    if (other.op === 'rotate') live.set(at, backend.rotate(value, other.step));
  }
}

function lastUses(program: Program): Int32Array {
  const last = new Int32Array(program.steps.length).fill(-1);
  for (const [index, step] of program.steps.entries())
    for (const operand of operandsOf(step)) last[operand] = index;
  last[program.output] = program.steps.length;
  return last;
}
