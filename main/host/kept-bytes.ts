import type { ReaderCommand } from '../../contract/ipc/reader.ts';

type Send = (command: Extract<ReaderCommand, { kind: 'keep' | 'release' }>) => void;

/**
 * Bytes that were dropped without a path, by id. The host keeps them, because a reader that ends takes its own with it,
 * until nobody needs them: they may be 256 MiB each.
 */
export class KeptBytes {
  readonly #bytes = new Map<string, Uint8Array>();
  /** Those that nobody will name again; they go once nothing that is being done is about them. */
  readonly #unwanted = new Set<string>();
  /** Those that the present process has. */
  readonly #given = new Set<string>();

  /** How many bytes are kept. */
  get total(): number {
    return [...this.#bytes.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** How many of them the present process has. */
  get givenTotal(): number {
    return [...this.#given].reduce((sum, id) => sum + this.#bytes.get(id)!.length, 0);
  }

  keep(id: string, bytes: Uint8Array): void {
    this.#bytes.set(id, bytes);
    this.#unwanted.delete(id);
  }

  /** Sends what the present process has not got yet. */
  give(ids: readonly string[], send: Send): void {
    for (const id of ids) {
      const bytes = this.#bytes.get(id);
      if (bytes === undefined || this.#given.has(id)) continue;
      this.#given.add(id);
      send({ kind: 'keep', id, bytes });
    }
  }

  /** The process has ended, and what it was given with it. */
  lose(): void {
    this.#given.clear();
  }

  /** Nobody will name these any more. */
  unwant(ids: readonly string[]): void {
    for (const id of ids) this.#unwanted.add(id);
  }

  /** Nobody will name any but these. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#bytes.keys()) {
      if (ids.has(id)) this.#unwanted.delete(id);
      else this.#unwanted.add(id);
    }
  }

  /** Lets go, here and in the process, of what nobody will name and nothing that is being done is about. */
  release(used: ReadonlySet<string>, send: Send): void {
    for (const id of this.#unwanted) {
      if (used.has(id)) continue;
      this.#unwanted.delete(id);
      this.#bytes.delete(id);
      if (this.#given.delete(id)) send({ kind: 'release', id });
    }
  }
}
