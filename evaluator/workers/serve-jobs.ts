import type { MessagePort } from 'node:worker_threads';
import type { Cost } from '../../contract/cost.ts';
import { CxrError } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { Digest } from '../../contract/ids/digest.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { EvaluationControl } from '../../he/server/evaluate.ts';
import type { ByteSource } from '../../he/wire/byte-source.ts';
import { decodeFrame, encodeFrame, type Frame } from '../../he/wire/frame.ts';
import type { PayloadLimits } from '../bundles.ts';
import type { Outcome, Task } from '../jobs/executor.ts';
import { openKeyFrame } from '../keys/key-frame.ts';
import { type FrameStores, frameStoresIn } from '../store/frame-stores.ts';
import { giveBack } from './give-back.ts';
import type { PrepareCommand, RunCommand, WorkerMessage, WorkerStart } from './worker-message.ts';

/** How often a worker reports progress at most, milliseconds. */
const progressEveryMs = 200;

/** What a worker needs of he/server/evaluate.ts; tests put a fake in its place. */
export type OpenedBundle<Keys extends Disposable> = {
  readonly limits: PayloadLimits;
  prepare(): void;
  loadKeys(payload: ByteSource): Keys;
  /** @throws CxrError `ciphertext-invalid`. */
  checkInput(payload: Uint8Array): void;
  evaluate(payload: Uint8Array, keys: Keys, control: EvaluationControl): { payload: Uint8Array; cost: Cost };
};
export type OpenBundle<Keys extends Disposable> = (
  folder: string,
  bundle: BundleId,
) => Promise<OpenedBundle<Keys>>;

/**
 * Answers run commands on `port`, one after the other. Programs stay open; of the evaluation keys only the last
 * used are kept, because one client's keys fill hundreds of megabytes once expanded.
 *
 * @remarks An exception without a code leaves the HE library in an unknown state: it is not caught here, the worker
 * dies of it and the pool starts a new one.
 */
export function serveJobs<Keys extends Disposable>(
  port: MessagePort,
  start: WorkerStart,
  openBundle: OpenBundle<Keys>,
): void {
  const stores = frameStoresIn(start.dataFolder);
  const programs = new Map<BundleId, Promise<OpenedBundle<Keys>>>();
  let loaded: { readonly id: KeyId; readonly keys: Keys } | null = null;

  const programOf = async (bundle: BundleId): Promise<OpenedBundle<Keys>> => {
    const folder = start.bundleFolders.get(bundle);
    if (folder === undefined) throw new CxrError('bundle-unknown', { bundle });
    const opening = programs.get(bundle) ?? openBundle(folder, bundle).finally(giveBack);
    programs.set(bundle, opening);
    opening.catch(() => programs.delete(bundle));
    return await opening;
  };

  const keysFor = async ({ key, bundle }: WantedKeys, program: OpenedBundle<Keys>): Promise<Keys> => {
    if (loaded?.id === key) return loaded.keys;
    loaded?.keys[Symbol.dispose]();
    loaded = null;
    const maxPayloadBytes = program.limits.evaluationKeys;
    using frame = await openKeyFrame(stores.keys, { key, bundle, maxPayloadBytes });
    loaded = { id: key, keys: program.loadKeys(frame.payload) };
    // The parts that were read fill as much as the keys themselves.
    giveBack();
    return loaded.keys;
  };

  const run = async (command: RunCommand): Promise<Outcome> => {
    const { task } = command;
    const program = await programOf(task.bundle);
    const control = controlOf(command, start, port);
    const frame = await readInput(task, program.limits, stores);
    // A job that is cancelled loses its input, perhaps before it was read.
    if (control.isAborted()) return { kind: 'cancelled' };
    if (frame === null) throw new CxrError('frame-truncated', { got: 0 });
    // Keys cost a second to load, and whoever sends a bad input has cost himself nothing.
    program.checkInput(frame.payload);
    const keys = await keysFor(task, program);
    const startedAt = performance.now();
    const { payload, cost } = program.evaluate(frame.payload, keys, control);
    const evaluateMs = performance.now() - startedAt;
    const { digest: result, bytes: resultBytes } = await putResult(task, payload, stores);
    return { kind: 'done', result, resultBytes, evaluateMs, cost };
  };

  /** What goes wrong here goes wrong again, and is told, with the first job. */
  const prepare = async ({ bundle, key }: PrepareCommand): Promise<void> => {
    let opened = false;
    try {
      const program = await programOf(bundle);
      program.prepare();
      giveBack();
      opened = true;
      if (key !== null) await keysFor({ key, bundle }, program);
    } catch (error) {
      if (!(error instanceof CxrError)) throw error;
    }
    port.postMessage({ kind: 'prepared', opened } satisfies WorkerMessage);
  };

  const serve = async (command: RunCommand | PrepareCommand): Promise<void> => {
    if (command.kind === 'prepare') return await prepare(command);
    let outcome: Outcome;
    try {
      outcome = await run(command);
    } catch (error) {
      if (!(error instanceof CxrError)) throw error;
      outcome = error.code === 'cancelled' ? { kind: 'cancelled' } : { kind: 'failed', code: error.code };
    }
    port.postMessage({ kind: 'ended', job: command.task.id, outcome } satisfies WorkerMessage);
  };

  // One after the other: a job that came in the middle of a preparation would load its keys a second time.
  let last = Promise.resolve();
  port.on('message', (command: RunCommand | PrepareCommand) => {
    last = last.then(() => serve(command));
  });
}

type WantedKeys = Pick<Task, 'key' | 'bundle'>;

function controlOf({ task, run }: RunCommand, start: WorkerStart, port: MessagePort): EvaluationControl {
  const cancelled = new Int32Array(start.cancelled);
  let reportedAt = 0;
  return {
    isAborted: () => Atomics.load(cancelled, 0) === run,
    progress: (fraction, layer) => {
      if (performance.now() - reportedAt < progressEveryMs) return;
      reportedAt = performance.now();
      port.postMessage({ kind: 'progress', job: task.id, fraction, layer } satisfies WorkerMessage);
    },
  };
}

/** The input frame of a job, null when it cannot be read. @throws CxrError as `decodeFrame`. */
async function readInput(task: Task, limits: PayloadLimits, { inputs }: FrameStores): Promise<Frame | null> {
  const bytes = await inputs.get(task.input).catch(() => null);
  if (bytes === null) return null;
  const { bundle, key: subject } = task;
  return decodeFrame(bytes, { kind: 'input', bundle, subject, maxPayloadBytes: limits.input });
}

/** @throws CxrError `storage-full`, or `internal` when the store does not take the result for another reason. */
async function putResult(
  { id: job, bundle, input }: Task,
  payload: Uint8Array,
  { results }: FrameStores,
): ReturnType<FrameStores['results']['put']> {
  const subject: Digest = input;
  const result: Frame = { kind: 'result', bundle, subject, nonce: new Uint8Array(16), payload };
  try {
    return await results.put(encodeFrame(result));
  } catch (cause) {
    if (cause instanceof CxrError) throw cause;
    throw new CxrError('internal', { job, reason: 'result not stored' }, { cause });
  }
}
