import { join } from 'node:path';
import { FolderFrameStore } from './folder-frame-store.ts';
import type { FrameStore } from './frame-store.ts';

/** The evaluator's frames, apart by kind: evaluation keys, inputs of jobs that have not ended, results until they expire. */
export type FrameStores = {
  readonly keys: FrameStore;
  readonly inputs: FrameStore;
  readonly results: FrameStore;
  /** The last inputs that ended whatever computed on them. */
  readonly quarantine: FrameStore;
};

/** Names the folder that holds evaluation keys and the records of them. */
export const keysFolder = (dataFolder: string): string => join(dataFolder, 'keys');
/** Names the folder that holds the records of jobs, their inputs and their results. */
export const jobsFolder = (dataFolder: string): string => join(dataFolder, 'jobs');
/** Names the folder that holds what came so far of evaluation keys under way. */
export const uploadsFolder = (dataFolder: string): string => join(dataFolder, 'uploads');

const foldersIn = (dataFolder: string) => ({
  keys: new FolderFrameStore(keysFolder(dataFolder)),
  inputs: new FolderFrameStore(jobsFolder(dataFolder), '.input'),
  results: new FolderFrameStore(jobsFolder(dataFolder), '.result'),
  quarantine: new FolderFrameStore(join(dataFolder, 'quarantine'), '.input'),
});

/** The frames of a data folder that its owner has opened; this is what a worker calls. */
export const frameStoresIn = (dataFolder: string): FrameStores => foldersIn(dataFolder);

/** Opens the frames of a data folder for its owner, who holds its lock, and clears away what a crash left there. */
export async function openFrameStores(dataFolder: string): Promise<FrameStores> {
  const stores = foldersIn(dataFolder);
  for (const store of Object.values(stores)) await store.tidy();
  return stores;
}
