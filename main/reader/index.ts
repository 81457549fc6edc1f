import { CxrError, toCodedError } from '../../contract/errors.ts';
import type {
  ReaderCommand,
  ReaderEvent,
  ReaderReply,
  ReaderRequest,
  Scanned,
} from '../../contract/ipc/reader.ts';
import { toInput } from '../../dicom/encoder-input.ts';
import { toFilm, toThumbnail } from '../../dicom/film.ts';
import { openParentPort } from '../host/parent-port.ts';
import { readLocation } from './location.ts';
import { scan } from './scan.ts';

/**
 * Entry of the reader process: it decodes what people drop, and holds neither keys nor a connection. Requests are
 * answered one at a time, what somebody is looking at first.
 */
type Task = { readonly id: string; readonly request: ReaderRequest; readonly abort: AbortController };

const urgency: Readonly<Record<ReaderRequest['kind'], number>> = { film: 0, scan: 1, input: 2, thumbnail: 3 };
/** A scan tells what it found at least so often. */
const tellEveryMs = 150;

class Reader {
  readonly #send: (event: ReaderEvent) => void;
  readonly #kept = new Map<string, Uint8Array>();
  readonly #running = new Map<string, Task>();
  #waiting: Task[] = [];
  #busy = false;

  constructor(send: (event: ReaderEvent) => void) {
    this.#send = send;
  }

  handle(command: ReaderCommand): void {
    if (command.kind === 'cancel') {
      this.#running.get(command.id)?.abort.abort();
      return;
    }
    const task = { id: command.id, request: command.request, abort: new AbortController() };
    this.#running.set(task.id, task);
    // A scan waits for the disk most of the time, and a film must not wait for a scan.
    if (task.request.kind === 'scan') void this.#run(task);
    else {
      this.#waiting.push(task);
      void this.#next();
    }
  }

  async #next(): Promise<void> {
    if (this.#busy) return;
    this.#waiting.sort((a, b) => urgency[a.request.kind] - urgency[b.request.kind]);
    const task = this.#waiting.shift();
    if (task === undefined) return;
    this.#busy = true;
    await this.#run(task);
    this.#busy = false;
    // Commands that arrived meanwhile may be more urgent than the next in line.
    setImmediate(() => void this.#next());
  }

  async #run({ id, request, abort }: Task): Promise<void> {
    try {
      if (abort.signal.aborted) throw new CxrError('cancelled');
      const value = await this.#answer(id, request, abort.signal);
      this.#send({ kind: 'reply', id, value });
    } catch (error) {
      this.#send({ kind: 'refused', id, error: toCodedError(error) });
    } finally {
      this.#running.delete(id);
    }
  }

  async #answer(
    id: string,
    request: ReaderRequest,
    signal: AbortSignal,
  ): Promise<ReaderReply[ReaderRequest['kind']]> {
    switch (request.kind) {
      case 'scan':
        return this.#scan(id, request, signal);
      case 'film':
        return toFilm(await readLocation(request.location, this.#kept));
      case 'thumbnail':
        return toThumbnail(await toFilm(await readLocation(request.location, this.#kept)));
      case 'input':
        return toInput(await readLocation(request.location, this.#kept));
    }
  }

  async #scan(
    id: string,
    { sources }: Extract<ReaderRequest, { kind: 'scan' }>,
    signal: AbortSignal,
  ): Promise<null> {
    for (const source of sources) if (source.kind === 'bytes') this.#kept.set(source.id, source.bytes);
    let found: Scanned[] = [];
    let toldAt = 0;
    const tell = () => {
      this.#send({ kind: 'scanned', id, scanned: found });
      found = [];
      toldAt = performance.now();
    };
    for await (const one of scan(sources, signal)) {
      found.push(one);
      if (performance.now() - toldAt >= tellEveryMs) tell();
    }
    if (found.length > 0) tell();
    return null;
  }
}

const port = openParentPort<ReaderCommand, ReaderEvent>();
const reader = new Reader(port.send);
port.onCommand((command) => reader.handle(command));
port.onClose(() => process.exit(0));
process.on('SIGINT', () => {});
