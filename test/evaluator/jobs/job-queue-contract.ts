import { describe, expect, it } from 'vitest';
import { type JobId, parseJobId } from '../../../contract/ids/job-id.ts';
import { type KeyId, parseKeyId } from '../../../contract/ids/key-id.ts';
import type { Client, IsReady, JobQueue } from '../../../evaluator/jobs/job-queue.ts';
import { everybody, parseTenant } from '../../../evaluator/tenants/tenant.ts';

export const job = (index: number): JobId => parseJobId(index.toString(16).padStart(32, '0'));
export const key = (index: number): KeyId => parseKeyId(index.toString(16).padStart(64, '0'));
/** The workstation with a key, of one tenant. */
export const client = (index: number, tenant = everybody): Client => ({ tenant, key: key(index) });
export const noneReady: IsReady = () => false;

/** Takes jobs until none waits. */
export async function drain(queue: JobQueue, isReady: IsReady = noneReady): Promise<JobId[]> {
  const taken: JobId[] = [];
  for (let id = await queue.take(isReady); id !== undefined; id = await queue.take(isReady)) taken.push(id);
  return taken;
}

/** What every queue guarantees (evaluator/jobs/job-queue.ts), as tests of the new, empty one that `open` opens. */
export function describeJobQueue(name: string, open: () => Promise<JobQueue>): void {
  const filled = async (count: number): Promise<JobQueue> => {
    const queue = await open();
    for (let index = 0; index < count; index += 1) await queue.add(job(index), client(index));
    return queue;
  };

  describe(`${name}, as a job queue`, () => {
    it('gives jobs in the order in which they came, then none', async () => {
      const queue = await filled(3);
      expect(await drain(queue)).toEqual([job(0), job(1), job(2)]);
      expect(await queue.take(noneReady)).toBeUndefined();
    });

    it('tells how many wait ahead, and for a job that does not wait how many wait in all', async () => {
      const queue = await filled(3);
      expect(await Promise.all([0, 1, 2, 9].map((index) => queue.ahead(job(index))))).toEqual([0, 1, 2, 3]);
      await queue.take(noneReady);
      expect(await queue.ahead(job(2))).toBe(1);
    });

    it('does not give a job that was removed, and removing one that does not wait changes nothing', async () => {
      const queue = await filled(3);
      await queue.remove(job(1));
      await queue.remove(job(9));
      expect(await drain(queue)).toEqual([job(0), job(2)]);
    });

    it('holds a job once, at its first place, when it is added again', async () => {
      const queue = await filled(2);
      await queue.add(job(0), client(0));
      expect(await drain(queue)).toEqual([job(0), job(1)]);
    });

    it('gives a job to one taker only', async () => {
      const queue = await filled(5);
      const taken = await Promise.all(Array.from({ length: 8 }, () => queue.take(noneReady)));
      expect(taken.filter((id) => id !== undefined).sort()).toEqual([0, 1, 2, 3, 4].map(job));
    });

    it('gives tenants turns, and within a tenant its workstations, however many jobs one has', async () => {
      const queue = await open();
      const [one, other] = [parseTenant('one'), parseTenant('other')];
      for (let index = 0; index < 6; index += 1) await queue.add(job(index), client(0, one));
      await queue.add(job(10), client(1, one));
      for (let index = 20; index < 23; index += 1) await queue.add(job(index), client(2, other));
      expect(await queue.ahead(job(21))).toBe(4);
      expect(await drain(queue)).toEqual([0, 20, 10, 21, 1, 22, 2, 3, 4, 5].map(job));
    });

    it('lets a job be passed a bounded number of times only', async () => {
      const queue = await open();
      await queue.add(job(0), client(0));
      for (let index = 1; index <= 100; index += 1) await queue.add(job(index), client(1));
      const order = await drain(queue, (id) => id === key(1));
      expect(order.indexOf(job(0))).toBeLessThan(50);
      expect(order.length).toBe(101);
    });
  });
}
