import { afterEach, describe, expect, it, vi } from 'vitest';
import { ServiceClock } from '../../../evaluator/store/service-clock.ts';
import {
  evaluatorsOfEachTest,
  idOf,
  inputFrame,
  keyFrame,
  postJob,
  putKeys,
  resultOf,
  stateOf,
  textOf,
  waitFor,
} from '../fake-evaluator.ts';
import { newFolder } from '../store/new-folder.ts';

const start = evaluatorsOfEachTest();
const day = 86_400_000;
/** Sets the time of day, as a person or a time server does; what counts from the start of the machine goes on. */
const setTime = (ahead: number): void => {
  vi.useRealTimers();
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ahead });
};
afterEach(() => {
  vi.useRealTimers();
});

describe.each([3 * day, -3 * day])('a machine whose clock is set by %i ms', (jump) => {
  it('keeps results and the memory of frames, before and after a restart', async () => {
    const first = await start({ jobs: { keepMs: 60_000 } });
    const key = keyFrame();
    await putKeys(first.url, key);
    const input = inputFrame(key.id, 'x');
    const id = idOf(await postJob(first.url, input));
    await waitFor(first.url, id, 'done');
    setTime(jump);
    expect(textOf(await resultOf(first.url, id))).toBe('keys|1|x');
    expect(await postJob(first.url, input)).toMatchObject({ code: 'frame-replayed' });
    await first.stop();
    setTime(-jump);
    const { url } = await start({ folder: first.folder, jobs: { keepMs: 60_000 } });
    expect((await stateOf(url, id)).kind).toBe('done');
    expect(await postJob(url, input)).toMatchObject({ code: 'frame-replayed' });
  });
});

describe('the clock of a service', () => {
  it('goes on from its last run, whatever the time of day', async () => {
    const folder = await newFolder();
    const first = await ServiceClock.open(folder);
    const at = first.now();
    await first.close();
    for (const jump of [5 * day, -5 * day]) {
      setTime(jump);
      const clock = await ServiceClock.open(folder);
      expect(clock.now() - at).toBeGreaterThanOrEqual(0);
      expect(clock.now() - at).toBeLessThan(5_000);
      await clock.close();
    }
  });

  it('does not begin before anything that is there', async () => {
    const folder = await newFolder();
    const clock = await ServiceClock.open(folder, Date.now() + day);
    expect(clock.now()).toBeGreaterThanOrEqual(Date.now() + day - 5_000);
    await clock.close();
  });
});
