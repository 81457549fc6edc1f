import { join } from 'node:path';
import { type KeyId, parseKeyId } from '../../contract/ids/key-id.ts';
import type { Custody } from '../../contract/ipc/custody.ts';
import { type EvaluationKeyFrame, generateEvaluationKeys, KeyHolder } from '../../he/client/keys.ts';
import { parameterHash } from '../../he/client/secret-from-seed.ts';
import type { ClientHalf } from '../../native-models/client-half.ts';
import { KeptBytes } from '../connector/kept-bytes.ts';
import { SharedWork } from '../connector/shared-work.ts';
import { freshSeed } from '../vault/export-file.ts';
import { fingerprintOf } from '../vault/fingerprint.ts';
import { Vault } from '../vault/vault.ts';
import type { Body, KeyRecord } from '../vault/vault-body.ts';

/**
 * Holds the workstation's key in use. Its seed is kept in the vault, and its evaluation keys, which are public, in a
 * folder beside it, so that a later start makes none. Without a folder both live in this process's memory and are gone
 * when it ends.
 */
export class Keyring implements Disposable {
  readonly #half: ClientHalf;
  readonly #custody: Custody;
  readonly #frames: KeptBytes | null;
  readonly #providing = new SharedWork<Keys>((tell) => this.#provide(tell));
  #vault: Promise<Vault> | undefined;
  #keys: Keys | undefined;

  constructor(half: ClientHalf, custody: Custody) {
    this.#half = half;
    this.#custody = custody;
    this.#frames = custody.folder === null ? null : new KeptBytes(join(custody.folder, 'evaluation-keys'));
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
   * @throws            CxrError `cancelled` as soon as `signal` aborts; `key-locked` while the vault is locked; as
   *                    `Vault.open` and `Vault.update`.
   */
  async keys(onProgress: (fraction: number) => void = () => {}, signal?: AbortSignal): Promise<Keys> {
    return this.#keys ?? (await this.#providing.join(onProgress, signal));
  }

  /** Counts one more decryption with the key in use, before the result is shown. @throws CxrError as `Vault.update`. */
  async countDecryption(): Promise<void> {
    const fingerprint = this.#keys?.fingerprint;
    if (fingerprint === undefined) throw new TypeError('no key is in use');
    const vault = await this.#open();
    vault.update((body) =>
      changed(body, fingerprint, ({ decryptions }) => ({ decryptions: decryptions + 1 })),
    );
  }

  /** A vault that could not be opened is tried again: a disk may come back, another program may let go. */
  #open(): Promise<Vault> {
    this.#vault ??= Vault.open(this.#custody).catch((error: unknown) => {
      this.#vault = undefined;
      throw error;
    });
    return this.#vault;
  }

  async #provide(tell: (fraction: number) => void): Promise<Keys> {
    const vault = await this.#open();
    const record = this.#activeKey(vault);
    const seed = vault.seed(record.fingerprint);
    const holder = await KeyHolder.restore(this.#half.description, seed);
    seed.fill(0);
    try {
      const stored = this.#stored(record);
      const started = performance.now();
      const evaluation = stored ?? (await this.#generate(vault, record, holder, tell));
      const generatedInMs = stored === null ? performance.now() - started : 0;
      this.#keys = { holder, evaluation, generatedInMs, fingerprint: record.fingerprint };
      return this.#keys;
    } catch (error) {
      holder[Symbol.dispose]();
      throw error;
    }
  }

  /** The key in use for the model's parameters; a new one where there is none yet. */
  #activeKey(vault: Vault): KeyRecord {
    const parameters = parameterHash(this.#half.description.ckks);
    const find = ({ keys }: Body) =>
      keys.findLast((key) => key.state === 'active' && key.parameters === parameters);
    const known = find(vault.body);
    if (known !== undefined) return known;
    const seed = freshSeed();
    // Another process may make one at the same moment; the vault's lock lets one of both be first.
    vault.update((body) => (find(body) === undefined ? withNewKey(body, seed, parameters) : body));
    return find(vault.body)!;
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
    if (this.#frames === null) return made;
    const { keyId, frame } = made;
    try {
      this.#frames.put(keyId, frame);
    } catch {
      // A full disk: these keys serve until the process ends, and the next start makes others.
      return made;
    }
    vault.update((body) =>
      changed(body, fingerprint, () => ({ evaluation: { keyId, bundle: id, bytes: frame.length } })),
    );
    if (earlier !== null) this.#frames.remove(earlier.keyId);
    return made;
  }

  /** Frees the secret key. A later call of `keys` reads or makes it again. */
  [Symbol.dispose](): void {
    this.#keys?.holder[Symbol.dispose]();
    this.#keys = undefined;
    void this.#vault?.then((vault) => vault[Symbol.dispose]());
    this.#vault = undefined;
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

function withNewKey(body: Body, seed: Buffer, parameters: string): Body {
  const fingerprint = fingerprintOf(seed);
  const record: KeyRecord = {
    fingerprint,
    label: '',
    generation: 1 + Math.max(0, ...body.keys.map(({ generation }) => generation)),
    created: new Date().toISOString(),
    origin: 'made',
    parameters,
    decryptions: 0,
    state: 'active',
    evaluation: null,
  };
  return { ...body, keys: [...body.keys, record], seeds: new Map([...body.seeds, [fingerprint, seed]]) };
}

/** The body with one key's record changed. */
function changed(body: Body, fingerprint: string, change: (key: KeyRecord) => Partial<KeyRecord>): Body {
  const keys = body.keys.map((key) => (key.fingerprint === fingerprint ? { ...key, ...change(key) } : key));
  return { ...body, keys };
}
