import type { Arrival } from '../../contract/ipc/network.ts';

/** What is needed to take in what arrives. */
export type ReceivedDeps = {
  /** Takes files into the worklist; resolves when that is done, and never rejects. */
  readonly open: (paths: readonly string[]) => Promise<void>;
  /** Whether the worklist has an image in this file. */
  readonly holds: (path: string) => boolean;
  /** Says that a file is done with (`NetworkHost.done`): one of the spool is removed. */
  readonly done: (path: string) => void;
  /** A study is taken in when nothing more of it has come for so long, ms. */
  readonly quietMs?: number;
};

/** Images of one study come within a second of each other; the best of them is to be classified. */
const usualQuietMs = 3_000;

/**
 * Takes what other machines send into the worklist, a study at a time. A received file stays in the spool as long as the
 * worklist shows it, so that the spool's limit bounds what others can fill the disk with.
 */
export class Received implements Disposable {
  readonly #deps: ReceivedDeps;
  /** Files that wait until their study is whole, by study. */
  readonly #coming = new Map<string, { readonly paths: string[]; timer?: NodeJS.Timeout }>();
  /** Files of the spool that the worklist shows. */
  readonly #kept = new Set<string>();

  constructor(deps: ReceivedDeps) {
    this.#deps = deps;
  }

  /** Hears of a file that has arrived. One that an earlier run has taken in is not taken in again. */
  arrived({ path, study, by }: Arrival): void {
    if (this.#deps.holds(path)) {
      if (by === 'network') this.#kept.add(path);
      else this.#deps.done(path);
      return;
    }
    const key = study ?? path;
    const coming: { readonly paths: string[]; timer?: NodeJS.Timeout } = this.#coming.get(key) ?? {
      paths: [],
    };
    clearTimeout(coming.timer);
    coming.paths.push(path);
    coming.timer = setTimeout(() => {
      this.#coming.delete(key);
      void this.take(coming.paths, by);
    }, this.#deps.quietMs ?? usualQuietMs);
    this.#coming.set(key, coming);
  }

  /** Lets go of the files that the worklist does not show any more. Call it when a study was removed. */
  removed(): void {
    for (const path of this.#kept) if (!this.#deps.holds(path)) this.#letGo(path);
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#coming.values()) clearTimeout(timer);
    this.#coming.clear();
  }

  /** Takes files in at once. It resolves when they are in the list, and never rejects. */
  async take(paths: readonly string[], by: Arrival['by']): Promise<void> {
    await this.#deps.open(paths);
    // A watched file is somebody else's, and is only not handed on again.
    for (const path of paths)
      if (by === 'network' && this.#deps.holds(path)) this.#kept.add(path);
      else this.#letGo(path);
    // An image that was sent once more has taken the place of the file that came first.
    this.removed();
  }

  #letGo(path: string): void {
    this.#kept.delete(path);
    this.#deps.done(path);
  }
}
