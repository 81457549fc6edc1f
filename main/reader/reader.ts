import { CxrError, toCodedError } from '../../contract/errors.ts';
import type { FilmMessage } from '../../contract/ipc/film.ts';
import type {
  Location,
  ReaderCommand,
  ReaderEvent,
  ReaderReply,
  ReaderRequest,
  Scanned,
  SentSource,
  Source,
} from '../../contract/ipc/reader.ts';
import { toThumbnail } from '../../dicom/film.ts';
import { endAtOnce, type HandedPort, openParentPort } from '../host/parent-port.ts';
import { Bench, type Work } from './bench.ts';
import { type Decoders, decoders } from './decoders.ts';
import { readLocation } from './location.ts';
import { scan } from './scan.ts';

type Task<R extends ReaderRequest = ReaderRequest> = {
  readonly id: string;
  readonly request: R;
  readonly signal: AbortSignal;
};

/** What somebody is looking at comes first. */
const rank: Readonly<Record<ReaderRequest['kind'], number>> = {
  ...{ film: 0, scan: 1, input: 2, report: 2, 'anonymous-film': 2, thumbnail: 3 },
};
/** A scan tells what it found at least so often. */
const tellEveryMs = 150;

class Reader {
  readonly #send: (event: ReaderEvent) => void;
  readonly #decoders: Decoders;
  readonly #bench: Bench;
  readonly #kept = new Map<string, Uint8Array>();
  readonly #running = new Map<string, AbortController>();
  #window: HandedPort | null = null;

  constructor(send: (event: ReaderEvent) => void, work: Decoders) {
    this.#send = send;
    this.#decoders = work;
    this.#bench = new Bench(send);
  }

  handle(command: ReaderCommand, port: HandedPort | undefined): void {
    switch (command.kind) {
      case 'request':
        void this.#run(command.id, command.request);
        return;
      case 'cancel':
        this.#running.get(command.id)?.abort();
        return;
      case 'keep':
        this.#kept.set(command.id, command.bytes);
        return;
      case 'release':
        this.#kept.delete(command.id);
        return;
      case 'window':
        this.#window?.close();
        this.#window = port ?? null;
    }
  }

  async #run(id: string, request: ReaderRequest): Promise<void> {
    const abort = new AbortController();
    this.#running.set(id, abort);
    try {
      const value = await this.#answer({ id, request, signal: abort.signal });
      this.#send({ kind: 'reply', id, value });
    } catch (error) {
      this.#send({ kind: 'refused', id, error: toCodedError(error) });
    } finally {
      this.#running.delete(id);
    }
  }

  async #answer({ id, request, signal }: Task): Promise<ReaderReply[ReaderRequest['kind']]> {
    const task = { id, request, signal };
    switch (request.kind) {
      case 'scan':
        return this.#scan({ ...task, request });
      case 'film': {
        const film = await this.#decode(task, request.location, this.#decoders.film);
        this.#show({ ticket: request.ticket, film });
        return null;
      }
      case 'thumbnail':
        return this.#decode(task, request.location, async (bytes) =>
          toThumbnail(await this.#decoders.film(bytes)),
        );
      case 'input':
        return this.#decode(task, request.location, this.#decoders.input);
      case 'report':
        return this.#decode(task, request.location, this.#decoders.report);
      case 'anonymous-film':
        return this.#decode(task, request.location, (bytes) =>
          this.#decoders.anonymousFilm(bytes, request.names),
        );
    }
  }

  #hold<T>({ id, request, signal }: Task, location: Location, work: Work<T>): Promise<T> {
    return this.#bench.hold({ id, location, rank: rank[request.kind], signal }, work);
  }

  #decode<T>(task: Task, location: Location, decode: (bytes: Uint8Array) => Promise<T>): Promise<T> {
    return this.#hold(task, location, async (begin) => {
      const bytes = await readLocation(location, this.#kept);
      await begin('decode');
      return decode(bytes);
    });
  }

  #show(message: FilmMessage): void {
    // Without a window there is nobody to look at it.
    if (this.#window === null) throw new CxrError('cancelled');
    this.#window.postMessage(message);
  }

  async #scan(task: Task<Extract<ReaderRequest, { kind: 'scan' }>>): Promise<null> {
    const { id, request, signal } = task;
    let found: Scanned[] = [];
    let toldAt = 0;
    const tell = () => {
      this.#send({ kind: 'scanned', id, scanned: found });
      found = [];
      toldAt = performance.now();
    };
    const options = {
      inspect: this.#decoders.inspect,
      hold: <T>(location: Location, work: Work<T>) => this.#hold(task, location, work),
      past: request.past,
    };
    for await (const one of scan(request.sources.map(this.#source), signal, options)) {
      found.push(one);
      if (performance.now() - toldAt >= tellEveryMs) tell();
    }
    if (found.length > 0) tell();
    return null;
  }

  readonly #source = (source: SentSource): Source =>
    source.kind === 'path'
      ? source
      : {
          kind: 'bytes',
          id: source.id,
          name: source.name,
          bytes: this.#kept.get(source.id) ?? new Uint8Array(),
        };
}

/**
 * Makes this process the reader: it decodes what people drop, and holds neither keys nor a connection.
 *
 * @param work  what is done with files; tests put decoders here that misbehave.
 */
export function serveReader(work: Decoders = decoders): void {
  const parent = openParentPort<ReaderCommand, ReaderEvent>();
  const reader = new Reader(parent.send, work);
  parent.onCommand((command, [port]) => reader.handle(command, port));
  parent.onClose(endAtOnce);
  // The terminal sends it to the whole group; the host decides when this process ends.
  process.on('SIGINT', () => {});
}
