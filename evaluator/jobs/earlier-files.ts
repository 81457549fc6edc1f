import { createHash } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDigest } from '../../contract/ids/digest.ts';
import type { RecordStore } from './record-store.ts';

/**
 * Takes over the frames of an evaluator that named them after their jobs: `<job id>.input` and `<job id>.result` get
 * the names of their digests, and the record learns the result's. Call it before the frame stores clear away files
 * with names that they do not know.
 */
export async function takeOverEarlierFrames(folder: string, records: RecordStore): Promise<void> {
  for (const record of await records.list()) {
    const { id, input, ended } = record;
    await rename(join(folder, `${id}.input`), join(folder, `${input}.input`)).catch(() => {});
    if (ended?.state.kind !== 'done' || ended.result !== null) continue;
    const earlier = join(folder, `${id}.result`);
    const bytes = await readFile(earlier).catch(() => null);
    if (bytes === null) continue;
    const result = parseDigest(createHash('sha256').update(bytes).digest('hex'));
    await records.save({ ...record, ended: { ...ended, result } });
    await rename(earlier, join(folder, `${result}.result`));
  }
}
