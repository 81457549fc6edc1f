import { z } from 'zod';
import { bundleIdSchema } from '../../contract/ids/bundle-id.ts';
import { keyIdSchema } from '../../contract/ids/key-id.ts';
import { RecordFolder } from '../store/record-folder.ts';
import { everybody, tenantSchema } from '../tenants/tenant.ts';

/** What is kept about evaluation keys that were verified. A stored frame without a record was not verified yet. */
export const keyRecordSchema = z.object({
  format: z.literal('cipherfilm-key/1'),
  key: keyIdSchema,
  bundle: bundleIdSchema,
  bytes: z.int().nonnegative(),
  owners: z.array(tenantSchema).min(1).default([everybody]),
});
export type KeyRecord = z.infer<typeof keyRecordSchema>;

/** The records of keys as files of a folder, `<key id>.json`. */
export type KeyRecords = RecordFolder<KeyRecord>;

/** Opens the records of keys in a folder, for its owner. Damaged ones are removed: their keys are verified again. */
export async function openKeyRecords(folder: string): Promise<KeyRecords> {
  const records = new RecordFolder<KeyRecord>(folder, (value, name) => {
    const record = keyRecordSchema.parse(value);
    return record.key === name ? record : null;
  });
  await records.tidy();
  return records;
}
