import { describe, expect, it } from 'vitest';
import { MemoryWatchers } from '../../../evaluator/jobs/watchers.ts';
import { job } from './job-queue-contract.ts';

const long = 60_000;
const never = new AbortController().signal;

/** Whether a promise is settled by now. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('watchers', () => {
  it('are woken by their own job only, all of them', async () => {
    const watchers = new MemoryWatchers();
    const [first, second] = [watchers.wait(job(1), long, never), watchers.wait(job(1), long, never)];
    const other = watchers.wait(job(2), long, never);
    watchers.wake(job(1));
    await Promise.all([first, second]);
    expect(await isSettled(other)).toBe(false);
    watchers.wakeAll();
    await other;
  });

  it('miss nothing between asking and waiting', async () => {
    const watchers = new MemoryWatchers();
    const waiting = watchers.wait(job(1), long, never);
    watchers.wake(job(1));
    await waiting;
  });

  it('wait no longer than their time, and not at all for none', async () => {
    const watchers = new MemoryWatchers();
    const startedAt = performance.now();
    await watchers.wait(job(1), 50, never);
    expect(performance.now() - startedAt).toBeGreaterThan(45);
    expect(await isSettled(watchers.wait(job(1), 0, never))).toBe(true);
  });

  it('end when the client goes away', async () => {
    const watchers = new MemoryWatchers();
    const client = new AbortController();
    const waiting = watchers.wait(job(1), long, client.signal);
    expect(await isSettled(waiting)).toBe(false);
    client.abort();
    await waiting;
    expect(await isSettled(watchers.wait(job(1), long, client.signal))).toBe(true);
  });
});
