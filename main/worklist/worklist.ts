import { randomUUID } from 'node:crypto';
import { type CodedError, CxrError, toCodedError } from '../../contract/errors.ts';
import { type AnalysisId, parseAnalysisId } from '../../contract/ids/analysis-id.ts';
import type { AnalysisEvent } from '../../contract/ipc/analysis-event.ts';
import type { Location, Scanned } from '../../contract/ipc/reader.ts';
import type { StudyRow } from '../../contract/ipc/worklist.ts';
import type { EngineInput } from '../../contract/stages.ts';
import { afterFailure } from './after-failure.ts';
import { candidates, priorOf, urgencyOf } from './candidates.ts';
import { type Entry, freshEntry, reopened, takeImage } from './entry.ts';
import { largestDifference } from './largest-difference.ts';
import type { StoredStudy, WorklistStore } from './store.ts';

/** What the worklist needs of others. */
export type WorklistDeps = {
  /** Decodes an image and reduces it to what the engine is given. */
  readonly input: (location: Location, signal?: AbortSignal) => Promise<EngineInput>;
  readonly engine: {
    classify(analysisId: AnalysisId, input: EngineInput): void;
    cancel(analysisId: AnalysisId): boolean;
  };
  /** Computes the same network on the same image in plaintext. It gives one logit and one probability per finding. */
  readonly recompute: (
    input: EngineInput,
  ) => Promise<{ readonly logits: readonly number[]; readonly probabilities: readonly number[] }>;
  /** Where studies are kept. It is null when nothing is kept beyond this run. */
  readonly store: WorklistStore | null;
  readonly tell: (event: WorklistEvent) => void;
};

/** What the worklist tells: a row is new or has changed, or a study was removed. */
export type WorklistEvent =
  | { readonly kind: 'row'; readonly row: StudyRow }
  | { readonly kind: 'removed'; readonly id: string };

type Taken = Extract<Scanned, { kind: 'taken' }>;

/**
 * Keeps the studies of this workstation and decides what is classified next. One study is classified at a time. Every
 * change of state is stored before it is told. A study that was under way when the program ended is begun again by the
 * next run.
 *
 * A *study* is what DICOM means by it, the images of one examination. One of its images at a time is analysed.
 */
export class Worklist {
  readonly #deps: WorklistDeps;
  readonly #entries = new Map<string, Entry>();
  #isClosed = false;

  constructor(deps: WorklistDeps) {
    this.#deps = deps;
    for (const stored of deps.store?.load() ?? []) this.#entries.set(stored.row.id, reopened(stored));
  }

  /** The studies in the order in which they came. */
  get rows(): readonly StudyRow[] {
    return [...this.#entries.values()].map(({ row }) => row);
  }

  /** Goes on with what an earlier run left. Call it once the engine can be asked. */
  resume(): void {
    this.#next();
  }

  /**
   * Stores and tells nothing from now on. Call it before the processes are ended. Their end would otherwise read as a
   * crash or a cancellation of the study under way, which the next run is to begin again.
   */
  close(): void {
    this.#isClosed = true;
  }

  /** Returns where an image lies, or undefined for an image that is not in the list. */
  location(imageId: string): Location | undefined {
    for (const { locations } of this.#entries.values()) {
      const location = locations.get(imageId);
      if (location !== undefined) return location;
    }
    return undefined;
  }

  /** Tells where the images of a study are. */
  locations(id: string): readonly Location[] {
    return [...(this.#entries.get(id)?.locations.values() ?? [])];
  }

  /** The ids of what was dropped without a path and holds an image of the list. */
  get memoryIds(): ReadonlySet<string> {
    const all = [...this.#entries.values()].flatMap(({ locations }) => [...locations.values()]);
    return new Set(all.flatMap((location) => (location.kind === 'memory' ? [location.id] : [])));
  }

  /**
   * Takes images in, and puts those of one study together.
   *
   * @returns how many of them were in the list already, and the ids of the studies that they belong to.
   */
  add(taken: readonly Taken[]): { readonly known: number; readonly touched: readonly string[] } {
    let known = 0;
    const touched = new Set<string>();
    for (const one of taken) {
      const entry = this.#entryOf(one);
      touched.add(entry.row.id);
      if (!takeImage(entry, one)) known += 1;
    }
    for (const id of touched) this.#change(this.#entries.get(id)!, {});
    for (const { row } of [...this.#entries.values()]) {
      const entry = this.#entries.get(row.id)!;
      const priorId = priorOf(row, this.rows);
      if (priorId !== row.priorId) this.#change(entry, { priorId });
    }
    return { known, touched: [...touched] };
  }

  /** Asks for the classification of studies for which nobody has asked yet. The rules choose the image. */
  askFor(ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry?.row.state === 'unasked') this.#ask(entry, null);
    }
    this.#next();
  }

  /**
   * Classifies a study again, or another image of it.
   *
   * @param imageId  the image; null leaves the choice to the rules.
   * @returns        false for a study or image that is not there, and for a study that is under way.
   */
  retry(id: string, imageId: string | null): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.row.state === 'working') return false;
    if (imageId !== null && !entry.locations.has(imageId)) return false;
    this.#ask(entry, imageId);
    this.#next();
    return true;
  }

  /**
   * Computes a result again in plaintext on this machine, and keeps by how much the two differ.
   *
   * @returns false for a study without a result, and while a comparison is under way.
   */
  check(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry?.row.state !== 'done' || entry.row.check === 'working') return false;
    void this.#check(entry);
    return true;
  }

  async #check(entry: Entry): Promise<void> {
    const { result, scoredImageId } = entry.row;
    const location = entry.locations.get(scoredImageId ?? '');
    this.#change(entry, { check: 'working' });
    const keep = (check: StudyRow['check']) => {
      // Removed or classified anew meanwhile.
      if (this.#entries.get(entry.row.id) === entry && entry.row.result === result)
        this.#change(entry, { check });
    };
    try {
      if (location === undefined) throw new CxrError('file-unreadable', { reason: 'no longer known' });
      const started = performance.now();
      const plain = await this.#deps.recompute(await this.#deps.input(location));
      keep({ ...largestDifference(result!, plain), tookMs: performance.now() - started });
    } catch (error) {
      keep(toCodedError(error));
    }
  }

  /** Cancels a study that waits or is under way. @returns false for any other study. */
  cancel(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry?.row.state === 'waiting') {
      this.#change(entry, { state: 'cancelled', progress: null, error: { code: 'cancelled', detail: {} } });
      return true;
    }
    if (entry?.row.state !== 'working') return false;
    entry.reading?.abort();
    if (entry.analysis === null || !this.#deps.engine.cancel(entry.analysis))
      this.#end(entry, { code: 'cancelled', detail: {} });
    return true;
  }

  /** Forgets a study. One that is under way is cancelled first. @returns false for a study that is not there. */
  remove(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    this.cancel(id);
    this.#entries.delete(id);
    this.#deps.store?.remove(id);
    this.#deps.tell({ kind: 'removed', id });
    this.#next();
    return true;
  }

  /** Takes in what the engine tells about an analysis. */
  hear(event: AnalysisEvent): void {
    if (this.#isClosed) return;
    const entry = [...this.#entries.values()].find(({ analysis }) => analysis === event.analysisId);
    // Its study was removed, or the analysis was cancelled, meanwhile.
    if (entry?.row.state !== 'working') return;
    switch (event.kind) {
      case 'progress': {
        const { progress } = event;
        const isKnown = entry.row.seen.includes(progress.stage);
        const seen = isKnown ? entry.row.seen : [...entry.row.seen, progress.stage];
        entry.row = { ...entry.row, progress, seen };
        this.#deps.tell({ kind: 'row', row: entry.row });
        return;
      }
      case 'admitted':
        entry.row = { ...entry.row, pair: event.pair };
        this.#deps.tell({ kind: 'row', row: entry.row });
        return;
      case 'done': {
        const { result } = event;
        this.#change(entry, { state: 'done', result, urgency: urgencyOf(result), error: null });
        this.#next();
        return;
      }
      case 'failed':
        this.#end(entry, event.error);
    }
  }

  #entryOf({ header }: Taken): Entry {
    for (const entry of this.#entries.values()) if (entry.row.study.uid === header.study.uid) return entry;
    const entry = freshEntry(header);
    this.#entries.set(entry.row.id, entry);
    return entry;
  }

  #ask(entry: Entry, imageId: string | null): void {
    entry.tried.clear();
    entry.crashes = 0;
    entry.byRule = imageId === null;
    const scoredImageId = imageId ?? candidates(entry.row.images)[0]?.id ?? null;
    this.#change(entry, {
      scoredImageId,
      state: scoredImageId === null ? 'unasked' : 'waiting',
      ...{ progress: null, seen: [], pair: null, result: null, check: null, error: null, urgency: null },
    });
  }

  #next(): void {
    if (this.#isClosed) return;
    const entries = [...this.#entries.values()];
    if (entries.some(({ row }) => row.state === 'working')) return;
    const entry = entries.find(({ row }) => row.state === 'waiting');
    if (entry !== undefined) void this.#begin(entry);
  }

  async #begin(entry: Entry): Promise<void> {
    const { id, scoredImageId } = entry.row;
    const analysis = parseAnalysisId(randomUUID());
    entry.analysis = analysis;
    const isStill = () => entry.row.state === 'working' && entry.analysis === analysis;
    this.#change(entry, {
      state: 'working',
      progress: { stage: 'reading', fraction: null },
      seen: ['reading'],
    });
    try {
      const location = entry.locations.get(scoredImageId ?? '');
      if (location === undefined) throw new CxrError('file-unreadable', { reason: 'no longer known' });
      entry.tried.add(scoredImageId!);
      const reading = new AbortController();
      entry.reading = reading;
      const input = await this.#deps.input(location, reading.signal);
      if (this.#entries.get(id) === entry && isStill()) this.#deps.engine.classify(analysis, input);
    } catch (error) {
      if (isStill()) this.#end(entry, toCodedError(error));
    }
  }

  #end(entry: Entry, error: CodedError): void {
    this.#change(entry, afterFailure(entry, error));
    this.#next();
  }

  #change(entry: Entry, change: Partial<StudyRow>): void {
    if (this.#isClosed) return;
    entry.row = { ...entry.row, ...change };
    const stored: StoredStudy = { row: entry.row, locations: entry.locations };
    this.#deps.store?.save(stored);
    this.#deps.tell({ kind: 'row', row: entry.row });
  }
}
