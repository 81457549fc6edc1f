import { CxrError } from '../../contract/errors.ts';

/** A checked key is one key as it arrived; its bytes are already checked (he/wire/seal-bytes.ts). */
export type CheckedKey = {
  /** The rotation step; 0 for relinearisation. */
  readonly step: number;
  readonly level: number;
  /** Rotation keys of SEAL have one place per odd element, relinearisation keys have one. */
  readonly places: number;
  readonly bytes: Uint8Array;
  /** The bytes that it takes in the engine's memory. */
  readonly heapBytes: number;
};

/** A key plan is what is known of keys before they are there. */
export type KeyPlan = readonly Pick<CheckedKey, 'level' | 'heapBytes'>[];

type Loaded<Key> = { readonly key: Key; readonly level: number };

/**
 * A key cache loads keys into an engine's memory, which ends at 4 GiB. When all have room in `budgetBytes`, they are
 * loaded at once.
 *
 * When they do not, their bytes stay outside, and each key is loaded when it is used. Each level has places for its
 * share of its keys, at least one; the key of the level that was used longest ago gives way. A key of another level
 * does not give way: engines keep freed memory for arrays of the same length, so that dropping one would make no room
 * for the other.
 */
export class KeyCache<Key> implements Disposable {
  readonly #checked = new Map<number, CheckedKey>();
  readonly #allFit: boolean;
  readonly #load: (checked: CheckedKey) => Key;
  readonly #drop: (key: Key, checked: CheckedKey) => void;
  readonly #places = new Map<number, number>();
  /** The loaded keys by step; the one that was used last comes last. */
  readonly #loaded = new Map<number, Loaded<Key>>();
  #loads = 0;

  /**
   * @param plan  the keys that will be added.
   * @param form  brings a key into the engine's form, and frees it.
   */
  constructor(
    plan: KeyPlan,
    budgetBytes: number,
    form: { load(checked: CheckedKey): Key; drop(key: Key, checked: CheckedKey): void },
  ) {
    this.#load = (checked) => form.load(checked);
    this.#drop = (key, checked) => form.drop(key, checked);
    const share = budgetBytes / plan.reduce((sum, { heapBytes }) => sum + heapBytes, 0);
    this.#allFit = share >= 1;
    for (const [level, { length }] of Map.groupBy(plan, (key) => key.level))
      this.#places.set(level, Math.max(1, Math.floor(length * share)));
  }

  /** Adds one checked key. */
  add(checked: CheckedKey): void {
    this.#checked.set(checked.step, checked);
    if (!this.#allFit) return;
    this.get(checked.step);
    // Nothing will be loaded twice.
    this.#checked.set(checked.step, { ...checked, bytes: new Uint8Array() });
  }

  /** Counts how often a key was loaded. */
  get loads(): number {
    return this.#loads;
  }

  /**
   * Gives the key of a rotation step; 0 stands for relinearisation. It is valid until the next one is asked for.
   *
   * @throws CxrError `evaluation-key-missing`.
   */
  get(step: number): Key {
    const loaded = this.#loaded.get(step) ?? this.#open(step);
    this.#loaded.delete(step);
    this.#loaded.set(step, loaded);
    return loaded.key;
  }

  #open(step: number): Loaded<Key> {
    const checked = this.#checked.get(step);
    if (checked === undefined) throw new CxrError('evaluation-key-missing', { step });
    const peers = [...this.#loaded].filter(([, { level }]) => level === checked.level);
    if (peers.length >= this.#places.get(checked.level)!) this.#close(peers[0]![0]);
    const key = this.#load(checked);
    this.#loads += 1;
    return { key, level: checked.level };
  }

  #close(step: number): void {
    this.#drop(this.#loaded.get(step)!.key, this.#checked.get(step)!);
    this.#loaded.delete(step);
  }

  [Symbol.dispose](): void {
    for (const step of this.#loaded.keys()) this.#close(step);
  }
}
