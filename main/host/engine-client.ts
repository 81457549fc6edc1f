import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type CodedError, CxrError } from '../../contract/errors.ts';
import { type AnalysisId, parseAnalysisId } from '../../contract/ids/analysis-id.ts';
import type { EngineCommand, EngineEvent } from '../../contract/ipc/engine.ts';
import type { AnalysisResult, Progress } from '../../contract/stages.ts';
import { toInput } from '../../dicom/encoder-input.ts';

/** What an engine opens first: a bundle, and the way to an evaluator. */
type EngineOptions = Omit<Extract<EngineCommand, { kind: 'start' }>, 'kind'>;

/** Runs the engine as a process of its own for hosts without Electron: command line, demonstration, benchmark. */
export class EngineClient implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #analyses = new Map<
    AnalysisId,
    { onProgress: (progress: Progress) => void; settle: PromiseWithResolvers<AnalysisResult> }
  >();
  #hasEnded = false;
  readonly #ready = Promise.withResolvers<{ name: string; id: string }>();

  constructor(options: EngineOptions) {
    this.#child = fork(fileURLToPath(new URL('../engine/index.ts', import.meta.url)), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (event) => this.#handle(event as EngineEvent));
    this.#child.on('exit', () => this.#failAll({ code: 'engine-crashed', detail: {} }));
    this.#child.on('error', () => this.#failAll({ code: 'engine-crashed', detail: {} }));
    this.#ready.promise.catch(() => {});
    this.#send({ kind: 'start', ...options });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Name and id of the opened bundle. @throws CxrError when the engine cannot serve. */
  ready(): Promise<{ name: string; id: string }> {
    return this.#ready.promise;
  }

  /** Classifies one DICOM file, which is decoded in this process: the engine's holds the secret key. @throws CxrError. */
  async classify(
    bytes: Uint8Array,
    onProgress: (progress: Progress) => void,
    signal?: AbortSignal,
  ): Promise<AnalysisResult> {
    if (this.#hasEnded) throw new CxrError('engine-crashed');
    onProgress({ stage: 'reading', fraction: null });
    const input = await toInput(bytes);
    if (signal?.aborted) throw new CxrError('cancelled');
    const analysisId = parseAnalysisId(randomUUID());
    const settle = Promise.withResolvers<AnalysisResult>();
    this.#analyses.set(analysisId, { onProgress, settle });
    this.#send({ kind: 'classify', analysisId, input });
    signal?.addEventListener('abort', () => this.#send({ kind: 'cancel', analysisId }), { once: true });
    return settle.promise;
  }

  #send(command: EngineCommand): void {
    if (!this.#child.connected) this.#failAll({ code: 'engine-crashed', detail: {} });
    else
      this.#child.send(
        command,
        (error) => error !== null && this.#failAll({ code: 'engine-crashed', detail: {} }),
      );
  }

  #handle(event: EngineEvent): void {
    switch (event.kind) {
      case 'ready':
        this.#ready.resolve(event.bundle);
        return;
      case 'unusable':
        this.#ready.reject(new CxrError(event.error.code, event.error.detail));
        return;
      case 'progress':
        this.#analyses.get(event.analysisId)?.onProgress(event.progress);
        return;
      case 'done':
        this.#analyses.get(event.analysisId)?.settle.resolve(event.result);
        this.#analyses.delete(event.analysisId);
        return;
      case 'failed':
        this.#analyses
          .get(event.analysisId)
          ?.settle.reject(new CxrError(event.error.code, event.error.detail));
        this.#analyses.delete(event.analysisId);
    }
  }

  #failAll(error: CodedError): void {
    this.#hasEnded = true;
    this.#ready.reject(new CxrError(error.code, error.detail));
    for (const { settle } of this.#analyses.values()) settle.reject(new CxrError(error.code, error.detail));
    this.#analyses.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.disconnect();
    await gone;
  }
}
