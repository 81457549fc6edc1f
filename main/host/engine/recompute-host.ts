import { CxrError } from '../../../contract/errors.ts';
import type { RecomputeCommand, RecomputeEvent } from '../../../contract/ipc/recompute.ts';
import type { Port } from '../port.ts';

/** Longest time that an analysis in plaintext takes on a slow machine, the network's compilation included. */
const limitMs = 180_000;

/**
 * Computes one analysis in plaintext in a process of its own.
 *
 * @throws CxrError what that process refused with; `internal` when it died or took too long.
 */
export async function recompute(
  launch: () => Port<RecomputeCommand, RecomputeEvent>,
  command: RecomputeCommand,
): Promise<Extract<RecomputeEvent, { kind: 'computed' }>> {
  const port = launch();
  const { promise, resolve, reject } = Promise.withResolvers<RecomputeEvent>();
  const fail = (reason: string) => reject(new CxrError('internal', { reason }));
  const timer = setTimeout(() => fail('recompute timeout'), limitMs);
  port.onEvent(resolve);
  port.onEnd(() => fail('recompute exit'));
  port.send(command);
  try {
    const event = await promise;
    if (event.kind === 'computed') return event;
    throw CxrError.from(event.error);
  } finally {
    clearTimeout(timer);
    port.stop();
  }
}
