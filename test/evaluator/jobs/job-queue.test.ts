import { describe, expect, it } from 'vitest';
import { MemoryQueue } from '../../../evaluator/jobs/job-queue.ts';
import { client, describeJobQueue, drain, job, key } from './job-queue-contract.ts';

describeJobQueue('the queue of one process', async () => new MemoryQueue());

describe('the queue of one process', () => {
  /** Job n needs key n % 2: even ones those of client 0, odd ones those of client 1. */
  const twoClients = async (count: number): Promise<MemoryQueue> => {
    const queue = new MemoryQueue();
    for (let index = 0; index < count; index += 1) await queue.add(job(index), client(index % 2));
    return queue;
  };

  it('lets jobs whose keys are loaded pass the oldest three times in a row, then gives the oldest', async () => {
    const order = await drain(await twoClients(10), (id) => id === key(1));
    // Three of client 1, the oldest of client 0, the last two of client 1; then none is ready and age decides.
    expect(order).toEqual([1, 3, 5, 0, 7, 9, 2, 4, 6, 8].map(job));
  });

  it('counts again once the oldest was given', async () => {
    const queue = await twoClients(4);
    expect(await queue.take((id) => id === key(1))).toBe(job(1));
    expect(await queue.take((id) => id === key(0))).toBe(job(0));
    await queue.add(job(5), client(1));
    await queue.add(job(7), client(1));
    const order = await drain(queue, (id) => id === key(1));
    expect(order).toEqual([3, 5, 7, 2].map(job));
  });
});
