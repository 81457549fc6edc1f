import { toCodedError } from '../contract/errors.ts';
import { listeningLine } from '../contract/evaluator-line.ts';
import { readConfig } from './config.ts';
import { type RunningEvaluator, startEvaluator } from './start.ts';

/**
 * The evaluator process. Prints one line when it listens and nothing else on standard output.
 *
 * It speaks plain HTTP and binds to loopback; a reverse proxy in front of it terminates TLS.
 */
const version = '0.1.0';

/** The port to the parent when Electron forked this process as a utility process. */
type ElectronProcess = NodeJS.Process & { parentPort?: { on(event: 'close', listener: () => void): void } };

function stopOnRequest(stop: () => void): void {
  // Ctrl-C reaches the whole group of a terminal; a parent that started this process decides for itself when to stop.
  if (process.connected) process.on('SIGINT', () => {});
  else process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // A parent that dies cannot send a signal; its channel closes.
  process.once('disconnect', stop);
  if (process.connected === false) stop();
  (process as ElectronProcess).parentPort?.on('close', stop);
}

async function stopAndExit(evaluator: RunningEvaluator): Promise<void> {
  setTimeout(() => process.exit(1), 5_000).unref();
  await evaluator.stop().catch(() => {});
  process.exit(0);
}

/** @param workerEntry  evaluator/workers/worker.ts, or what it was bundled into. */
export async function runEvaluator(workerEntry: URL): Promise<void> {
  try {
    const config = readConfig(process.argv.slice(2), process.env);
    const evaluator = await startEvaluator(config, version, workerEntry);
    stopOnRequest(() => void stopAndExit(evaluator));
    process.stdout.write(`${listeningLine(evaluator.url)}\n`);
  } catch (error) {
    process.stderr.write(`${JSON.stringify({ event: 'not-started', ...toCodedError(error) })}\n`);
    process.exit(1);
  }
}
