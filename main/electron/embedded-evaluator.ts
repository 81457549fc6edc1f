import { type UtilityProcess, utilityProcess } from 'electron';
import { CxrError } from '../../contract/errors.ts';

export type EmbeddedEvaluatorOptions = {
  readonly script: string;
  readonly dataFolder: string;
  readonly bundleRoot: string;
};

const readyLine = /cipherfilm evaluator listening on (http:\/\/127\.0\.0\.1:\d{1,5})\s/;
const startTimeoutMs = 60_000;

/**
 * The evaluator as a process of its own on this machine's loopback, for use without a server. It gets ciphertexts
 * and evaluation keys over HTTP like any other; the secret key is in another process.
 */
export class EmbeddedEvaluator {
  readonly #options: EmbeddedEvaluatorOptions;
  #child: UtilityProcess | null = null;
  #url: Promise<string> | null = null;
  #stopped = false;

  constructor(options: EmbeddedEvaluatorOptions) {
    this.#options = options;
  }

  /**
   * Its address; starts it when it is not running.
   *
   * @throws CxrError 'evaluator-unreachable' when it exits or stays silent instead of listening.
   */
  url(): Promise<string> {
    this.#url ??= this.#start();
    return this.#url;
  }

  stop(): void {
    this.#stopped = true;
    this.#child?.kill();
  }

  /** Ends it until its address is asked for again: another evaluator is in use, and this one fills a gigabyte. */
  pause(): void {
    const child = this.#child;
    this.#child = null;
    this.#url = null;
    child?.kill();
  }

  /** @param port 0 for any; after a crash the old one, which is the address that the engine knows. */
  async #start(port = '0'): Promise<string> {
    const { script, dataFolder, bundleRoot } = this.#options;
    const child = utilityProcess.fork(
      script,
      ['--port', port, '--data', dataFolder, '--bundles', bundleRoot],
      { serviceName: 'Cipherfilm evaluator', stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.#child = child;
    try {
      const url = await listening(child);
      child.once('exit', () => {
        if (this.#child === child) this.#restart(new URL(url).port);
      });
      return url;
    } catch (error) {
      this.#child = null;
      this.#url = null;
      throw error;
    }
  }

  #restart(port: string): void {
    if (this.#stopped) return;
    this.#url = this.#start(port);
    // Whoever asks for the address hears the reason; here nobody does.
    this.#url.catch(() => {});
  }
}

/** Waits for the line with the address. */
function listening(child: UtilityProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const refuse = (reason: string) =>
      reject(new CxrError('evaluator-unreachable', { reason, embedded: true }));
    const timer = setTimeout(() => {
      refuse('start timeout');
      child.kill();
    }, startTimeoutMs);
    child.once('exit', (code) => {
      clearTimeout(timer);
      refuse(`exit ${code}`);
    });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      // After the address nothing is kept, but the pipe must be drained or the evaluator would block.
      if (output.length < 65_536) output += chunk.toString('utf8');
      const url = readyLine.exec(output)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}
