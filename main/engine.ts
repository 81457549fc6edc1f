import type { EngineCommand, EngineEvent } from '../contract/engine.ts';
import { toCodedError } from '../contract/errors.ts';
import { toRadiograph } from './dicom/radiograph.ts';
import { analyse, type Workstation } from './pipeline.ts';
import { openWorkstation } from './workstation.ts';

/**
 * Entry of the engine process: the only process that holds a secret key. Commands come in, events go out, over
 * Electron's `process.parentPort` or the IPC channel of a forked Node process. Studies are analysed one at a time,
 * in order of arrival.
 */
type Port = {
  readonly send: (event: EngineEvent) => void;
  readonly onCommand: (listener: (command: EngineCommand) => void) => void;
  readonly onClose: (listener: () => void) => void;
};

/** Electron's utility processes carry this in place of `process.send`. */
type ParentPort = {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: { data: unknown }) => void): void;
};

function openPort(): Port {
  const parentPort = (process as { parentPort?: ParentPort }).parentPort;
  if (parentPort !== undefined) {
    return {
      send: (event) => parentPort.postMessage(event),
      onCommand: (listener) => parentPort.on('message', ({ data }) => listener(data as EngineCommand)),
      onClose: () => {},
    };
  }
  return {
    // A host that has gone away is told nothing; the error of its channel says no more than that.
    send: (event) => {
      if (process.connected) process.send?.(event, undefined, {}, () => {});
    },
    onCommand: (listener) => process.on('message', (message) => listener(message as EngineCommand)),
    onClose: (listener) => process.on('disconnect', listener),
  };
}

class Engine {
  readonly #send: (event: EngineEvent) => void;
  readonly #running = new Map<string, AbortController>();
  #station: Promise<Workstation> | undefined;
  #tail: Promise<void> = Promise.resolve();

  constructor(send: (event: EngineEvent) => void) {
    this.#send = send;
  }

  handle(command: EngineCommand): void {
    switch (command.kind) {
      case 'start':
        this.#start(command);
        return;
      case 'cancel':
        this.#running.get(command.studyId)?.abort();
        return;
      case 'classify': {
        const controller = new AbortController();
        this.#running.set(command.studyId, controller);
        this.#tail = this.#tail.then(() => this.#classify(command.studyId, command.bytes, controller.signal));
      }
    }
  }

  #start(command: Extract<EngineCommand, { kind: 'start' }>): void {
    this.#station = openWorkstation(command);
    this.#station.then(
      ({ half }) => this.#send({ kind: 'ready', bundle: { name: half.description.name, id: half.id } }),
      (error: unknown) => {
        this.#send({ kind: 'unusable', error: toCodedError(error) });
      },
    );
  }

  async #classify(studyId: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    try {
      const station = await this.#station;
      if (station === undefined) throw new TypeError('classify before start');
      const result = await analyse(() => toRadiograph(bytes), station, {
        signal,
        onProgress: (progress) => this.#send({ kind: 'progress', studyId, progress }),
        onImage: (preview, facts) => this.#send({ kind: 'image', studyId, preview, facts }),
      });
      this.#send({ kind: 'key-ready', keyId: result.keyId });
      this.#send({ kind: 'done', studyId, result });
    } catch (error) {
      const coded = signal.aborted ? { code: 'cancelled' as const, detail: {} } : toCodedError(error);
      this.#send({ kind: 'failed', studyId, error: coded });
    } finally {
      this.#running.delete(studyId);
    }
  }
}

const port = openPort();
const engine = new Engine(port.send);
port.onCommand((command) => engine.handle(command));
port.onClose(() => process.exit(0));
// Ctrl-C reaches the whole group of a terminal; the host cancels what is running and then ends this process.
process.on('SIGINT', () => {});
