import { randomUUID } from 'node:crypto';
import { type CodedError, CxrError, toCodedError } from '../../contract/errors.ts';
import type { StudyExport } from '../../contract/exchange/export-request.ts';
import { parseAnalysisId } from '../../contract/ids/analysis-id.ts';
import type { AnalysisEvent } from '../../contract/ipc/analysis-event.ts';
import type { Location } from '../../contract/ipc/reader.ts';
import type { StudyRow } from '../../contract/ipc/worklist.ts';
import { afterFailure } from './after-failure.ts';
import { ask } from './ask.ts';
import { candidates, urgencyOf } from './candidates.ts';
import { compare } from './compare.ts';
import { Entries, type Taken } from './entries.ts';
import { type Entry, reopened } from './entry.ts';
import { Keep } from './keep.ts';
import type { Added, WorklistDeps } from './worklist-deps.ts';

export type { WorklistDeps, WorklistEvent } from './worklist-deps.ts';

/**
 * Keeps the studies of this workstation and decides what is classified next. One study is classified at a time. Every
 * change of state is stored before it is told. A study that was under way when the program ended is begun again by the
 * next run.
 *
 * A *study* is what DICOM means by it, the images of one examination. One of its images at a time is analysed.
 */
export class Worklist {
  readonly #deps: WorklistDeps;
  readonly #keep: Keep;
  readonly #entries = new Entries();
  #isClosed = false;
  /** The keys are locked: what waits, waits for them. */
  #isHeld = false;

  constructor(deps: WorklistDeps) {
    this.#deps = deps;
    this.#keep = new Keep(deps.store ?? { store: null, problem: null }, (problem) =>
      deps.tell({ kind: 'keeping', problem }),
    );
    for (const stored of this.#keep.load()) this.#entries.admit(reopened(stored));
  }

  /** Why the list is not kept on disk as it should be; null where all is well. */
  get problem(): CodedError | null {
    return this.#keep.problem;
  }

  /** The number of studies that are under way or wait for their turn. */
  get inFlight(): number {
    return this.rows.filter(({ state }) => state === 'working' || state === 'waiting').length;
  }

  /** Whether a study is under way, or will be without anybody's help. */
  get isUnderWay(): boolean {
    return !this.#isHeld && this.inFlight > 0;
  }

  /** The studies in the order in which they came. */
  get rows(): readonly StudyRow[] {
    return this.#entries.rows;
  }

  /**
   * Goes on with what an earlier run left, or with what waits since the keys were locked. Call it once the engine can be
   * asked, and when the keys are open again.
   */
  resume(): void {
    this.#isHeld = false;
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
    return this.#entries.location(imageId);
  }

  /** Whether an image of the list, or of the study that was removed last, lies in this file. */
  holds(path: string): boolean {
    return this.#entries.held.some((location) => location.kind === 'file' && location.path === path);
  }

  /** Tells where the images of a study are. */
  locations(id: string): readonly Location[] {
    return [...(this.#entries.get(id)?.locations.values() ?? [])];
  }

  /** The ids of what was dropped without a path and holds an image of the list, or of the study that was removed last. */
  get memoryIds(): ReadonlySet<string> {
    return new Set(
      this.#entries.held.flatMap((location) => (location.kind === 'memory' ? [location.id] : [])),
    );
  }

  /** Takes images in, and puts those of one study together. */
  add(taken: readonly Taken[]): Added {
    const { known, others, touched, changed } = this.#entries.place(taken);
    this.#keepAndTell(changed);
    return { known, others, touched: [...touched].map(({ row }) => row.id) };
  }

  /** Asks for the classification of studies for which nobody has asked yet. The rules choose the image. */
  askFor(ids: readonly string[]): void {
    const asked = ids
      .map((id) => this.#entries.get(id))
      .filter((entry) => entry?.row.state === 'unasked' && candidates(entry.row.images).length > 0);
    for (const entry of asked as Entry[]) ask(entry, null);
    this.#keepAndTell(asked as Entry[]);
    this.#next();
  }

  /**
   * Classifies a study again, or another image of it.
   *
   * @param imageId  the image; null leaves the choice to the rules.
   * @param turns    whether the film is to be turned as its picture shows.
   * @returns        false for a study or image that is not there, and for a study that is under way.
   */
  retry(id: string, imageId: string | null, turns = false): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.row.state === 'working') return false;
    if (imageId !== null && !entry.locations.has(imageId)) return false;
    ask(entry, imageId, turns);
    this.#keepAndTell([entry]);
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
    void compare(entry, this.#deps, (change) => {
      if (this.#entries.get(id) === entry) this.#change(entry, change);
    });
    return true;
  }

  /** Notes what became of an export of a study's result. @returns false for a study that is not there. */
  exported(id: string, one: StudyExport): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    const others = entry.row.exports.filter((known) => known.id !== one.id);
    this.#change(entry, { exports: [...others, one] });
    return true;
  }

  /** Cancels a study that waits or is under way, at once. @returns false for any other study. */
  cancel(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry?.row.state === 'waiting') {
      this.#change(entry, { state: 'cancelled', progress: null, error: { code: 'cancelled', detail: {} } });
      return true;
    }
    if (entry?.row.state !== 'working') return false;
    entry.reading?.abort();
    if (entry.analysis !== null) this.#deps.engine.cancel(entry.analysis);
    // Nobody waits for the engine to come to an end; what it still says of this analysis is not heard any more.
    entry.analysis = null;
    this.#end(entry, { code: 'cancelled', detail: {} });
    return true;
  }

  /**
   * Takes a study out of the list and off the disk. One that is under way is cancelled first. Until the next one is
   * removed, and as long as the program runs, `restore` puts it back.
   *
   * @returns false for a study that is not there.
   */
  remove(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    const isOpen = entry.row.state === 'working' || entry.row.state === 'waiting';
    this.cancel(id);
    this.#entries.remove(entry, isOpen);
    this.#keep.remove(id);
    this.#deps.tell({ kind: 'removed', id });
    this.#keepAndTell(this.#entries.place([]).changed);
    this.#next();
    return true;
  }

  /**
   * Puts the study back that was removed last, as it was; one that was under way waits for its turn again.
   *
   * @returns false for another study, and for one that came into the list anew meanwhile.
   */
  restore(id: string): boolean {
    const back = this.#entries.restore(id);
    if (back === null) return false;
    const { entry, isOpen } = back;
    if (isOpen) ask(entry, entry.byRule ? null : entry.row.scoredImageId, entry.row.turns);
    this.#keepAndTell([...new Set([entry, ...this.#entries.place([]).changed])]);
    this.#next();
    return true;
  }

  /** Takes in what the engine tells about an analysis. */
  hear(event: AnalysisEvent): void {
    if (this.#isClosed) return;
    const entry = this.#entries.ofAnalysis(event.analysisId);
    // Its study was removed, or the analysis was cancelled, meanwhile.
    if (entry?.row.state !== 'working') return;
    switch (event.kind) {
      case 'progress': {
        const { progress } = event;
        const { seen } = entry.row;
        if (!seen.includes(progress.stage)) {
          this.#change(entry, { progress, seen: [...seen, progress.stage] });
          return;
        }
        // How far a stage has come is not worth a write.
        entry.row = { ...entry.row, progress };
        this.#deps.tell({ kind: 'rows', rows: [entry.row] });
        return;
      }
      case 'admitted':
        this.#change(entry, { pair: event.pair });
        return;
      case 'asked':
        this.#change(entry, { asked: event.question });
        return;
      case 'done': {
        const { result } = event;
        const resultAt = new Date().toISOString();
        const urgency = urgencyOf(result);
        this.#change(entry, { state: 'done', asked: null, result, resultAt, urgency, error: null });
        this.#deps.onResult?.(entry.row);
        this.#next();
        return;
      }
      case 'failed':
        // Every other study would meet the same.
        if (event.error.code === 'key-locked') this.#isHeld = true;
        this.#end(entry, event.error);
    }
  }

  #next(): void {
    if (this.#isClosed || this.#isHeld) return;
    const entries = this.#entries.all;
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
      const read = await this.#deps.input(location, reading.signal);
      const input = { ...read, turnsByPicture: entry.row.turns };
      if (this.#entries.get(id) === entry && isStill())
        this.#deps.engine.classify(analysis, input, entry.row.asked);
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
    this.#keepAndTell([entry]);
  }

  /** Writes entries to the disk, then tells them: what the window shows has been written. */
  #keepAndTell(entries: readonly Entry[]): void {
    if (this.#isClosed || entries.length === 0) return;
    this.#keep.save(...entries.map(({ row, locations }) => ({ row, locations })));
    this.#deps.tell({ kind: 'rows', rows: entries.map(({ row }) => row) });
  }
}
