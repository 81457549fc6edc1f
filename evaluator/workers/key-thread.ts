import { Worker } from 'node:worker_threads';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { KeyVerifier, Verdict } from '../keys/key-verifier.ts';
import type { VerifyCommand, WorkerStart } from './worker-message.ts';

const limits = { verifyMs: 60_000, idleMs: 30_000 };

/**
 * Verifies keys in a thread of its own, one after the other, so that foreign keys neither wait for evaluations nor touch
 * the worker that computes. The thread is started when first needed and ends when it was idle, to give its memory back.
 */
export class KeyThread implements KeyVerifier {
  readonly #entry: URL;
  readonly #start: WorkerStart;
  #worker: Worker | null = null;
  #idle: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closing = false;

  constructor(entry: URL, start: Pick<WorkerStart, 'dataFolder' | 'bundleFolders'>) {
    const cancelled = new SharedArrayBuffer(4);
    this.#entry = entry;
    this.#start = { ...start, role: 'keys', threads: 1, arithmetic: 'wasm', cancelled };
  }

  verify(key: KeyId, bundle: BundleId): Promise<Verdict> {
    const verdict = this.#last.then(() => this.#verify({ key, bundle }));
    this.#last = verdict;
    return verdict;
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#idle);
    await this.#worker?.terminate();
  }

  async #verify(command: VerifyCommand): Promise<Verdict> {
    if (this.#closing || !this.#start.bundleFolders.has(command.bundle)) return 'unchecked';
    clearTimeout(this.#idle);
    const worker = this.#worker ?? this.#spawn();
    worker.ref();
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    const stuck = setTimeout(() => resolve('unchecked'), limits.verifyMs);
    // Keys of which the thread dies are none.
    const onExit = () => resolve(this.#closing ? 'unchecked' : 'invalid');
    worker.once('exit', onExit);
    worker.once('message', resolve);
    worker.postMessage(command);
    const verdict = await promise;
    clearTimeout(stuck);
    worker.off('exit', onExit);
    worker.off('message', resolve);
    worker.unref();
    if (verdict === 'unchecked' || verdict === 'invalid') await this.#end(worker);
    else this.#idle = setTimeout(() => void this.#end(worker), limits.idleMs).unref();
    return verdict;
  }

  #spawn(): Worker {
    const workerData = this.#start;
    const worker = new Worker(this.#entry, { name: 'keys', env: {}, stdin: false, workerData });
    // 'exit' follows; the error itself may quote data and is not looked at.
    worker.on('error', () => {});
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = null;
    });
    this.#worker = worker;
    return worker;
  }

  /** After bad keys too: what they did to the memory is not looked into. */
  async #end(worker: Worker): Promise<void> {
    if (this.#worker === worker) this.#worker = null;
    await worker.terminate();
  }
}
