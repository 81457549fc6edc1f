import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FolderFrameStore } from '../../../evaluator/store/folder-frame-store.ts';
import { frameDigest } from '../../../he/wire/frame.ts';
import { describeFrameStore } from './frame-store-contract.ts';
import { newFolder } from './new-folder.ts';

async function opened(folder: string, suffix?: string): Promise<FolderFrameStore> {
  const store = new FolderFrameStore(folder, suffix);
  await store.tidy();
  return store;
}

for (const suffix of ['', '.input']) {
  describeFrameStore(`a folder with suffix "${suffix}"`, async () => {
    const folder = join(await newFolder(), 'frames');
    return { store: await opened(folder, suffix), elsewhere: new FolderFrameStore(folder, suffix) };
  });
}

describe('a folder of frames', () => {
  it('names a file by digest and suffix and lets nobody else read folder or file', async () => {
    const folder = join(await newFolder(), 'frames');
    const store = await opened(folder, '.result');
    const { digest } = await store.put(new Uint8Array([1, 2, 3]));
    expect(await readdir(folder)).toEqual([`${digest}.result`]);
    if (process.platform === 'win32') return;
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, `${digest}.result`))).mode & 0o777).toBe(0o600);
  });

  it('is shared by stores with different suffixes, which do not see each other', async () => {
    const folder = await newFolder();
    const [inputs, results] = [await opened(folder, '.input'), await opened(folder, '.result')];
    const bytes = new Uint8Array([7]);
    await inputs.put(bytes);
    expect(await results.has(frameDigest(bytes))).toBe(false);
    await results.put(bytes);
    await inputs.remove(frameDigest(bytes));
    expect(await results.list()).toMatchObject([{ digest: frameDigest(bytes), bytes: 1 }]);
  });

  it('is rid of unfinished files and strange names when its owner opens it, and keeps the rest', async () => {
    const folder = await newFolder();
    const { digest } = await (await opened(folder, '.input')).put(new Uint8Array([1]));
    for (const name of ['.unfinished-frame-1', 'strange.input', 'other.json']) {
      await writeFile(join(folder, name), 'x');
    }
    await opened(folder, '.input');
    expect((await readdir(folder)).sort()).toEqual([`${digest}.input`, 'other.json'].sort());
  });

  it('leaves no unfinished file when chunks throw', async () => {
    const folder = await newFolder();
    const store = await opened(folder);
    async function* broken() {
      yield new Uint8Array(10);
      throw new TypeError('gone');
    }
    await expect(store.put(broken())).rejects.toThrow('gone');
    expect(await readdir(folder)).toEqual([]);
  });
});
