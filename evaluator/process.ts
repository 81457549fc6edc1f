import { toCodedError } from '../contract/errors.ts';
import { listeningLine } from '../contract/evaluator-line.ts';
import product from '../package.json' with { type: 'json' };
import { type Config, readConfig } from './config.ts';
import { asksForHelp, usage } from './options.ts';
import { type RunningEvaluator, startEvaluator } from './start.ts';

/** The port to the parent when Electron forked this process as a utility process. */
type ElectronProcess = NodeJS.Process & { parentPort?: { on(event: 'close', listener: () => void): void } };

/**
 * Leaves it to a parent over an IPC channel when to stop. Ctrl-C in a terminal and `kill` of a process group reach the
 * parent as well, which may still want to cancel a job here.
 */
function ignoreSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
}

/** A signal lets running jobs end. A second one, and a parent that goes, do not wait for them. */
function stopOnRequest(stop: (drainMs: number) => void, drainMs: number): void {
  let signals = 0;
  const onSignal = () => {
    signals += 1;
    stop(signals === 1 ? drainMs : 0);
  };
  if (process.channel === undefined)
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  const stopNow = () => stop(0);
  // A parent that dies cannot send a signal; its channel closes.
  process.once('disconnect', stopNow);
  if (process.connected === false) stopNow();
  (process as ElectronProcess).parentPort?.on('close', stopNow);
}

async function stopAndExit(evaluator: RunningEvaluator, drainMs: number): Promise<void> {
  setTimeout(() => process.exit(1), drainMs + 5_000).unref();
  await evaluator.stop(drainMs).catch(() => {});
  process.exit(0);
}

/**
 * The evaluator process. Prints one line when it listens and nothing else on standard output, and ends with exit code 2
 * for flags that cannot be meant, 1 when it cannot start.
 *
 * It speaks plain HTTP and binds to loopback; a reverse proxy in front of it terminates TLS.
 *
 * @param workerEntry  evaluator/workers/worker.ts, or what it was bundled into.
 */
export async function runEvaluator(workerEntry: URL): Promise<void> {
  if (process.channel !== undefined) ignoreSignals();
  const argv = process.argv.slice(2);
  if (asksForHelp(argv)) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  let config: Config;
  try {
    config = readConfig(argv, process.env);
  } catch (error) {
    return notStarted(error, 2);
  }
  try {
    const evaluator = await startEvaluator(config, product.version, workerEntry);
    stopOnRequest((drainMs) => void stopAndExit(evaluator, drainMs), config.drainMs);
    process.stdout.write(`${listeningLine(evaluator.url)}\n`);
  } catch (error) {
    notStarted(error, 1);
  }
}

function notStarted(error: unknown, exitCode: 1 | 2): never {
  process.stderr.write(`${JSON.stringify({ event: 'not-started', ...toCodedError(error) })}\n`);
  process.exit(exitCode);
}
