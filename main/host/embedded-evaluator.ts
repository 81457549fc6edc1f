import { CxrError } from '../../contract/errors.ts';
import { addressIn } from '../../contract/evaluator-line.ts';
import type { Launcher, Port } from './port.ts';

export type EmbeddedEvaluatorOptions = {
  readonly launch: Launcher;
  /** Path of the evaluator's entry script. */
  readonly entry: string;
  readonly dataDir: string;
  readonly bundleRoot: string;
  /** Analyses evaluated at the same time, default 1; each worker holds the encoded weights, some 1.2 GB. */
  readonly workers?: number | undefined;
  /** Default: the evaluator's own. */
  readonly threads?: number | undefined;
  /** Default: the evaluator's own. */
  readonly arithmetic?: string | undefined;
  /** Whether one that ends by itself is followed by another on the same port, a few times. Default: false. */
  readonly restarts?: boolean;
  /** Hears that one which listened ended by itself, and whether it is followed by another. */
  readonly onCrash?: (isFollowed: boolean) => void;
  readonly startTimeoutMs?: number | undefined;
};

type EvaluatorPort = Port<never, never>;

/** glibc: one heap instead of one per thread, and what is freed in large pieces goes back at once. */
const frugalMalloc = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '65536' };
/** How long the evaluator may take to stop by itself. */
const stopTimeoutMs = 6_000;
const startTimeoutMs = 60_000;
/** So many that ended by themselves within `crashWindowMs` are followed by another; then the next would end too. */
const mostCrashes = 3;
const crashWindowMs = 10 * 60_000;

/**
 * The evaluator as a process of its own on this machine's loopback, for use without a server. It gets ciphertexts
 * and evaluation keys over HTTP like any other and shares no memory with its parent; the secret key is in another
 * process.
 */
export class EmbeddedEvaluator {
  readonly #options: EmbeddedEvaluatorOptions;
  #port: EvaluatorPort | null = null;
  #url: Promise<string> | null = null;
  #isStopped = false;
  /** When those ended that ended by themselves, ms. */
  #crashes: number[] = [];

  constructor(options: EmbeddedEvaluatorOptions) {
    this.#options = options;
  }

  /** Its process id; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#port?.pid;
  }

  /**
   * Its address; starts it when it is not running.
   *
   * @param signal  gives up the start, for everybody who waits for it.
   * @throws CxrError `evaluator-unreachable` with its reason when it could not be started, ended or stayed silent instead
   *         of listening, or came to an end too often; `cancelled` by `signal` or after `stop`.
   */
  url(signal?: AbortSignal): Promise<string> {
    if (this.#isStopped || signal?.aborted) return Promise.reject(new CxrError('cancelled'));
    if (this.#url === null && this.#options.restarts === true && this.#isWornOut())
      return Promise.reject(new CxrError('evaluator-unreachable', { reason: 'ended', embedded: true }));
    this.#url ??= this.#start(0, signal);
    return this.#url;
  }

  /** Ends it for good, and resolves when its process is gone. */
  stop(): Promise<void> {
    this.#isStopped = true;
    return this.pause();
  }

  /** Kills it for good, and resolves when its process is gone: for whoever throws its data folder away. */
  async kill(): Promise<void> {
    this.#isStopped = true;
    const port = this.#port;
    this.#forget();
    if (port === null) return;
    await endOf(port, 0);
  }

  /** Ends it until its address is asked for again: another evaluator is in use, and this one fills a gigabyte. */
  pause(): Promise<void> {
    const port = this.#port;
    this.#forget();
    this.#crashes = [];
    return port === null ? Promise.resolve() : endOf(port);
  }

  #forget(): void {
    this.#port = null;
    this.#url = null;
  }

  /** @param at  0 for any port; after a crash the old one, which is part of the address that the engine knows. */
  async #start(at: number, signal?: AbortSignal): Promise<string> {
    const { launch, entry, startTimeoutMs: limitMs } = this.#options;
    const port = launch<never, never>({
      name: 'evaluator',
      entry,
      argv: argumentsOf(this.#options, at),
      environment: frugalMalloc,
      isBackground: true,
    });
    this.#port = port;
    try {
      const url = await addressOf(port, limitMs ?? startTimeoutMs, signal);
      port.onEnd(() => this.#ended(port, Number(new URL(url).port)));
      return url;
    } catch (error) {
      port.kill();
      if (this.#port === port) this.#forget();
      throw error;
    }
  }

  #ended(port: EvaluatorPort, at: number): void {
    if (this.#port !== port) return;
    this.#forget();
    this.#crashes.push(Date.now());
    const isFollowed = this.#options.restarts === true && !this.#isWornOut();
    this.#options.onCrash?.(isFollowed);
    if (!isFollowed) return;
    this.#url = this.#start(at);
    // Whoever asks for the address hears the reason; here nobody does.
    this.#url.catch(() => {});
  }

  #isWornOut(): boolean {
    const since = Date.now() - crashWindowMs;
    this.#crashes = this.#crashes.filter((crash) => crash > since);
    return this.#crashes.length > mostCrashes;
  }
}

function argumentsOf(options: EmbeddedEvaluatorOptions, port: number): string[] {
  const { dataDir, bundleRoot, workers = 1, threads, arithmetic } = options;
  return [
    ...['--host', '127.0.0.1', '--port', String(port), '--workers', String(workers)],
    ...(threads === undefined ? [] : ['--threads', String(threads)]),
    ...(arithmetic === undefined ? [] : ['--arithmetic', arithmetic]),
    ...['--data', dataDir, '--bundles', bundleRoot],
  ];
}

/** Waits for the line with the address. */
function addressOf(port: EvaluatorPort, limitMs: number, signal?: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const refuse = (reason: 'not started' | 'ended' | 'silent', status?: number | null) =>
    reject(
      new CxrError('evaluator-unreachable', {
        reason,
        ...(status === undefined ? {} : { status }),
        embedded: true,
      }),
    );
  const onAbort = () => reject(new CxrError('cancelled'));
  const timer = setTimeout(() => refuse('silent'), limitMs);
  port.onLine((line) => {
    const url = addressIn(line);
    if (url !== null) resolve(url);
  });
  port.onEnd(({ status, hasStarted }) => (hasStarted ? refuse('ended', status) : refuse('not started')));
  signal?.addEventListener('abort', onAbort, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  });
}

/** Asks politely and, when that takes too long, ends it. @param patienceMs  0 to end it at once. */
async function endOf(port: EvaluatorPort, patienceMs = stopTimeoutMs): Promise<void> {
  const ended = new Promise((resolve) => port.onEnd(resolve));
  if (patienceMs === 0) port.kill();
  else port.stop();
  // The process is in the background: nothing else may keep this one running until it has gone.
  const timer = setInterval(() => port.kill(), Math.max(patienceMs, 1_000));
  await ended;
  clearInterval(timer);
}
