import { CxrError } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import { type KeyId, parseKeyId } from '../../contract/ids/key-id.ts';
import type { Log } from '../observe/log.ts';
import type { FrameStore, StoredFrame } from '../store/frame-store.ts';
import type { FrameStreamCheck } from '../store/frame-stream.ts';
import { BadKeys } from './bad-keys.ts';
import { bundleOf, checked } from './key-chunks.ts';
import type { KeyRecord, KeyRecords } from './key-records.ts';
import type { KeyVerifier } from './key-verifier.ts';

export type KeyLimits = { readonly keys: number; readonly bytes: number };
type StoredKey = { readonly bundle: BundleId; readonly bytes: number; usedAt: number };

/** What the store is made of. */
export type KeyParts = {
  readonly frames: FrameStore;
  readonly records: KeyRecords;
  readonly verifier: KeyVerifier;
  readonly limits: KeyLimits;
  readonly log: Log;
};

/** Whether a queued or running job needs these keys; such keys are never evicted. */
export type InUse = (id: KeyId) => boolean;

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
    else this.#keys.set(record.key, { bundle: record.bundle, bytes, usedAt });
  }

  async #adoptOnceVerified(frames: readonly StoredFrame[]): Promise<void> {
    for (const { digest, bytes, usedAt } of frames) {
      const id = parseKeyId(digest);
      const bundle = await bundleOf(this.#parts.frames, digest).catch(() => null);
      if (bundle === null) await this.lost(id);
      else await this.#verifyAndKeep(id, { bundle, bytes, usedAt }, () => false).catch(() => {});
    }
  }

  get count(): number {
    return this.#keys.size;
  }
  get limits(): KeyLimits {
    return this.#parts.limits;
  }
  has(id: KeyId): boolean {
    return this.#keys.has(id);
  }

  /** @throws CxrError `evaluation-key-invalid` for keys that were found to be none. */
  refuseBad(id: KeyId): void {
    if (this.#bad.has(id)) throw new CxrError('evaluation-key-invalid', { key: id });
  }

  /**
   * The bundle that stored keys belong to, noting that they are wanted.
   *
   * @throws CxrError `evaluation-key-missing`, `evaluation-key-invalid`.
   */
  use(id: KeyId): BundleId {
    this.refuseBad(id);
    const key = this.#keys.get(id);
    if (key === undefined) throw new CxrError('evaluation-key-missing', { key: id });
    key.usedAt = Date.now();
    void this.#parts.frames.touch(id).catch(() => {});
    return key.bundle;
  }

  /** The keys of a bundle that were used last, or null when it has none. */
  lastUsed(bundle: BundleId): KeyId | null {
    const own = [...this.#keys].filter(([, key]) => key.bundle === bundle);
    return own.sort(([, left], [, right]) => right.usedAt - left.usedAt)[0]?.[0] ?? null;
  }

  async remove(id: KeyId): Promise<void> {
    if (!this.#keys.delete(id)) return;
    await this.#parts.records.remove(id);
    await this.#parts.frames.remove(id);
  }

  /** Removes keys whose file is damaged or gone, so that they are asked for again. */
  async lost(id: KeyId): Promise<void> {
    this.#parts.log('damaged', { kind: 'evaluation keys', keyId: id });
    this.#keys.delete(id);
    await this.#parts.records.remove(id);
    await this.#parts.frames.remove(id);
  }

  /** Removes keys that are none, and remembers it. */
  async condemn(id: KeyId): Promise<void> {
    this.#parts.log('key-refused', { keyId: id });
    this.#bad.add(id);
    this.#keys.delete(id);
    await this.#parts.records.remove(id);
    await this.#parts.frames.remove(id);
  }

  /**
   * Stores a frame under `id`, streaming it to the store while `check` looks at it, and has its keys verified.
   *
   * @param announced  bytes to come, null when unknown.
   * @throws CxrError  what `check` throws, `frame-digest` when the frame is not the one that `id` names,
   *                   `evaluation-key-invalid`, `quota-exceeded` when keys in use leave no room, or too many wait.
   */
  async receive(
    id: KeyId,
    chunks: AsyncIterable<Uint8Array>,
    check: FrameStreamCheck,
    announced: number | null,
    inUse: InUse,
  ): Promise<void> {
    this.refuseBad(id);
    if (this.#verifying.size >= mostVerifying)
      throw new CxrError('quota-exceeded', { field: 'uploads', expected: mostVerifying });
    if (!this.#keys.has(id)) this.#victims(announced ?? 0, inUse);
    let admitted = null as ReturnType<FrameStreamCheck['finish']> | null;
    const admit = (frame: ReturnType<FrameStreamCheck['finish']>) => {
      if (frame.digest !== id) throw new CxrError('frame-digest', { field: 'name' });
      if (!this.#keys.has(id)) this.#victims(frame.bytes, inUse);
      admitted = frame;
    };
    const { bytes, usedAt } = await this.#parts.frames.put(checked(chunks, check, admit));
    if (admitted === null || this.#keys.has(id)) return;
    await this.#verifyAndKeep(id, { bundle: admitted.bundle, bytes, usedAt }, inUse);
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
    if (verdict === 'unchecked') throw new CxrError('quota-exceeded', { field: 'verification' });
    const { bundle, bytes } = key;
    try {
      const victims = this.#victims(bytes, inUse);
      await this.#parts.records.save(id, { format: 'cipherfilm-key/1', key: id, bundle, bytes });
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
    await this.remove(id);
    this.#parts.log('key-evicted', { keyId: id });
  }

  /** The keys that must go for `bytes` more to fit, least recently used first. */
  #victims(bytes: number, inUse: InUse): KeyId[] {
    const limits = this.#parts.limits;
    let count = this.#keys.size + 1;
    let total = [...this.#keys.values()].reduce((sum, key) => sum + key.bytes, bytes);
    const victims: KeyId[] = [];
    const oldestFirst = [...this.#keys].sort(([, left], [, right]) => left.usedAt - right.usedAt);
    for (const [id, key] of oldestFirst) {
      if (count <= limits.keys && total <= limits.bytes) break;
      if (inUse(id)) continue;
      victims.push(id);
      count -= 1;
      total -= key.bytes;
    }
    if (count > limits.keys || total > limits.bytes) {
      throw new CxrError('quota-exceeded', { field: 'keys', expected: limits.keys });
    }
    return victims;
  }
}
