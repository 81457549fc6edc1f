import { endingSignals, statusOf } from '../files/temporary-folder.ts';

/**
 * Within this time a second signal is the same one: npm passes on what the terminal has sent to the whole process group
 * already.
 */
const sameMs = 500;

/**
 * Turns the signals that ask this process to end into an AbortSignal. The first one cancels, so that what was done can be
 * reported. Another one ends the process at once, with the status of its signal; temporary folders are removed and child
 * processes are killed then too.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  let since = 0;
  for (const signal of endingSignals) {
    process.on(signal, () => {
      if (!controller.signal.aborted) since = performance.now();
      else if (performance.now() - since > sameMs) process.exit(statusOf(signal));
      controller.abort();
    });
  }
  return controller.signal;
}
