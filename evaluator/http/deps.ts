import type { Bundles } from '../bundles.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { Uploads } from '../keys/uploads.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Access } from './access.ts';
import type { BodyBounds } from './bounds/bodies.ts';
import type { ConnectionLimits } from './bounds/connections.ts';
import type { HostNames } from './host-names.ts';
import type { ReadinessCheck } from './readiness.ts';

/** What the routes work on. There is no secret key among it, and no type that could hold one. */
export type EvaluatorDeps = {
  readonly version: string;
  readonly bundles: Bundles;
  readonly keys: KeyStore;
  readonly uploads: Uploads;
  readonly jobs: Jobs;
  readonly access: Access;
  /** Who may send how many bodies at one time. */
  readonly bodies: { readonly keys: BodyBounds; readonly jobs: BodyBounds };
  readonly connections: ConnectionLimits;
  readonly hosts: HostNames;
  readonly readiness: ReadinessCheck;
  /** Null where nobody is to see them. */
  readonly metrics: Metrics | null;
  readonly log: Log;
};
