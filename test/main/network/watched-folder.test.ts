import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CodedError } from '../../../contract/errors.ts';
import { HandedOn } from '../../../main/network/handed-on.ts';
import { watchFolder } from '../../../main/network/receive/watched-folder.ts';

/** Waits until so many were handed on, 10 s at most, and a little longer for one too many. */
async function handedOn(handed: readonly string[], count: number): Promise<void> {
  for (let time = 0; time < 1000 && handed.length < count; time += 1) await wait(10);
  await wait(150);
}

describe('a watched folder', () => {
  let base: string;
  let folder: string;
  let abort: AbortController;
  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'cipherfilm-watch-'));
    folder = join(base, 'in');
    await mkdir(folder);
    abort = new AbortController();
  });
  afterEach(async () => {
    abort.abort();
    await rm(base, { recursive: true, force: true });
  });

  /** Watches until `stop`, and gives what was handed on by then. */
  function watching(onSettled: (path: string) => Promise<void> = async () => {}) {
    const own = new AbortController();
    const handed: string[] = [];
    const trouble: CodedError[] = [];
    const over = watchFolder(
      {
        ...{ folder, record: join(base, 'data', 'watched'), settleMs: 60, everyMs: 15 },
        onSettled: async (path) => {
          handed.push(path.slice(folder.length + 1));
          await onSettled(path);
        },
        onTrouble: (error) => trouble.push(error),
      },
      AbortSignal.any([own.signal, abort.signal]),
    );
    const stop = async () => {
      own.abort();
      await over;
    };
    return { handed, trouble, stop };
  }

  it('hands each file on once when it has settled, those in folders too, and no litter', async () => {
    await mkdir(join(folder, 'study'));
    await writeFile(join(folder, 'study', 'b.dcm'), 'b');
    await writeFile(join(folder, 'a.dcm'), 'a');
    await writeFile(join(folder, '.DS_Store'), 'x');
    await writeFile(join(folder, 'c.dcm.part'), 'x');
    const { handed, stop } = watching();
    await handedOn(handed, 2);
    await stop();
    expect(handed.toSorted()).toEqual(['a.dcm', join('study', 'b.dcm')]);
  });

  it('leaves a file that is being written until it is not', async () => {
    const path = join(folder, 'slow.dcm');
    const { handed, stop } = watching();
    for (let time = 0; time < 12; time += 1) {
      await appendFile(path, 'more');
      await wait(20);
    }
    expect(handed).toEqual([]);
    await handedOn(handed, 1);
    await stop();
    expect(handed).toEqual(['slow.dcm']);
  });

  it('hands on nothing twice over a restart, and a file that has changed once more', async () => {
    await writeFile(join(folder, 'a.dcm'), 'a');
    const first = watching();
    await handedOn(first.handed, 1);
    await first.stop();
    await writeFile(join(folder, 'b.dcm'), 'b');
    const second = watching();
    await handedOn(second.handed, 1);
    await second.stop();
    await writeFile(join(folder, 'a.dcm'), 'another');
    const third = watching();
    await handedOn(third.handed, 1);
    await third.stop();
    expect([first.handed, second.handed, third.handed]).toEqual([['a.dcm'], ['b.dcm'], ['a.dcm']]);
  });

  it('hands on again what was not done when the process ended', async () => {
    await writeFile(join(folder, 'a.dcm'), 'a');
    const first = watching(() => new Promise(() => {}));
    await handedOn(first.handed, 1);
    expect(first.handed).toEqual(['a.dcm']);
    const second = watching();
    await handedOn(second.handed, 1);
    await second.stop();
    expect(second.handed).toEqual(['a.dcm']);
  });

  it('tells once that it is away, and goes on when it is back', async () => {
    await rm(folder, { recursive: true });
    const { handed, trouble, stop } = watching();
    for (let time = 0; time < 500 && trouble.length === 0; time += 1) await wait(10);
    await wait(100);
    await mkdir(folder);
    await writeFile(join(folder, 'a.dcm'), 'a');
    await handedOn(handed, 1);
    await stop();
    expect(trouble).toEqual([{ code: 'file-unreadable', detail: { reason: 'ENOENT' } }]);
    expect(handed).toEqual(['a.dcm']);
  });
});

describe('the record of what was handed on', () => {
  const digest = 'ab'.repeat(16);
  it('outlives a share that is away, forgets after 90 days, and takes no line that was cut', async () => {
    const base = await mkdtemp(join(tmpdir(), 'cipherfilm-record-'));
    const path = join(base, 'deep', 'record');
    let day = 1000;
    const open = () => HandedOn.open(path, () => day);
    const record = open();
    record.refresh([]);
    record.add(digest);
    await appendFile(path, 'cdcd');
    day += 90;
    record.refresh([]);
    expect([open().has(digest), record.has(digest)]).toEqual([true, true]);
    day += 1;
    record.refresh([]);
    expect(record.has(digest)).toBe(false);
    expect(open().has(digest)).toBe(false);
    await rm(base, { recursive: true });
  });
});
