import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { BundleDescription } from '../../contract/bundle.ts';
import { type BundleId, parseBundleId } from '../../contract/ids/bundle-id.ts';
import { type Digest, parseDigest } from '../../contract/ids/digest.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import { mediaTypes, paths, problemSchema } from '../../contract/protocol.ts';
import type { Bundles, PayloadFloors } from '../../evaluator/bundles.ts';
import { openDataFolder } from '../../evaluator/data-folder.ts';
import { type Access, openToAll } from '../../evaluator/http/access.ts';
import { createApp } from '../../evaluator/http/app.ts';
import {
  BodyBounds,
  type BodyLimits,
  jobBodyLimits,
  keyBodyLimits,
} from '../../evaluator/http/bounds/bodies.ts';
import { type ConnectionLimits, connectionLimits } from '../../evaluator/http/bounds/connections.ts';
import { anyName, type HostNames } from '../../evaluator/http/host-names.ts';
import { ReadinessCheck } from '../../evaluator/http/readiness.ts';
import type { JobLimits } from '../../evaluator/jobs/job-parts.ts';
import { MemoryQueue } from '../../evaluator/jobs/job-queue.ts';
import { Jobs } from '../../evaluator/jobs/jobs.ts';
import { MemoryWatchers } from '../../evaluator/jobs/watchers.ts';
import { KeyStore } from '../../evaluator/keys/key-store.ts';
import type { KeyLimits } from '../../evaluator/keys/make-room.ts';
import type { UploadLimits } from '../../evaluator/keys/uploads.ts';
import { createLog, silentLog } from '../../evaluator/observe/log.ts';
import { measured } from '../../evaluator/observe/measured.ts';
import { Metrics } from '../../evaluator/observe/metrics.ts';
import { KeyThread } from '../../evaluator/workers/key-thread.ts';
import { WorkerPool } from '../../evaluator/workers/pool.ts';
import { decodeFrame, encodeFrame, type FrameKind, keyIdOf, noSubject } from '../../he/wire/frame.ts';

/** The bundles that fake evaluators serve, and one that they do not. */
export const bundle = parseBundleId('b1'.repeat(32));
export const secondBundle = parseBundleId('c1'.repeat(32));
export const otherBundle = parseBundleId('b2'.repeat(32));
/** The smallest payload of every kind, unless a test asks for more. */
export const leastPayload = { evaluationKeys: 1, input: 1 };
export const payloadBytes = { evaluationKeys: 300_000, input: 100_000, result: 110_000 };

export const description: BundleDescription = {
  format: 'cipherfilm-bundle/2',
  name: 'fake',
  ckks: { polyModulusDegree: 8192, dataPrimes: ['1073692673'], specialPrime: '1073692673', scaleBits: 30 },
  placement: 'phases',
  input: {
    kind: 'patches',
    channels: 4,
    height: 32,
    width: 32,
    kernel: [3, 3],
    stride: [1, 1],
    padding: [1, 1],
    ciphertexts: 1,
    layout: { shape: [36, 32, 32], bits: ['x0'], displacement: 0 },
  },
  output: { count: 14, layout: { shape: [14, 1, 1], bits: ['c0', 'c1', 'c2', 'c3'], displacement: 0 } },
  result: { primes: 1, scale: 1 },
  evaluationKeys: { relinearizationLevel: 1, rotations: [{ step: 1, level: 1 }] },
  cost: {
    levels: 1,
    rotations: 1,
    relinearizations: 1,
    plaintextProducts: 1,
    ciphertextProducts: 1,
    rescales: 1,
  },
  latentBound: 10,
  logitBound: 10,
  programDigest: parseDigest('0'.repeat(64)),
  files: {},
};

export type FakeOptions = {
  readonly folder?: string;
  readonly workers?: number;
  readonly jobs?: Partial<JobLimits>;
  readonly keys?: Partial<KeyLimits>;
  readonly access?: Access;
  readonly metrics?: boolean;
  readonly floors?: PayloadFloors;
  /** The largest payload of evaluation keys. */
  readonly keyBytes?: number;
  readonly uploads?: UploadLimits;
  readonly bodies?: Partial<BodyLimits>;
  readonly connections?: ConnectionLimits;
  readonly hosts?: HostNames;
  /** Bundles to make ready at the start. */
  readonly prepared?: readonly BundleId[];
  readonly onLog?: (line: string) => void;
};
export type FakeEvaluator = {
  readonly url: string;
  readonly folder: string;
  /** Stops and keeps the folder. */
  stop(drainMs?: number): Promise<void>;
  /** Stops and removes the folder. */
  destroy(): Promise<void>;
};

/** The real application, stores, queue and threads on a real socket, around a fake computation. */
export async function startFakeEvaluator(options: FakeOptions = {}): Promise<FakeEvaluator> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'cipherfilm-test-')));
  const metrics = options.metrics === true ? new Metrics() : null;
  const written = options.onLog === undefined ? silentLog : createLog(options.onLog);
  const log = metrics?.counting(written) ?? written;
  const bundles: Bundles = new Map(
    [bundle, secondBundle].map((id) => [
      id,
      {
        ...{ id, folder, description, floors: options.floors ?? leastPayload },
        limits: { ...payloadBytes, evaluationKeys: options.keyBytes ?? payloadBytes.evaluationKeys },
      },
    ]),
  );
  const {
    frames,
    records,
    keys: keyRecords,
    uploads,
    clock,
  } = await openDataFolder(folder, log, options.uploads);
  const entry = new URL('./fake-worker.ts', import.meta.url);
  const bundleFolders = new Map([...bundles.keys()].map((id) => [id, folder]));
  const verifier = new KeyThread(entry, { dataFolder: folder, bundleFolders });
  const limits = { keys: 4, bytes: 1e7, ...options.keys };
  const keys = await KeyStore.open({ frames: frames.keys, records: keyRecords, verifier, limits, log });
  const executor = new WorkerPool({
    entry,
    threads: 1,
    arithmetic: 'wasm',
    workers: options.workers ?? 1,
    bundleFolders,
    dataFolder: folder,
    jobTimeoutMs: 20_000,
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
    limits: { queued: 8, records: 1000, keepMs: 60_000, fullDiskMs: 100, ...options.jobs },
    log,
  });
  metrics?.measure(() => measured(jobs, keys));
  const app = createApp({
    ...{ version: 'test', bundles, keys, uploads, jobs, access: options.access ?? openToAll, log, metrics },
    bodies: {
      keys: new BodyBounds({ ...keyBodyLimits, ...options.bodies }),
      jobs: new BodyBounds({ ...jobBodyLimits, ...options.bodies }),
    },
    connections: options.connections ?? connectionLimits,
    hosts: options.hosts ?? anyName,
    readiness: new ReadinessCheck({
      bundles,
      dataFolder: folder,
      hasWorker: () => executor.hasWorker,
      isAccepting: () => jobs.isAccepting,
    }),
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  for (const id of options.prepared ?? []) executor.prepare(id, keys.lastUsed(id));
  const stop = async (drainMs = 0) => {
    await jobs.close(drainMs);
    await app.close();
    uploads.close();
    await verifier.close();
    await clock.close();
  };
  return {
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    folder,
    stop,
    destroy: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Gives the way to start evaluators that are destroyed after the test that started them. */
export function evaluatorsOfEachTest(): (options?: FakeOptions) => Promise<FakeEvaluator> {
  const started: FakeEvaluator[] = [];
  afterEach(async () => {
    for (const evaluator of started.splice(0)) await evaluator.destroy();
  });
  return async (options = {}) => {
    const evaluator = await startFakeEvaluator(options);
    started.push(evaluator);
    return evaluator;
  };
}

/** A valid frame around a text. */
export function frame(kind: FrameKind, subject: Digest, text: string, of: BundleId = bundle): Uint8Array {
  const nonce = kind === 'result' ? new Uint8Array(16) : randomBytes(16);
  return encodeFrame({ kind, bundle: of, subject, nonce, payload: Buffer.from(text) });
}

export const inputFrame = (key: KeyId, text = 'hello'): Uint8Array => frame('input', key, text);

export function keyFrame(text = 'keys'): { bytes: Uint8Array; id: KeyId } {
  const bytes = frame('evaluationKeys', noSubject, text);
  return { bytes, id: keyIdOf(bytes) };
}

/** Submits a text and returns the id of its job. */
export const submit = async (url: string, key: ReturnType<typeof keyFrame>, text: string): Promise<string> =>
  idOf(await postJob(url, inputFrame(key.id, text)));
/** The frame of a result. */
export const resultOf = async (url: string, id: string): Promise<Uint8Array> =>
  (await ask('GET', url + paths.result(id))).body as Uint8Array;
export const textOf = (result: Uint8Array): string =>
  Buffer.from(decodeFrame(result, { kind: 'result', maxPayloadBytes: 1e6 }).payload).toString();

export type Answer = { readonly status: number; readonly code: string | null; readonly body: unknown };

/** One request by hand, its answer parsed; every refusal must be a valid problem document. */
export async function ask(
  method: string,
  url: string,
  body?: Uint8Array | ReadableStream<Uint8Array>,
  contentType: string = mediaTypes.ciphertext,
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    ...(body === undefined
      ? {}
      : {
          body: body as NonNullable<RequestInit['body']>,
          duplex: 'half',
          headers: { 'content-type': contentType },
        }),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const type = response.headers.get('content-type') ?? '';
  if (response.status >= 400 && method !== 'HEAD') {
    if (type !== mediaTypes.problem) throw new TypeError(`refusal of type ${type}`);
    const problem = problemSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
    if (problem.status !== response.status) throw new TypeError('status differs from the problem');
    return { status: response.status, code: problem.code, body: problem };
  }
  const isJson = type.includes('json') && method !== 'HEAD';
  const parsed = isJson ? JSON.parse(Buffer.from(bytes).toString()) : bytes;
  return { status: response.status, code: null, body: parsed };
}

export const putKeys = (url: string, key: { bytes: Uint8Array; id: KeyId }): Promise<Answer> =>
  ask('PUT', url + paths.key(key.id), key.bytes, mediaTypes.keys);

export const postJob = (url: string, bytes: Uint8Array | ReadableStream<Uint8Array>): Promise<Answer> =>
  ask('POST', url + paths.jobs, bytes);

export type SeenState = { readonly kind: string; readonly [field: string]: unknown };

/** Id of an accepted job. */
export function idOf(answer: Answer): string {
  if (answer.status !== 202) throw new TypeError(`expected 202, got ${answer.status} ${answer.code}`);
  return (answer.body as { id: string }).id;
}

export async function stateOf(url: string, id: string, waitMs = 0): Promise<SeenState> {
  const { body } = await ask('GET', `${url}${paths.job(id)}?waitMs=${waitMs}`);
  return (body as { state: SeenState }).state;
}

/** Polls until the job is in one of the states. */
export async function waitFor(url: string, id: string, ...kinds: string[]): Promise<SeenState> {
  for (let polls = 0; polls < 200; polls += 1) {
    const state = await stateOf(url, id, polls === 0 ? 0 : 500);
    if (kinds.includes(state.kind)) return state;
  }
  throw new TypeError(`job never became ${kinds.join(' or ')}`);
}

/** Proves that the evaluator still serves: a good job on fresh keys succeeds. */
export async function expectServing(url: string): Promise<void> {
  const key = keyFrame(`keys ${randomBytes(4).toString('hex')}`);
  const stored = await putKeys(url, key);
  if (stored.status !== 201) throw new TypeError(`keys: ${stored.status} ${stored.code}`);
  const state = await waitFor(url, idOf(await postJob(url, inputFrame(key.id))), 'done', 'failed');
  if (state.kind !== 'done') throw new TypeError(`the good job became ${state.kind}`);
}
