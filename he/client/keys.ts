import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { BundleDescription, KeyPlan } from '../../contract/bundle.ts';
import { CxrError } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import { type CkksParams, checkParams } from '../params.ts';
import { keyParmsId, openContext } from '../run/seal/context.ts';
import type { SEALContext } from '../run/seal/module.ts';
import { encodeFrame, keyIdOf, noSubject } from '../wire/frame.ts';
import { compressPart, joinParts } from '../wire/payload.ts';
import { loadSealWithSecrets, type SealWithSecrets } from './seal-with-secrets.ts';
import { ternarySecret, transformedResidues } from './secret-from-seed.ts';

type SecretKey = InstanceType<SealWithSecrets['SecretKey']>;
type KeyGenerator = InstanceType<SealWithSecrets['KeyGenerator']>;

/** This is a secret key in the SEAL context of one level. */
export type LevelKey = { readonly context: SEALContext; readonly secretKey: SecretKey };

/**
 * A key holder owns a secret key and the SEAL contexts in which it is used. It lives in the engine process only.
 *
 * A client encrypts at the top and decrypts at the level of the result. Each of both has a context of its own, because
 * one context of all levels takes three times as long to open as both together.
 *
 * @remarks Disposal frees the key's memory in the WebAssembly heap. Only the end of the process erases it for certain.
 */
export class KeyHolder implements Disposable {
  readonly seal: SealWithSecrets;
  readonly params: CkksParams;
  readonly #levels = new Map<number, LevelKey>();

  private constructor(seal: SealWithSecrets, params: CkksParams, seed: Uint8Array | null) {
    this.seal = seal;
    this.params = params;
    const context = openContext(seal, params, false);
    using generator = new seal.KeyGenerator(context);
    const fresh = generator.secretKey();
    const secretKey = seed === null ? fresh : secretKeyFromSeed(seal, params, context, fresh, seed);
    this.#levels.set(params.dataPrimes.length, { context, secretKey });
  }

  /** This is the key at the top level, where ciphertexts are made. */
  get top(): LevelKey {
    return this.at(this.params.dataPrimes.length);
  }

  /**
   * Gives the key of a level. It is opened on first use, which takes 0.2 s at level 2 and holds the thread.
   *
   * @param level  the number of data primes that are left, at least 1.
   */
  at(level: number): LevelKey {
    if (this.#levels.size === 0) throw new TypeError('the key holder is disposed');
    const opened = this.#levels.get(level) ?? openLevelKey(this, level);
    this.#levels.set(level, opened);
    return opened;
  }

  /**
   * Makes a fresh ternary secret for a bundle's parameters.
   *
   * @throws CxrError as `checkParams`.
   */
  static async generate(description: BundleDescription): Promise<KeyHolder> {
    return KeyHolder.forParams(checkParams(description.ckks));
  }

  /**
   * Makes the secret for which a seed stands under a bundle's parameters.
   *
   * @param seed  as for `fromSeed`.
   * @throws CxrError as `checkParams`; TypeError as `fromSeed`.
   */
  static async restore(description: BundleDescription, seed: Uint8Array): Promise<KeyHolder> {
    return KeyHolder.fromSeed(checkParams(description.ckks), seed);
  }

  /** Makes a fresh ternary secret for checked parameters. */
  static async forParams(params: CkksParams): Promise<KeyHolder> {
    return new KeyHolder(await loadSealWithSecrets(), params, null);
  }

  /**
   * Makes the secret for which a seed stands under these parameters (he/client/secret-from-seed.ts).
   *
   * @param seed  `seedBytes` bytes; a copy is taken, and erased before the call ends.
   * @throws TypeError for a seed of another length or of zeros.
   */
  static async fromSeed(params: CkksParams, seed: Uint8Array): Promise<KeyHolder> {
    // Whoever owns the seed may erase it while SEAL is loaded, and zeros would make a key that anybody knows.
    const copy = Uint8Array.from(seed);
    try {
      return new KeyHolder(await loadSealWithSecrets(), params, copy);
    } finally {
      copy.fill(0);
    }
  }

  [Symbol.dispose](): void {
    for (const { secretKey, context } of this.#levels.values()) {
      secretKey.delete();
      context.delete();
    }
    this.#levels.clear();
  }
}

/** Opens a level below the top, with a context and a key that the caller deletes. */
function openLevelKey(holder: KeyHolder, level: number): LevelKey {
  const context = openContext(holder.seal, holder.params, false, level);
  return { context, secretKey: secretKeyAtLevel(holder, context, level) };
}

/**
 * Makes the public evaluation keys of a plan in the plan's order, relinearisation first. Each key is made for its level
 * and seeded, which halves its size.
 *
 * Cost: one key-switching key each, and one SEAL context for each distinct level below the top.
 *
 * @returns the uncompressed SEAL bytes of one key after the other.
 */
export function* evaluationKeyParts(holder: KeyHolder, plan: KeyPlan): Generator<Uint8Array> {
  const { seal } = holder;
  using generators = new LevelGenerators(holder);
  {
    using relin = generators.at(plan.relinearizationLevel).createRelinKeysSerializable();
    yield relin.saveToArray(seal.ComprModeType.none) as Uint8Array;
  }
  for (const { step, level } of plan.rotations) {
    using galois = generators.at(level).createGaloisKeysSerializableWithSteps(Int32Array.of(step));
    yield galois.saveToArray(seal.ComprModeType.none) as Uint8Array;
  }
}

/**
 * This holds the key generators by level, each opened on first use. Below the top, a generator holds the secret without
 * the higher primes.
 */
class LevelGenerators implements Disposable {
  readonly #holder: KeyHolder;
  readonly #open = new Map<number, { generator: KeyGenerator; dispose: () => void }>();

  constructor(holder: KeyHolder) {
    this.#holder = holder;
  }

  at(level: number): KeyGenerator {
    let known = this.#open.get(level);
    if (known === undefined) {
      known = level === this.#holder.params.dataPrimes.length ? this.#openTop() : this.#openBelow(level);
      this.#open.set(level, known);
    }
    return known.generator;
  }

  #openTop() {
    const { seal, top } = this.#holder;
    const generator = new seal.KeyGenerator(top.context, top.secretKey);
    return { generator, dispose: () => generator.delete() };
  }

  #openBelow(level: number) {
    // Not the holder's own, which stay open: a plan has many levels, and each takes memory.
    const { context, secretKey } = openLevelKey(this.#holder, level);
    const generator = new this.#holder.seal.KeyGenerator(context, secretKey);
    const dispose = () => {
      generator.delete();
      secretKey.delete();
      context.delete();
    };
    return { generator, dispose };
  }

  [Symbol.dispose](): void {
    for (const { dispose } of this.#open.values()) dispose();
    this.#open.clear();
  }
}

const secretPrefixBytes = 88;

/**
 * Makes a secret key by exchanging the residues of one that SEAL has made.
 *
 * @param fresh  SEAL's key; it is taken over and deleted.
 */
function secretKeyFromSeed(
  seal: SealWithSecrets,
  params: CkksParams,
  context: SEALContext,
  fresh: SecretKey,
  seed: Uint8Array,
): SecretKey {
  const bytes = fresh.saveToArray(seal.ComprModeType.none) as Uint8Array;
  fresh.delete();
  const secret = ternarySecret(seed, params);
  try {
    for (const [index, prime] of [...params.dataPrimes, params.specialPrime].entries()) {
      const residues = transformedResidues(secret, prime);
      bytes.set(residues, secretPrefixBytes + index * residues.length);
      residues.fill(0);
    }
    const made = new seal.SecretKey();
    made.loadFromArray(context, bytes);
    return made;
  } finally {
    secret.fill(0);
    bytes.fill(0);
  }
}

/**
 * Makes the same secret for the first `level` data primes and the special one. A secret key is one block of N residues
 * per prime, and a prime has the same residues in every context.
 *
 *   header 16 | parms id 32 | count u64 | scale f64 | array header 16 | count u64 | q_0 … q_{L-1} P, N × u64 each
 *
 * @remarks The copies that are made here are filled with zeros; those in the WebAssembly heap go with the process.
 * @see microsoft/SEAL 4.1.2, native/src/seal/{plaintext,dynarray,serialization}.h
 */
function secretKeyAtLevel(holder: KeyHolder, context: SEALContext, level: number): SecretKey {
  const { seal, params, top } = holder;
  const full = top.secretKey.saveToArray(seal.ComprModeType.none) as Uint8Array;
  const block = 8 * params.polyModulusDegree;
  const trimmed = new Uint8Array(secretPrefixBytes + (level + 1) * block);
  try {
    trimmed.set(full.subarray(0, secretPrefixBytes + level * block));
    trimmed.set(full.subarray(full.length - block), trimmed.length - block);
    trimmed.set(keyParmsId(context), 16);
    const view = new DataView(trimmed.buffer);
    const words = BigInt((level + 1) * params.polyModulusDegree);
    view.setBigUint64(8, BigInt(trimmed.length), true);
    view.setBigUint64(48, words, true);
    view.setBigUint64(72, BigInt(trimmed.length - 64), true);
    view.setBigUint64(80, words, true);
    const atLevel = new seal.SecretKey();
    atLevel.loadFromArray(context, trimmed);
    return atLevel;
  } finally {
    full.fill(0);
    trimmed.fill(0);
  }
}

/** This is the frame of a client's evaluation keys, with its name: the SHA-256 of the frame. */
export type EvaluationKeyFrame = { readonly frame: Uint8Array; readonly keyId: KeyId };

/**
 * Makes the frame of a bundle's evaluation keys, and the name under which an evaluator keeps it. Other work of the
 * process may run between two keys.
 *
 * @param control  `onKey` is told how many keys are done, of how many.
 * @throws CxrError `cancelled` when `signal` aborts.
 */
export async function generateEvaluationKeys(
  holder: KeyHolder,
  bundle: BundleId,
  description: BundleDescription,
  control: { onKey?: (done: number, total: number) => void; signal?: AbortSignal } = {},
): Promise<EvaluationKeyFrame> {
  const total = description.evaluationKeys.rotations.length + 1;
  const parts: Uint8Array[] = [];
  for (const part of evaluationKeyParts(holder, description.evaluationKeys)) {
    parts.push(compressPart(part));
    control.onKey?.(parts.length, total);
    await setImmediate();
    if (control.signal?.aborted === true) throw new CxrError('cancelled');
  }
  const payload = joinParts(parts);
  const frame = encodeFrame({
    kind: 'evaluationKeys',
    bundle,
    subject: noSubject,
    nonce: randomBytes(16),
    payload,
  });
  return { frame, keyId: keyIdOf(frame) };
}
