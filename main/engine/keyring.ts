import type { KeyId } from '../../contract/ids/key-id.ts';
import { type EvaluationKeyFrame, generateEvaluationKeys, KeyHolder } from '../../he/client/keys.ts';
import type { ClientHalf } from '../../native-models/client-half.ts';

/**
 * The workstation's key of this run: made when first needed, kept in this process's memory, gone with the process.
 * Nothing of it is written to disk.
 */
export class Keyring implements Disposable {
  readonly #half: ClientHalf;
  #making: Promise<Keys> | undefined;
  #keys: Keys | undefined;

  constructor(half: ClientHalf) {
    this.#half = half;
  }

  get keyId(): KeyId | null {
    return this.#keys?.evaluation.keyId ?? null;
  }

  /** The key, generated on first use; concurrent callers share one generation, a failed one is not remembered. */
  async keys(onProgress: (fraction: number) => void = () => {}): Promise<Keys> {
    this.#making ??= this.#make(onProgress).catch((error: unknown) => {
      this.#making = undefined;
      throw error;
    });
    return this.#making;
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

  [Symbol.dispose](): void {
    this.#keys?.holder[Symbol.dispose]();
    this.#keys = undefined;
    this.#making = undefined;
  }
}

export type Keys = {
  readonly holder: KeyHolder;
  readonly evaluation: EvaluationKeyFrame;
  readonly generatedInMs: number;
};
