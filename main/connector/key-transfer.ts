import type { KeyId } from '../../contract/ids/key-id.ts';
import { mediaTypes, paths } from '../../contract/protocol.ts';
import { keyIdOf } from '../../he/wire/frame.ts';
import type { RetryPolicy } from './patience.ts';
import { type Ask, resumedUpload } from './resumed-upload.ts';
import { SharedWork } from './shared-work.ts';
import { uploadStream } from './upload-stream.ts';

const maxReplyBytes = 64 * 1024;

/** Brings evaluation keys to an evaluator, and has them deleted there. */
export class KeyTransfer {
  readonly #ask: Ask;
  readonly #patient: RetryPolicy;
  readonly #timeoutMs: number;
  readonly #onSent: (bytes: number) => void;
  #last: { readonly id: KeyId; readonly frame: Uint8Array; readonly upload: SharedWork<void> } | null = null;

  /**
   * @param patient    the patience for keys under way.
   * @param timeoutMs  the time for one transfer.
   * @param onSent     told the bytes of every piece that is sent.
   */
  constructor(ask: Ask, patient: RetryPolicy, timeoutMs: number, onSent: (bytes: number) => void) {
    this.#ask = ask;
    this.#patient = patient;
    this.#timeoutMs = timeoutMs;
    this.#onSent = onSent;
  }

  /**
   * Uploads evaluation keys unless the evaluator has them. Callers who ask at the same time share one upload, which
   * goes on until the last of them gives up. The keys are remembered for `repeat`.
   *
   * @param frame       the frame of evaluation keys, whose digest is `keyId`.
   * @param onProgress  told the fraction that is uploaded, in [0, 1]; told nothing when nothing is uploaded.
   * @throws            CxrError as `exchange` does; `cancelled` as soon as `signal` aborts.
   */
  async ensure(
    frame: Uint8Array,
    keyId: KeyId,
    onProgress: (fraction: number) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (this.#last?.id !== keyId) {
      if (keyIdOf(frame) !== keyId) throw new TypeError('"keyId" expected the digest of "frame"');
      const upload = new SharedWork<void>((tell, stopped) => this.#upload(frame, keyId, tell, stopped));
      this.#last = { id: keyId, frame, upload };
    }
    await this.#last.upload.join(onProgress, signal);
  }

  /** Uploads the last keys again, which the evaluator has lost. @returns false where there were none yet. */
  async repeat(signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#last === null) return false;
    await this.ensure(this.#last.frame, this.#last.id, () => {}, signal);
    return true;
  }

  /** Asks the evaluator to delete keys. It agrees also where it has none. @throws CxrError as `exchange` does. */
  async drop(keyId: KeyId, signal: AbortSignal | undefined): Promise<void> {
    if (this.#last?.id === keyId) this.#last = null;
    await this.#ask({ method: 'DELETE', url: paths.key(keyId), maxReplyBytes, signal });
  }

  async #upload(
    frame: Uint8Array,
    keyId: KeyId,
    tell: (fraction: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const url = paths.key(keyId);
    const known = await this.#ask({ method: 'HEAD', url, maxReplyBytes: 0, answers: [404], signal });
    if (known.status !== 404) return;
    tell(0);
    const sending = { timeoutMs: this.#timeoutMs, patient: this.#patient, onSent: this.#onSent };
    const isSent = await resumedUpload(this.#ask, { ...sending, frame, keyId, tell, signal });
    if (!isSent) await this.#putWhole(frame, keyId, tell, signal);
    tell(1);
  }

  /** For evaluators, and proxies before them, that know no uploads in pieces. */
  async #putWhole(
    frame: Uint8Array,
    keyId: KeyId,
    tell: (fraction: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const body = () =>
      uploadStream(frame, (chunkBytes, fraction) => {
        this.#onSent(chunkBytes);
        tell(fraction);
      });
    const asked = { method: 'PUT', url: paths.key(keyId), contentType: mediaTypes.keys, body } as const;
    const limits = { bodyBytes: frame.length, maxReplyBytes, timeoutMs: this.#timeoutMs, signal };
    await this.#ask({ ...asked, ...limits }, this.#patient);
  }
}
