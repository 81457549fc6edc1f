import { existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FolderFrameStore } from '../../../evaluator/store/folder-frame-store.ts';
import { RecordFolder } from '../../../evaluator/store/record-folder.ts';
import { frameDigest } from '../../../he/wire/frame.ts';
import { newFolder } from '../store/new-folder.ts';

/** Notes, at every call that waits for the disk, whether a file was at its place by then. */
async function syncsUntil(path: string, work: () => Promise<unknown>): Promise<boolean[]> {
  const handle = await open('/dev/null', 'r');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const seen: boolean[] = [];
  const original = prototype.sync;
  const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    seen.push(existsSync(path));
    await original.call(this);
  });
  onTestFinished(() => spy.mockRestore());
  await work();
  spy.mockRestore();
  return seen;
}

describe.skipIf(process.platform === 'win32')('what is acknowledged', () => {
  // First the bytes, while the file has no name yet; then the name.
  const bytesThenName = [false, true];

  it('is on the disk as a frame, bytes and name', async () => {
    const folder = await newFolder();
    const frame = new Uint8Array([1, 2, 3]);
    const store = new FolderFrameStore(folder);
    expect(await syncsUntil(join(folder, frameDigest(frame)), () => store.put(frame))).toEqual(bytesThenName);
  });

  it('is on the disk as a record, bytes and name', async () => {
    const folder = await newFolder();
    const records = new RecordFolder<unknown>(folder, (value) => value);
    expect(await syncsUntil(join(folder, 'one.json'), () => records.save('one', {}))).toEqual(bytesThenName);
  });
});
