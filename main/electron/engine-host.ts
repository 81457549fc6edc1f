import type { EngineCommand, EngineEvent } from '../../contract/engine.ts';
import { type CodedError, toCodedError } from '../../contract/errors.ts';

/** The part of Electron's UtilityProcess that the host uses, so that tests can stand in for it. */
export type EngineProcess = {
  postMessage(message: EngineCommand): void;
  on(event: 'message', listener: (message: EngineEvent) => void): unknown;
  once(event: 'exit', listener: (code: number) => void): unknown;
  kill(): boolean;
};

export type EngineHostOptions = {
  readonly fork: () => EngineProcess;
  /** The first command; resolves when the evaluator's address is known. */
  readonly start: () => Promise<EngineCommand>;
  readonly tell: (event: EngineEvent | { readonly kind: 'stopped' }) => void;
};

/** An engine that dies younger than this would die again: it is not restarted until somebody asks for something. */
const infancyMs = 5_000;

/**
 * Owns the engine process: starts it, passes commands in order, and when it dies fails the studies it had with
 * 'engine-crashed' and starts another. It never sees keys, latents or ciphertexts.
 */
export class EngineHost {
  readonly #options: EngineHostOptions;
  readonly #inFlight = new Set<string>();
  #waiting: Extract<EngineCommand, { kind: 'classify' }>[] = [];
  #child: EngineProcess | null = null;
  #starting = false;
  #disposed = false;

  constructor(options: EngineHostOptions) {
    this.#options = options;
  }

  /** Starts the engine unless it is running or starting; never rejects, failures end the waiting studies. */
  async launch(): Promise<void> {
    if (this.#child !== null || this.#starting || this.#disposed) return;
    this.#starting = true;
    try {
      const start = await this.#options.start();
      if (this.#disposed) return;
      this.#adopt(this.#options.fork(), start);
    } catch (error) {
      this.#failAll(toCodedError(error));
    } finally {
      this.#starting = false;
    }
  }

  classify(studyId: string, bytes: Uint8Array): void {
    if (this.#inFlight.has(studyId)) return;
    this.#inFlight.add(studyId);
    const command = { kind: 'classify', studyId, bytes } as const;
    if (this.#child !== null) this.#child.postMessage(command);
    else {
      this.#waiting.push(command);
      void this.launch();
    }
  }

  /** Whether there was such a study to cancel. */
  cancel(studyId: string): boolean {
    if (!this.#inFlight.has(studyId)) return false;
    const waiting = this.#waiting.some((command) => command.studyId === studyId);
    if (waiting) {
      this.#waiting = this.#waiting.filter((command) => command.studyId !== studyId);
      this.#pass({ kind: 'failed', studyId, error: { code: 'cancelled', detail: {} } });
    } else {
      this.#child?.postMessage({ kind: 'cancel', studyId });
    }
    return true;
  }

  dispose(): void {
    this.#disposed = true;
    this.#child?.kill();
  }

  #adopt(child: EngineProcess, start: EngineCommand): void {
    const bornMs = Date.now();
    this.#child = child;
    child.on('message', (event) => {
      if (this.#child === child) this.#pass(event);
    });
    child.once('exit', () => {
      this.#child = null;
      this.#options.tell({ kind: 'stopped' });
      this.#failAll({ code: 'engine-crashed', detail: {} });
      if (Date.now() - bornMs > infancyMs) void this.launch();
    });
    child.postMessage(start);
    for (const command of this.#waiting.splice(0)) child.postMessage(command);
  }

  #pass(event: EngineEvent): void {
    if (event.kind === 'done' || event.kind === 'failed') this.#inFlight.delete(event.studyId);
    this.#options.tell(event);
  }

  #failAll(error: CodedError): void {
    this.#waiting = [];
    for (const studyId of [...this.#inFlight]) this.#pass({ kind: 'failed', studyId, error });
  }
}
