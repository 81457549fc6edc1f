import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Rate } from '../../../main/network/receive/rate.ts';
import { Spool } from '../../../main/network/receive/spool.ts';

const limits = { mostBytes: 100, leastFreeBytes: 0 };
const names = { study: '1.2', sopInstance: '1.2.3' };

describe('the spool', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cipherfilm-spool-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const filled = async (spool: Spool, bytes: number) => {
    const incoming = await spool.begin();
    await incoming.write(new Uint8Array(bytes));
    return incoming;
  };

  it('gives back after a crash what had arrived, and removes what had not', async () => {
    const { spool, waiting } = await Spool.open(folder, limits);
    expect(waiting).toEqual([]);
    const kept = await (await filled(spool, 40)).commit(names);
    const nameless = await (await filled(spool, 30)).commit({ ...names, study: null });
    // Still arriving when the process dies.
    const dying = await filled(spool, 20);
    expect(await readdir(folder)).toHaveLength(3);
    await writeFile(join(folder, 'notes.txt'), 'somebody else’s');
    const next = await Spool.open(folder, limits);
    expect(new Set(next.waiting)).toEqual(new Set([kept, nameless]));
    expect(next.spool.usedBytes).toBe(70);
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
    await dying.discard();
  });

  it('is bounded over all that is in it and arrives, and has room again for what is done', async () => {
    const { spool } = await Spool.open(folder, limits);
    const first = await filled(spool, 60);
    const second = await spool.begin();
    await expect(second.write(new Uint8Array(41))).rejects.toMatchObject({
      code: 'spool-full',
      detail: { reason: 'share used up', expected: 100 },
    });
    await second.discard();
    const stored = await first.commit(names);
    await spool.remove(stored);
    await spool.remove(stored);
    expect([spool.usedBytes, await readdir(folder)]).toEqual([0, []]);
    await (await filled(spool, 100)).commit(names);
    await expect(spool.begin()).rejects.toMatchObject({ code: 'spool-full' });
  });

  it('takes nothing on a disk that is nearly full', async () => {
    const { spool } = await Spool.open(folder, { ...limits, leastFreeBytes: 2 ** 60 });
    await expect(spool.begin()).rejects.toMatchObject({ detail: { reason: 'disk nearly full' } });
  });

  it('has an object once, however often it comes', async () => {
    const { spool } = await Spool.open(folder, limits);
    const once = await (await filled(spool, 40)).commit(names);
    expect(await (await filled(spool, 40)).commit(names)).toEqual(once);
    expect([spool.usedBytes, (await readdir(folder)).length]).toEqual([40, 1]);
    const { spool: other } = await Spool.open(join(folder, 'other'), limits);
    const both = [await filled(other, 30), await filled(other, 30)];
    await Promise.all(both.map((one) => one.commit(names)));
    expect(other.usedBytes).toBe(30);
  });

  it('says which folder it cannot use', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(Spool.open(file, limits)).rejects.toMatchObject({ code: 'folder-unusable' });
  });
});

describe('a rate', () => {
  it('allows so many at once, and as many again within a minute', () => {
    let now = 0;
    const rate = new Rate(3, () => now);
    const taken = () => [1, 2, 3, 4].map(() => rate.allows('a'));
    expect(taken()).toEqual([true, true, true, false]);
    expect(rate.allows('b')).toBe(true);
    // A third of a minute brings one of three.
    now += 20_000;
    expect(taken()).toEqual([true, false, false, false]);
    now += 600_000;
    expect(taken()).toEqual([true, true, true, false]);
  });

  it('remembers callers of any number in bounded memory', () => {
    const rate = new Rate(1, () => 0);
    for (let caller = 0; caller < 5000; caller += 1) rate.allows(String(caller));
    // The first have been forgotten, the last have not.
    expect([rate.allows('0'), rate.allows('4999')]).toEqual([true, false]);
  });
});
