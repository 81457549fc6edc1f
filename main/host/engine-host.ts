import type { Connection, Probe } from '../../contract/connection.ts';
import { type CodedError, CxrError, toCodedError } from '../../contract/errors.ts';
import type { AnalysisId } from '../../contract/ids/analysis-id.ts';
import type { EngineCommand, EngineEvent } from '../../contract/ipc/engine.ts';
import type { EngineInput } from '../../contract/stages.ts';

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
 * Owns the engine process: starts it, passes commands in order, and when it dies fails the analyses it had with
 * 'engine-crashed' and starts another. It never sees keys, latents or ciphertexts.
 */
export class EngineHost {
  readonly #options: EngineHostOptions;
  readonly #inFlight = new Set<AnalysisId>();
  readonly #probes = new Map<string, PromiseWithResolvers<Probe>>();
  #waiting: Extract<EngineCommand, { kind: 'classify' }>[] = [];
  #child: EngineProcess | null = null;
  #launching: Promise<void> | null = null;
  #disposed = false;

  constructor(options: EngineHostOptions) {
    this.#options = options;
  }

  /** Starts the engine unless it is running or starting; never rejects, failures end the waiting analyses. */
  launch(): Promise<void> {
    if (this.#child !== null || this.#disposed) return Promise.resolve();
    this.#launching ??= this.#launch().finally(() => {
      this.#launching = null;
    });
    return this.#launching;
  }

  async #launch(): Promise<void> {
    try {
      const start = await this.#options.start();
      if (!this.#disposed) this.#adopt(this.#options.fork(), start);
    } catch (error) {
      this.#failAll(toCodedError(error));
    }
  }

  classify(analysisId: AnalysisId, input: EngineInput): void {
    if (this.#inFlight.has(analysisId)) return;
    this.#inFlight.add(analysisId);
    const command = { kind: 'classify', analysisId, input } as const;
    if (this.#child !== null) this.#child.postMessage(command);
    else {
      this.#waiting.push(command);
      void this.launch();
    }
  }

  /** Another evaluator from the next analysis on; an engine that is not running learns it when it starts. */
  connect(connection: Connection): void {
    this.#child?.postMessage({ kind: 'connect', connection });
  }

  /** @throws CxrError as `Connector.probe`, or `engine-crashed`. */
  async probe(connection: Connection): Promise<Probe> {
    await this.launch();
    if (this.#child === null) throw new CxrError('engine-crashed');
    const probeId = crypto.randomUUID();
    const settle = Promise.withResolvers<Probe>();
    this.#probes.set(probeId, settle);
    this.#child.postMessage({ kind: 'probe', probeId, connection });
    return settle.promise;
  }

  /** Whether an analysis is under way or waiting here. */
  get isBusy(): boolean {
    return this.#inFlight.size > 0;
  }

  /** Whether there was such an analysis to cancel. */
  cancel(analysisId: AnalysisId): boolean {
    if (!this.#inFlight.has(analysisId)) return false;
    const waiting = this.#waiting.some((command) => command.analysisId === analysisId);
    if (waiting) {
      this.#waiting = this.#waiting.filter((command) => command.analysisId !== analysisId);
      this.#pass({ kind: 'failed', analysisId, error: { code: 'cancelled', detail: {} } });
    } else {
      this.#child?.postMessage({ kind: 'cancel', analysisId });
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
    if (event.kind === 'probed') {
      const settle = this.#probes.get(event.probeId);
      this.#probes.delete(event.probeId);
      if ('code' in event.found) settle?.reject(new CxrError(event.found.code, event.found.detail));
      else settle?.resolve(event.found);
      return;
    }
    if (event.kind === 'done' || event.kind === 'failed') this.#inFlight.delete(event.analysisId);
    this.#options.tell(event);
  }

  #failAll(error: CodedError): void {
    this.#waiting = [];
    for (const settle of this.#probes.values()) settle.reject(new CxrError(error.code, error.detail));
    this.#probes.clear();
    for (const analysisId of [...this.#inFlight]) this.#pass({ kind: 'failed', analysisId, error });
  }
}
