import { takeOverEarlierFrames } from './jobs/earlier-files.ts';
import { FolderRecordStore, type RecordStore } from './jobs/record-store.ts';
import { type KeyRecords, openKeyRecords } from './keys/key-records.ts';
import { type FrameStores, jobsFolder, keysFolder, openFrameStores } from './store/frame-stores.ts';

/** Everything that outlives an evaluator process. */
export type Data = { readonly frames: FrameStores; readonly records: RecordStore; readonly keys: KeyRecords };

/** Opens a data folder for its owner, who holds its lock: `keys/` evaluation keys, `jobs/` records, inputs and results. */
export async function openDataFolder(folder: string): Promise<Data> {
  const records = await FolderRecordStore.open(jobsFolder(folder));
  await takeOverEarlierFrames(jobsFolder(folder), records);
  return { frames: await openFrameStores(folder), records, keys: await openKeyRecords(keysFolder(folder)) };
}
