import type { CkksParams } from '../params.ts';
import {
  KernelBackend,
  type KernelCiphertext,
  type KernelKey,
  type KernelPlaintext,
} from '../run/backends/kernel.ts';
import type { KernelMemory } from '../run/kernel/memory.ts';
import { KernelRing } from '../run/kernel/ring.ts';
import { defaultBudgets, type Engine, type EvaluatorBudgets } from './engine.ts';
import { keyLimbs, parmsId, readKey, readSeeded, writeCiphertext } from './kernel-material.ts';
import { KeyCache, type KeyPlan } from './key-cache.ts';

/** This engine is our own kernel. It reads and writes SEAL's bytes. The memory stays the caller's. */
export class KernelEngine implements Engine<KernelCiphertext, KernelPlaintext, KeyCache<KernelKey>> {
  readonly params: CkksParams;
  readonly budgets: EvaluatorBudgets;
  readonly backend: KernelBackend;
  readonly #ring: KernelRing;

  /** @throws CxrError `params-invalid` for primes of more than 30 bits. */
  constructor(memory: KernelMemory, params: CkksParams, budgets: EvaluatorBudgets = defaultBudgets) {
    this.params = params;
    this.budgets = budgets;
    this.#ring = new KernelRing(memory, params);
    this.backend = new KernelBackend(this.#ring);
  }

  plaintextBytes = (level: number): number => level * this.#ring.limbBytes;
  keyBytes = (level: number): number => keyLimbs(level) * this.#ring.limbBytes;
  parmsId = (level: number, key: boolean): Uint8Array => parmsId(this.#ring, level, key);

  openKeys(plan: KeyPlan): KeyCache<KernelKey> {
    const { memory } = this.#ring;
    return new KeyCache(plan, this.budgets.keyBytes, {
      load: (checked) =>
        readKey(this.#ring, checked.bytes, checked, memory.allocate(this.keyBytes(checked.level))),
      drop: ({ at, level }) => memory.free(at, this.keyBytes(level)),
    });
  }

  useKeys(keys: KeyCache<KernelKey> | undefined): void {
    this.backend.useKeys(keys);
  }

  readInput = (bytes: Uint8Array, scale: number): KernelCiphertext =>
    readSeeded(this.#ring, this.backend, bytes, scale);

  writeResult = (value: KernelCiphertext): Uint8Array => writeCiphertext(this.#ring, value);

  [Symbol.dispose](): void {
    this.backend[Symbol.dispose]();
    this.#ring[Symbol.dispose]();
  }
}
