import { readdir } from 'node:fs/promises';
import { FolderFrameStore } from '../../../evaluator/store/folder-frame-store.ts';

/** Puts 4 MB into a store in the folder that is named, and prints with which code that failed and what is left. */
const folder = process.argv[2]!;
const code = await new FolderFrameStore(folder).put(new Uint8Array(4 << 20)).then(
  () => 'kept',
  (error: { code: string }) => error.code,
);
process.stdout.write(JSON.stringify({ code, left: await readdir(folder) }));
