import { CxrError } from '../../contract/errors.ts';
import type { CkksParams } from '../params.ts';
import { SealBackend } from '../run/backends/seal.ts';
import { keyParmsId, LevelContexts, parmsIdsByLevel } from '../run/seal/context.ts';
import type { Ciphertext, EvaluationSeal, GaloisKeys, Plaintext, RelinKeys } from '../run/seal/module.ts';
import { isOutOfMemory, loadSeal } from '../run/seal/module.ts';
import { keyBytes } from '../wire/seal-bytes.ts';
import { defaultBudgets, type Engine, type EvaluatorBudgets } from './engine.ts';
import { type CheckedKey, KeyCache, type KeyPlan } from './key-cache.ts';

/** A SEAL key is a key in SEAL's form, with the level whose context it belongs to. */
export type SealKey = { readonly key: RelinKeys | GaloisKeys; readonly level: number };

/**
 * Makes a cache that brings checked keys into SEAL's form.
 *
 * @throws CxrError `evaluation-key-invalid`, when a key is loaded, for values that SEAL refuses.
 */
export function sealKeyCache(
  seal: EvaluationSeal,
  contexts: LevelContexts,
  plan: KeyPlan,
  budgetBytes: number,
): KeyCache<SealKey> {
  const load = ({ step, level, bytes }: CheckedKey): SealKey => {
    const key = step === 0 ? new seal.RelinKeys() : new seal.GaloisKeys();
    try {
      key.loadFromArray(contexts.at(level), bytes);
    } catch (error) {
      key.delete();
      if (isOutOfMemory(error)) throw error;
      throw new CxrError('evaluation-key-invalid', { field: 'values', step });
    }
    return { key, level };
  };
  return new KeyCache(plan, budgetBytes, { load, drop: ({ key }) => key.delete() });
}

/** This engine is the reference: SEAL through node-seal, on one thread. The evaluator does not use it. */
export class SealEngine implements Engine<Ciphertext, Plaintext, KeyCache<SealKey>> {
  readonly params: CkksParams;
  readonly budgets: EvaluatorBudgets;
  readonly backend: SealBackend;
  readonly #seal: EvaluationSeal;
  readonly #contexts: LevelContexts;
  readonly #parmsIds: readonly Uint8Array[];

  private constructor(
    seal: EvaluationSeal,
    params: CkksParams,
    keyLevels: readonly number[],
    budgets: EvaluatorBudgets,
  ) {
    this.params = params;
    this.budgets = budgets;
    this.#seal = seal;
    this.#contexts = new LevelContexts(seal, params, keyLevels);
    this.#parmsIds = parmsIdsByLevel(this.#contexts.top, params);
    this.backend = new SealBackend(seal, this.#contexts);
  }

  /**
   * Loads SEAL and opens the contexts of these parameters.
   *
   * @param keyLevels  levels that have evaluation keys.
   */
  static async open(
    params: CkksParams,
    keyLevels: readonly number[],
    budgets: EvaluatorBudgets = defaultBudgets,
  ): Promise<SealEngine> {
    return new SealEngine(await loadSeal(), params, keyLevels, budgets);
  }

  plaintextBytes = (level: number): number => 8 * this.params.polyModulusDegree * level;
  keyBytes(level: number, places: number): number {
    const { polyModulusDegree } = this.params;
    return keyBytes({ polyModulusDegree, primes: level + 1, seeded: false }, places);
  }

  parmsId = (level: number, key: boolean): Uint8Array =>
    key ? keyParmsId(this.#contexts.at(level)) : this.#parmsIds[level]!;

  openKeys = (plan: KeyPlan): KeyCache<SealKey> =>
    sealKeyCache(this.#seal, this.#contexts, plan, this.budgets.keyBytes);

  useKeys(keys: KeyCache<SealKey> | undefined): void {
    this.backend.useKeys(keys);
  }

  readInput(bytes: Uint8Array): Ciphertext {
    const input = new this.#seal.Ciphertext();
    try {
      input.loadFromArray(this.#contexts.top, bytes);
      return input;
    } catch (error) {
      input.delete();
      if (isOutOfMemory(error)) throw error;
      throw new CxrError('ciphertext-invalid', { field: 'values' });
    }
  }

  writeResult = (value: Ciphertext): Uint8Array =>
    value.saveToArray(this.#seal.ComprModeType.none) as Uint8Array;

  [Symbol.dispose](): void {
    this.backend[Symbol.dispose]();
    this.#contexts[Symbol.dispose]();
  }
}
