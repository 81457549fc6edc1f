import type { BundleDescription } from '../../contract/bundle.ts';
import type { Cost } from '../../contract/cost.ts';
import type { Program } from '../program.ts';
import { run } from '../run/run.ts';
import type { ByteSource } from '../wire/byte-source.ts';
import { packPayload } from '../wire/payload.ts';
import { type KeyPlace, keyPlaces } from '../wire/sizes.ts';
import { checkedInputs, checkedKeys } from './checked-payload.ts';
import { collectGarbage } from './collect-garbage.ts';
import type { Engine, LoadedKeys } from './engine.ts';
import { PlaintextCache } from './plaintext-cache.ts';

/** With this, the caller of an evaluation watches it and can end it. */
export type EvaluationControl = { progress(fraction: number, layer: string): void; isAborted(): boolean };

/** An encrypted evaluator runs one program on ciphertexts, for one client after the other. */
export interface EncryptedEvaluator<Keys extends LoadedKeys = LoadedKeys> extends Disposable {
  /** Encodes the weights now rather than during the first run. */
  prepare(): void;
  /**
   * Checks every byte of every key of a client and loads the keys, before any run.
   *
   * @throws CxrError `evaluation-key-invalid`.
   */
  loadKeys(payload: Uint8Array | ByteSource): Keys;
  /**
   * Checks every byte of an input, so that nothing is done for a bad one. It costs some ten milliseconds.
   *
   * @throws CxrError `ciphertext-invalid`.
   */
  checkInput(payload: Uint8Array): void;
  /**
   * Runs the program on an input payload.
   *
   * @returns the result's payload, and what was executed.
   * @throws CxrError `ciphertext-invalid`, `cancelled`; `evaluation-key-missing` when the program needs a key, or a key
   *   at a level, that its description does not name.
   */
  evaluate(payload: Uint8Array, keys: Keys, control: EvaluationControl): { payload: Uint8Array; cost: Cost };
}

/**
 * Opens a program for encrypted runs on an engine. Disposal ends the engine too. Weights are encoded during the first
 * run; they and the keys are kept within the engine's budgets.
 *
 * @throws CxrError `bundle-invalid` for a key at a level that the parameters do not have.
 */
export const openEncryptedEvaluator = <Ct, Pt, Keys extends LoadedKeys>(
  description: BundleDescription,
  program: Program,
  engine: Engine<Ct, Pt, Keys>,
): EncryptedEvaluator<Keys> => new EncryptedProgram(description, program, engine);

/**
 * After so many bytes of keys, those that were read and loaded are given back. Several times as much was made of them
 * meanwhile.
 */
const collectEvery = 2 ** 23;

class EncryptedProgram<Ct, Pt, Keys extends LoadedKeys> implements EncryptedEvaluator<Keys> {
  readonly #description: BundleDescription;
  readonly #program: Program;
  readonly #engine: Engine<Ct, Pt, Keys>;
  readonly #keyPlaces: readonly KeyPlace[];
  readonly #plaintexts: PlaintextCache<Pt>;

  constructor(description: BundleDescription, program: Program, engine: Engine<Ct, Pt, Keys>) {
    this.#description = description;
    // The cache holds the plaintexts, for as long as they are needed.
    this.#program = { ...program, plaintexts: [] };
    this.#engine = engine;
    this.#keyPlaces = keyPlaces(description);
    this.#plaintexts = new PlaintextCache(engine, program.plaintexts);
  }

  prepare(): void {
    this.#plaintexts.fill();
  }

  loadKeys(payload: Uint8Array | ByteSource): Keys {
    const plan = this.#keyPlaces.map((place) => ({
      ...place,
      heapBytes: this.#engine.keyBytes(place.level, place.places),
    }));
    const keys = this.#engine.openKeys(plan);
    try {
      let index = 0;
      let uncollected = 0;
      for (const bytes of checkedKeys(this.#description, this.#engine, payload)) {
        keys.add({ ...plan[index]!, bytes });
        index += 1;
        uncollected += bytes.length;
        if (uncollected < collectEvery) continue;
        uncollected = 0;
        collectGarbage();
      }
      return keys;
    } catch (error) {
      keys[Symbol.dispose]();
      throw error;
    }
  }

  checkInput(payload: Uint8Array): void {
    for (const _ of this.#checkedInputs(payload));
  }

  #checkedInputs(payload: Uint8Array): Generator<Uint8Array> {
    return checkedInputs(this.#description, this.#engine, payload, this.#program.inputScale);
  }

  #loadInputs(payload: Uint8Array): Ct[] {
    const inputs: Ct[] = [];
    try {
      for (const bytes of this.#checkedInputs(payload))
        inputs.push(this.#engine.readInput(bytes, this.#program.inputScale));
      return inputs;
    } catch (error) {
      for (const input of inputs) this.#engine.backend.release(input);
      throw error;
    }
  }

  evaluate(payload: Uint8Array, keys: Keys, control: EvaluationControl): { payload: Uint8Array; cost: Cost } {
    const { backend } = this.#engine;
    const inputs = this.#loadInputs(payload);
    this.#engine.useKeys(keys);
    backend.takeExecuted();
    try {
      const output = run(this.#program, inputs, backend, (index) => this.#plaintexts.get(index), {
        progress: (fraction, layer) => control.progress(fraction, layer),
        isAborted: () => control.isAborted(),
      });
      const bytes = this.#engine.writeResult(output);
      backend.release(output);
      return {
        payload: packPayload([bytes]),
        cost: { levels: this.#program.cost.levels, ...backend.takeExecuted() },
      };
    } finally {
      this.#engine.useKeys(undefined);
      for (const input of inputs) backend.release(input);
    }
  }

  [Symbol.dispose](): void {
    this.#plaintexts[Symbol.dispose]();
    this.#engine[Symbol.dispose]();
  }
}
