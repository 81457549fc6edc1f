import { Worker } from 'node:worker_threads';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { Arithmetic } from '../../kernel/open.ts';
import type { Execution, Executor, OnProgress, Outcome, Task } from '../jobs/executor.ts';
import type { Log } from '../observe/log.ts';
import type { PrepareCommand, RunCommand, WorkerMessage, WorkerStart } from './worker-message.ts';

export type PoolOptions = {
  readonly entry: URL;
  readonly workers: number;
  /** Threads of each worker, its own included. */
  readonly threads: number;
  readonly arithmetic: Arithmetic;
  /** The bundles served and the folder of each, where a worker opens it. */
  readonly bundleFolders: ReadonlyMap<BundleId, string>;
  /** Where a worker finds frames. */
  readonly dataFolder: string;
  /** A worker that is busy longer than this is stuck and is replaced. */
  readonly jobTimeoutMs: number;
  readonly log: Log;
};

type Slot = {
  worker: Worker | null;
  busy: boolean;
  /** Jobs given to this slot so far. */
  runs: number;
  /** `WorkerStart.cancelled` of the worker. */
  readonly cancelled: Int32Array<SharedArrayBuffer>;
  lastKey: KeyId | null;
  /** Whether the worker has shown that it can open a bundle. */
  opened: boolean;
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
      runs: 0,
      cancelled: new Int32Array(new SharedArrayBuffer(4)),
      lastKey: null,
      opened: false,
      bundles: new Set(),
    }));
  }

  get free(): number {
    return this.#slots.filter((slot) => !slot.busy).length;
  }

  /**
   * Gets an idle worker ready for jobs of a bundle, once: opens the bundle, encodes its weights and loads a client's
   * keys, so that its first job finds them. Costs some seconds of all the worker's threads, and the memory that the
   * first job would take.
   *
   * @param key  the keys that the first job is likely to need; null for none.
   */
  prepare(id: BundleId, key: KeyId | null): void {
    if (!this.#options.bundleFolders.has(id) || this.#closing) return;
    if (this.#slots.some(({ bundles }) => bundles.has(id))) return;
    const slot = this.#slots.find(({ busy }) => !busy);
    if (slot === undefined) return;
    const worker = slot.worker ?? this.#spawn(slot);
    slot.bundles.add(id);
    slot.lastKey = key ?? slot.lastKey;
    worker.postMessage({ kind: 'prepare', bundle: id, key } satisfies PrepareCommand);
    worker.unref();
  }

  /** Whether a worker lives that has opened a bundle. */
  get hasWorker(): boolean {
    return this.#slots.some((slot) => slot.worker !== null && slot.opened);
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
    if (!this.#options.bundleFolders.has(task.bundle)) {
      return { outcome: Promise.resolve({ kind: 'failed', code: 'bundle-unknown' }), cancel: () => {} };
    }
    slot.runs += 1;
    const command: RunCommand = { kind: 'run', task, run: slot.runs };
    return {
      outcome: this.#run(slot, command, onProgress),
      cancel: () => void Atomics.store(slot.cancelled, 0, command.run),
    };
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#slots.map((slot) => slot.worker?.terminate()));
  }

  async #run(slot: Slot, command: RunCommand, onProgress: OnProgress): Promise<Outcome> {
    const worker = slot.worker ?? this.#spawn(slot);
    slot.busy = true;
    if (slot.lastKey !== command.task.key) this.#options.log('keys-loaded', { keyId: command.task.key });
    slot.lastKey = command.task.key;
    slot.bundles.add(command.task.bundle);
    worker.ref();
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const onMessage = (message: WorkerMessage) => {
      if (message.kind === 'prepared' || message.job !== command.task.id) return;
      if (message.kind === 'progress') onProgress(message.fraction, message.layer);
      else resolve(message.outcome);
    };
    const onExit = () => resolve({ kind: 'lost' });
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
    // Its successor would open the bundle only with the next job. The keys may be what it died of.
    if (slot.worker === null) this.prepare(command.task.bundle, null);
    return outcome;
  }

  #spawn(slot: Slot): Worker {
    const { threads, arithmetic, dataFolder, bundleFolders } = this.#options;
    const cancelled = slot.cancelled.buffer;
    const worker = new Worker(this.#options.entry, {
      name: 'evaluator',
      resourceLimits: { maxYoungGenerationSizeMb },
      env: {},
      stdin: false,
      workerData: {
        role: 'jobs',
        threads,
        arithmetic,
        dataFolder,
        bundleFolders,
        cancelled,
      } satisfies WorkerStart,
    });
    slot.worker = worker;
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'prepared') slot.opened = message.opened;
      else if (message.kind === 'ended' && message.outcome.kind === 'done') slot.opened = true;
    });
    // 'exit' follows; the error itself may quote data and is not looked at.
    worker.on('error', () => {});
    worker.once('exit', () => {
      if (slot.worker !== worker) return;
      slot.worker = null;
      slot.lastKey = null;
      slot.opened = false;
      slot.bundles.clear();
      if (!this.#closing) this.#options.log('worker-lost', { count: this.#slots.length });
    });
    return worker;
  }
}
