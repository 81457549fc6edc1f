import { type CodedError, codedPart } from '../../contract/errors.ts';
import type { Thumbnail } from '../../contract/image/film.ts';
import type { AppStatus, MenuCommand, WindowEvent } from '../../contract/ipc/window.ts';
import type { DropReport, ImageRow, StudyRow } from '../../contract/ipc/worklist.ts';
import { filtered, type Group } from './filter.ts';
import { type Order, ordered } from './order.ts';

/** Where the page remembers which study it shows, until the window is closed: by an id that names no patient. */
const selection = 'selected study';

/**
 * The window's picture of the worklist. It exists apart from the components because events arrive whether or not a study
 * is on display.
 */
export class Studies {
  rows = $state.raw<readonly StudyRow[]>([]);
  reports = $state.raw<readonly DropReport[]>([]);
  status = $state.raw<AppStatus | null>(null);
  thumbnails = $state.raw<Readonly<Record<string, Thumbnail>>>({});
  selectedId = $state<string | null>(null);
  imageId = $state<string | null>(null);
  order = $state<Order>('arrival');
  group = $state<Group>('all');
  /** What somebody looks for: words of a name, a number, an accession number. */
  sought = $state('');
  /** Why the list is not kept on disk as it should be; null where all is well. */
  keeping = $state.raw<CodedError | null>(null);
  /** What went wrong with the last request of the window itself. */
  problem = $state.raw<CodedError | null>(null);

  list = $derived(ordered(filtered(this.rows, this.group, this.sought), this.order));
  selected = $derived(this.rows.find(({ id }) => id === this.selectedId) ?? null);
  image = $derived(this.selected?.images.find(({ id }) => id === this.imageId) ?? null);
  /** The study that was removed last, which can be put back. */
  removed = $state.raw<StudyRow | null>(null);
  readonly #asked = new Set<string>();

  /** Listens to the main process; returns the way to stop. */
  listen(onCommand: (command: MenuCommand) => void): () => void {
    const stop = window.cipherfilm.onEvent((event) => {
      if (event.kind === 'command') onCommand(event.command);
      else this.#hear(event);
    });
    void window.cipherfilm.status({}).then((reply) => {
      if (reply.ok) this.status = reply.value;
    });
    void window.cipherfilm.worklist({}).then((reply) => {
      if (!reply.ok) return;
      this.#take(reply.value.rows);
      this.reports = reply.value.reports.filter(({ finished, ...report }) => !finished || hasMore(report));
      this.keeping = reply.value.problem;
      // The page was loaded anew: what was on the screen comes back.
      const before = sessionStorage.getItem(selection);
      if (reply.value.rows.some(({ id }) => id === before)) this.select(before);
    });
    return stop;
  }

  async open(files: Iterable<File>): Promise<void> {
    const all = [...files];
    if (all.length > 0) this.#note(await window.cipherfilm.open(all));
  }
  async choose(what: 'files' | 'folder'): Promise<void> {
    this.#note(await window.cipherfilm.choose({ what }));
  }
  async retry(studyId: string, imageId: string | null, turns = false): Promise<void> {
    this.#note(await window.cipherfilm.retry({ studyId, imageId, turns }));
  }
  async cancel(studyId: string): Promise<void> {
    this.#note(await window.cipherfilm.cancel({ studyId }));
  }
  async check(studyId: string): Promise<void> {
    this.#note(await window.cipherfilm.check({ studyId }));
  }
  async remove(studyId: string): Promise<void> {
    const row = this.rows.find(({ id }) => id === studyId) ?? null;
    const reply = await window.cipherfilm.remove({ studyId });
    this.#note(reply);
    if (reply.ok && reply.value.removed) this.removed = row;
  }
  /** Puts the study back that was removed last, and shows it. */
  async restore(): Promise<void> {
    const { removed } = this;
    if (removed === null) return;
    this.removed = null;
    const reply = await window.cipherfilm.restore({ studyId: removed.id });
    this.#note(reply);
    if (reply.ok && reply.value.restored) this.select(removed.id);
  }

  select(id: string | null): void {
    this.selectedId = id;
    this.reports = this.reports.filter((report) => !isSeen(report, id));
    sessionStorage.setItem(selection, id ?? '');
    this.imageId = this.#firstImage()?.id ?? null;
  }

  /** The study before or after the selected one, as listed. */
  step(by: 1 | -1): void {
    const at = this.list.findIndex(({ id }) => id === this.selectedId);
    const next = this.list[at === -1 ? 0 : at + by];
    if (next !== undefined) this.select(next.id);
  }
  stepImage(by: 1 | -1): void {
    const images = this.selected?.images ?? [];
    const next = images[images.findIndex(({ id }) => id === this.imageId) + by];
    if (next !== undefined) this.imageId = next.id;
  }

  /** Small pictures are asked for once, when they are first wanted. */
  async wantThumbnail(imageId: string): Promise<void> {
    if (this.#asked.has(imageId)) return;
    this.#asked.add(imageId);
    const reply = await window.cipherfilm.thumbnail({ imageId });
    if (reply.ok) this.thumbnails = { ...this.thumbnails, [imageId]: reply.value };
  }

  /** Takes a study off the screen; the one that stood behind it, or before it, takes its place. */
  #forget(studyId: string): void {
    this.#forgetThumbnails(this.rows.find(({ id }) => id === studyId));
    const at = this.list.findIndex(({ id }) => id === studyId);
    this.rows = this.rows.filter(({ id }) => id !== studyId);
    if (this.selectedId === studyId)
      this.select((this.list[at] ?? this.list[at - 1] ?? this.list[0])?.id ?? null);
  }

  #forgetThumbnails(row: StudyRow | undefined): void {
    const gone = new Set(row?.images.map(({ id }) => id));
    for (const id of gone) this.#asked.delete(id);
    this.thumbnails = Object.fromEntries(Object.entries(this.thumbnails).filter(([id]) => !gone.has(id)));
  }

  dismissReport(id: string): void {
    this.reports = this.reports.filter((report) => report.id !== id);
  }

  #firstImage(): ImageRow | null {
    const { selected } = this;
    return selected?.images.find(({ id }) => id === selected.scoredImageId) ?? selected?.images[0] ?? null;
  }

  #note(reply: { readonly ok: true } | ({ readonly ok: false } & CodedError)): void {
    this.problem = reply.ok ? null : codedPart(reply);
  }

  #hear(event: Exclude<WindowEvent, { kind: 'command' }>): void {
    switch (event.kind) {
      case 'rows':
        this.#take(event.rows);
        return;
      case 'keeping':
        this.keeping = event.problem;
        return;
      case 'removed':
        this.#forget(event.id);
        return;
      case 'report':
        this.reports = [...this.reports.filter(({ id }) => id !== event.report.id), event.report].filter(
          (report) => !isSeen(report, this.selectedId),
        );
        return;
      case 'status':
        this.status = event.status;
    }
  }

  #take(rows: readonly StudyRow[]): void {
    if (rows.length === 0) return;
    const told = new Map(rows.map((row) => [row.id, row]));
    const before = this.selected;
    const known = new Set(this.rows.map(({ id }) => id));
    this.rows = [
      ...this.rows.map((row) => told.get(row.id) ?? row),
      ...rows.filter(({ id }) => !known.has(id)),
    ];
    if (this.selectedId === null) this.select(rows[0]!.id);
    const row = told.get(this.selectedId ?? '');
    if (row === undefined) return;
    // The image to be scored is chosen once all images are there, and again when the gate refuses it.
    const isNewlyChosen = row.scoredImageId !== null && before?.scoredImageId !== row.scoredImageId;
    if (this.imageId === null || isNewlyChosen) this.imageId = this.#firstImage()?.id ?? null;
  }
}

/** Whether a drop brought what the list does not show. */
const hasMore = ({ known, skipped }: Pick<DropReport, 'known' | 'skipped'>): boolean =>
  known > 0 || skipped.length > 0;

/** Whether a drop needs no word: all that came of it is in the list, and one of its studies is on the screen. */
const isSeen = ({ finished, studies, ...report }: DropReport, selectedId: string | null): boolean =>
  finished && !hasMore(report) && studies.includes(selectedId ?? '');
