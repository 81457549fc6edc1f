import { execFileSync, spawnSync } from 'node:child_process';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { mediaTypes, paths } from '../../../contract/protocol.ts';
import {
  evaluatorsOfEachTest,
  inputFrame,
  keyFrame,
  postJob,
  putKeys,
  resultOf,
  submit,
  textOf,
  waitFor,
} from '../fake-evaluator.ts';
import { newFolder } from '../store/new-folder.ts';

const start = evaluatorsOfEachTest();

/** Every write of this process is refused as by a full disk, until the returned function is called. */
async function fillDisk(): Promise<() => void> {
  const handle = await open('/dev/null', 'r');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const spy = vi
    .spyOn(prototype, 'writeFile')
    .mockRejectedValue(Object.assign(new Error('full'), { code: 'ENOSPC' }));
  onTestFinished(() => spy.mockRestore());
  return () => spy.mockRestore();
}

describe.skipIf(process.platform === 'win32')('an evaluator whose disk is full', () => {
  it('says so, says when to come back, keeps nothing, and serves once there is room', async () => {
    const { url, folder } = await start();
    const key = keyFrame();
    await putKeys(url, key);
    const makeRoom = await fillDisk();
    const input = inputFrame(key.id, 'x');
    const response = await fetch(url + paths.jobs, {
      method: 'POST',
      headers: { 'content-type': mediaTypes.ciphertext },
      body: input as Uint8Array<ArrayBuffer>,
    });
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({ code: 'storage-full' });
    expect(await putKeys(url, keyFrame('more'))).toMatchObject({ status: 503, code: 'storage-full' });
    expect(await readdir(join(folder, 'jobs'))).toEqual([]);
    makeRoom();
    expect((await postJob(url, input)).status).toBe(202);
  });

  it('goes on with an accepted job when there is room for its result, and fails none', async () => {
    const { url } = await start();
    const key = keyFrame();
    await putKeys(url, key);
    const id = await submit(url, key, 'full disk, three times');
    await waitFor(url, id, 'done');
    expect(textOf(await resultOf(url, id))).toBe('keys|1|full disk, three times');
  });
});

const mounts = spawnSync('unshare', ['-rm', 'true']).status === 0;

it.skipIf(!mounts)(
  'a store on a file system of 1 MB says that it is full, and has nothing of the frame',
  async () => {
    const folder = await newFolder();
    const script = join(import.meta.dirname, 'fill-store.ts');
    const command = `mount -t tmpfs -o size=1m none ${folder} && ${process.execPath} ${script} ${folder}`;
    const said = execFileSync('unshare', ['-rm', 'sh', '-c', command], { encoding: 'utf8' });
    expect(JSON.parse(said)).toEqual({ code: 'storage-full', left: [] });
  },
);
