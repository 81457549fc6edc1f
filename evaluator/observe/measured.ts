import type { Jobs } from '../jobs/jobs.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { Measured } from './metrics.ts';

/** What jobs and stored keys are at this moment, for the metrics. */
export function measured(jobs: Jobs, keys: KeyStore): Measured {
  const { queued, running, oldestMs } = jobs.load;
  return { queued, running, oldestSeconds: oldestMs / 1_000, keys: keys.count, keyBytes: keys.bytes };
}
