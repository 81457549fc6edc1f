import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { SharedWork } from '../../main/connector/shared-work.ts';

/** Work that ends when it is told to; it counts how often it was begun and stopped. */
function scripted() {
  const runs: {
    tell: (fraction: number) => void;
    signal: AbortSignal;
    end: PromiseWithResolvers<string>;
  }[] = [];
  const work = new SharedWork<string>((tell, signal) => {
    const end = Promise.withResolvers<string>();
    signal.addEventListener('abort', () => end.reject(new TypeError('stopped')));
    runs.push({ tell, signal, end });
    return end.promise;
  });
  return { work, runs };
}
const begun = () => sleep(1);

describe('shared work', () => {
  it('is done once for all who wait, and each hears its progress from where it is', async () => {
    const { work, runs } = scripted();
    const heard: number[][] = [[], []];
    const first = work.join((fraction) => heard[0]!.push(fraction));
    await begun();
    runs[0]!.tell(0.5);
    const second = work.join((fraction) => heard[1]!.push(fraction));
    runs[0]!.tell(0.75);
    runs[0]!.end.resolve('made');
    expect(await Promise.all([first, second])).toEqual(['made', 'made']);
    expect(heard).toEqual([
      [0.5, 0.75],
      [0.5, 0.75],
    ]);
    expect(runs).toHaveLength(1);
  });

  it('goes on for the others when one gives up, and stops with the last', async () => {
    const { work, runs } = scripted();
    const [one, other] = [new AbortController(), new AbortController()];
    const first = work.join(() => {}, one.signal);
    const second = work.join(() => {}, other.signal);
    await begun();
    one.abort();
    await expect(first).rejects.toMatchObject({ code: 'cancelled' });
    expect(runs[0]!.signal.aborted).toBe(false);
    other.abort();
    await expect(second).rejects.toMatchObject({ code: 'cancelled' });
    expect(runs[0]!.signal.aborted).toBe(true);
  });

  it('begins anew after it was given up, after it failed and after it was done', async () => {
    const { work, runs } = scripted();
    const gone = new AbortController();
    const abandoned = work.join(() => {}, gone.signal);
    await begun();
    gone.abort();
    await expect(abandoned).rejects.toMatchObject({ code: 'cancelled' });
    const next = work.join();
    await begun();
    runs[1]!.end.reject(new RangeError('broken'));
    await expect(next).rejects.toThrow('broken');
    const last = work.join();
    await begun();
    runs[2]!.end.resolve('made');
    expect(await last).toBe('made');
    expect(runs).toHaveLength(3);
  });

  it('is not begun by somebody who has given up already', async () => {
    const { work, runs } = scripted();
    await expect(work.join(() => {}, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
    await begun();
    expect(runs).toHaveLength(0);
  });
});
