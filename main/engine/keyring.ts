import type { KeyId } from '../../contract/ids/key-id.ts';
import { type EvaluationKeyFrame, generateEvaluationKeys, KeyHolder } from '../../he/client/keys.ts';
import type { ClientHalf } from '../../native-models/client-half.ts';
import { SharedWork } from '../connector/shared-work.ts';

/**
 * Holds the workstation's key of this run. The key is made when somebody first asks for it, is kept in this process's memory,
 * and is gone when the process ends. Nothing of it is written to disk.
 */
export class Keyring implements Disposable {
  readonly #half: ClientHalf;
  readonly #making = new SharedWork<Keys>((tell) => this.#make(tell));
  #keys: Keys | undefined;

  constructor(half: ClientHalf) {
    this.#half = half;
  }

  /** The name of the evaluation keys, or null before they are made. */
  get keyId(): KeyId | null {
    return this.#keys?.evaluation.keyId ?? null;
  }

  /**
   * Returns the keys, which are generated at the first call. Callers who ask at the same time share one generation, and
   * it goes on when they give up. One that failed is not remembered, so that the next call tries again.
   *
   * @param onProgress  told the fraction of the evaluation keys that are made, in [0, 1].
   * @throws            CxrError `cancelled` as soon as `signal` aborts.
   */
  async keys(onProgress: (fraction: number) => void = () => {}, signal?: AbortSignal): Promise<Keys> {
    return this.#keys ?? (await this.#making.join(onProgress, signal));
  }

  async #make(onProgress: (fraction: number) => void): Promise<Keys> {
    const started = performance.now();
    const holder = await KeyHolder.generate(this.#half.description);
    const evaluation = await generateEvaluationKeys(holder, this.#half.id, this.#half.description, {
      onKey: (done, total) => onProgress(done / total),
    });
    this.#keys = { holder, evaluation, generatedInMs: performance.now() - started };
    return this.#keys;
  }

  /** Frees the secret key. A later call of `keys` would make another one. */
  [Symbol.dispose](): void {
    this.#keys?.holder[Symbol.dispose]();
    this.#keys = undefined;
  }
}

/** The secret key's holder, the evaluation keys in their frame, and how long it took to make them, milliseconds. */
export type Keys = {
  readonly holder: KeyHolder;
  readonly evaluation: EvaluationKeyFrame;
  readonly generatedInMs: number;
};
