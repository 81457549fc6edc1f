import { describe, expect, it } from 'vitest';
import type { KeyId } from '../../../contract/ids/key-id.ts';
import { MemoryQueue } from '../../../evaluator/jobs/job-queue.ts';
import { mayQueue } from '../../../evaluator/jobs/queue-share.ts';
import { everybody, parseTenant } from '../../../evaluator/tenants/tenant.ts';
import { client, job, key } from '../jobs/job-queue-contract.ts';

/** When each workstation has its last job done, in jobs, on one worker that keeps the keys of the last one. */
async function lastTurns(workstations: number, studies: number): Promise<{ turns: number[]; loads: number }> {
  const queue = new MemoryQueue();
  // All five of one come at once, as when it sends a list.
  for (let of = 0; of < workstations; of += 1)
    for (let study = 0; study < studies; study += 1) await queue.add(job(of * studies + study), client(of));
  let loaded: KeyId | null = null;
  let loads = 0;
  const last = new Map<number, number>();
  for (let turn = 1; turn <= workstations * studies; turn += 1) {
    const id = await queue.take((wanted) => wanted === loaded);
    const of = Math.floor(Number.parseInt(id!, 16) / studies);
    if (loaded !== key(of)) loads += 1;
    loaded = key(of);
    last.set(of, turn);
  }
  return { turns: [...last.values()].sort((left, right) => left - right), loads };
}

describe.each([
  [12, 5],
  [50, 5],
])('%i workstations of %i studies', (workstations, studies) => {
  it('end together: the last at most 1.5 times as late as the one in the middle', async () => {
    const { turns } = await lastTurns(workstations, studies);
    expect(turns.length).toBe(workstations);
    expect(turns.at(-1)! / turns[Math.floor(turns.length / 2)]!).toBeLessThan(1.5);
    // In the order of arrival the first had ended after five of the jobs.
    expect(turns[0]! / turns.at(-1)!).toBeGreaterThan(0.6);
  });

  it('have keys loaded twice for each at most', async () => {
    expect((await lastTurns(workstations, studies)).loads).toBeLessThanOrEqual(2 * workstations);
  });
});

describe('a full queue', () => {
  const many = (count: number, of = 0, tenant = everybody) =>
    Array.from({ length: count }, () => client(of, tenant));

  it('takes no more of who has filled it, and a fair share of a workstation that has none', () => {
    expect(mayQueue(client(0), many(8), 8)).toBe(false);
    // Two share eight places: four are the second one's.
    expect(mayQueue(client(1), many(8), 8)).toBe(true);
    expect(mayQueue(client(1), [...many(8), ...many(3, 1)], 8)).toBe(true);
    expect(mayQueue(client(1), [...many(8), ...many(4, 1)], 8)).toBe(false);
  });

  it('never grows beyond twice its limit, however many come', () => {
    const crowd = Array.from({ length: 16 }, (_, of) => client(of, parseTenant(`t${of}`)));
    expect(mayQueue(client(99, parseTenant('late')), crowd, 8)).toBe(false);
  });
});
