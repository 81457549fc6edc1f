import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CxrError } from '../../contract/errors.ts';

export type EmbeddedEvaluatorOptions = {
  readonly dataDir: string;
  readonly bundleRoot: string;
  /** The evaluator's entry file; the packaged application has its own. */
  readonly entry?: string;
  /** Analyses evaluated at the same time; each worker holds the encoded weights, some 1.2 GB. */
  readonly workers?: number;
  /** Default: the evaluator's own. */
  readonly threads?: number;
  readonly arithmetic?: string;
  readonly signal?: AbortSignal;
  readonly startTimeoutMs?: number;
};
export type EmbeddedEvaluator = { readonly url: string; readonly pid: number; stop(): Promise<void> };

const listening = /^cipherfilm evaluator listening on (http:\/\/127\.0\.0\.1:\d+)$/;
/** glibc: one heap instead of one per thread, and what is freed in large pieces goes back at once. */
const frugalMalloc = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '65536' };
/** How long the evaluator may take to stop by itself. */
const stopTimeoutMs = 6_000;

/**
 * Starts an evaluator as a separate process on a free loopback port: the demonstration without a cloud. It shares
 * no memory with the caller, gets no secret, and stops when the caller does, even if the caller is killed (its end
 * of the IPC channel closes).
 *
 * @throws CxrError `evaluator-unreachable` when it ends or stays silent instead of listening, `cancelled`.
 */
export async function startEmbeddedEvaluator(options: EmbeddedEvaluatorOptions): Promise<EmbeddedEvaluator> {
  if (options.signal?.aborted) throw new CxrError('cancelled');
  const child = spawn(process.execPath, argumentsOf(options), {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    // In Electron, execPath is the application; this makes it behave as Node.
    env: { ...frugalMalloc, ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  });
  try {
    const url = await addressOf(child, options);
    letGo(child);
    return { url, pid: child.pid!, stop: () => stop(child) };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

function argumentsOf(options: EmbeddedEvaluatorOptions): string[] {
  const entry = options.entry ?? fileURLToPath(new URL('../../evaluator/index.ts', import.meta.url));
  const place = ['--data', options.dataDir, '--bundles', options.bundleRoot];
  const workers = ['--workers', String(options.workers ?? 1)];
  const threads = options.threads === undefined ? [] : ['--threads', String(options.threads)];
  const arithmetic = options.arithmetic === undefined ? [] : ['--arithmetic', options.arithmetic];
  return [entry, '--host', '127.0.0.1', '--port', '0', ...workers, ...threads, ...arithmetic, ...place];
}

function addressOf(child: ChildProcess, options: EmbeddedEvaluatorOptions): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const lines = createInterface({ input: child.stdout! });
  const onAbort = () => reject(new CxrError('cancelled'));
  const timer = setTimeout(
    () => reject(new CxrError('evaluator-unreachable', { reason: 'silent' })),
    options.startTimeoutMs ?? 60_000,
  );
  lines.on('line', (line) => {
    const url = listening.exec(line)?.[1];
    if (url !== undefined) resolve(url);
  });
  child.once('error', (cause) =>
    reject(new CxrError('evaluator-unreachable', { reason: 'not started' }, { cause })),
  );
  child.once('exit', (status) => reject(new CxrError('evaluator-unreachable', { reason: 'ended', status })));
  options.signal?.addEventListener('abort', onAbort, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  });
}

/** The evaluator alone does not keep the caller from ending. */
function letGo(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
  (child.stdout as Socket).unref();
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await ended;
  clearTimeout(timer);
}
