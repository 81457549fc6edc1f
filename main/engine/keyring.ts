import { join } from 'node:path';
import { CxrError } from '../../contract/errors.ts';
import { type KeyId, parseKeyId } from '../../contract/ids/key-id.ts';
import { type EvaluationKeyFrame, generateEvaluationKeys, KeyHolder } from '../../he/client/keys.ts';
import { parameterHash } from '../../he/client/secret-from-seed.ts';
import type { ClientHalf } from '../../native-models/client-half.ts';
import { KeptBytes } from '../connector/kept-bytes.ts';
import { SharedWork } from '../connector/shared-work.ts';
import { freshSeed } from '../vault/exports/export-file.ts';
import { activeKey, keyNamed, withActiveKey, withRecord } from '../vault/keys/key-records.ts';
import { decryptionBudget } from '../vault/rotation.ts';
import type { Vault } from '../vault/vault.ts';
import type { KeyRecord } from '../vault/vault-body.ts';
import type { VaultAccess } from './keys/vault-access.ts';

/**
 * Holds the workstation's key in use. Its seed is kept in the vault, and its evaluation keys, which are public, in a
 * folder beside it, so that a later start makes none. Where nothing is kept, both live in this process's memory and are
 * gone when it ends.
 */
export class Keyring implements Disposable {
  readonly #half: ClientHalf;
  readonly #access: VaultAccess;
  readonly #frames: KeptBytes | null;
  readonly #providing = new SharedWork<Keys>((tell) => this.#provide(tell));
  #keys: Keys | undefined;
  /** One more with every `reset`. */
  #resets = 0;

  constructor(half: ClientHalf, access: VaultAccess) {
    this.#half = half;
    this.#access = access;
    const { folder } = access.custody;
    this.#frames = folder === null ? null : new KeptBytes(join(folder, 'evaluation-keys'));
  }

  /** The parameter set of the model (`parameterHash`). A key serves one set. */
  get parameters(): string {
    return parameterHash(this.#half.description.ckks);
  }

  /** The name of the evaluation keys in use, or null before they are there. */
  get keyId(): KeyId | null {
    return this.#keys?.evaluation.keyId ?? null;
  }

  /**
   * Returns the keys. At the first call they are read from the vault and its folder, or made. Callers who ask at the
   * same time share the work, and it goes on when they give up. Work that failed is not remembered, so that the next
   * call tries again.
   *
   * @param onProgress  told the fraction of the evaluation keys that are made, in [0, 1]; told nothing when none are.
   * @throws            CxrError `cancelled` as soon as `signal` aborts; `key-locked` while the vault is locked;
   *                    `key-none` after the key in use was destroyed, until somebody makes or imports another; as
   *                    `VaultAccess.open` and `Vault.update`.
   */
  async keys(onProgress: (fraction: number) => void = () => {}, signal?: AbortSignal): Promise<Keys> {
    return this.#keys ?? (await this.#providing.join(onProgress, signal));
  }

  /**
   * Makes a key with its evaluation keys and puts it in use when all of it is there. A call that is cancelled or fails
   * before that has changed nothing. The caller makes sure that no analysis is under way with the old key.
   *
   * @param onProgress  told the fraction of the evaluation keys that are made, in [0, 1].
   * @throws            CxrError `cancelled`, and as `VaultAccess.open` and `Vault.update`.
   */
  async make(label: string, onProgress: (fraction: number) => void, signal?: AbortSignal): Promise<void> {
    const vault = await this.#access.open();
    // A vault that is shut is found out before the work.
    vault.body;
    const seed = freshSeed();
    try {
      const { id, description } = this.#half;
      using holder = await KeyHolder.restore(description, seed);
      onProgress(0);
      const made = await generateEvaluationKeys(holder, id, description, {
        onKey: (done, total) => onProgress(done / total),
        ...(signal === undefined ? {} : { signal }),
      });
      const evaluation = this.#keep(vault, made);
      const { parameters } = this;
      vault.update((body) => withActiveKey(body, seed, { parameters, label, origin: 'made', evaluation }));
    } catch (error) {
      seed.fill(0);
      throw error;
    }
    this.reset();
  }

  /** Keeps the evaluation keys in use, where the vault was in memory when they were made and is on the disk now. */
  keepEvaluationKeys(vault: Vault): void {
    if (this.#keys === undefined) return;
    const { fingerprint, evaluation: frame } = this.#keys;
    if (keyNamed(vault.body, fingerprint).evaluation !== null) return;
    const evaluation = this.#keep(vault, frame);
    if (evaluation !== null) vault.update((body) => withRecord(body, fingerprint, () => ({ evaluation })));
  }

  /** Keeps evaluation keys in their folder. @returns what the vault notes of them; null where they could not be kept. */
  #keep(vault: Vault, { keyId, frame }: EvaluationKeyFrame): KeyRecord['evaluation'] {
    // A secret key that goes with this process would leave them behind.
    if (!vault.isKept) return null;
    try {
      this.#frames?.put(keyId, frame);
    } catch {
      // A full disk: these keys serve until the process ends, and the next start makes others.
      return null;
    }
    return { keyId, bundle: this.#half.id, bytes: frame.length };
  }

  /**
   * Counts one more decryption with the key in use, before the result is shown.
   *
   * @throws CxrError `key-spent` for a key that has decrypted as many results as it may; as `Vault.update`.
   */
  async countDecryption(): Promise<void> {
    const fingerprint = this.#keys?.fingerprint;
    if (fingerprint === undefined) throw new TypeError('no key is in use');
    const vault = await this.#access.open();
    vault.update((body) => {
      const { decryptions } = keyNamed(body, fingerprint);
      if (decryptions >= decryptionBudget) throw new CxrError('key-spent', { got: decryptions });
      return withRecord(body, fingerprint, () => ({ decryptions: decryptions + 1 }));
    });
  }

  /**
   * Takes up what changed in the vault: the next call of `keys` reads the key that is in use then. The caller makes sure
   * that no analysis is under way with the old one, whose memory is freed.
   */
  reset(): void {
    this.#resets += 1;
    this.#keys?.holder[Symbol.dispose]();
    this.#keys = undefined;
  }

  /**
   * Tells whether another program has put another key in use, or destroyed the one that is held here. It is not asked
   * while the vault is locked.
   *
   * @throws CxrError as `VaultAccess.open` and `Vault.body`.
   */
  async isStale(): Promise<boolean> {
    const held = this.#keys?.fingerprint;
    if (held === undefined) return false;
    const vault = await this.#access.open();
    if (vault.state === 'locked') return false;
    return activeKey(vault.body, this.parameters)?.fingerprint !== held;
  }

  /** Forgets evaluation keys on this machine. */
  forgetEvaluationKeys(keyId: string): void {
    this.#frames?.remove(keyId);
  }

  async #provide(tell: (fraction: number) => void): Promise<Keys> {
    const resets = this.#resets;
    const vault = await this.#access.open();
    const record = this.#recordInUse(vault);
    const seed = vault.seed(record.fingerprint);
    const holder = await KeyHolder.restore(this.#half.description, seed);
    seed.fill(0);
    try {
      const stored = this.#stored(record);
      const started = performance.now();
      const evaluation = stored ?? (await this.#generate(vault, record, holder, tell));
      const generatedInMs = stored === null ? performance.now() - started : 0;
      if (resets === this.#resets) {
        this.#keys = { holder, evaluation, generatedInMs, fingerprint: record.fingerprint };
        return this.#keys;
      }
    } catch (error) {
      holder[Symbol.dispose]();
      throw error;
    }
    // Another key was put in use meanwhile.
    holder[Symbol.dispose]();
    return this.#provide(tell);
  }

  /** The key in use for the model's parameters. A vault that never had one gets one. */
  #recordInUse(vault: Vault): KeyRecord {
    const { parameters } = this;
    const known = activeKey(vault.body, parameters);
    if (known !== undefined) return known;
    if (vault.body.destroyed.length > 0) throw new CxrError('key-none');
    const seed = freshSeed();
    // Another process may make one at the same moment; the vault's lock lets one of both be first.
    vault.update((body) =>
      activeKey(body, parameters) === undefined
        ? withActiveKey(body, seed, { parameters, label: '', origin: 'made' })
        : body,
    );
    return activeKey(vault.body, parameters)!;
  }

  #stored({ evaluation }: KeyRecord): EvaluationKeyFrame | null {
    if (evaluation === null || evaluation.bundle !== this.#half.id) return null;
    const frame = this.#frames?.get(evaluation.keyId) ?? null;
    return frame === null ? null : { frame, keyId: parseKeyId(evaluation.keyId) };
  }

  async #generate(
    vault: Vault,
    { fingerprint, evaluation: earlier }: KeyRecord,
    holder: KeyHolder,
    tell: (fraction: number) => void,
  ): Promise<EvaluationKeyFrame> {
    tell(0);
    const { id, description } = this.#half;
    const made = await generateEvaluationKeys(holder, id, description, {
      onKey: (done, total) => tell(done / total),
    });
    const evaluation = this.#keep(vault, made);
    if (evaluation === null) return made;
    vault.update((body) => withRecord(body, fingerprint, () => ({ evaluation })));
    if (earlier !== null) this.forgetEvaluationKeys(earlier.keyId);
    return made;
  }

  /** Frees the secret key. A later call of `keys` reads it again. */
  [Symbol.dispose](): void {
    this.reset();
  }
}

/** The secret key's holder, its fingerprint, the evaluation keys in their frame, and how long it took to make them, ms. */
export type Keys = {
  readonly holder: KeyHolder;
  readonly fingerprint: string;
  readonly evaluation: EvaluationKeyFrame;
  /** 0 for keys that were there already. */
  readonly generatedInMs: number;
};
