import type { CodedError } from '../../contract/errors.ts';
import { type OpenedStore, type StoredStudy, storeProblem, type WorklistStore } from './store.ts';

/**
 * Keeps studies on disk, and goes on without when that fails. A study that could not be saved is saved with the next
 * one that can be.
 */
export class Keep {
  readonly #store: WorklistStore | null;
  readonly #tell: (problem: CodedError | null) => void;
  readonly #unsaved = new Map<string, StoredStudy>();
  readonly #unremoved = new Set<string>();
  #problem: CodedError | null;

  constructor({ store, problem }: OpenedStore, tell: (problem: CodedError | null) => void) {
    this.#store = store;
    this.#problem = problem;
    this.#tell = tell;
  }

  /** Why the list is not as it should be on disk; null where all is well. */
  get problem(): CodedError | null {
    return this.#problem;
  }

  /** Reads what an earlier run left. */
  load(): readonly StoredStudy[] {
    let studies: readonly StoredStudy[] = [];
    this.#attempt((store) => {
      studies = store.load();
    });
    return studies;
  }

  /** Writes studies. They are on the disk when this returns, unless `problem` says otherwise. */
  save(...studies: readonly StoredStudy[]): void {
    for (const study of studies) this.#unsaved.set(study.row.id, study);
    this.#flush();
  }

  /** Deletes a study for good. */
  remove(id: string): void {
    this.#unsaved.delete(id);
    this.#unremoved.add(id);
    this.#flush();
  }

  #flush(): void {
    this.#attempt((store) => {
      if (this.#unsaved.size > 0) store.save(...this.#unsaved.values());
      for (const id of this.#unremoved) store.remove(id);
    });
    // Without a store there is nothing to make up for later.
    if (this.#store !== null && this.#problem?.code === 'worklist-unwritable') return;
    this.#unsaved.clear();
    this.#unremoved.clear();
  }

  #attempt(work: (store: WorklistStore) => void): void {
    if (this.#store === null) return;
    try {
      work(this.#store);
      if (this.#problem?.code === 'worklist-unwritable') this.#set(null);
    } catch (error) {
      const problem = storeProblem(error);
      if (this.#problem?.code !== problem.code) this.#set(problem);
    }
  }

  #set(problem: CodedError | null): void {
    this.#problem = problem;
    this.#tell(problem);
  }
}
