import { CxrError } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import { type KeyId, parseKeyId } from '../../contract/ids/key-id.ts';
import type { Log } from '../observe/log.ts';
import type { FrameStore, StoredFrame } from '../store/frame-store.ts';
import type { FrameStreamCheck } from '../store/frame-stream.ts';
import { everybody, type Tenant } from '../tenants/tenant.ts';
import { BadKeys } from './bad-keys.ts';
import { bundleOf, checked } from './key-chunks.ts';
import type { KeyRecord, KeyRecords } from './key-records.ts';
import type { KeyVerifier } from './key-verifier.ts';
import { type InUse, type KeyLimits, type StoredKey, victimsFor } from './make-room.ts';

/** What the store is made of. */
export type KeyParts = {
  readonly frames: FrameStore;
  readonly records: KeyRecords;
  readonly verifier: KeyVerifier;
  readonly limits: KeyLimits;
  readonly log: Log;
};

/** Uploads that wait to be verified at one time: they fill the disk and are not counted yet. */
const mostVerifying = 16;

/**
 * Which evaluation keys are stored, for which bundle, and which must go. The frames themselves lie in a frame store.
 * Keys count, and push out others, only once they were verified. Bounded; the least recently used keys make room.
 * Nothing here can decrypt.
 */
export class KeyStore {
  readonly #parts: KeyParts;
  readonly #keys = new Map<KeyId, StoredKey>();
  readonly #bad = new BadKeys();
  readonly #verifying = new Map<KeyId, Promise<void>>();

  private constructor(parts: KeyParts) {
    this.#parts = parts;
  }

  /** Knows again the keys that an earlier run stored. Those that it had not verified are verified meanwhile. */
  static async open(parts: KeyParts): Promise<KeyStore> {
    const store = new KeyStore(parts);
    const records = new Map((await parts.records.list()).map((record) => [record.key as string, record]));
    const unverified: StoredFrame[] = [];
    for (const frame of await parts.frames.list()) {
      const record = records.get(frame.digest);
      records.delete(frame.digest);
      if (record === undefined) unverified.push(frame);
      else await store.#adopt(frame, record);
    }
    for (const { key } of records.values()) await store.lost(key);
    void store.#adoptOnceVerified(unverified);
    return store;
  }

  async #adopt({ bytes, usedAt }: StoredFrame, record: KeyRecord): Promise<void> {
    if (bytes !== record.bytes) await this.lost(record.key);
    else this.#keys.set(record.key, { bundle: record.bundle, bytes, usedAt, owners: new Set(record.owners) });
  }

  async #adoptOnceVerified(frames: readonly StoredFrame[]): Promise<void> {
    for (const { digest, bytes, usedAt } of frames) {
      const id = parseKeyId(digest);
      const bundle = await bundleOf(this.#parts.frames, digest).catch(() => null);
      if (bundle === null) await this.lost(id);
      else
        await this.#verifyAndKeep(
          id,
          { bundle, bytes, usedAt, owners: new Set([everybody]) },
          () => false,
        ).catch(() => {});
    }
  }

  get count(): number {
    return this.#keys.size;
  }
  /** The bytes of all stored keys. */
  get bytes(): number {
    return [...this.#keys.values()].reduce((sum, key) => sum + key.bytes, 0);
  }
  get limits(): KeyLimits {
    return this.#parts.limits;
  }
  /** Whether a tenant has stored these keys. Those of another one are not here for it. */
  has(tenant: Tenant, id: KeyId): boolean {
    return this.#keys.get(id)?.owners.has(tenant) === true;
  }

  /** @throws CxrError `evaluation-key-invalid` for keys that were found to be none. */
  refuseBad(id: KeyId): void {
    if (this.#bad.has(id)) throw new CxrError('evaluation-key-invalid', { key: id });
  }

  /** @throws CxrError `quota-exceeded` when keys in use leave no room for these. */
  refuseFull({ tenant, id, bytes }: { tenant: Tenant; id: KeyId; bytes: number }, inUse: InUse): void {
    if (!this.#keys.has(id)) victimsFor({ tenant, bytes }, this.#keys, this.limits, inUse);
  }

  /**
   * The bundle that stored keys belong to, noting that they are wanted.
   *
   * @throws CxrError `evaluation-key-missing`, `evaluation-key-invalid`.
   */
  use(tenant: Tenant, id: KeyId): BundleId {
    this.refuseBad(id);
    const key = this.#keys.get(id);
    if (key === undefined || !key.owners.has(tenant))
      throw new CxrError('evaluation-key-missing', { key: id });
    key.usedAt = Date.now();
    void this.#parts.frames.touch(id).catch(() => {});
    return key.bundle;
  }

  /** The keys of a bundle that were used last, or null when it has none. */
  lastUsed(bundle: BundleId): KeyId | null {
    const own = [...this.#keys].filter(([, key]) => key.bundle === bundle);
    return own.sort(([, left], [, right]) => right.usedAt - left.usedAt)[0]?.[0] ?? null;
  }

  /** Removes a tenant's keys. They stay for another one who has sent them too. */
  async remove(tenant: Tenant, id: KeyId): Promise<void> {
    const key = this.#keys.get(id);
    if (key === undefined || !key.owners.delete(tenant)) return;
    if (key.owners.size === 0) await this.#drop(id);
    else await this.#record(id, key);
  }

  async #drop(id: KeyId): Promise<void> {
    this.#keys.delete(id);
    await this.#parts.records.remove(id);
    await this.#parts.frames.remove(id);
  }

  async #record(id: KeyId, { bundle, bytes, owners }: StoredKey): Promise<void> {
    const record: KeyRecord = { format: 'cipherfilm-key/1', key: id, bundle, bytes, owners: [...owners] };
    await this.#parts.records.save(id, record);
  }

  /** Removes keys whose file is damaged or gone, so that they are asked for again. */
  async lost(id: KeyId): Promise<void> {
    this.#parts.log('damaged', { kind: 'evaluation keys', keyId: id });
    await this.#drop(id);
  }

  /** Removes keys that are none, and remembers it. */
  async condemn(id: KeyId): Promise<void> {
    this.#parts.log('key-refused', { keyId: id });
    this.#bad.add(id);
    await this.#drop(id);
  }

  /**
   * Stores a frame under `id`, streaming it to the store while `check` looks at it, and has its keys verified.
   *
   * `announced` are the bytes to come, null when unknown.
   *
   * @throws CxrError  what `check` throws, `frame-digest` when the frame is not the one that `id` names,
   *                   `evaluation-key-invalid`, `quota-exceeded` when keys in use leave no room, or too many wait.
   */
  async receive(
    { tenant, id, announced }: { tenant: Tenant; id: KeyId; announced: number | null },
    chunks: AsyncIterable<Uint8Array>,
    check: FrameStreamCheck,
    inUse: InUse,
  ): Promise<void> {
    this.refuseBad(id);
    if (this.#verifying.size >= mostVerifying)
      throw new CxrError('quota-exceeded', { field: 'uploads', expected: mostVerifying });
    const room = (bytes: number) => this.refuseFull({ tenant, id, bytes }, inUse);
    room(announced ?? 0);
    let admitted = null as ReturnType<FrameStreamCheck['finish']> | null;
    const admit = (frame: ReturnType<FrameStreamCheck['finish']>) => {
      if (frame.digest !== id) throw new CxrError('frame-digest', { field: 'name' });
      room(frame.bytes);
      admitted = frame;
    };
    const { bytes, usedAt } = await this.#parts.frames.put(checked(chunks, check, admit));
    if (admitted === null) return;
    if (!this.#keys.has(id)) {
      const { bundle } = admitted;
      await this.#verifyAndKeep(id, { bundle, bytes, usedAt, owners: new Set([tenant]) }, inUse);
    }
    const key = this.#keys.get(id);
    if (key === undefined || key.owners.has(tenant)) return;
    // Another tenant sent them first. Whoever has all of them may use them.
    key.owners.add(tenant);
    await this.#record(id, key);
  }

  /** The same keys may come several times at once: they are verified once. */
  #verifyAndKeep(id: KeyId, key: StoredKey, inUse: InUse): Promise<void> {
    const running = this.#verifying.get(id) ?? this.#verify(id, key, inUse);
    this.#verifying.set(id, running);
    return running.finally(() => this.#verifying.delete(id));
  }

  async #verify(id: KeyId, key: StoredKey, inUse: InUse): Promise<void> {
    const { frames, verifier, log } = this.#parts;
    const verdict = await verifier.verify(id, key.bundle);
    if (verdict === 'invalid') {
      await this.condemn(id);
      throw new CxrError('evaluation-key-invalid', { key: id });
    }
    if (verdict === 'damaged') {
      await this.lost(id);
      throw new CxrError('evaluation-key-missing', { key: id });
    }
    if (verdict === 'unchecked') {
      await frames.remove(id);
      throw new CxrError('quota-exceeded', { field: 'verification' });
    }
    const { bundle, bytes, owners } = key;
    const [tenant = everybody] = owners;
    try {
      const victims = victimsFor({ tenant, bytes }, this.#keys, this.limits, inUse);
      await this.#record(id, key);
      this.#keys.set(id, key);
      log('key-stored', { keyId: id, bundle, bytes });
      for (const victim of victims) await this.#evict(victim, inUse);
    } catch (error) {
      if (!this.#keys.has(id)) await frames.remove(id);
      throw error;
    }
  }

  async #evict(id: KeyId, inUse: InUse): Promise<void> {
    if (inUse(id)) return;
    await this.#drop(id);
    this.#parts.log('key-evicted', { keyId: id });
  }
}
