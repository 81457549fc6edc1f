import type { AddressInfo } from 'node:net';
import { CxrError } from '../contract/errors.ts';
import { folderFault } from '../contract/folder-fault.ts';
import { verifyServerHalf } from '../native-models/bundle.ts';
import { type Bundles, readBundles } from './bundles.ts';
import type { Config } from './config.ts';
import { openDataFolder } from './data-folder.ts';
import { type Access, accessFrom, openToAll } from './http/access.ts';
import { createApp } from './http/app.ts';
import { BodyBounds, jobBodyLimits, keyBodyLimits } from './http/bounds/bodies.ts';
import { connectionLimits } from './http/bounds/connections.ts';
import { anyName, isLoopback, loopbackNames } from './http/host-names.ts';
import { ReadinessCheck } from './http/readiness.ts';
import { MemoryQueue } from './jobs/job-queue.ts';
import { Jobs } from './jobs/jobs.ts';
import { MemoryWatchers } from './jobs/watchers.ts';
import { KeyStore } from './keys/key-store.ts';
import { createLog, type Log, silentLog } from './observe/log.ts';
import { measured } from './observe/measured.ts';
import { Metrics } from './observe/metrics.ts';
import { lockFolder } from './store/folder-lock.ts';
import { KeyThread } from './workers/key-thread.ts';
import { WorkerPool } from './workers/pool.ts';

/** Longest time one job may run: far above the slowest machine, so that only a worker that is stuck reaches it. */
const jobTimeoutMs = 30 * 60_000;
/** How long a job waits for room on a full disk. */
const fullDiskMs = 10_000;
/** Records of jobs kept at most. */
const maxRecords = 4_096;

/** What the system says of a port; anything else it says of the host, as when it does not know the name. */
const portFaults: ReadonlySet<string> = new Set(['EADDRINUSE', 'EACCES']);

export type RunningEvaluator = {
  readonly url: string;
  /** Stops. Running jobs may take `drainMs` more, 0 by default; those that have not ended by then begin again at the next start. */
  stop(drainMs?: number): Promise<void>;
};

/**
 * Starts an evaluator on its own data folder; two on one folder would take each other's jobs.
 *
 * @throws CxrError `folder-unusable` when the system refuses something in the data folder, `data-folder-in-use`,
 *         `request-invalid` for an access file or an address that cannot be used, as `readBundles`; `bundle-digest` for a model whose files were changed.
 */
export async function startEvaluator(
  config: Config,
  version: string,
  workerEntry: URL,
): Promise<RunningEvaluator> {
  const metrics = config.metrics ? new Metrics() : null;
  const written = config.log ? createLog((line) => process.stderr.write(line)) : silentLog;
  const log = metrics?.counting(written) ?? written;
  const access = config.accessFile === null ? openToAll : accessFrom(config.accessFile);
  const bundles = await readBundles(config.bundleRoot);
  for (const { folder, description } of bundles.values()) await verifyServerHalf(folder, description);
  try {
    const unlock = await lockFolder(config.dataFolder);
    const parts = { config, version, workerEntry, log, metrics, access, bundles, unlock };
    return await startInFolder(parts).catch(async (error: unknown) => {
      await unlock();
      throw error;
    });
  } catch (error) {
    throw folderFault(error, '--data', config.dataFolder);
  }
}

type Parts = {
  readonly config: Config;
  readonly version: string;
  readonly workerEntry: URL;
  readonly log: Log;
  readonly metrics: Metrics | null;
  readonly access: Access;
  readonly bundles: Bundles;
  readonly unlock: () => Promise<void>;
};

/** Starts an evaluator on a data folder whose lock it holds. */
async function startInFolder(parts: Parts): Promise<RunningEvaluator> {
  const { config, version, workerEntry, log, metrics, access, bundles, unlock } = parts;
  const { frames, records, keys: keyRecords, uploads, clock } = await openDataFolder(config.dataFolder, log);
  const bundleFolders = new Map([...bundles].map(([id, { folder }]) => [id, folder]));
  const verifier = new KeyThread(workerEntry, { dataFolder: config.dataFolder, bundleFolders });
  const keys = await KeyStore.open({
    frames: frames.keys,
    records: keyRecords,
    verifier,
    limits: { keys: config.maxKeys, bytes: config.maxKeyBytes },
    log,
  });
  const executor = new WorkerPool({
    entry: workerEntry,
    workers: config.workers,
    threads: config.threads,
    arithmetic: config.arithmetic,
    bundleFolders,
    dataFolder: config.dataFolder,
    jobTimeoutMs,
    log,
  });
  const jobs = await Jobs.open({
    records,
    inputs: frames.inputs,
    results: frames.results,
    quarantine: frames.quarantine,
    clock,
    queue: new MemoryQueue(),
    watchers: new MemoryWatchers(),
    executor,
    keyFailed: (key, code) => (code === 'evaluation-key-invalid' ? keys.condemn(key) : keys.lost(key)),
    limits: { queued: config.maxQueued, records: maxRecords, keepMs: config.keepMs, fullDiskMs },
    log,
  });
  metrics?.measure(() => measured(jobs, keys));
  const app = createApp({
    ...{ version, bundles, keys, uploads, jobs, access, log, metrics },
    bodies: { keys: new BodyBounds(keyBodyLimits), jobs: new BodyBounds(jobBodyLimits) },
    connections: connectionLimits,
    hosts: isLoopback(config.host) || config.hostNames.length > 0 ? loopbackNames(config.hostNames) : anyName,
    readiness: new ReadinessCheck({
      bundles,
      dataFolder: config.dataFolder,
      hasWorker: () => executor.hasWorker,
      isAccepting: () => jobs.isAccepting,
    }),
  });
  await app.listen({ host: config.host, port: config.port }).catch((cause: NodeJS.ErrnoException) => {
    const { code = '' } = cause;
    const flag = portFaults.has(code) ? '--port' : '--host';
    throw new CxrError('request-invalid', { flag, reason: code }, { cause });
  });
  const { port } = app.server.address() as AddressInfo;
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  // Here and not when a client comes: no request starts work before its keys and its frame are accepted (ADR 26).
  for (const id of bundles.keys()) executor.prepare(id, keys.lastUsed(id));
  let stopping: Promise<void> | null = null;
  log('start', { count: bundles.size, arithmetic: config.arithmetic });
  return {
    url: `http://${host}:${port}`,
    stop: (drainMs = 0) => {
      // A second call, with less patience, ends the waiting of the first.
      const closed = jobs.close(drainMs);
      stopping ??= closed.then(async () => {
        await app.close();
        uploads.close();
        await verifier.close();
        await clock.close();
        await unlock();
        log('stop');
      });
      return stopping;
    },
  };
}
