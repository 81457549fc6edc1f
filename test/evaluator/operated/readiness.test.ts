import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { paths, readinessSchema } from '../../../contract/protocol.ts';
import {
  bundle,
  evaluatorsOfEachTest,
  keyFrame,
  putKeys,
  resultOf,
  submit,
  textOf,
  waitFor,
} from '../fake-evaluator.ts';

const start = evaluatorsOfEachTest();
const readiness = async (url: string) => {
  const response = await fetch(url + paths.ready);
  return { status: response.status, ...readinessSchema.parse(await response.json()) };
};

describe('an evaluator that is asked whether it is ready', () => {
  it('is not before a worker has opened a model, and is then, also without a token', async () => {
    const { url } = await start({ prepared: [bundle], access: () => null });
    await expect
      .poll(() => readiness(url), { timeout: 5_000 })
      .toEqual({
        ...{ status: 200, ready: true },
        ...{ weights: true, disk: true, worker: true, accepting: true },
      });
    expect((await fetch(url + paths.service)).status).toBe(401);
  });

  it('is not without a worker', async () => {
    const { url } = await start();
    expect(await readiness(url)).toMatchObject({ status: 503, ready: false, worker: false, disk: true });
  });

  it('is not when its data folder is gone', async () => {
    const { url, folder } = await start({ prepared: [bundle] });
    await rm(folder, { recursive: true });
    expect(await readiness(url)).toMatchObject({ status: 503, ready: false, disk: false });
  });
});

describe('an evaluator that is asked to stop with patience', () => {
  it('lets the running job end, takes no other, and is not ready meanwhile', async () => {
    const { url, stop, folder } = await start();
    const key = keyFrame();
    await putKeys(url, key);
    const running = await submit(url, key, 'slow');
    const waiting = await submit(url, key, 'waits');
    await waitFor(url, running, 'running');
    const stopped = stop(20_000);
    expect(await readiness(url)).toMatchObject({ status: 503, accepting: false });
    await expect(submit(url, key, 'late')).rejects.toThrow('queue-full');
    await stopped;
    const again = await start({ folder });
    expect(textOf(await resultOf(again.url, running))).toBe('keys|1|slow');
    await waitFor(again.url, waiting, 'done');
  });

  it('stops a job that takes longer, which begins anew at the next start', async () => {
    const { url, stop, folder } = await start();
    const key = keyFrame();
    await putKeys(url, key);
    const running = await submit(url, key, 'endless');
    await waitFor(url, running, 'running');
    const began = performance.now();
    await stop(300);
    expect(performance.now() - began).toBeGreaterThan(250);
    const again = await start({ folder });
    await waitFor(again.url, running, 'running');
  });
});
