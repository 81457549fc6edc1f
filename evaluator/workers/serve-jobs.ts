import { readFileSync } from 'node:fs';
import type { MessagePort } from 'node:worker_threads';
import type { Cost } from '../../contract/cost.ts';
import { CxrError } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import type { EvaluationControl } from '../../he/server/evaluate.ts';
import type { ByteSource } from '../../he/wire/byte-source.ts';
import { decodeFrame, encodeFrame, type Frame, frameDigest } from '../../he/wire/frame.ts';
import { openKeyFile } from '../keys/key-file.ts';
import { giveBack } from './give-back.ts';
import type { PrepareCommand, RunCommand, WorkerMessage, WorkerOutcome } from './worker-message.ts';

/** How often a worker reports progress at most, milliseconds. */
const progressEveryMs = 200;

/** What a worker needs of he/server/evaluate.ts; tests put a fake in its place. */
export type OpenedBundle<Keys extends Disposable> = {
  prepare(): void;
  loadKeys(payload: ByteSource): Keys;
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
export function serveJobs<Keys extends Disposable>(port: MessagePort, openBundle: OpenBundle<Keys>): void {
  const programs = new Map<BundleId, Promise<OpenedBundle<Keys>>>();
  let loaded: { readonly id: KeyId; readonly keys: Keys } | null = null;

  const programOf = ({ bundle, bundleFolder }: RunCommand | PrepareCommand) => {
    const opening = programs.get(bundle) ?? openBundle(bundleFolder, bundle).finally(giveBack);
    programs.set(bundle, opening);
    opening.catch(() => programs.delete(bundle));
    return opening;
  };

  const keysFor = (command: RunCommand, program: OpenedBundle<Keys>): Keys => {
    if (loaded?.id === command.key) return loaded.keys;
    loaded?.keys[Symbol.dispose]();
    loaded = null;
    using file = openKeyFile(command.keyFile, {
      key: command.key,
      bundle: command.bundle,
      maxPayloadBytes: command.limits.evaluationKeys,
    });
    loaded = { id: command.key, keys: program.loadKeys(file.payload) };
    // The parts that were read fill as much as the keys themselves.
    giveBack();
    return loaded.keys;
  };

  const run = async (command: RunCommand): Promise<WorkerOutcome> => {
    const program = await programOf(command);
    const control = controlOf(command, port);
    const input = readInput(command);
    // A job that is cancelled loses its input, perhaps before it was read.
    if (control.isAborted()) return { kind: 'cancelled' };
    if (input === null) throw new CxrError('job-failed', { job: command.job, reason: 'input missing' });
    const { frame, digest } = input;
    const keys = keysFor(command, program);
    const startedAt = performance.now();
    const { payload, cost } = program.evaluate(frame.payload, keys, control);
    const evaluateMs = performance.now() - startedAt;
    const result: Frame = {
      kind: 'result',
      bundle: command.bundle,
      subject: digest,
      nonce: new Uint8Array(16),
      payload,
    };
    return { kind: 'done', frame: encodeFrame(result), evaluateMs, cost };
  };

  /** What goes wrong here goes wrong again, and is told, with the first job. */
  const prepare = async (command: PrepareCommand): Promise<void> => {
    try {
      (await programOf(command)).prepare();
      giveBack();
    } catch (error) {
      if (!(error instanceof CxrError)) throw error;
    }
  };

  port.on('message', async (command: RunCommand | PrepareCommand) => {
    if (command.kind === 'prepare') return await prepare(command);
    let outcome: WorkerOutcome;
    try {
      outcome = await run(command);
    } catch (error) {
      if (!(error instanceof CxrError)) throw error;
      outcome = error.code === 'cancelled' ? { kind: 'cancelled' } : { kind: 'failed', code: error.code };
    }
    port.postMessage({ kind: 'ended', job: command.job, outcome } satisfies WorkerMessage);
  });
}

function controlOf(command: RunCommand, port: MessagePort): EvaluationControl {
  const flag = new Int32Array(command.abort);
  let reportedAt = 0;
  return {
    isAborted: () => Atomics.load(flag, 0) !== 0,
    progress: (fraction, layer) => {
      if (performance.now() - reportedAt < progressEveryMs) return;
      reportedAt = performance.now();
      port.postMessage({ kind: 'progress', job: command.job, fraction, layer } satisfies WorkerMessage);
    },
  };
}

function readInput(command: RunCommand): { frame: Frame; digest: ReturnType<typeof frameDigest> } | null {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(command.inputFile);
  } catch {
    return null;
  }
  const { bundle, key: subject } = command;
  const expected = { kind: 'input', bundle, subject, maxPayloadBytes: command.limits.input } as const;
  return { frame: decodeFrame(bytes, expected), digest: frameDigest(bytes) };
}
