import type { KeyPlan } from '../contract/bundle.ts';
import type { Cost } from '../contract/cost.ts';

/**
 * One operation on ciphertexts. Instruction i of a program makes value i, and operands are named by these numbers; no
 * value is ever changed (single assignment).
 *
 * A value's *level* is the number of data primes that it has left, its *scale* is the factor by which its numbers were
 * multiplied before rounding.
 */
export type Instruction =
  | { readonly op: 'input'; readonly index: number }
  | { readonly op: 'rotate'; readonly value: number; readonly step: number }
  /**
   * Adds up value·plaintext over the terms. All values have one level. The result's scale is the product of the scales,
   * because nothing is rescaled here; a product with a plaintext needs no relinearisation. Cost: one plaintext product
   * per term, 0 levels.
   */
  | { readonly op: 'sumOfProducts'; readonly terms: readonly (readonly [value: number, plaintext: number])[] }
  | { readonly op: 'add'; readonly left: number; readonly right: number }
  | { readonly op: 'addPlain'; readonly value: number; readonly plaintext: number }
  | { readonly op: 'square'; readonly value: number }
  | { readonly op: 'multiply'; readonly left: number; readonly right: number }
  | { readonly op: 'relinearize'; readonly value: number }
  | { readonly op: 'rescale'; readonly value: number }
  /** Drops data primes without dividing by them, so that the value meets another one at its level. The scale stays. */
  | { readonly op: 'dropTo'; readonly value: number; readonly level: number };

/** An instruction and the layer of the network from which it comes. */
export type Step = Instruction & { readonly layer: string };

/** A plaintext of a program: `slotCount` numbers to be encoded at `level` data primes with `scale`. */
export type PlaintextOperand = {
  readonly level: number;
  readonly scale: number;
  /** The numbers. Each reading makes them anew, because thousands of such vectors do not fit into memory unpacked. */
  readonly values: Float64Array;
  /** Writes the numbers into `target`, without an array in between. */
  readonly copyTo?: (target: Float64Array) => void;
};

/**
 * A compiled network: a straight line of instructions over ciphertexts. It has no branches, because nothing can be
 * decided on encrypted values.
 */
export type Program = {
  readonly slotCount: number;
  /** Data primes of the inputs. */
  readonly inputLevel: number;
  /** Scale of the inputs. */
  readonly inputScale: number;
  readonly inputCount: number;
  readonly steps: readonly Step[];
  /**
   * For some layers, a bound on |value| that was measured on the training data with a margin. The client checks the
   * inputs against their own bound.
   */
  readonly ranges: readonly { readonly layer: string; readonly bound: number }[];
  readonly plaintexts: readonly PlaintextOperand[];
  /** The number of the value that is the result. */
  readonly output: number;
  /** Data primes that the result has left. */
  readonly outputLevel: number;
  /** The exact scale of the result. */
  readonly outputScale: number;
  /** The evaluation keys that a run needs, each at the highest level where it is used. */
  readonly keys: KeyPlan;
  /** What one run executes, counted from the steps. */
  readonly cost: Cost;
};
