import { z } from 'zod';
import type { CkksLiteral } from '../../contract/bundle.ts';
import type { Program } from '../program.ts';

/**
 * This model gives the seconds of each operation of a program, from what the operation does at ring degree N with l
 * data primes:
 *
 * | term         | size           | in                                                                    |
 * |--------------|----------------|-----------------------------------------------------------------------|
 * | `keySwitch`  | l²·N·log2 N    | rotate, relinearize: every digit is transformed for every prime       |
 * | `transform`  | l·N·log2 N     | one number-theoretic transform per prime: rescale, encode             |
 * | `pairs`      | l²·N           | key switching's inner products, loading a key                         |
 * | `pass`       | l·N            | every coefficient once: products and sums                             |
 * | `fourier`    | N·log2 N       | encode: the transform of the slots, in doubles                        |
 * | `call`       | 1              | entering WebAssembly                                                  |
 *
 * The coefficients of the terms are fitted to measurements (`npm run calibrate`).
 */
export const operations = [
  'rotate',
  'relinearize',
  'product',
  'add',
  'addPlain',
  'square',
  'multiply',
  'rescale',
  'dropTo',
  'encode',
  'loadKey',
] as const;
/** An operation whose time the model knows. */
export type Operation = (typeof operations)[number];

const terms = ['keySwitch', 'transform', 'pairs', 'pass', 'fourier', 'call'] as const;
type Term = (typeof terms)[number];

/** Where an operation is executed: at ring degree N and at a level, which is the number of data primes left. */
export type Place = { readonly polyModulusDegree: number; readonly level: number };
/** The measured time of one operation at one place, in seconds. */
export type Measurement = Place & { readonly operation: Operation; readonly seconds: number };

const sizes = ({ polyModulusDegree: N, level }: Place): Record<Term, number> => ({
  keySwitch: level ** 2 * N * Math.log2(N),
  transform: level * N * Math.log2(N),
  pairs: level ** 2 * N,
  pass: level * N,
  fourier: N * Math.log2(N),
  call: 1,
});

/** The terms of which an operation can consist. Other terms would only fit the noise of the measurements. */
const termsOf: Record<Operation, readonly Term[]> = {
  rotate: ['keySwitch', 'transform', 'pairs', 'pass', 'call'],
  relinearize: ['keySwitch', 'transform', 'pairs', 'pass', 'call'],
  product: ['pass', 'call'],
  add: ['pass', 'call'],
  addPlain: ['pass', 'call'],
  square: ['pass', 'call'],
  multiply: ['pass', 'call'],
  rescale: ['transform', 'pass', 'call'],
  dropTo: ['pass', 'call'],
  encode: ['transform', 'pass', 'fourier', 'call'],
  loadKey: ['keySwitch', 'pairs', 'pass', 'call'],
};

const count = z.number().nonnegative();
/** Nanoseconds per unit of each term; a term that is absent costs nothing. */
const coefficientsSchema = z.partialRecord(z.enum(terms), count);
/** The coefficients of one operation, in nanoseconds per unit of each term. */
export type Coefficients = z.infer<typeof coefficientsSchema>;

const fittedSchema = z.object({
  nanoseconds: z.record(z.enum(operations), coefficientsSchema),
  measurements: z.array(
    z.object({
      operation: z.enum(operations),
      polyModulusDegree: z.int(),
      level: z.int().positive(),
      seconds: z.number().positive(),
    }),
  ),
});
/** The coefficients of every operation on one backend, and the measurements to which they were fitted. */
export type FittedCosts = z.infer<typeof fittedSchema>;

/**
 * The schema of a cost model file: the machine on which it was measured, and the costs of both backends on one thread.
 */
export const costModelSchema = z.object({
  schema: z.literal('cipherfilm-cost-model/2'),
  machine: z.object({
    cpu: z.string(),
    cores: z.int().positive(),
    node: z.string(),
    platform: z.string(),
  }),
  /** Each backend was measured on one thread. */
  backends: z.object({ seal: fittedSchema, kernel: fittedSchema }),
});
/** A cost model as it is read from its file. */
export type CostModel = z.infer<typeof costModelSchema>;

function secondsOf(coefficients: Coefficients, at: Place): number {
  const size = sizes(at);
  return terms.reduce((sum, term) => sum + (coefficients[term] ?? 0) * size[term], 0) * 1e-9;
}

/** Predicts the seconds of one operation at a place. */
export const operationSeconds = (
  model: Pick<FittedCosts, 'nanoseconds'>,
  operation: Operation,
  at: Place,
): number => secondsOf(model.nanoseconds[operation], at);

/**
 * Fits coefficients of 0 or more to the measurements of every operation. It minimises the sum of squared relative
 * errors, and leaves out measurements that other work disturbed.
 *
 * @throws TypeError when an operation was not measured.
 */
export function fitCosts(measurements: readonly Measurement[]): FittedCosts['nanoseconds'] {
  const fitted = operations.map((operation) => {
    const own = measurements.filter((measurement) => measurement.operation === operation);
    if (own.length === 0) throw new TypeError(`operation ${operation} was not measured`);
    return [operation, fitOperation(own, termsOf[operation])];
  });
  return Object.fromEntries(fitted) as FittedCosts['nanoseconds'];
}

/**
 * Other work on the machine only ever adds time. A measurement that lies further than this factor above the fit is left
 * out, and the rest is fitted again.
 */
const mostAboveFit = 1.2;
const refits = 4;

function fitOperation(measured: readonly Measurement[], columns: readonly Term[]): Coefficients {
  let fitted = fitColumns(measured, columns);
  for (let refit = 0; refit < refits; refit += 1) {
    const near = measured.filter((one) => one.seconds <= mostAboveFit * secondsOf(fitted, one));
    if (near.length <= Math.max(columns.length, measured.length / 2)) break;
    fitted = fitColumns(near, columns);
  }
  return fitted;
}

function fitColumns(measured: readonly Measurement[], columns: readonly Term[]): Coefficients {
  const rows = measured.map((measurement) => {
    const size = sizes(measurement);
    return columns.map((term) => (size[term] * 1e-9) / measurement.seconds);
  });
  const coefficients = leastSquaresNonNegative(rows, rows.length);
  return Object.fromEntries(
    columns.flatMap((term, index) =>
      coefficients[index]! > 0 ? [[term, Number(coefficients[index]!.toPrecision(6))]] : [],
    ),
  );
}

/**
 * Finds x ≥ 0 with the least |A·x − 1|². It tries every set of columns (there are at most 2^5) and keeps the best whose
 * unconstrained solution has no negative coefficient; the optimum is one of these.
 */
function leastSquaresNonNegative(rows: readonly (readonly number[])[], count: number): number[] {
  const width = rows[0]!.length;
  let best = { error: count, x: new Array<number>(width).fill(0) };
  for (let set = 1; set < 2 ** width; set += 1) {
    const chosen = Array.from({ length: width }, (_, index) => index).filter((index) => (set >> index) & 1);
    const solved = solveNormalEquations(rows.map((row) => chosen.map((index) => row[index]!)));
    if (solved === null || solved.some((value) => value < 0)) continue;
    const error = rows.reduce((sum, row) => {
      const got = chosen.reduce((total, column, index) => total + row[column]! * solved[index]!, 0);
      return sum + (got - 1) ** 2;
    }, 0);
    if (error >= best.error) continue;
    const x = new Array<number>(width).fill(0);
    for (const [index, column] of chosen.entries()) x[column] = solved[index]!;
    best = { error, x };
  }
  return best.x;
}

/**
 * Solves the unconstrained least squares of A·x = 1 by Gauss–Jordan elimination. The result is null when the columns
 * depend on each other.
 */
function solveNormalEquations(rows: readonly (readonly number[])[]): number[] | null {
  const width = rows[0]!.length;
  const norms = Array.from({ length: width }, (_, j) =>
    Math.sqrt(rows.reduce((sum, row) => sum + row[j]! ** 2, 0)),
  );
  const dot = (j: number, k: number) => rows.reduce((sum, row) => sum + row[j]! * row[k]!, 0);
  const matrix = norms.map((norm, j) => [
    ...norms.map((other, k) => dot(j, k) / (norm * other)),
    rows.reduce((sum, row) => sum + row[j]!, 0) / norm,
  ]);
  for (let pivot = 0; pivot < width; pivot += 1) {
    const head = matrix[pivot]![pivot]!;
    if (Math.abs(head) < 1e-9) return null;
    matrix[pivot] = matrix[pivot]!.map((value) => value / head);
    for (let other = 0; other < width; other += 1) {
      const factor = other === pivot ? 0 : matrix[other]![pivot]!;
      if (factor !== 0) matrix[other] = matrix[other]!.map((value, k) => value - factor * matrix[pivot]![k]!);
    }
  }
  return matrix.map((row, j) => row[width]! / norms[j]!);
}

/** The predicted times of a program, in seconds. */
export type PredictedSeconds = {
  /** One run, with all weights encoded and all keys loaded. */
  readonly evaluate: number;
  /** Encoding every weight once. */
  readonly encodeWeights: number;
  /** Loading every key once. */
  readonly loadKeys: number;
};

/** Predicts what a program takes on the machine of the model, on one thread, with caches warm. */
export function predictSeconds(
  program: Program,
  ckks: Pick<CkksLiteral, 'polyModulusDegree'>,
  model: Pick<FittedCosts, 'nanoseconds'>,
): PredictedSeconds {
  const { polyModulusDegree } = ckks;
  const seconds = (operation: Operation, level: number) =>
    operationSeconds(model, operation, { polyModulusDegree, level });
  const total = (operation: Operation, levels: readonly number[]) =>
    levels.reduce((sum, level) => sum + seconds(operation, level), 0);
  const { relinearizationLevel, rotations } = program.keys;
  return {
    evaluate: executedOperations(program).reduce(
      (sum, { operation, times, level }) => sum + times * seconds(operation, level),
      0,
    ),
    encodeWeights: total(
      'encode',
      program.plaintexts.map(({ level }) => level),
    ),
    loadKeys: total('loadKey', [relinearizationLevel, ...rotations.map(({ level }) => level)]),
  };
}

type Executed = { readonly operation: Operation; readonly times: number; readonly level: number };

/** Lists what every step executes, at the level of its operands. */
function executedOperations(program: Program): Executed[] {
  const levels = levelsOfSteps(program);
  return program.steps.flatMap((step, index): Executed[] => {
    switch (step.op) {
      case 'input':
        return [];
      case 'sumOfProducts':
        return [{ operation: 'product', times: step.terms.length, level: levels[index]! }];
      case 'rescale':
        return [{ operation: 'rescale', times: 1, level: levels[index]! + 1 }];
      default:
        return [{ operation: step.op, times: 1, level: levels[index]! }];
    }
  });
}

/** Computes the data primes that are left in the value of every step. */
export function levelsOfSteps(program: Program): number[] {
  const levels: number[] = [];
  for (const step of program.steps) {
    switch (step.op) {
      case 'input':
        levels.push(program.inputLevel);
        break;
      case 'sumOfProducts':
        levels.push(levels[step.terms[0]![0]]!);
        break;
      case 'add':
      case 'multiply':
        levels.push(levels[step.left]!);
        break;
      case 'rescale':
        levels.push(levels[step.value]! - 1);
        break;
      case 'dropTo':
        levels.push(step.level);
        break;
      default:
        levels.push(levels[step.value]!);
    }
  }
  return levels;
}
