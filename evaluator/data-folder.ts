import { takeOverEarlierFrames } from './jobs/earlier-files.ts';
import { FolderRecordStore, type RecordStore } from './jobs/record-store.ts';
import { type KeyRecords, openKeyRecords } from './keys/key-records.ts';
import { Uploads, uploadLimits } from './keys/uploads.ts';
import type { Log } from './observe/log.ts';
import {
  type FrameStores,
  jobsFolder,
  keysFolder,
  openFrameStores,
  uploadsFolder,
} from './store/frame-stores.ts';
import { ServiceClock } from './store/service-clock.ts';

/** Everything that outlives an evaluator process. */
export type Data = {
  readonly frames: FrameStores;
  readonly records: RecordStore;
  readonly keys: KeyRecords;
  readonly uploads: Uploads;
  readonly clock: ServiceClock;
};

/** Opens a data folder for its owner, who holds its lock: `keys/` evaluation keys, `uploads/` what came of others, `jobs/` records, inputs and results. */
export async function openDataFolder(folder: string, log: Log, limits = uploadLimits): Promise<Data> {
  const onDamaged = (name: string) =>
    log('damaged', { kind: 'record', ...(isId(name) ? { jobId: name } : {}) });
  const records = await FolderRecordStore.open(jobsFolder(folder), onDamaged);
  await takeOverEarlierFrames(jobsFolder(folder), records);
  const times = (await records.list()).flatMap(({ acceptedAt, ended }) => [acceptedAt, ended?.at ?? 0]);
  return {
    frames: await openFrameStores(folder),
    records,
    keys: await openKeyRecords(keysFolder(folder)),
    uploads: await Uploads.open(uploadsFolder(folder), limits),
    clock: await ServiceClock.open(folder, Math.max(0, ...times)),
  };
}

/** A name that somebody gave a file is not logged. */
const isId = (name: string): boolean => /^[0-9a-f]{32}$/.test(name);
