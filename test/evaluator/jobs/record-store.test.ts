import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDataFolder } from '../../../evaluator/data-folder.ts';
import { FolderRecordStore } from '../../../evaluator/jobs/record-store.ts';
import { silentLog } from '../../../evaluator/observe/log.ts';
import { frameDigest } from '../../../he/wire/frame.ts';
import { newFolder } from '../store/new-folder.ts';
import { job } from './job-queue-contract.ts';
import { describeRecordStore, recordOf } from './record-store-contract.ts';

describeRecordStore('a folder', async () => {
  const folder = join(await newFolder(), 'jobs');
  return () => FolderRecordStore.open(folder);
});

describe('a folder of records', () => {
  it('is rid of unreadable and misnamed records when its owner opens it, and keeps the rest', async () => {
    const folder = await newFolder();
    const store = await FolderRecordStore.open(folder);
    await store.save(recordOf(1, 1));
    await writeFile(join(folder, `${job(2)}.json`), JSON.stringify(recordOf(3, 1)));
    await writeFile(join(folder, `${job(4)}.json`), '{"format":');
    for (const name of ['x.json', '.unfinished-x', 'kept.input']) await writeFile(join(folder, name), '{}');
    await FolderRecordStore.open(folder);
    expect((await readdir(folder)).sort()).toEqual([`${job(1)}.json`, 'kept.input']);
    if (process.platform === 'win32') return;
    expect((await stat(join(folder, `${job(1)}.json`))).mode & 0o777).toBe(0o600);
  });

  it('whose frames are still named after jobs gets the names of their digests', async () => {
    const folder = await newFolder();
    const [input, result] = [Buffer.from('an input'), Buffer.from('a result')];
    const cost = {
      ...{ levels: 1, rotations: 1, relinearizations: 1 },
      ...{ plaintextProducts: 1, ciphertextProducts: 1, rescales: 1 },
    };
    const done = { kind: 'done', resultBytes: result.length, evaluateMs: 1, cost } as const;
    const earlier = [
      { ...recordOf(1, 1), input: frameDigest(input) },
      // Before results had digests, a record did not name its result.
      { ...recordOf(2, 2), ended: { at: Date.now(), state: done } },
    ];
    await FolderRecordStore.open(join(folder, 'jobs'));
    for (const record of earlier)
      await writeFile(join(folder, 'jobs', `${record.id}.json`), JSON.stringify(record));
    await writeFile(join(folder, 'jobs', `${job(1)}.input`), input);
    await writeFile(join(folder, 'jobs', `${job(2)}.result`), result);

    const { frames, records } = await openDataFolder(folder, silentLog);
    expect(Buffer.from((await frames.inputs.get(frameDigest(input)))!)).toEqual(input);
    expect(Buffer.from((await frames.results.get(frameDigest(result)))!)).toEqual(result);
    expect((await records.list())[1]!.ended).toEqual({
      at: expect.any(Number),
      state: done,
      result: frameDigest(result),
    });
  });
});
