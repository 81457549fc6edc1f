import type { KeyPlan } from '../contract/bundle.ts';
import type { Cost } from '../contract/cost.ts';

/**
 * A compiled network: a straight line of instructions over ciphertext values, in single assignment.
 * Values are numbered by position: instruction i defines value i.
 */
export type Instruction =
  | { readonly op: 'input'; readonly index: number }
  | { readonly op: 'rotate'; readonly value: number; readonly step: number }
  /** Σ value·plaintext at one level; relinearisation-free, not rescaled. */
  | { readonly op: 'sumOfProducts'; readonly terms: readonly (readonly [value: number, plaintext: number])[] }
  | { readonly op: 'add'; readonly left: number; readonly right: number }
  | { readonly op: 'addPlain'; readonly value: number; readonly plaintext: number }
  | { readonly op: 'square'; readonly value: number }
  | { readonly op: 'multiply'; readonly left: number; readonly right: number }
  | { readonly op: 'relinearize'; readonly value: number }
  | { readonly op: 'rescale'; readonly value: number }
  /** Drops data primes without dividing, to meet another value's level. */
  | { readonly op: 'dropTo'; readonly value: number; readonly level: number };

export type Step = Instruction & { readonly layer: string };

/** A plaintext operand: `slotCount` values, encoded at `level` data primes and `scale`. Each reading makes `values` anew. */
export type PlaintextOperand = {
  readonly level: number;
  readonly scale: number;
  readonly values: Float64Array;
  /** Writes the values without an array in between. */
  readonly copyTo?: (target: Float64Array) => void;
};

export type Program = {
  readonly slotCount: number;
  /** Data primes of the inputs and scale of the inputs. */
  readonly inputLevel: number;
  readonly inputScale: number;
  readonly inputCount: number;
  readonly steps: readonly Step[];
  /** Bound on |value| of layers, measured on the training data with a margin; inputs are bounded by the client. */
  readonly ranges: readonly { readonly layer: string; readonly bound: number }[];
  readonly plaintexts: readonly PlaintextOperand[];
  readonly output: number;
  /** Data primes and exact scale of the output. */
  readonly outputLevel: number;
  readonly outputScale: number;
  /** The keys that a run needs, each at the highest level where it is used. */
  readonly keys: KeyPlan;
  /** Counted from the steps: what one run executes. */
  readonly cost: Cost;
};
