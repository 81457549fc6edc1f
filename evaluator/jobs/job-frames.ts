import { createHash } from 'node:crypto';
import type { JobParts } from './job-parts.ts';
import type { JobRecord } from './job-record.ts';

type Frames = Pick<JobParts, 'inputs' | 'results' | 'quarantine'>;

/** A crash leaves frames whose record was not written yet, or whose record is gone. */
export async function removeStrayFrames(
  { inputs, results }: Frames,
  records: readonly JobRecord[],
): Promise<void> {
  const wanted = new Set(records.map(({ ended, input }) => (ended === null ? input : ended.result)));
  for (const store of [inputs, results])
    for (const { digest } of await store.list()) if (!wanted.has(digest)) await store.remove(digest);
}

/** The result of a job that is done; null when it is gone or was changed on the disk. */
export async function readResult({ results }: Frames, { ended }: JobRecord): Promise<Uint8Array | null> {
  if (!ended?.result) return null;
  const frame = await results.get(ended.result);
  const isWhole = frame !== null && createHash('sha256').update(frame).digest('hex') === ended.result;
  return isWhole ? frame : null;
}

const mostQuarantined = 16;

/** Keeps the input of a job that is not tried again. Only the last few are kept. */
export async function quarantineInput({ inputs, quarantine }: Frames, { input }: JobRecord): Promise<void> {
  const frame = await inputs.get(input);
  if (frame !== null) await quarantine.put(frame);
  const oldestFirst = await quarantine.list();
  for (const { digest } of oldestFirst.slice(0, -mostQuarantined)) await quarantine.remove(digest);
}
