import { type CodedError, CxrError } from '../../../contract/errors.ts';
import type {
  Arrival,
  Delivery,
  Fetch,
  NetworkAnswer,
  NetworkCommand,
  NetworkEvent,
  NetworkWork,
} from '../../../contract/ipc/network.ts';
import type { ArchivePlace, WebArchive } from '../../../contract/network/archive.ts';
import type { ArchivedStudy } from '../../../contract/network/archived-study.ts';
import { Pending } from '../engine/pending.ts';
import { killed, type Port, type Program } from '../port.ts';

export type NetworkHostOptions = {
  readonly launch: (program: Program) => Port<NetworkCommand, NetworkEvent>;
  /** Path of the network process's script. */
  readonly entry: string;
  readonly work: NetworkWork;
  /** Hears of each file once, also when the process died and the next one finds it again. */
  readonly onArrival: (arrival: Arrival) => void;
  readonly onTrouble: (error: CodedError, title: string | null) => void;
  /** Hears that nothing more will arrive; `failure` says why. */
  readonly onEnd?: () => void;
};

/** So many processes in a row may die before one has started. */
const mostStillborn = 3;
/** Before the next process is started, ms: one that dies at once must not keep the machine busy. */
const againMs = 500;
/** V8's heap in that process, MiB: what arrives goes past it. */
const heapMiB = 256;

/** Work for a process that only sends. */
export const onlySends: NetworkWork = { receive: null, watch: null };

/** Owns the process that receives and sends. One that dies is followed by another, which finds on the disk what had arrived. */
export class NetworkHost implements AsyncDisposable {
  readonly #options: NetworkHostOptions;
  /** Files that were told and are not done. */
  readonly #open = new Set<string>();
  readonly #started = Promise.withResolvers<number | null>();
  readonly #failed = Promise.withResolvers<never>();
  readonly #answers = new Pending<NetworkAnswer>();
  #port: Port<NetworkCommand, NetworkEvent> | null = null;
  #stillborn = 0;
  #isOver = false;
  #next: NodeJS.Timeout | undefined;

  constructor(options: NetworkHostOptions) {
    this.#options = options;
    // Whoever asks hears of it; nobody has to.
    this.#started.promise.catch(() => {});
    this.#failed.promise.catch(() => {});
    this.#launch();
  }

  /** The system's number of the process; undefined while none runs. */
  get pid(): number | undefined {
    return this.#port?.pid;
  }

  /**
   * Waits until it works.
   *
   * @returns the port on which it listens; null where it only watches a folder.
   * @throws  CxrError why it does not: 'network-listen', 'network-certificate', 'folder-unusable'.
   */
  started(): Promise<number | null> {
    return this.#started.promise;
  }

  /** Rejects with the reason why nothing more will arrive, and waits for ever where there is none. */
  failure(): Promise<never> {
    return this.#failed.promise;
  }

  /** Says that a file is done: it is removed from the spool, or not handed on again from the watched folder. */
  done(path: string): void {
    this.#open.delete(path);
    this.#port?.send({ kind: 'done', path });
  }

  /**
   * Sends files to an archive, each once.
   *
   * @returns what became of each, in their order: null for one that is there.
   * @throws  CxrError 'network-unreachable' when the process ends meanwhile; the files can be given again.
   */
  async deliver(delivery: Delivery): Promise<readonly (CodedError | null)[]> {
    return (await this.#ask('delivered', (requestId) => ({ kind: 'deliver', requestId, delivery }))).errors;
  }

  /** Asks an archive whether it is there. @throws CxrError why it is not. */
  async ping(place: ArchivePlace, title: string): Promise<void> {
    await this.#ask('tried', (requestId) => ({ kind: 'try', requestId, place, title }));
  }

  /** Asks an archive for the studies of a patient, the newest first. @throws CxrError as `findStudies`. */
  async find(archive: WebArchive, patientId: string): Promise<readonly ArchivedStudy[]> {
    return (await this.#ask('found', (requestId) => ({ kind: 'find', requestId, archive, patientId })))
      .studies;
  }

  /** Brings a study from an archive. @returns its files. @throws CxrError as `retrieveStudy`. */
  async fetch(fetch: Fetch): Promise<readonly string[]> {
    return (await this.#ask('fetched', (requestId) => ({ kind: 'fetch', requestId, fetch }))).paths;
  }

  async #ask<K extends NetworkAnswer['kind']>(
    kind: K,
    command: (requestId: string) => NetworkCommand,
  ): Promise<Extract<NetworkAnswer, { readonly kind: K }>> {
    const { id, answer } = this.#answers.begin();
    this.#port?.send(command(id));
    const found = await answer;
    if (found.kind !== kind) throw new TypeError(`the network process answered with ${found.kind}`);
    return found as Extract<NetworkAnswer, { readonly kind: K }>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#next);
    const port = this.#port;
    if (port !== null) await killed(port);
  }

  #launch(): void {
    const { launch, entry, work } = this.#options;
    const port = launch({ name: 'network', entry, heapMiB });
    this.#port = port;
    port.onEvent((event) => this.#hear(event));
    port.onEnd(() => this.#ended());
    port.send({ kind: 'start', work });
  }

  #hear(event: NetworkEvent): void {
    switch (event.kind) {
      case 'started':
        this.#stillborn = 0;
        this.#started.resolve(event.port);
        return;
      case 'failed':
        this.#fail(CxrError.from(event.error));
        return;
      case 'arrived':
        if (this.#open.has(event.arrival.path)) return;
        this.#open.add(event.arrival.path);
        this.#options.onArrival(event.arrival);
        return;
      case 'refused':
        this.#answers.reject(event.requestId, event.error);
        return;
      case 'delivered':
      case 'tried':
      case 'found':
      case 'fetched':
        this.#answers.resolve(event.requestId, event);
        return;
      case 'trouble':
        this.#options.onTrouble(event.error, event.title);
    }
  }

  #fail(error: CxrError): void {
    this.#isOver = true;
    this.#started.reject(error);
    this.#failed.reject(error);
    this.#options.onEnd?.();
    this.#port?.kill();
  }

  #ended(): void {
    this.#port = null;
    const ended: CodedError = { code: 'network-unreachable', detail: { reason: 'ended' } };
    this.#answers.rejectAll(ended);
    if (this.#isOver) return;
    this.#stillborn += 1;
    if (this.#stillborn > mostStillborn) this.#fail(new CxrError('network-listen', { reason: 'ended' }));
    else this.#next = setTimeout(() => this.#launch(), againMs);
  }
}
