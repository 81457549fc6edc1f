import type { AnalysisId } from '../../contract/ids/analysis-id.ts';
import type { Location, Scanned } from '../../contract/ipc/reader.ts';
import type { StudyRow } from '../../contract/ipc/worklist.ts';
import { priorsOf, studyKey } from './candidates.ts';
import { type Entry, freshEntry, takeImage } from './entry.ts';

/** An image that a scan took. */
export type Taken = Extract<Scanned, { kind: 'taken' }>;

/** What came of images that were put into their studies. */
export type Placed = {
  /** The number of images that were in the list already. */
  readonly known: number;
  /** The images that have the UID of an image in the list, and other pixels. They were not taken. */
  readonly others: readonly Taken[];
  /** The studies that the taken images belong to. */
  readonly touched: ReadonlySet<Entry>;
  /** Those studies, and the ones that have another prior now. */
  readonly changed: readonly Entry[];
};

/** An entry that was taken out, and whether it was under way or waited then. */
type Removed = { readonly entry: Entry; readonly isOpen: boolean };

/** The entries of the worklist in the order of their arrival, and the ways in which they are found. */
export class Entries {
  readonly #byId = new Map<string, Entry>();
  /** The same entries by `studyKey`. */
  readonly #byStudy = new Map<string, Entry>();
  #removed: Removed | null = null;

  /** All entries. */
  get all(): readonly Entry[] {
    return [...this.#byId.values()];
  }
  /** What is shown of all entries. */
  get rows(): readonly StudyRow[] {
    return this.all.map(({ row }) => row);
  }

  /** Finds an entry by its row's id. */
  get(id: string): Entry | undefined {
    return this.#byId.get(id);
  }

  /** Finds the entry of an analysis, which may have been removed meanwhile. */
  ofAnalysis(id: AnalysisId): Entry | undefined {
    return this.all.find(({ analysis }) => analysis === id);
  }

  /** Finds where an image lies. */
  location(imageId: string): Location | undefined {
    for (const { locations } of this.#byId.values()) {
      const location = locations.get(imageId);
      if (location !== undefined) return location;
    }
    return undefined;
  }

  /** Puts an entry at the end. */
  admit(entry: Entry): Entry {
    this.#byId.set(entry.row.id, entry);
    this.#byStudy.set(studyKey(entry.row), entry);
    return entry;
  }

  /** Takes an entry out. It is kept until the next one is. `isOpen` says that it was under way or waited. */
  remove(entry: Entry, isOpen: boolean): void {
    this.#byId.delete(entry.row.id);
    this.#byStudy.delete(studyKey(entry.row));
    this.#removed = { entry, isOpen };
  }

  /** Puts the entry back that was taken out last. @returns null for another id, and where its study came anew. */
  restore(id: string): Removed | null {
    const removed = this.#removed;
    if (removed?.entry.row.id !== id || this.#byStudy.has(studyKey(removed.entry.row))) return null;
    this.#removed = null;
    this.admit(removed.entry);
    return removed;
  }

  /** Where the images of all entries lie, and those of the one that was taken out last. */
  get held(): readonly Location[] {
    const entries = [...this.all, ...(this.#removed === null ? [] : [this.#removed.entry])];
    return entries.flatMap(({ locations }) => [...locations.values()]);
  }

  /** Puts images into their studies, new ones among them, and finds the priors anew. */
  place(taken: readonly Taken[]): Placed {
    let known = 0;
    const others: Taken[] = [];
    const touched = new Set<Entry>();
    for (const one of taken) {
      const entry = this.#byStudy.get(studyKey(one.header)) ?? this.admit(freshEntry(one.header));
      const outcome = takeImage(entry, one);
      if (outcome === 'known') known += 1;
      if (outcome === 'other') others.push(one);
      else touched.add(entry);
    }
    const priors = priorsOf(this.rows);
    const changed = this.all.filter((entry) => {
      const priorId = priors.get(entry.row.id) ?? null;
      if (priorId === entry.row.priorId) return touched.has(entry);
      entry.row = { ...entry.row, priorId };
      return true;
    });
    return { known, others, touched, changed };
  }
}
