import { randomUUID } from 'node:crypto';
import type { Connection, Probe } from '../../../contract/connection.ts';
import { type CodedError, CxrError, toCodedError } from '../../../contract/errors.ts';
import { type AnalysisId, parseAnalysisId } from '../../../contract/ids/analysis-id.ts';
import type { Digest } from '../../../contract/ids/digest.ts';
import type { EngineCommand, EngineEvent } from '../../../contract/ipc/engine.ts';
import type { ChosenPath, KeyReply, KeyReplyOf, KeyRequest } from '../../../contract/ipc/vault.ts';
import type { AnalysisResult, EngineInput } from '../../../contract/stages.ts';
import { killed } from '../port.ts';
import {
  type AnalysisWatch,
  type AwaitedAnalysis,
  cancelMs,
  type EngineHostOptions,
  type EnginePort,
  type EngineStart,
  infancyMs,
  type OpenedBundle,
} from './engine-options.ts';
import { Pending, unhandled } from './pending.ts';

/**
 * Owns the engine process, for the desktop application and for the command line: starts it, passes commands in order,
 * and when it dies fails the analyses it had with `engine-crashed` and, unless told otherwise, starts another. It
 * never sees keys, latents or ciphertexts.
 *
 * An analysis is either followed through `tell` (`classify`) or awaited (`analyse`).
 */
export class EngineHost implements AsyncDisposable {
  readonly #options: EngineHostOptions;
  readonly #inFlight = new Set<AnalysisId>();
  readonly #awaited = new Map<AnalysisId, AwaitedAnalysis>();
  readonly #probes = new Pending<Probe>();
  readonly #keyRequests = new Pending<KeyReply>();
  #opened: PromiseWithResolvers<OpenedBundle> = unhandled();
  #waiting: Extract<EngineCommand, { kind: 'classify' }>[] = [];
  #port: EnginePort | null = null;
  #launching: Promise<void> | null = null;
  /** Engines in a row that died without having finished an analysis. */
  #deaths = 0;
  /** No engine is running and none will be started any more. */
  #isOver = false;

  constructor(options: EngineHostOptions) {
    this.#options = options;
  }

  /** The engine's process id; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#port?.pid;
  }

  /** Whether none runs and none will be started any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether an analysis is under way or waiting here. */
  get isBusy(): boolean {
    return this.#inFlight.size > 0;
  }

  /** Starts the engine unless it is running or starting; never rejects, failures end the waiting analyses. */
  launch(): Promise<void> {
    if (this.#isOver) this.#failAll({ code: 'engine-crashed', detail: {} });
    if (this.#port !== null || this.#isOver) return Promise.resolve();
    this.#launching ??= this.#launch().finally(() => {
      this.#launching = null;
    });
    return this.#launching;
  }

  async #launch(): Promise<void> {
    this.#opened = unhandled();
    try {
      const start = await this.#options.start();
      if (!this.#isOver) this.#adopt(this.#options.launch(), start);
    } catch (error) {
      const coded = toCodedError(error);
      this.#pass({ kind: 'unusable', error: coded });
      this.#failAll(coded);
    }
  }

  /**
   * Starts the engine unless it runs, and waits for what it says first.
   *
   * @throws CxrError why the engine cannot serve: a broken bundle, an evaluator's address that is refused, or
   *         `engine-crashed`.
   */
  async ready(): Promise<OpenedBundle> {
    await this.launch();
    if (this.#isOver) throw new CxrError('engine-crashed');
    return this.#opened.promise;
  }

  /**
   * Asks for an analysis, whose events go to `tell`; starts the engine when none runs.
   *
   * @param asked  the question that an earlier run sent for the same image.
   */
  classify(analysisId: AnalysisId, input: EngineInput, asked: Digest | null = null): void {
    if (this.#inFlight.has(analysisId)) return;
    this.#inFlight.add(analysisId);
    const command = { kind: 'classify', analysisId, input, asked } as const;
    if (this.#port !== null) this.#port.send(command);
    else {
      this.#waiting.push(command);
      void this.launch();
    }
  }

  /**
   * Asks for an analysis and waits for its result.
   *
   * @param read  gives the input; not called when the engine is gone for good.
   * @throws CxrError of the stage that refused, `engine-crashed`, `cancelled` when `signal` aborts; whatever `read` throws.
   */
  async analyse(
    read: () => Promise<EngineInput>,
    { onProgress = () => {}, signal }: AnalysisWatch = {},
  ): Promise<AnalysisResult> {
    if (this.#isOver) throw new CxrError('engine-crashed');
    onProgress({ stage: 'reading', fraction: null });
    const input = await read();
    if (signal?.aborted) throw new CxrError('cancelled');
    const analysisId = parseAnalysisId(randomUUID());
    const settle = Promise.withResolvers<AnalysisResult>();
    this.#awaited.set(analysisId, { onProgress, settle });
    let patience: NodeJS.Timeout | undefined;
    const cancel = () => {
      if (!this.cancel(analysisId)) return;
      const error = { code: 'cancelled', detail: {} } as const;
      patience = setTimeout(() => this.#pass({ kind: 'failed', analysisId, error }), cancelMs);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    this.classify(analysisId, input);
    try {
      return await settle.promise;
    } catch (error) {
      // Whatever ended it then, such as a signal that ended the engine too: somebody wanted it to end.
      throw signal?.aborted ? new CxrError('cancelled') : error;
    } finally {
      clearTimeout(patience);
      signal?.removeEventListener('abort', cancel);
    }
  }

  /** Whether there was such an analysis to cancel. */
  cancel(analysisId: AnalysisId): boolean {
    if (!this.#inFlight.has(analysisId)) return false;
    const waiting = this.#waiting.some((command) => command.analysisId === analysisId);
    if (waiting) {
      this.#waiting = this.#waiting.filter((command) => command.analysisId !== analysisId);
      this.#pass({ kind: 'failed', analysisId, error: { code: 'cancelled', detail: {} } });
    } else {
      this.#port?.send({ kind: 'cancel', analysisId });
    }
    return true;
  }

  /**
   * Ends the engine, and with it what it holds in memory, and starts another by what `start` says then. Analyses, probes
   * and requests under way fail with `error`.
   *
   * @param between  what is done while no engine runs. The other one starts also where it throws.
   * @throws         what `between` throws.
   */
  async replace(error: CodedError, between: () => void = () => {}): Promise<void> {
    await this.#launching;
    const port = this.#port;
    if (!this.#isOver && port !== null) {
      // Nothing more goes to the one that ends, and nothing that it still says is heard.
      this.#port = null;
      this.#failAll(error);
      await killed(port);
    }
    try {
      between();
    } finally {
      await this.launch();
    }
  }

  /** Another evaluator from the next analysis on; an engine that is not running learns it when it starts. */
  connect(connection: Connection): void {
    this.#port?.send({ kind: 'connect', connection });
  }

  /** @throws CxrError as `Connector.probe`, or `engine-crashed`. */
  async probe(connection: Connection): Promise<Probe> {
    await this.launch();
    if (this.#port === null) throw new CxrError('engine-crashed');
    const { id, answer } = this.#probes.begin();
    this.#port.send({ kind: 'probe', probeId: id, connection });
    return answer;
  }

  /**
   * Passes on a request about keys. What changes the key in use waits for the analysis under way.
   *
   * @param path   what a person chose for it.
   * @param signal stops what takes long.
   * @param systemKey  `KeyCommand.systemKey`.
   * @throws       CxrError as `KeyDesk.answer`, or `engine-crashed`.
   */
  async keys<Request extends KeyRequest>(
    request: Request,
    path: ChosenPath,
    signal?: AbortSignal,
    systemKey: Uint8Array | null = null,
  ): Promise<KeyReplyOf[Request['kind']]> {
    await this.launch();
    if (this.#port === null) throw new CxrError('engine-crashed');
    const { id, answer } = this.#keyRequests.begin();
    signal?.addEventListener('abort', () => this.#port?.send({ kind: 'cancel-keys', requestId: id }));
    this.#port.send({ kind: 'keys', requestId: id, request, path, systemKey });
    return (await answer) as KeyReplyOf[Request['kind']];
  }

  /**
   * Ends the engine for good, and resolves when its process is gone. It is killed: it has nothing to save, its keys are
   * to be gone, and it may be busy for seconds with making them.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    const port = this.#port;
    if (port === null) {
      this.#failAll({ code: 'engine-crashed', detail: {} });
      return;
    }
    await killed(port);
  }

  #adopt(port: EnginePort, start: EngineStart): void {
    const bornMs = Date.now();
    this.#port = port;
    port.onEvent((event) => {
      if (this.#port === port) this.#pass(event);
    });
    port.onEnd(() => {
      // One that was replaced.
      if (this.#port !== port) return;
      this.#port = null;
      this.#deaths += 1;
      if (this.#deaths > (this.#options.restarts ?? Number.POSITIVE_INFINITY)) this.#isOver = true;
      this.#options.tell?.({ kind: 'stopped' });
      this.#failAll({ code: 'engine-crashed', detail: {} });
      if (!this.#isOver && Date.now() - bornMs > infancyMs) void this.launch();
    });
    port.send(start);
    for (const command of this.#waiting.splice(0)) port.send(command);
  }

  #pass(event: EngineEvent): void {
    switch (event.kind) {
      case 'probed':
        if ('code' in event.found) this.#probes.reject(event.probeId, event.found);
        else this.#probes.resolve(event.probeId, event.found);
        return;
      case 'keys-done':
        this.#keyRequests.resolve(event.requestId, event.reply);
        return;
      case 'keys-failed':
        this.#keyRequests.reject(event.requestId, event.error);
        return;
      case 'ready':
        this.#opened.resolve(event.bundle);
        break;
      case 'unusable':
        this.#opened.reject(CxrError.from(event.error));
        break;
      case 'progress':
        this.#awaited.get(event.analysisId)?.onProgress(event.progress);
        break;
      case 'done':
        this.#deaths = 0;
        this.#awaited.get(event.analysisId)?.settle.resolve(event.result);
        this.#forget(event.analysisId);
        break;
      case 'failed':
        this.#awaited.get(event.analysisId)?.settle.reject(CxrError.from(event.error));
        this.#forget(event.analysisId);
    }
    this.#options.tell?.(event);
  }

  #forget(analysisId: AnalysisId): void {
    this.#inFlight.delete(analysisId);
    this.#awaited.delete(analysisId);
  }

  #failAll(error: CodedError): void {
    this.#waiting = [];
    this.#opened.reject(CxrError.from(error));
    this.#probes.rejectAll(error);
    this.#keyRequests.rejectAll(error);
    for (const analysisId of [...this.#inFlight]) this.#pass({ kind: 'failed', analysisId, error });
  }
}
