import type { BundleDescription } from '../contract/bundle.ts';
import { CxrError, type ErrorCode } from '../contract/errors.ts';
import type { Cost } from '../contract/stages.ts';
import { SealBackend, type SealEvaluationKeys } from './backends/seal.ts';
import { type CkksParams, checkParams } from './params.ts';
import { packPayload, unpackPayload } from './payload.ts';
import type { Program } from './program.ts';
import { run } from './run.ts';
import { checkCiphertextBytes, checkKeyBytes, galoisIndex } from './seal/bytes.ts';
import { openContext, parmsIdsByLevel } from './seal/context.ts';
import type { Ciphertext, GaloisKeys, Plaintext, RelinKeys, SEALContext } from './seal/module.ts';
import { type EvaluationSeal, loadSeal } from './seal/module.ts';
import { partSizes } from './sizes.ts';

export type EvaluationControl = { progress(fraction: number, layer: string): void; isAborted(): boolean };

/** One client's evaluation keys in memory. */
export interface LoadedKeys extends Disposable {
  readonly keys: SealEvaluationKeys;
}

export interface EncryptedEvaluator extends Disposable {
  /** @throws CxrError `evaluation-key-invalid`. */
  loadKeys(payload: Uint8Array): LoadedKeys;
  /** Runs the program on an input payload. @throws CxrError `ciphertext-invalid`, `cancelled`. */
  evaluate(
    payload: Uint8Array,
    keys: LoadedKeys,
    control: EvaluationControl,
  ): { payload: Uint8Array; cost: Cost };
}

/**
 * Opens a program for encrypted runs; weights are encoded during the first run and kept.
 *
 * @param params  for tests on small rings; otherwise those of the description, checked for 128-bit security.
 */
export async function openEncryptedEvaluator(
  description: BundleDescription,
  program: Program,
  params: CkksParams = checkParams(description.ckks),
): Promise<EncryptedEvaluator> {
  return new SealProgram(await loadSeal(), params, description, program);
}

class SealProgram implements EncryptedEvaluator {
  readonly #seal: EvaluationSeal;
  readonly #params: CkksParams;
  readonly #description: BundleDescription;
  readonly #program: Program;
  readonly #context: SEALContext;
  readonly #parmsIds: readonly Uint8Array[];
  readonly #backend: SealBackend;
  readonly #plaintexts = new Map<number, Plaintext>();

  constructor(seal: EvaluationSeal, params: CkksParams, description: BundleDescription, program: Program) {
    this.#seal = seal;
    this.#params = params;
    this.#description = description;
    this.#program = program;
    this.#context = openContext(seal, params, true);
    this.#parmsIds = parmsIdsByLevel(this.#context, params);
    this.#backend = new SealBackend(seal, params, this.#context);
  }

  loadKeys(payload: Uint8Array): LoadedKeys {
    const { rotationSteps } = this.#description;
    const degree = this.#params.polyModulusDegree;
    const form = {
      parmsId: this.#parmsIds[0]!,
      polyModulusDegree: degree,
      primes: this.#params.dataPrimes.length + 1,
    };
    const parts = unpackPayload(
      payload,
      partSizes(this.#description).evaluationKeys,
      'evaluation-key-invalid',
    );
    const loaded: { relin?: RelinKeys; galois: Map<number, GaloisKeys> } = { galois: new Map() };
    const dispose = () => {
      loaded.relin?.delete();
      for (const keys of loaded.galois.values()) keys.delete();
      loaded.galois.clear();
    };
    try {
      let index = -1;
      for (const bytes of parts) {
        const step = rotationSteps[index];
        index += 1;
        if (step === undefined) {
          checkKeyBytes(bytes, form, { index: 0, of: 1 });
          loaded.relin = this.#load(new this.#seal.RelinKeys(), bytes, 'evaluation-key-invalid');
        } else {
          checkKeyBytes(bytes, form, { index: galoisIndex(step, degree), of: degree });
          loaded.galois.set(step, this.#load(new this.#seal.GaloisKeys(), bytes, 'evaluation-key-invalid'));
        }
      }
    } catch (error) {
      dispose();
      throw error;
    }
    return { keys: { relin: loaded.relin!, galois: loaded.galois }, [Symbol.dispose]: dispose };
  }

  /** SEAL's own validity checks (residues below their primes) end in a coded error. */
  #load<T extends { loadFromArray(context: SEALContext, bytes: Uint8Array): void; delete(): void }>(
    target: T,
    bytes: Uint8Array,
    code: ErrorCode,
  ): T {
    try {
      target.loadFromArray(this.#context, bytes);
      return target;
    } catch {
      target.delete();
      throw new CxrError(code, { field: 'values' });
    }
  }

  #loadInputs(payload: Uint8Array): Ciphertext[] {
    const level = this.#params.dataPrimes.length;
    const form = {
      parmsId: this.#parmsIds[level]!,
      polyModulusDegree: this.#params.polyModulusDegree,
      primes: level,
      seeded: true,
      scale: this.#program.inputScale,
    };
    const inputs: Ciphertext[] = [];
    try {
      for (const bytes of unpackPayload(payload, partSizes(this.#description).input, 'ciphertext-invalid')) {
        checkCiphertextBytes(bytes, form, 'ciphertext-invalid');
        inputs.push(this.#load(new this.#seal.Ciphertext(), bytes, 'ciphertext-invalid'));
      }
      return inputs;
    } catch (error) {
      for (const input of inputs) input.delete();
      throw error;
    }
  }

  #plaintext(index: number): Plaintext {
    let encoded = this.#plaintexts.get(index);
    if (encoded === undefined) {
      const { values, level, scale } = this.#program.plaintexts[index]!;
      encoded = this.#backend.encode(values, level, scale);
      this.#plaintexts.set(index, encoded);
    }
    return encoded;
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
      using output = run(this.#program, inputs, this.#backend, (index) => this.#plaintext(index), {
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
    for (const plaintext of this.#plaintexts.values()) this.#backend.releasePlaintext(plaintext);
    this.#plaintexts.clear();
    this.#backend[Symbol.dispose]();
    this.#context.delete();
  }
}
