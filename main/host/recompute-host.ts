import { type CodedError, CxrError } from '../../contract/errors.ts';
import type { RecomputeCommand, RecomputeEvent } from '../../contract/ipc/recompute.ts';

/** The part of Electron's UtilityProcess that is used, so that tests can stand in for it. */
export type RecomputeProcess = {
  postMessage(message: RecomputeCommand): void;
  on(event: 'message', listener: (message: RecomputeEvent) => void): unknown;
  once(event: 'exit', listener: (code: number) => void): unknown;
  kill(): boolean;
};

/** Longest time that an analysis in plaintext takes on a slow machine, the network's compilation included. */
const limitMs = 180_000;

/**
 * Computes one analysis in plaintext in a process of its own.
 *
 * @throws CxrError what that process refused with; `internal` when it died or took too long.
 */
export async function recompute(
  fork: () => RecomputeProcess,
  command: RecomputeCommand,
): Promise<Extract<RecomputeEvent, { kind: 'computed' }>> {
  const child = fork();
  const { promise, resolve, reject } = Promise.withResolvers<RecomputeEvent>();
  const fail = (reason: string) => reject(new CxrError('internal', { reason }));
  const timer = setTimeout(() => fail('recompute timeout'), limitMs);
  child.on('message', resolve);
  child.once('exit', () => fail('recompute exit'));
  child.postMessage(command);
  try {
    const event = await promise;
    if (event.kind === 'computed') return event;
    const { code, detail }: CodedError = event.error;
    throw new CxrError(code, detail);
  } finally {
    clearTimeout(timer);
    child.kill();
  }
}
