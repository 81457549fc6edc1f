import { randomUUID } from 'node:crypto';
import { type CodedError, CxrError, toCodedError } from '../../contract/errors.ts';
import { type AnalysisId, parseAnalysisId } from '../../contract/ids/analysis-id.ts';
import type { AnalysisEvent } from '../../contract/ipc/analysis-event.ts';
import type { Location, Scanned } from '../../contract/ipc/reader.ts';
import type { ImageRow, StudyRow } from '../../contract/ipc/worklist.ts';
import type { AnalysisResult, EngineInput } from '../../contract/stages.ts';
import { candidates, priorOf, urgencyOf } from './candidates.ts';
import type { StoredStudy, WorklistStore } from './store.ts';

export type WorklistDeps = {
  /** Decodes an image down to what the engine is given of it. */
  readonly input: (location: Location, signal?: AbortSignal) => Promise<EngineInput>;
  readonly engine: {
    classify(analysisId: AnalysisId, input: EngineInput): void;
    cancel(analysisId: AnalysisId): boolean;
  };
  /** The same network on the same image in plaintext, one number per finding. */
  readonly recompute: (
    input: EngineInput,
  ) => Promise<{ readonly logits: readonly number[]; readonly probabilities: readonly number[] }>;
  /** null: nothing is kept beyond this run. */
  readonly store: WorklistStore | null;
  readonly tell: (event: WorklistEvent) => void;
};

export type WorklistEvent =
  | { readonly kind: 'row'; readonly row: StudyRow }
  | { readonly kind: 'removed'; readonly id: string };

type Entry = {
  row: StudyRow;
  readonly locations: Map<string, Location>;
  /** Images that were tried since somebody last asked. */
  readonly tried: Set<string>;
  /** The image was chosen by the rules, so that the next one is tried when it is refused. */
  byRule: boolean;
  /** Times that the engine died under it since somebody last asked. */
  crashes: number;
  /** The analysis under way. What comes late from an earlier one has another id and is not taken for this one's. */
  analysis: AnalysisId | null;
  /** Gives up reading the image of that analysis. */
  reading: AbortController | null;
};

type Taken = Extract<Scanned, { kind: 'taken' }>;

/** The input gate and the reader refuse an image; nothing was sent. */
const refusals = /^(input-|dicom-|file-too-|reader-crashed$)/;
/** From here on the engine has seen the evaluator's answer: sending the study again by itself could tell it something. */
const afterAnswer: ReadonlySet<string> = new Set(['receiving', 'decrypting', 'done']);
const mostCrashes = 2;

/**
 * The studies of this workstation and what becomes of them. One is classified at a time; every change of state is stored
 * before it is told, and a study that was under way when the program ended is begun again.
 */
export class Worklist {
  readonly #deps: WorklistDeps;
  readonly #entries = new Map<string, Entry>();
  #isClosed = false;

  constructor(deps: WorklistDeps) {
    this.#deps = deps;
    for (const { row, locations } of deps.store?.load() ?? []) {
      const isOpen = row.state === 'working' || row.state === 'waiting';
      this.#entries.set(row.id, {
        row: isOpen ? { ...row, state: 'waiting', progress: null, seen: [] } : withoutUnfinishedCheck(row),
        locations: new Map(locations),
        tried: new Set(),
        byRule: true,
        crashes: 0,
        analysis: null,
        reading: null,
      });
    }
  }

  get rows(): readonly StudyRow[] {
    return [...this.#entries.values()].map(({ row }) => row);
  }

  /** Goes on with what an earlier run left. */
  resume(): void {
    this.#next();
  }

  /**
   * Nothing is stored or told any more. Closing comes before the processes are ended, because their end would read as
   * a crash or a cancellation of the study under way, which is to be begun again by the next run.
   */
  close(): void {
    this.#isClosed = true;
  }

  location(imageId: string): Location | undefined {
    for (const { locations } of this.#entries.values()) {
      const location = locations.get(imageId);
      if (location !== undefined) return location;
    }
    return undefined;
  }

  /** Where the images of a study are. */
  locations(id: string): readonly Location[] {
    return [...(this.#entries.get(id)?.locations.values() ?? [])];
  }

  /** Takes images in; those of one study belong together. @returns how many there were already. */
  add(taken: readonly Taken[]): { readonly known: number; readonly touched: readonly string[] } {
    let known = 0;
    const touched = new Set<string>();
    for (const one of taken) {
      const entry = this.#entryOf(one);
      const same = entry.row.images.find(({ frame }) => frame.uid === one.header.image.uid);
      touched.add(entry.row.id);
      if (same !== undefined) {
        known += 1;
        // It may have moved since.
        entry.locations.set(same.id, one.location);
        continue;
      }
      const image: ImageRow = {
        id: randomUUID(),
        name: one.name,
        series: one.header.series,
        frame: one.header.image,
      };
      entry.locations.set(image.id, one.location);
      entry.row = { ...entry.row, images: [...entry.row.images, image].sort(bySeries) };
    }
    for (const id of touched) this.#change(this.#entries.get(id)!, {});
    for (const { row } of [...this.#entries.values()]) {
      const entry = this.#entries.get(row.id)!;
      const priorId = priorOf(row, this.rows);
      if (priorId !== row.priorId) this.#change(entry, { priorId });
    }
    return { known, touched: [...touched] };
  }

  /** Asks for classification of studies that nobody has asked for yet; the rules choose the image. */
  askFor(ids: readonly string[]): void {
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry?.row.state === 'unasked') this.#ask(entry, null);
    }
    this.#next();
  }

  /** Classifies again, or another image. @param imageId  null: as the rules say. */
  retry(id: string, imageId: string | null): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.row.state === 'working') return false;
    if (imageId !== null && !entry.locations.has(imageId)) return false;
    this.#ask(entry, imageId);
    this.#next();
    return true;
  }

  /** Computes a result again in plaintext, here, and keeps by how much they differ. */
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
      keep({ ...difference(result!, plain), tookMs: performance.now() - started });
    } catch (error) {
      keep(toCodedError(error));
    }
  }

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

  /** Forgets a study; one under way is cancelled first. */
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

  /** What the engine tells of an analysis. */
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
    const entry: Entry = {
      row: {
        id: randomUUID(),
        patient: header.patient,
        study: header.study,
        images: [],
        scoredImageId: null,
        state: 'unasked',
        progress: null,
        seen: [],
        pair: null,
        result: null,
        check: null,
        error: null,
        addedAt: Date.now(),
        urgency: null,
        priorId: null,
      },
      locations: new Map(),
      tried: new Set(),
      byRule: true,
      crashes: 0,
      analysis: null,
      reading: null,
    };
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
    const refused = refusals.test(error.code);
    const another = candidates(entry.row.images).find(({ id }) => !entry.tried.has(id));
    if (error.code === 'cancelled') this.#change(entry, { state: 'cancelled', progress: null, error });
    else if (refused && entry.byRule && another !== undefined)
      this.#change(entry, {
        state: 'waiting',
        scoredImageId: another.id,
        progress: null,
        seen: [],
        pair: null,
      });
    else if (refused) this.#change(entry, { state: 'refused', error });
    else if (this.#mayBeginAgain(entry, error))
      this.#change(entry, { state: 'waiting', progress: null, seen: [], pair: null });
    else this.#change(entry, { state: 'failed', error });
    this.#next();
  }

  /** After a crash of the engine, unless it had the evaluator's answer. The reader's host begins again by itself. */
  #mayBeginAgain(entry: Entry, { code }: CodedError): boolean {
    if (code !== 'engine-crashed') return false;
    if (entry.row.seen.some((stage) => afterAnswer.has(stage))) return false;
    entry.crashes += 1;
    return entry.crashes <= mostCrashes;
  }

  #change(entry: Entry, change: Partial<StudyRow>): void {
    if (this.#isClosed) return;
    entry.row = { ...entry.row, ...change };
    const stored: StoredStudy = { row: entry.row, locations: entry.locations };
    this.#deps.store?.save(stored);
    this.#deps.tell({ kind: 'row', row: entry.row });
  }
}

const withoutUnfinishedCheck = (row: StudyRow): StudyRow =>
  row.check === 'working' ? { ...row, check: null } : row;

/** Largest differences over the findings. */
function difference(
  { findings }: AnalysisResult,
  plain: { readonly logits: readonly number[]; readonly probabilities: readonly number[] },
): { readonly logit: number; readonly probability: number } {
  const largest = (each: (index: number) => number) =>
    Math.max(...findings.map((_, index) => Math.abs(each(index))));
  return {
    logit: largest((index) => findings[index]!.logit - plain.logits[index]!),
    probability: largest((index) => findings[index]!.probability - plain.probabilities[index]!),
  };
}

const bySeries = (a: ImageRow, b: ImageRow): number =>
  (a.series.number ?? 1e9) - (b.series.number ?? 1e9) ||
  a.series.uid.localeCompare(b.series.uid) ||
  (a.frame.number ?? 1e9) - (b.frame.number ?? 1e9) ||
  a.frame.uid.localeCompare(b.frame.uid);
