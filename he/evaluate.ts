import type { BundleDescription } from '../contract/bundle.ts';
import { CxrError } from '../contract/errors.ts';
import type { Cost } from '../contract/stages.ts';
import { SealBackend } from './backends/seal.ts';
import { type CkksParams, checkParams } from './params.ts';
import { packPayload, unpackPayload } from './payload.ts';
import { PlaintextCache } from './plaintext-cache.ts';
import type { Program } from './program.ts';
import { run } from './run.ts';
import { checkCiphertextBytes, checkKeyBytes, galoisIndex, keyBytes } from './seal/bytes.ts';
import { keyParmsId, LevelContexts, parmsIdsByLevel } from './seal/context.ts';
import { type CheckedKey, KeyCache } from './seal/key-cache.ts';
import type { Ciphertext, Plaintext } from './seal/module.ts';
import { type EvaluationSeal, isOutOfMemory, loadSeal } from './seal/module.ts';
import { type KeyPlace, keyPlaces, partSizes } from './sizes.ts';

export type EvaluationControl = { progress(fraction: number, layer: string): void; isAborted(): boolean };

/** One client's evaluation keys: bytes checked, in SEAL's form once used. */
export interface LoadedKeys extends Disposable {
  readonly keys: KeyCache;
}

/** What may stay in the WebAssembly heap, which ends at 4 GiB; the rest is made again on each use. */
export type EvaluatorBudgets = { readonly keyBytes: number; readonly plaintextBytes: number };
export const defaultBudgets: EvaluatorBudgets = { keyBytes: 1.75 * 2 ** 30, plaintextBytes: 1.6 * 2 ** 30 };

export interface EncryptedEvaluator extends Disposable {
  /** Checks every byte of every key, before any run. @throws CxrError `evaluation-key-invalid`. */
  loadKeys(payload: Uint8Array): LoadedKeys;
  /**
   * Runs the program on an input payload.
   *
   * @throws CxrError `ciphertext-invalid`, `cancelled`; `evaluation-key-missing` when the program needs a key, or a key
   *         at a level, that its description does not name.
   */
  evaluate(
    payload: Uint8Array,
    keys: LoadedKeys,
    control: EvaluationControl,
  ): { payload: Uint8Array; cost: Cost };
}

/**
 * Opens a program for encrypted runs; keys are loaded and weights encoded during the first run, and kept within
 * `budgets`.
 *
 * @param params  for tests on small rings; otherwise those of the description, checked for 128-bit security.
 */
export async function openEncryptedEvaluator(
  description: BundleDescription,
  program: Program,
  params: CkksParams = checkParams(description.ckks),
  budgets: EvaluatorBudgets = defaultBudgets,
): Promise<EncryptedEvaluator> {
  return new SealProgram(await loadSeal(), params, description, program, budgets);
}

class SealProgram implements EncryptedEvaluator {
  readonly #seal: EvaluationSeal;
  readonly #params: CkksParams;
  readonly #description: BundleDescription;
  readonly #program: Program;
  readonly #budgets: EvaluatorBudgets;
  readonly #contexts: LevelContexts;
  readonly #inputParmsId: Uint8Array;
  readonly #backend: SealBackend;
  readonly #plaintexts: PlaintextCache<Plaintext>;

  constructor(
    seal: EvaluationSeal,
    params: CkksParams,
    description: BundleDescription,
    program: Program,
    budgets: EvaluatorBudgets,
  ) {
    this.#seal = seal;
    this.#params = params;
    this.#description = description;
    this.#program = program;
    this.#budgets = budgets;
    const keyLevels = keyPlaces(description).map(({ level }) => level);
    this.#contexts = new LevelContexts(seal, params, keyLevels);
    this.#inputParmsId = parmsIdsByLevel(this.#contexts.top, params)[params.dataPrimes.length]!;
    this.#backend = new SealBackend(seal, this.#contexts);
    this.#plaintexts = new PlaintextCache(this.#backend, program.plaintexts, budgets.plaintextBytes);
  }

  loadKeys(payload: Uint8Array): LoadedKeys {
    const places = keyPlaces(this.#description);
    const sizes = partSizes(this.#description).evaluationKeys;
    const keys: CheckedKey[] = [];
    for (const bytes of unpackPayload(payload, sizes, 'evaluation-key-invalid'))
      keys.push(this.#checkKey(bytes, places[keys.length]!));
    const cache = new KeyCache(this.#seal, this.#contexts, keys, this.#budgets.keyBytes);
    return { keys: cache, [Symbol.dispose]: () => cache[Symbol.dispose]() };
  }

  #checkKey(bytes: Uint8Array, { step, level, places }: KeyPlace): CheckedKey {
    const { polyModulusDegree, dataPrimes, specialPrime } = this.#params;
    const form = {
      parmsId: keyParmsId(this.#contexts.at(level)),
      polyModulusDegree,
      moduli: [...dataPrimes.slice(0, level), specialPrime],
    };
    const index = step === 0 ? 0 : galoisIndex(step, polyModulusDegree);
    checkKeyBytes(bytes, form, { index, of: places });
    const heapBytes = keyBytes({ polyModulusDegree, primes: level + 1, seeded: false }, places);
    return { step, level, bytes, heapBytes };
  }

  #loadInputs(payload: Uint8Array): Ciphertext[] {
    const form = {
      parmsId: this.#inputParmsId,
      polyModulusDegree: this.#params.polyModulusDegree,
      moduli: this.#params.dataPrimes,
      seeded: true,
      scale: this.#program.inputScale,
    };
    const inputs: Ciphertext[] = [];
    try {
      for (const bytes of unpackPayload(payload, partSizes(this.#description).input, 'ciphertext-invalid')) {
        checkCiphertextBytes(bytes, form, 'ciphertext-invalid');
        inputs.push(this.#loadInput(bytes));
      }
      return inputs;
    } catch (error) {
      for (const input of inputs) input.delete();
      throw error;
    }
  }

  #loadInput(bytes: Uint8Array): Ciphertext {
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

  evaluate(
    payload: Uint8Array,
    keys: LoadedKeys,
    control: EvaluationControl,
  ): { payload: Uint8Array; cost: Cost } {
    const inputs = this.#loadInputs(payload);
    this.#backend.useKeys(keys.keys);
    this.#backend.takeExecuted();
    try {
      using output = run(this.#program, inputs, this.#backend, (index) => this.#plaintexts.get(index), {
        progress: (fraction, layer) => control.progress(fraction, layer),
        isAborted: () => control.isAborted(),
      });
      const bytes = output.saveToArray(this.#seal.ComprModeType.none) as Uint8Array;
      return {
        payload: packPayload([bytes]),
        cost: { levels: this.#program.cost.levels, ...this.#backend.takeExecuted() },
      };
    } finally {
      this.#backend.useKeys(undefined);
      for (const input of inputs) input.delete();
    }
  }

  [Symbol.dispose](): void {
    this.#plaintexts[Symbol.dispose]();
    this.#backend[Symbol.dispose]();
    this.#contexts[Symbol.dispose]();
  }
}
