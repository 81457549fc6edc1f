import { describe, expect, it } from 'vitest';
import { parseBundleId } from '../../../contract/ids/bundle-id.ts';
import { parseDigest } from '../../../contract/ids/digest.ts';
import type { JobRecord } from '../../../evaluator/jobs/job-record.ts';
import type { RecordStore } from '../../../evaluator/jobs/record-store.ts';
import { everybody } from '../../../evaluator/tenants/tenant.ts';
import { job, key } from './job-queue-contract.ts';

export const recordOf = (index: number, acceptedAt: number): JobRecord => ({
  format: 'cipherfilm-job/1',
  id: job(index),
  bundle: parseBundleId('b1'.repeat(32)),
  key: key(index),
  input: parseDigest('c1'.repeat(32)),
  tenant: everybody,
  attempts: 0,
  acceptedAt,
  ended: null,
});

/** Opens the records of a place again, as a restart does. The first call finds none. */
export type OpenRecordStore = () => Promise<RecordStore>;

/**
 * What every record store guarantees (evaluator/jobs/record-store.ts), as tests of those that `newPlace` opens.
 *
 * @param newPlace  makes a new, empty place and returns how it is opened.
 */
export function describeRecordStore(name: string, newPlace: () => Promise<OpenRecordStore>): void {
  describe(`${name}, as a record store`, () => {
    it('lists after a restart what was saved, oldest acceptance first, equal ones by id', async () => {
      const open = await newPlace();
      const store = await open();
      const records = [recordOf(3, 20), recordOf(1, 30), recordOf(2, 20), recordOf(4, 10)];
      for (const record of records) await store.save(record);
      const ids = (await (await open()).list()).map(({ id }) => id);
      expect(ids).toEqual([4, 2, 3, 1].map(job));
    });

    it('has the newest record of a job, whole', async () => {
      const open = await newPlace();
      const store = await open();
      const result = parseDigest('d1'.repeat(32));
      const ended = { at: 7, state: { kind: 'cancelled' }, result } as const;
      await store.save(recordOf(1, 5));
      await store.save({ ...recordOf(1, 5), ended });
      expect(await (await open()).list()).toEqual([{ ...recordOf(1, 5), ended }]);
    });

    it('forgets a removed record, and removing one that is not there changes nothing', async () => {
      const open = await newPlace();
      const store = await open();
      for (const index of [1, 2]) await store.save(recordOf(index, index));
      await store.remove(job(1));
      await store.remove(job(9));
      expect((await (await open()).list()).map(({ id }) => id)).toEqual([job(2)]);
    });
  });
}
