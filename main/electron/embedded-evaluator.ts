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
    this.#child?.kill();
  }

  async #start(): Promise<string> {
    const { script, dataFolder, bundleRoot } = this.#options;
    const child = utilityProcess.fork(
      script,
      ['--port', '0', '--data', dataFolder, '--bundles', bundleRoot],
      { serviceName: 'Cipherfilm evaluator', stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.#child = child;
    child.once('exit', () => {
      if (this.#child === child) {
        this.#child = null;
        this.#url = null;
      }
    });
    return await new Promise<string>((resolve, reject) => {
      const refuse = (reason: string) =>
        reject(new CxrError('evaluator-unreachable', { reason, embedded: true }));
      const timer = setTimeout(() => {
        refuse('start timeout');
        child.kill();
      }, startTimeoutMs);
      let output = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        // After the address nothing is kept, but the pipe must be drained or the evaluator would block.
        if (output.length < 65_536) output += chunk.toString('utf8');
        const url = readyLine.exec(output)?.[1];
        if (url !== undefined) {
          clearTimeout(timer);
          resolve(url);
        }
      });
      child.once('exit', (code) => {
        clearTimeout(timer);
        refuse(`exit ${code}`);
      });
    });
  }
}
