import { Worker } from 'node:worker_threads';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { Arithmetic } from '../../kernel/open.ts';
import type { Bundles } from '../bundles.ts';
import type { Execution, Executor, OnProgress, Outcome, Task } from '../jobs/job-record.ts';
import type { Log } from '../observe/log.ts';
import type { PrepareCommand, RunCommand, WorkerMessage, WorkerStart } from './worker-message.ts';

export type PoolOptions = {
  readonly entry: URL;
  readonly workers: number;
  /** Threads of each worker, its own included. */
  readonly threads: number;
  readonly arithmetic: Arithmetic;
  readonly bundles: Bundles;
  readonly keyFile: (key: KeyId) => string;
  /** A worker that is busy longer than this is stuck and is replaced. */
  readonly jobTimeoutMs: number;
  readonly log: Log;
};

type Slot = {
  worker: Worker | null;
  busy: boolean;
  lastKey: KeyId | null;
  /** Opened or being opened by this worker. */
  readonly bundles: Set<BundleId>;
};

/** Compiling a network makes many short-lived objects, for which V8 would take 48 MB for good. */
const maxYoungGenerationSizeMb = 6;

/**
 * Worker threads, started when first needed. A job goes to the idle worker that has its keys loaded, if there is
 * one. A worker that dies takes only its own job with it.
 */
export class WorkerPool implements Executor {
  readonly #options: PoolOptions;
  readonly #slots: readonly Slot[];
  #closing = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.workers }, () => ({
      worker: null,
      busy: false,
      lastKey: null,
      bundles: new Set(),
    }));
  }

  get free(): number {
    return this.#slots.filter((slot) => !slot.busy).length;
  }

  prepare(id: BundleId): void {
    const bundle = this.#options.bundles.get(id);
    if (bundle === undefined || this.#closing || this.#slots.some(({ bundles }) => bundles.has(id))) return;
    const slot = this.#slots.find(({ busy }) => !busy);
    if (slot === undefined) return;
    const worker = slot.worker ?? this.#spawn(slot);
    slot.bundles.add(id);
    worker.postMessage({ kind: 'prepare', bundle: id, bundleFolder: bundle.folder } satisfies PrepareCommand);
    worker.unref();
  }

  hasReady(key: KeyId): boolean {
    return this.#slots.some((slot) => !slot.busy && slot.worker !== null && slot.lastKey === key);
  }

  start(task: Task, onProgress: OnProgress): Execution {
    const idle = this.#slots.filter((slot) => !slot.busy);
    const slot =
      idle.find((candidate) => candidate.lastKey === task.key) ??
      idle.find((candidate) => candidate.lastKey === null && candidate.bundles.has(task.bundle)) ??
      idle.find((candidate) => candidate.worker === null) ??
      idle[0];
    if (slot === undefined) throw new TypeError('no worker is free');
    const bundle = this.#options.bundles.get(task.bundle);
    if (bundle === undefined) {
      return { outcome: Promise.resolve({ kind: 'failed', code: 'bundle-unknown' }), cancel: () => {} };
    }
    const abort = new SharedArrayBuffer(4);
    const command: RunCommand = {
      kind: 'run',
      job: task.id,
      bundle: bundle.id,
      bundleFolder: bundle.folder,
      limits: bundle.limits,
      key: task.key,
      keyFile: this.#options.keyFile(task.key),
      inputFile: task.inputFile,
      abort,
    };
    return {
      outcome: this.#run(slot, command, onProgress),
      cancel: () => void Atomics.store(new Int32Array(abort), 0, 1),
    };
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#slots.map((slot) => slot.worker?.terminate()));
  }

  async #run(slot: Slot, command: RunCommand, onProgress: OnProgress): Promise<Outcome> {
    const worker = slot.worker ?? this.#spawn(slot);
    slot.busy = true;
    slot.lastKey = command.key;
    slot.bundles.add(command.bundle);
    worker.ref();
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const onMessage = (message: WorkerMessage) => {
      if (message.job !== command.job) return;
      if (message.kind === 'progress') onProgress(message.fraction, message.layer);
      else resolve(message.outcome);
    };
    const onExit = () => resolve({ kind: 'failed', code: 'job-failed' });
    const stuck = setTimeout(() => void worker.terminate(), this.#options.jobTimeoutMs);
    worker.on('message', onMessage);
    worker.once('exit', onExit);
    worker.postMessage(command);
    const outcome = await promise;
    clearTimeout(stuck);
    worker.off('message', onMessage);
    worker.off('exit', onExit);
    worker.unref();
    slot.busy = false;
    return outcome;
  }

  #spawn(slot: Slot): Worker {
    const { threads, arithmetic } = this.#options;
    const worker = new Worker(this.#options.entry, {
      name: 'evaluator',
      resourceLimits: { maxYoungGenerationSizeMb },
      env: {},
      stdin: false,
      workerData: { threads, arithmetic } satisfies WorkerStart,
    });
    slot.worker = worker;
    // 'exit' follows; the error itself may quote data and is not looked at.
    worker.on('error', () => {});
    worker.once('exit', () => {
      if (slot.worker !== worker) return;
      slot.worker = null;
      slot.lastKey = null;
      slot.bundles.clear();
      if (!this.#closing) this.#options.log('worker-lost', { count: this.#slots.length });
    });
    return worker;
  }
}
