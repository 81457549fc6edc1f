import type { CkksParams } from '../params.ts';
import type { HeBackend } from '../run/backend.ts';
import type { ExecutedOperations } from '../run/backends/executed.ts';
import type { CheckedKey, KeyPlan } from './key-cache.ts';

/** One client's evaluation keys, checked. */
export interface LoadedKeys extends Disposable {
  /** How often a key was brought into the engine's form. */
  readonly loads: number;
  add(key: CheckedKey): void;
}

/** What may stay in the engine's memory, which ends at 4 GiB; the rest is made again on each use. */
export type EvaluatorBudgets = { readonly keyBytes: number; readonly plaintextBytes: number };
export const defaultBudgets: EvaluatorBudgets = { keyBytes: 1.75 * 2 ** 30, plaintextBytes: 1.6 * 2 ** 30 };

/**
 * A CKKS implementation together with the way in and out of it: what he/server/evaluate.ts runs programs on. Evaluation only;
 * no type here can hold a secret key. Bytes that it gets are checked (he/wire/seal-bytes.ts).
 */
export interface Engine<Ct, Pt, Keys extends LoadedKeys> extends Disposable {
  readonly params: CkksParams;
  readonly budgets: EvaluatorBudgets;
  readonly backend: HeBackend<Ct, Pt> & { takeExecuted(): ExecutedOperations };
  /** Bytes of an encoded plaintext. */
  plaintextBytes(level: number): number;
  /** SEAL's id of the first `level` data primes; with `key` also of the special prime. */
  parmsId(level: number, key: boolean): Uint8Array;
  /** Bytes of a key in the engine's form. */
  keyBytes(level: number, places: number): number;
  /** A place for these keys, each of which is to be added before it is used. */
  openKeys(plan: KeyPlan): Keys;
  /** Keys for the following operations. */
  useKeys(keys: Keys | undefined): void;
  /** A seeded ciphertext at the top level. */
  readInput(bytes: Uint8Array, scale: number): Ct;
  writeResult(value: Ct): Uint8Array;
}
