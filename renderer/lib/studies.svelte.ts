import type { CodedError } from '../../contract/errors.ts';
import type { AppStatus, WindowEvent } from '../../contract/ipc.ts';
import type { Preview, Progress, RadiographFacts, StageName, StudyResult } from '../../contract/stages.ts';

/**
 * The limit of contract/ipc.ts, written down again: importing it would bring its schema library into the page, which
 * probes for `eval` and so trips the content policy. A test compares the two.
 */
export const maxDroppedBytes = 256 * 1024 * 1024;

/** One dropped file and all that has been heard about it. */
export type Study = {
  readonly id: string;
  readonly fileName: string;
  readonly state: 'waiting' | 'working' | 'done' | 'failed';
  readonly progress: Progress | null;
  readonly seen: readonly StageName[];
  readonly preview: Preview | null;
  readonly facts: RadiographFacts | null;
  readonly result: StudyResult | null;
  readonly error: CodedError | null;
};

/**
 * The window's only state: studies in the order in which they were dropped, one worked on at a time, and the status
 * of the app. It exists apart from the components because events arrive whether or not a study is on display.
 */
export class Studies {
  list = $state.raw<readonly Study[]>([]);
  selectedId = $state<string | null>(null);
  status = $state.raw<AppStatus | null>(null);
  selected = $derived(this.list.find((study) => study.id === this.selectedId) ?? null);
  readonly #files = new Map<string, File>();

  /** Listens to the main process; returns the way to stop. */
  listen(): () => void {
    void window.cipherfilm.status().then((reply) => {
      if (reply.ok) this.status = reply.value;
    });
    return window.cipherfilm.onEvent((event) => this.#hear(event));
  }

  add(files: Iterable<File>): void {
    const added = [...files].map((file): Study => {
      const id = crypto.randomUUID();
      this.#files.set(id, file);
      return {
        id,
        fileName: file.name,
        state: 'waiting',
        progress: null,
        seen: [],
        preview: null,
        facts: null,
        result: null,
        error: null,
      };
    });
    if (added.length === 0) return;
    this.list = [...this.list, ...added];
    if (!this.list.some((study) => study.state === 'working')) this.selectedId = added[0]!.id;
    void this.#next();
  }

  cancel(id: string): void {
    const study = this.list.find((candidate) => candidate.id === id);
    if (study?.state === 'waiting') this.#fail(id, { code: 'cancelled', detail: {} });
    if (study?.state === 'working') void window.cipherfilm.cancel({ studyId: id });
  }

  /** Sends the first waiting file unless one is being worked on. */
  async #next(): Promise<void> {
    if (this.list.some((study) => study.state === 'working')) return;
    const study = this.list.find((candidate) => candidate.state === 'waiting');
    if (study === undefined) return;
    const { id } = study;
    // Follow the work, unless somebody is looking at an earlier result.
    if (this.selected === null || this.selected.state === 'failed') this.selectedId = id;
    this.#change(id, { state: 'working' });
    try {
      const file = this.#files.get(id)!;
      if (file.size > maxDroppedBytes) throw { code: 'request-invalid', detail: { bytes: file.size } };
      const bytes = new Uint8Array(await file.arrayBuffer());
      const reply = await window.cipherfilm.classify({ studyId: id, bytes });
      if (!reply.ok) this.#fail(id, { code: reply.code, detail: reply.detail });
    } catch (error) {
      // A file that vanished or a folder cannot be read; its message may hold a path.
      const coded = typeof error === 'object' && error !== null && 'code' in error && 'detail' in error;
      this.#fail(id, coded ? (error as CodedError) : { code: 'image-unreadable', detail: {} });
    }
  }

  #hear(event: WindowEvent): void {
    switch (event.kind) {
      case 'status':
        this.status = event.status;
        return;
      case 'progress': {
        const { progress, studyId } = event;
        const seen = this.list.find((study) => study.id === studyId)?.seen ?? [];
        const known = seen.includes(progress.stage);
        this.#change(studyId, { progress, seen: known ? seen : [...seen, progress.stage] });
        return;
      }
      case 'image':
        this.#change(event.studyId, { preview: event.preview, facts: event.facts });
        return;
      case 'done':
        this.#change(event.studyId, { state: 'done', result: event.result });
        this.#finish(event.studyId);
        return;
      case 'failed':
        this.#fail(event.studyId, event.error);
    }
  }

  #fail(id: string, error: CodedError): void {
    this.#change(id, { state: 'failed', error });
    this.#finish(id);
  }

  #finish(id: string): void {
    this.#files.delete(id);
    void this.#next();
  }

  #change(id: string, change: Partial<Study>): void {
    this.list = this.list.map((study) => (study.id === id ? { ...study, ...change } : study));
  }
}
