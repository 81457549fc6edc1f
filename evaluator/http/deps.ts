import type { Bundles } from '../bundles.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { Log } from '../observe/log.ts';
import type { Access } from './access.ts';

/** What the routes work on. There is no secret key among it, and no type that could hold one. */
export type EvaluatorDeps = {
  readonly version: string;
  readonly bundles: Bundles;
  readonly keys: KeyStore;
  readonly jobs: Jobs;
  readonly access: Access;
  readonly log: Log;
};
