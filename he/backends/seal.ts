import { CxrError } from '../../contract/errors.ts';
import type { Cost } from '../../contract/stages.ts';
import type { HeBackend } from '../backend.ts';
import type { CkksParams } from '../params.ts';
import { openContext } from '../seal/context.ts';
import type {
  Ciphertext,
  CKKSEncoder,
  EvaluationSeal,
  Evaluator,
  GaloisKeys,
  ParmsIdType,
  Plaintext,
  RelinKeys,
  SEALContext,
} from '../seal/module.ts';

/** Evaluation keys in SEAL's form; one Galois-keys object per rotation step. */
export type SealEvaluationKeys = {
  readonly relin: RelinKeys;
  readonly galois: ReadonlyMap<number, GaloisKeys>;
};

export type ExecutedOperations = { -readonly [Name in keyof Omit<Cost, 'levels'>]: number };
const noOperations = (): ExecutedOperations => ({
  rotations: 0,
  relinearizations: 0,
  plaintextProducts: 0,
  ciphertextProducts: 0,
  rescales: 0,
});

/**
 * Real CKKS through node-seal (SEAL 4.1 in WebAssembly). Evaluation only: holds a context and public evaluation keys.
 *
 * SEAL encodes only at the top of a chain, so a plaintext for level l is encoded in a context that has just the first
 * l data primes; its parameter id is the same.
 */
export class SealBackend implements HeBackend<Ciphertext, Plaintext>, Disposable {
  readonly name = 'seal';
  readonly slotCount: number;
  readonly #seal: EvaluationSeal;
  readonly #params: CkksParams;
  readonly #evaluator: Evaluator;
  readonly #scratch: Ciphertext;
  readonly #encoders = new Map<number, { context: SEALContext; encoder: CKKSEncoder }>();
  readonly #levelIds = new Map<number, ParmsIdType>();
  #keys: SealEvaluationKeys | undefined;
  #executed = noOperations();

  constructor(seal: EvaluationSeal, params: CkksParams, context: SEALContext) {
    this.slotCount = params.slotCount;
    this.#seal = seal;
    this.#params = params;
    this.#evaluator = new seal.Evaluator(context);
    this.#scratch = new seal.Ciphertext();
  }

  /** Keys for the following operations; they stay the caller's. */
  useKeys(keys: SealEvaluationKeys | undefined): void {
    this.#keys = keys;
  }

  /** Operations executed since the last call. */
  takeExecuted(): ExecutedOperations {
    const executed = this.#executed;
    this.#executed = noOperations();
    return executed;
  }

  #requireKeys(): SealEvaluationKeys {
    if (this.#keys === undefined) throw new TypeError('no evaluation keys in use');
    return this.#keys;
  }

  level = (value: Ciphertext): number => value.coeffModulusSize();
  scale = (value: Ciphertext): number => value.scale();

  #encoder(level: number): CKKSEncoder {
    let known = this.#encoders.get(level);
    if (known === undefined) {
      const context = openContext(this.#seal, this.#params, false, level);
      known = { context, encoder: new this.#seal.CKKSEncoder(context) };
      this.#encoders.set(level, known);
    }
    return known.encoder;
  }

  encode(values: Float64Array, level: number, scale: number): Plaintext {
    const plaintext = new this.#seal.Plaintext();
    this.#encoder(level).encode(values, scale, plaintext);
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
    const keys = this.#requireKeys().galois.get(step);
    if (keys === undefined) throw new CxrError('evaluation-key-missing', { step });
    this.#executed.rotations += 1;
    return this.#into((target) => this.#evaluator.rotateVector(value, step, keys, target));
  }

  sumOfProducts(terms: readonly (readonly [Ciphertext, Plaintext])[]): Ciphertext {
    const [first, ...rest] = terms;
    this.#executed.plaintextProducts += terms.length;
    const sum = this.#into((target) => this.#evaluator.multiplyPlain(first![0], first![1], target));
    for (const [value, plaintext] of rest) {
      this.#evaluator.multiplyPlain(value, plaintext, this.#scratch);
      this.#evaluator.addInplace(sum, this.#scratch);
    }
    return sum;
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
    const { relin } = this.#requireKeys();
    this.#executed.relinearizations += 1;
    return this.#into((target) => this.#evaluator.relinearize(value, relin, target));
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
      this.#encoder(level);
      id = this.#encoders.get(level)!.context.firstParmsId();
      this.#levelIds.set(level, id);
    }
    return id;
  }

  [Symbol.dispose](): void {
    for (const id of this.#levelIds.values()) id.delete();
    for (const { context, encoder } of this.#encoders.values()) {
      encoder.delete();
      context.delete();
    }
    this.#scratch.delete();
    this.#evaluator.delete();
  }
}
