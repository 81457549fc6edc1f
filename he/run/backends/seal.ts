import { CxrError } from '../../../contract/errors.ts';
import type { HeBackend } from '../backend.ts';
import type { LevelContexts } from '../seal/context.ts';

import type {
  Ciphertext,
  EvaluationSeal,
  Evaluator,
  GaloisKeys,
  ParmsIdType,
  Plaintext,
  RelinKeys,
} from '../seal/module.ts';
import { type ExecutedOperations, noOperations } from './executed.ts';

/**
 * The backend finds its evaluation keys here, by rotation step; 0 stands for relinearisation. A key is valid until the
 * next one is asked for.
 */
export type SealKeySource = {
  get(step: number): { readonly key: RelinKeys | GaloisKeys; readonly level: number };
};

/**
 * This backend is real CKKS through node-seal (SEAL 4.1 in WebAssembly). It only evaluates: it uses contexts and public
 * evaluation keys, which stay the caller's.
 *
 * SEAL encodes only at the top of a chain of primes. A plaintext for level l is therefore encoded in a context that has
 * just the first l data primes; its parameter id is the same. Likewise a key of level l switches in that context, on
 * ciphertexts of every level up to l.
 */
export class SealBackend implements HeBackend<Ciphertext, Plaintext>, Disposable {
  readonly name = 'seal';
  readonly slotCount: number;
  readonly #seal: EvaluationSeal;
  readonly #contexts: LevelContexts;
  readonly #evaluator: Evaluator;
  readonly #scratch: Ciphertext;
  readonly #levelIds = new Map<number, ParmsIdType>();
  #keys: SealKeySource | undefined;
  #executed = noOperations();

  constructor(seal: EvaluationSeal, contexts: LevelContexts) {
    this.slotCount = contexts.params.slotCount;
    this.#seal = seal;
    this.#contexts = contexts;
    this.#evaluator = contexts.evaluator(contexts.params.dataPrimes.length);
    this.#scratch = new seal.Ciphertext();
  }

  /** Sets the keys for the following operations. */
  useKeys(keys: SealKeySource | undefined): void {
    this.#keys = keys;
  }

  /** Gives the operations that were executed since the last call. */
  takeExecuted(): ExecutedOperations {
    const executed = this.#executed;
    this.#executed = noOperations();
    return executed;
  }

  #requireKeys(): SealKeySource {
    if (this.#keys === undefined) throw new TypeError('no evaluation keys in use');
    return this.#keys;
  }

  /** Finds the evaluator for a key of `level`, which must reach the value's level. */
  #switcher(value: Ciphertext, level: number): Evaluator {
    if (this.level(value) > level)
      throw new CxrError('evaluation-key-missing', { got: level, expected: this.level(value) });
    return this.#contexts.evaluator(level);
  }

  level = (value: Ciphertext): number => value.coeffModulusSize();
  scale = (value: Ciphertext): number => value.scale();

  encode(values: Float64Array, level: number, scale: number): Plaintext {
    const plaintext = new this.#seal.Plaintext();
    this.#contexts.encoder(level).encode(values, scale, plaintext);
    return plaintext;
  }

  releasePlaintext(plaintext: Plaintext): void {
    plaintext.delete();
  }

  release(value: Ciphertext): void {
    value.delete();
  }

  #into(fill: (target: Ciphertext) => void): Ciphertext {
    const target = new this.#seal.Ciphertext();
    fill(target);
    return target;
  }

  rotate(value: Ciphertext, step: number): Ciphertext {
    const { key, level } = this.#requireKeys().get(step);
    const evaluator = this.#switcher(value, level);
    this.#executed.rotations += 1;
    return this.#into((target) => evaluator.rotateVector(value, step, key as GaloisKeys, target));
  }

  sumOfProducts(terms: Iterable<readonly [Ciphertext, Plaintext]>): Ciphertext {
    return this.#into((sum) => {
      let isFirst = true;
      for (const [value, plaintext] of terms) {
        this.#evaluator.multiplyPlain(value, plaintext, isFirst ? sum : this.#scratch);
        if (!isFirst) this.#evaluator.addInplace(sum, this.#scratch);
        this.#executed.plaintextProducts += 1;
        isFirst = false;
      }
    });
  }

  add(left: Ciphertext, right: Ciphertext): Ciphertext {
    return this.#into((target) => this.#evaluator.add(left, right, target));
  }

  addPlain(value: Ciphertext, plaintext: Plaintext): Ciphertext {
    return this.#into((target) => this.#evaluator.addPlain(value, plaintext, target));
  }

  square(value: Ciphertext): Ciphertext {
    this.#executed.ciphertextProducts += 1;
    return this.#into((target) => this.#evaluator.square(value, target));
  }

  multiply(left: Ciphertext, right: Ciphertext): Ciphertext {
    this.#executed.ciphertextProducts += 1;
    return this.#into((target) => this.#evaluator.multiply(left, right, target));
  }

  relinearize(value: Ciphertext): Ciphertext {
    const { key, level } = this.#requireKeys().get(0);
    const evaluator = this.#switcher(value, level);
    this.#executed.relinearizations += 1;
    return this.#into((target) => evaluator.relinearize(value, key as RelinKeys, target));
  }

  rescale(value: Ciphertext): Ciphertext {
    this.#executed.rescales += 1;
    return this.#into((target) => this.#evaluator.rescaleToNext(value, target));
  }

  dropTo(value: Ciphertext, level: number): Ciphertext {
    return this.#into((target) => this.#evaluator.cipherModSwitchTo(value, this.#levelId(level), target));
  }

  #levelId(level: number): ParmsIdType {
    let id = this.#levelIds.get(level);
    if (id === undefined) {
      id = this.#contexts.at(level).firstParmsId();
      this.#levelIds.set(level, id);
    }
    return id;
  }

  [Symbol.dispose](): void {
    for (const id of this.#levelIds.values()) id.delete();
    this.#scratch.delete();
  }
}
