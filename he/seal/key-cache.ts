import { CxrError } from '../../contract/errors.ts';
import type { LevelContexts } from './context.ts';
import type { EvaluationSeal, GaloisKeys, RelinKeys } from './module.ts';

/** A key in SEAL's form and the level whose context it belongs to. */
export type KeyAtLevel<Key> = { readonly key: Key; readonly level: number };

/** Where a backend finds evaluation keys. What it gets is valid until it asks for the next one. */
export interface SealKeySource {
  relinearization(): KeyAtLevel<RelinKeys>;
  /** @throws CxrError `evaluation-key-missing`. */
  rotation(step: number): KeyAtLevel<GaloisKeys>;
}

/** One key as it arrived, its bytes already checked (he/seal/bytes.ts). */
export type CheckedKey = {
  /** 0 for relinearisation. */
  readonly step: number;
  readonly level: number;
  readonly bytes: Uint8Array;
  /** What it takes in the WebAssembly heap. */
  readonly heapBytes: number;
};

type Entry = CheckedKey & { readonly loaded: RelinKeys | GaloisKeys };

/**
 * Keeps the bytes of checked keys outside the WebAssembly heap, which ends at 4 GiB, and loads each key on first use.
 * Beyond `budgetBytes` the key that was used longest ago gives way.
 */
export class KeyCache implements SealKeySource, Disposable {
  readonly #seal: EvaluationSeal;
  readonly #contexts: LevelContexts;
  readonly #budgetBytes: number;
  readonly #checked: ReadonlyMap<number, CheckedKey>;
  /** Last used last. */
  readonly #loaded = new Map<number, Entry>();
  #heapBytes = 0;
  #loads = 0;

  constructor(
    seal: EvaluationSeal,
    contexts: LevelContexts,
    keys: readonly CheckedKey[],
    budgetBytes: number,
  ) {
    this.#seal = seal;
    this.#contexts = contexts;
    this.#budgetBytes = budgetBytes;
    this.#checked = new Map(keys.map((key) => [key.step, key]));
  }

  /** How often a key was loaded into SEAL. */
  get loads(): number {
    return this.#loads;
  }

  relinearization(): KeyAtLevel<RelinKeys> {
    const { loaded, level } = this.#use(0, () => new this.#seal.RelinKeys());
    return { key: loaded as RelinKeys, level };
  }

  rotation(step: number): KeyAtLevel<GaloisKeys> {
    const { loaded, level } = this.#use(step, () => new this.#seal.GaloisKeys());
    return { key: loaded as GaloisKeys, level };
  }

  #use(step: number, create: () => RelinKeys | GaloisKeys): Entry {
    const entry = this.#loaded.get(step) ?? this.#load(step, create);
    this.#loaded.delete(step);
    this.#loaded.set(step, entry);
    return entry;
  }

  #load(step: number, create: () => RelinKeys | GaloisKeys): Entry {
    const checked = this.#checked.get(step);
    if (checked === undefined) throw new CxrError('evaluation-key-missing', { step });
    for (const [other, { heapBytes }] of this.#loaded) {
      if (this.#heapBytes + checked.heapBytes <= this.#budgetBytes) break;
      this.#drop(other, heapBytes);
    }
    const loaded = create();
    try {
      loaded.loadFromArray(this.#contexts.at(checked.level), checked.bytes);
    } catch {
      loaded.delete();
      throw new CxrError('evaluation-key-invalid', { field: 'values', step });
    }
    this.#heapBytes += checked.heapBytes;
    this.#loads += 1;
    return { ...checked, loaded };
  }

  #drop(step: number, heapBytes: number): void {
    this.#loaded.get(step)?.loaded.delete();
    this.#loaded.delete(step);
    this.#heapBytes -= heapBytes;
  }

  [Symbol.dispose](): void {
    for (const [step, { heapBytes }] of this.#loaded) this.#drop(step, heapBytes);
  }
}
