import { randomUUID } from 'node:crypto';
import { type CodedError, CxrError } from '../../contract/errors.ts';
import {
  type Location,
  placeOf,
  type ReaderCommand,
  type ReaderEvent,
  type ReaderReply,
  type ReaderRequest,
  type Scanned,
  type SentSource,
  type Source,
} from '../../contract/ipc/reader.ts';
import { CrashRecord, type Offence } from './crash-record.ts';
import { FileWatch, type Overrun } from './file-watch.ts';
import { KeptBytes } from './kept-bytes.ts';
import type { Port, Program } from './port.ts';
import { type Asked, type FileRequest, type Job, keptIn, keptOf, memoryId } from './reader-job.ts';
import { type ReaderLimits, readerLimits } from './reader-limits.ts';

export type ReaderHostOptions = {
  readonly launch: (program: Program) => Port<ReaderCommand, ReaderEvent>;
  /** Path of the reader's script. */
  readonly entry: string;
  /** Bytes that a process has in RAM; null where the system does not say. */
  readonly residentBytes: (pid: number) => number | null | Promise<number | null>;
  readonly limits?: ReaderLimits;
};

/** Readers in a row that ended before they took any file in hand: another one would do the same. */
const mostStillborn = 2;

/**
 * Owns the reader process, which is started when it is first needed, or before that by `start`. When it dies, hangs or
 * fills memory, that costs the file that it had in hand; everything else that was asked is asked of a new process, and a scan goes on behind that
 * file. Bytes that were dropped without a path are kept here while somebody needs them (`KeptBytes`).
 */
export class ReaderHost implements AsyncDisposable {
  readonly #options: ReaderHostOptions;
  readonly #limits: ReaderLimits;
  readonly #jobs = new Map<string, Job>();
  readonly #record = new CrashRecord();
  readonly #kept = new KeptBytes();
  readonly #watch: FileWatch;
  #port: Port<ReaderCommand, ReaderEvent> | null = null;
  #stillborn = 0;
  #isDisposed = false;

  constructor(options: ReaderHostOptions) {
    this.#options = options;
    this.#limits = options.limits ?? readerLimits;
    this.#watch = new FileWatch({
      limits: this.#limits,
      residentBytes: () => this.#residentBytes(),
      over: (why) => this.#end(why),
    });
  }

  /** The system's number of the reader; undefined while none runs. */
  get pid(): number | undefined {
    return this.#port?.pid;
  }

  /** Starts the reader before it is needed, so that the first file does not wait for it. */
  start(): void {
    if (!this.#isDisposed) this.#running();
  }

  /**
   * Asks something of one file.
   *
   * @param signal  cancels: the promise is rejected at once, whatever the reader is doing.
   * @throws CxrError what the reader refused with; 'reader-crashed', 'file-too-slow' or 'file-too-costly' when the file
   *         ended the reader, now or earlier; 'cancelled'.
   */
  request<R extends FileRequest>(request: R, signal?: AbortSignal): Promise<ReaderReply[R['kind']]> {
    const verdict = this.#record.verdict(request.location);
    if (verdict !== undefined) return Promise.reject(CxrError.from(verdict));
    return this.#ask({ kind: 'file', request }, signal) as Promise<ReaderReply[R['kind']]>;
  }

  /**
   * Finds the radiographs in what was dropped. A file that ends the reader is told with its code like others that are
   * skipped.
   *
   * @param hear  is told what was found, in parts.
   * @throws CxrError 'cancelled'; 'reader-crashed' when none can be started; 'file-too-slow' when it takes nothing in hand.
   */
  async scan(
    sources: readonly Source[],
    hear: (scanned: readonly Scanned[]) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const sent = sources.map((source): SentSource => {
      if (source.kind === 'path') return source;
      this.#kept.keep(source.id, source.bytes);
      return { kind: 'kept', id: source.id, name: source.name };
    });
    const past = { told: new Map(), condemned: new Map() };
    const taken = new Set<string>();
    const listen = (scanned: readonly Scanned[]) => {
      for (const one of scanned) if (one.kind === 'taken') taken.add(memoryId(one.location));
      hear(scanned);
    };
    await this.#ask({ kind: 'scan', sources: sent, past, hear: listen }, signal).finally(() => {
      // A location can only be of what was taken.
      this.#kept.unwant(keptOf(sent).filter((id) => !taken.has(id)));
      this.#release();
    });
  }

  /** How many bytes are kept that were dropped without a path. */
  get keptBytes(): number {
    return this.#kept.total;
  }

  /** Releases the kept bytes that nobody will name again; those of what is being done now go when it is done. */
  keepOnly(ids: ReadonlySet<string>): void {
    this.#kept.keepOnly(ids);
    this.#release();
  }

  #release(): void {
    const used = new Set([...this.#jobs.values()].flatMap(keptIn));
    this.#kept.release(used, (command) => this.#port?.send(command));
  }

  /** Somebody asks for a file again that ended the reader. */
  pardon(location: Location): void {
    this.#record.pardon(location);
  }

  /** Ends the reader for good, and resolves when its process is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    const port = this.#port;
    this.#discard();
    this.#failAll({ code: 'cancelled', detail: {} });
    this.keepOnly(new Set());
    if (port !== null) await new Promise<void>((resolve) => port.onEnd(() => resolve()));
  }

  #ask(what: Asked, signal?: AbortSignal): Promise<unknown> {
    if (this.#isDisposed || signal?.aborted) return Promise.reject(new CxrError('cancelled'));
    const job: Job = { ...what, id: randomUUID(), settle: Promise.withResolvers() };
    this.#jobs.set(job.id, job);
    this.#send(job);
    const cancel = () => this.#cancel(job);
    signal?.addEventListener('abort', cancel, { once: true });
    return job.settle.promise.finally(() => {
      signal?.removeEventListener('abort', cancel);
      this.#release();
    });
  }

  #cancel(job: Job): void {
    if (!this.#jobs.delete(job.id)) return;
    job.settle.reject(new CxrError('cancelled'));
    this.#port?.send({ kind: 'cancel', id: job.id });
    if (this.#watch.held?.id === job.id) this.#watch.hurry();
    else if (this.#jobs.size === 0) this.#watch.heard(false);
  }

  #send(job: Job): void {
    const port = this.#running();
    this.#kept.give(keptIn(job), (command) => port.send(command));
    const request: ReaderRequest =
      job.kind === 'file' ? job.request : { kind: 'scan', sources: job.sources, past: job.past };
    port.send({ kind: 'request', id: job.id, request });
    this.#watch.expect();
  }

  #running(): Port<ReaderCommand, ReaderEvent> {
    if (this.#port !== null) return this.#port;
    const { launch, entry } = this.#options;
    const port = launch({ name: 'reader', entry, heapMiB: this.#limits.heapMiB });
    this.#port = port;
    // What an abandoned process still says is not listened to.
    port.onEvent((event) => {
      if (this.#port !== port) return;
      this.#hear(event);
      this.#watch.heard(this.#jobs.size > 0);
    });
    port.onEnd(() => {
      if (this.#port === port) this.#end('reader-crashed');
    });
    return port;
  }

  #hear(event: ReaderEvent): void {
    switch (event.kind) {
      case 'holds':
        this.#stillborn = 0;
        this.#watch.take(event);
        // It was cancelled while this was on its way.
        if (!this.#jobs.has(event.id)) this.#watch.hurry();
        return;
      case 'idle':
        this.#watch.leave();
        return;
      case 'scanned':
        this.#hearScanned(this.#jobs.get(event.id), event.scanned);
        return;
      case 'reply':
        this.#jobs.get(event.id)?.settle.resolve(event.value);
        break;
      case 'refused':
        this.#jobs.get(event.id)?.settle.reject(CxrError.from(event.error));
    }
    this.#jobs.delete(event.id);
  }

  #hearScanned(job: Job | undefined, scanned: readonly Scanned[]): void {
    if (job?.kind !== 'scan') return;
    for (const one of scanned) {
      const taken = one.kind === 'taken' ? { uid: one.header.image.uid, pixels: one.pixels } : null;
      job.past.told.set(placeOf(one.location), taken);
      // It was dropped again.
      if (one.kind === 'taken') this.#record.pardon(one.location);
    }
    job.hear(scanned);
  }

  /** Gives the present process up and goes on with another one. It is not waited for: it may hang in the system. */
  #end(why: Overrun | Offence): void {
    const { held } = this.#watch;
    this.#discard();
    if (held === null) this.#stillborn += 1;
    else if (why !== 'cancelled' && why !== 'silent') this.#blame(held.location, held.id, why);
    // Another process would be silent about the same sources, for as long again.
    if (why === 'silent') this.#failAll({ code: 'file-too-slow', detail: {} }, 'scan');
    if (this.#stillborn > mostStillborn) {
      this.#stillborn = 0;
      this.#failAll({ code: 'reader-crashed', detail: { started: false } });
    }
    for (const job of this.#jobs.values()) this.#send(job);
  }

  #blame(location: Location, id: string, offence: Offence): void {
    const verdict = this.#record.blame(location, offence);
    if (verdict === null) return;
    const place = placeOf(location);
    for (const job of this.#jobs.values()) {
      if (job.kind === 'scan') {
        if (job.id === id) job.past.condemned.set(place, verdict);
      } else if (placeOf(job.request.location) === place) {
        this.#jobs.delete(job.id);
        job.settle.reject(CxrError.from(verdict));
      }
    }
  }

  #discard(): void {
    this.#watch.leave();
    this.#kept.lose();
    const port = this.#port;
    this.#port = null;
    port?.kill();
  }

  async #residentBytes(): Promise<number | null> {
    const pid = this.#port?.pid;
    if (pid === undefined) return null;
    const bytes = await this.#options.residentBytes(pid);
    return bytes === null ? null : bytes - this.#kept.givenTotal;
  }

  #failAll(error: CodedError, kind?: Job['kind']): void {
    const failed = [...this.#jobs.values()].filter((job) => kind === undefined || job.kind === kind);
    for (const { id, settle } of failed) {
      this.#jobs.delete(id);
      settle.reject(CxrError.from(error));
    }
  }
}
