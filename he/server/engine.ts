import type { CkksParams } from '../params.ts';
import type { HeBackend } from '../run/backend.ts';
import type { ExecutedOperations } from '../run/backends/executed.ts';
import type { CheckedKey, KeyPlan } from './key-cache.ts';

/** These are one client's evaluation keys, checked and in the engine's form. */
export interface LoadedKeys extends Disposable {
  /** How often a key was brought into the engine's form. */
  readonly loads: number;
  /** Adds one checked key. */
  add(key: CheckedKey): void;
}

/**
 * Budgets limit what may stay in the engine's memory, which ends at 4 GiB. What exceeds them is made again on each use.
 * All are in bytes.
 */
export type EvaluatorBudgets = { readonly keyBytes: number; readonly plaintextBytes: number };
/** By default, keys may stay in 1.75 GiB and encoded plaintexts in 1.6 GiB. */
export const defaultBudgets: EvaluatorBudgets = { keyBytes: 1.75 * 2 ** 30, plaintextBytes: 1.6 * 2 ** 30 };

/**
 * An engine is a CKKS implementation together with the way in and out of it; he/server/evaluate.ts runs programs on
 * one. It only evaluates: no type here can hold a secret key. The bytes that it gets are already checked
 * (he/wire/seal-bytes.ts). (The engine *process* of the workstation is something else: main/engine.)
 */
export interface Engine<Ct, Pt, Keys extends LoadedKeys> extends Disposable {
  readonly params: CkksParams;
  readonly budgets: EvaluatorBudgets;
  readonly backend: HeBackend<Ct, Pt> & { takeExecuted(): ExecutedOperations };
  /** Computes the bytes of an encoded plaintext at a level. */
  plaintextBytes(level: number): number;
  /** Gives SEAL's id of the first `level` data primes; with `key`, the special prime belongs to it. */
  parmsId(level: number, key: boolean): Uint8Array;
  /** Computes the bytes of a key in the engine's form. */
  keyBytes(level: number, places: number): number;
  /** Makes a place for the keys of a plan. Each of them is to be added before it is used. */
  openKeys(plan: KeyPlan): Keys;
  /** Sets the keys for the following operations. */
  useKeys(keys: Keys | undefined): void;
  /** Reads a seeded ciphertext at the top level. */
  readInput(bytes: Uint8Array, scale: number): Ct;
  /** Writes a ciphertext of two polynomials as SEAL's bytes. */
  writeResult(value: Ct): Uint8Array;
}
