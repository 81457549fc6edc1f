import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Arrival } from '../../../contract/ipc/network.ts';
import { Received } from '../../../main/exchange/received.ts';

const quietMs = 100;
beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** What arrives goes into a list that takes every file but those whose names say that they are none. */
function receiving() {
  const opened: (readonly string[])[] = [];
  const done: string[] = [];
  const shown = new Set<string>();
  const received = new Received({
    open: async (paths) => {
      opened.push(paths);
      for (const path of paths) if (!path.includes('report')) shown.add(path);
    },
    holds: (path) => shown.has(path),
    done: (path) => done.push(path),
    quietMs,
  });
  const arrive = (path: string, study: string | null = '1', by: Arrival['by'] = 'network') =>
    received.arrived({ path, study, by });
  return { received, arrive, opened, done, shown, quiet: () => vi.advanceTimersByTimeAsync(quietMs) };
}

describe('what other machines send', () => {
  it('is taken in a study at a time, when nothing more of it comes', async () => {
    const { arrive, opened, quiet } = receiving();
    arrive('a1');
    arrive('b1', '2');
    await vi.advanceTimersByTimeAsync(quietMs - 1);
    arrive('a2');
    await quiet();
    expect(opened).toEqual([['b1'], ['a1', 'a2']]);
  });

  it('stays in the spool as long as the list shows it, and what the list did not take does not', async () => {
    const { received, arrive, done, shown, quiet } = receiving();
    arrive('film');
    arrive('report');
    await quiet();
    expect(done).toEqual(['report']);
    received.removed();
    expect(done).toEqual(['report']);
    shown.delete('film');
    received.removed();
    received.removed();
    expect(done).toEqual(['report', 'film']);
  });

  it('is not taken in twice after a restart, and is let go of when it is removed then', async () => {
    const { received, arrive, opened, done, shown, quiet } = receiving();
    shown.add('known');
    arrive('known');
    await quiet();
    expect([opened, done]).toEqual([[], []]);
    shown.delete('known');
    received.removed();
    expect(done).toEqual(['known']);
  });

  it('leaves a watched folder’s files alone, and has them not handed on again', async () => {
    const { arrive, opened, done, quiet } = receiving();
    arrive('/watched/a.dcm', null, 'folder');
    await quiet();
    expect([opened, done]).toEqual([[['/watched/a.dcm']], ['/watched/a.dcm']]);
  });

  it('lets go of a file whose image came again in another one', async () => {
    const { arrive, done, shown, quiet } = receiving();
    arrive('first');
    await quiet();
    // The list has taken over the place of the second file.
    arrive('second');
    shown.delete('first');
    await quiet();
    expect(done).toEqual(['first']);
  });

  it('takes nothing in once it is closed', async () => {
    const { received, arrive, opened, quiet } = receiving();
    arrive('late');
    received[Symbol.dispose]();
    await quiet();
    expect(opened).toEqual([]);
  });
});
