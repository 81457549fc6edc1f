import { CxrError } from '../../contract/errors.ts';
import type { LevelContexts } from './context.ts';
import { type EvaluationSeal, type GaloisKeys, isOutOfMemory, type RelinKeys } from './module.ts';

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

type Loaded = { readonly key: RelinKeys | GaloisKeys; readonly level: number };

/**
 * Keeps the bytes of checked keys outside the WebAssembly heap, which ends at 4 GiB, and loads each key on first use.
 * When not all fit into `budgetBytes`, each level has places for its share of them, at least one, and the key of the
 * level that was used longest ago gives way. Not a key of another level: SEAL keeps freed memory for arrays of the same
 * length, so that dropping one makes no room for the other.
 */
export class KeyCache implements SealKeySource, Disposable {
  readonly #seal: EvaluationSeal;
  readonly #contexts: LevelContexts;
  readonly #checked: ReadonlyMap<number, CheckedKey>;
  readonly #places = new Map<number, number>();
  /** By step, used last comes last. */
  readonly #loaded = new Map<number, Loaded>();
  #loads = 0;

  constructor(
    seal: EvaluationSeal,
    contexts: LevelContexts,
    keys: readonly CheckedKey[],
    budgetBytes: number,
  ) {
    this.#seal = seal;
    this.#contexts = contexts;
    this.#checked = new Map(keys.map((key) => [key.step, key]));
    const share = budgetBytes / keys.reduce((sum, { heapBytes }) => sum + heapBytes, 0);
    for (const [level, { length }] of Map.groupBy(keys, (key) => key.level))
      this.#places.set(level, Math.max(1, Math.floor(length * share)));
  }

  /** How often a key was loaded into SEAL. */
  get loads(): number {
    return this.#loads;
  }

  relinearization(): KeyAtLevel<RelinKeys> {
    return this.#use(0, () => new this.#seal.RelinKeys());
  }

  rotation(step: number): KeyAtLevel<GaloisKeys> {
    return this.#use(step, () => new this.#seal.GaloisKeys());
  }

  #use<Key extends RelinKeys | GaloisKeys>(step: number, create: () => Key): KeyAtLevel<Key> {
    const loaded = this.#loaded.get(step) ?? this.#load(step, create);
    this.#loaded.delete(step);
    this.#loaded.set(step, loaded);
    // Step 0 and only step 0 holds relinearisation keys.
    return loaded as KeyAtLevel<Key>;
  }

  #load(step: number, create: () => RelinKeys | GaloisKeys): Loaded {
    const checked = this.#checked.get(step);
    if (checked === undefined) throw new CxrError('evaluation-key-missing', { step });
    const { level, bytes } = checked;
    const peers = [...this.#loaded].filter(([, loaded]) => loaded.level === level);
    if (peers.length >= this.#places.get(level)!) this.#drop(...peers[0]!);
    const key = create();
    try {
      key.loadFromArray(this.#contexts.at(level), bytes);
    } catch (error) {
      key.delete();
      if (isOutOfMemory(error)) throw error;
      throw new CxrError('evaluation-key-invalid', { field: 'values', step });
    }
    this.#loads += 1;
    return { key, level };
  }

  #drop(step: number, { key }: Loaded): void {
    key.delete();
    this.#loaded.delete(step);
  }

  [Symbol.dispose](): void {
    for (const [step, loaded] of this.#loaded) this.#drop(step, loaded);
  }
}
