import { CxrError } from '../../../contract/errors.ts';
import type { CkksParams } from '../../params.ts';
import type { CKKSEncoder, EvaluationSeal, Evaluator, SEALContext } from './module.ts';

/**
 * Opens a SEAL context over the first `level` data primes and the special prime; over all of them when `level` is left
 * out. A context below the top yields plaintexts and keys whose parameter ids equal those of that level in the full
 * chain.
 *
 * @param expandChain  whether lower levels are prepared as well; this takes about three times as long.
 * @returns a context that the caller deletes.
 * @throws CxrError `params-invalid` when SEAL refuses the parameters.
 */
export function openContext(
  seal: EvaluationSeal,
  params: CkksParams,
  expandChain: boolean,
  level: number = params.dataPrimes.length,
): SEALContext {
  using encryption = new seal.EncryptionParameters(seal.SchemeType.ckks);
  using moduli = new seal.VectorModulus();
  for (const prime of [...params.dataPrimes.slice(0, level), params.specialPrime]) {
    using modulus = new seal.Modulus(prime);
    moduli.push_back(modulus);
  }
  encryption.setPolyModulusDegree(params.polyModulusDegree);
  encryption.setCoeffModulus(moduli);
  const enforced = params.securityBits === 128 ? seal.SecLevelType.tc128 : seal.SecLevelType.none;
  const context = new seal.SEALContext(encryption, expandChain, enforced);
  if (!context.parametersSet()) {
    context.delete();
    throw new CxrError('params-invalid', { field: 'context', level });
  }
  return context;
}

/** Gives the bytes of a parameter id as SEAL writes them: four little-endian 64-bit words. */
export function parmsIdBytes(id: { values(): unknown }): Uint8Array {
  const words = id.values() as BigUint64Array;
  return new Uint8Array(words.buffer.slice(words.byteOffset, words.byteOffset + words.byteLength));
}

/**
 * These are the contexts of every level, each opened once, on its first use. They serve two purposes: SEAL encodes only
 * at the top of a chain, and a key that was made at a level switches in a context of that level.
 *
 * Opening at N = 16384 with 30-bit primes takes 0.3 s (level 2) to 1.5 s (level 10), and 0.4 s to 4.3 s when expanded.
 * Only levels that have keys are therefore expanded.
 */
export class LevelContexts implements Disposable {
  readonly params: CkksParams;
  readonly #seal: EvaluationSeal;
  readonly #keyLevels: ReadonlySet<number>;
  readonly #contexts = new Map<number, SEALContext>();
  readonly #encoders = new Map<number, CKKSEncoder>();
  readonly #evaluators = new Map<number, Evaluator>();

  /**
   * Opens nothing yet.
   *
   * @param keyLevels  levels below the top that have evaluation keys of their own.
   */
  constructor(seal: EvaluationSeal, params: CkksParams, keyLevels: Iterable<number> = []) {
    this.#seal = seal;
    this.params = params;
    this.#keyLevels = new Set([...keyLevels, params.dataPrimes.length]);
  }

  /** Gives the context of all data primes. */
  get top(): SEALContext {
    return this.at(this.params.dataPrimes.length);
  }

  /** Gives the context of a level. */
  at(level: number): SEALContext {
    const expanded = this.#keyLevels.has(level);
    return this.#once(this.#contexts, level, () => openContext(this.#seal, this.params, expanded, level));
  }

  /** Gives the encoder of a level. */
  encoder(level: number): CKKSEncoder {
    return this.#once(this.#encoders, level, () => new this.#seal.CKKSEncoder(this.at(level)));
  }

  /**
   * Gives the evaluator for ciphertexts at this level or below. With keys, it works only with those of this level.
   *
   * @throws TypeError for a level that has no keys.
   */
  evaluator(level: number): Evaluator {
    if (!this.#keyLevels.has(level)) throw new TypeError(`level ${level} has no evaluation keys`);
    return this.#once(this.#evaluators, level, () => new this.#seal.Evaluator(this.at(level)));
  }

  #once<Opened>(known: Map<number, Opened>, level: number, open: () => Opened): Opened {
    const opened = known.get(level) ?? open();
    known.set(level, opened);
    return opened;
  }

  [Symbol.dispose](): void {
    for (const opened of [this.#evaluators, this.#encoders, this.#contexts]) {
      for (const object of opened.values()) object.delete();
      opened.clear();
    }
  }
}

/** Gives the parameter id that key material of this context carries. */
export function keyParmsId(context: SEALContext): Uint8Array {
  using id = context.keyParmsId();
  return parmsIdBytes(id);
}

/** Gives the parameter id that ciphertexts of a context's first level carry. */
export function dataParmsId(context: SEALContext): Uint8Array {
  using data = context.firstContextData();
  using id = data.parmsId();
  return parmsIdBytes(id);
}

/**
 * Lists the parameter ids by level. The index is the number of data primes left; index 0 is the key level, which has
 * all data primes and the special one.
 */
export function parmsIdsByLevel(context: SEALContext, params: CkksParams): Uint8Array[] {
  const ids = [keyParmsId(context)];
  let data = context.firstContextData();
  for (let level = params.dataPrimes.length; level >= 1; level -= 1) {
    using id = data.parmsId();
    ids[level] = parmsIdBytes(id);
    if (level > 1) {
      const next = data.nextContextData();
      data.delete();
      data = next;
    }
  }
  data.delete();
  return ids;
}
