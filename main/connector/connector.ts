import type { z } from 'zod';
import { unreachable } from '../../contract/check.ts';
import type { Connection, Probe } from '../../contract/connection.ts';
import { CxrError } from '../../contract/errors.ts';
import type { BundleId } from '../../contract/ids/bundle-id.ts';
import { type JobId, parseJobId } from '../../contract/ids/job-id.ts';
import type { KeyId } from '../../contract/ids/key-id.ts';
import {
  type JobState,
  jobSchema,
  maxWaitMs,
  mediaTypes,
  paths,
  type Service,
  serviceSchema,
} from '../../contract/protocol.ts';
import type { BytesMoved, EncryptedLogits } from '../../contract/stages.ts';
import { frameHeaderBytes, keyIdOf } from '../../he/wire/frame.ts';
import {
  defaultRetry,
  type Exchange,
  ExchangeError,
  exchange,
  parseJson,
  patientRetry,
  pause,
  type Reply,
  type RetryPolicy,
} from './evaluator-request.ts';
import { openRoute, plainConnection, type Route } from './evaluator-route.ts';
import { parseEvaluatorUrl } from './evaluator-url.ts';

export type ConnectorOptions = {
  /** Time for one exchange of few bytes. */
  readonly requestTimeoutMs?: number;
  /** Time for one transfer of evaluation keys. */
  readonly uploadTimeoutMs?: number;
  readonly retry?: RetryPolicy;
};

const once: RetryPolicy = { attempts: 1, baseDelayMs: 0, maxDelayMs: 0 };

const maxJsonBytes = 64 * 1024;
const maxDescriptionBytes = 1024 * 1024;
/** Bytes handed to the network at a time; progress is told after each. */
const uploadChunkBytes = 256 * 1024;
/** Shortest time between two polls, in case an evaluator answers at once instead of waiting. */
const minPollMs = 100;

/**
 * Opens a connector; nothing is sent yet.
 *
 * @throws CxrError `evaluator-url` unless it is https, or http to this machine, without credentials and query; as
 *         `openRoute`.
 */
export function connect(to: string | Connection, options: ConnectorOptions = {}): Connector {
  const connection = typeof to === 'string' ? plainConnection(to) : to;
  const url = parseEvaluatorUrl(connection.url);
  return new Connector(url, openRoute({ ...connection, url }), options);
}

/**
 * The workstation's side of contract/protocol.ts. Replies are not trusted: sizes are capped, JSON is parsed with the
 * contract's schemas, and results are handed on as they came, for `decrypt` to check. Nothing that was decrypted ever
 * comes near this class.
 */
export class Connector {
  readonly url: string;
  readonly #route: Route;
  readonly #timeoutMs: number;
  readonly #uploadTimeoutMs: number;
  readonly #retry: RetryPolicy;
  /** Once a job is accepted the evaluator keeps it: an evaluator that is being restarted is waited for. */
  readonly #patient: RetryPolicy;
  #keys: { readonly id: KeyId; readonly frame: Uint8Array } | null = null;
  #moved = { evaluationKeys: 0, sent: 0, received: 0 };

  /** @param url  as `parseEvaluatorUrl` returns it; use `connect`. */
  constructor(url: string, route: Route, options: ConnectorOptions) {
    this.url = url;
    this.#route = route;
    this.#timeoutMs = options.requestTimeoutMs ?? 30_000;
    this.#uploadTimeoutMs = options.uploadTimeoutMs ?? 600_000;
    this.#retry = options.retry ?? defaultRetry;
    this.#patient = options.retry ?? patientRetry;
  }

  /** Body bytes moved so far, repeats included; evaluation keys are counted apart from `sent`. */
  get bytes(): BytesMoved {
    return { ...this.#moved };
  }

  async service(signal?: AbortSignal): Promise<Service> {
    const reply = await this.#exchange({
      method: 'GET',
      url: paths.service,
      maxReplyBytes: maxJsonBytes,
      signal,
    });
    return parseReply(serviceSchema, reply);
  }

  /** A look at the evaluator, without patience: who answers, and does it offer this bundle? */
  async probe(bundle: BundleId | null): Promise<Probe> {
    const started = performance.now();
    const asked = { method: 'GET', url: paths.service, maxReplyBytes: maxJsonBytes } as const;
    const service = parseReply(serviceSchema, await this.#exchange(asked, once));
    return {
      version: service.version,
      servesModel: bundle !== null && service.bundles.includes(bundle),
      roundTripMs: performance.now() - started,
      proxied: this.#route.proxied,
      tls: this.url.startsWith('https:'),
      evaluationKeyBytes: service.limits.evaluationKeyBytes,
    };
  }

  /** @throws CxrError `bundle-unknown` when the evaluator does not serve this bundle (any more). */
  async ensureBundle(bundle: BundleId, signal?: AbortSignal): Promise<void> {
    await this.#exchange({
      method: 'GET',
      url: paths.bundle(bundle),
      maxReplyBytes: maxDescriptionBytes,
      signal,
    });
  }

  /**
   * Uploads evaluation keys unless the evaluator has them. They are remembered, so that `submit` can upload them
   * again when the evaluator lost them.
   *
   * @param onProgress  told the fraction uploaded, in [0, 1].
   */
  async ensureKeys(
    frame: Uint8Array,
    keyId: KeyId,
    onProgress: (fraction: number) => void = () => {},
    signal?: AbortSignal,
  ): Promise<void> {
    if (this.#keys?.id !== keyId && keyIdOf(frame) !== keyId) {
      throw new TypeError('"keyId" expected the digest of "frame"');
    }
    this.#keys = { id: keyId, frame };
    const url = paths.key(keyId);
    const known = await this.#exchange({ method: 'HEAD', url, maxReplyBytes: 0, answers: [404], signal });
    if (known.status === 404) {
      await this.#exchange({
        method: 'PUT',
        url,
        contentType: mediaTypes.keys,
        body: () => this.#keyStream(frame, onProgress),
        bodyBytes: frame.length,
        maxReplyBytes: maxJsonBytes,
        timeoutMs: this.#uploadTimeoutMs,
        signal,
      });
    }
    onProgress(1);
  }

  /**
   * Sends an input frame. Repeating it is safe: the evaluator answers with the job that accepted the frame first, so
   * a lost reply costs nothing.
   */
  async submit(frame: Uint8Array, signal?: AbortSignal): Promise<JobId> {
    try {
      return await this.#submitOnce(frame, signal);
    } catch (error) {
      const keys = this.#keys;
      if (!(error instanceof CxrError) || error.code !== 'evaluation-key-missing' || keys === null)
        throw error;
      await this.ensureKeys(keys.frame, keys.id, () => {}, signal);
      return await this.#submitOnce(frame, signal);
    }
  }

  async #submitOnce(frame: Uint8Array, signal: AbortSignal | undefined): Promise<JobId> {
    try {
      const reply = await this.#exchange({
        method: 'POST',
        url: paths.jobs,
        contentType: mediaTypes.ciphertext,
        body: () => {
          this.#moved.sent += frame.length;
          return frame;
        },
        maxReplyBytes: maxJsonBytes,
        signal,
      });
      return parseJobId(parseReply(jobSchema, reply).id);
    } catch (error) {
      const isReplay = error instanceof ExchangeError && error.code === 'frame-replayed';
      if (isReplay && error.problem?.jobId !== undefined) return parseJobId(error.problem.jobId);
      throw error;
    }
  }

  /**
   * Waits until a job is done.
   *
   * @throws CxrError the code with which the job failed, `job-cancelled`, `job-unknown`, `cancelled` (by `signal`;
   *                  the job itself goes on until `cancel` is called).
   */
  async await(
    jobId: JobId,
    { signal, onState = () => {} }: { signal?: AbortSignal; onState?: (state: JobState) => void } = {},
  ): Promise<Extract<JobState, { kind: 'done' }>> {
    for (let waitMs = 0; ; waitMs = maxWaitMs) {
      const askedAt = performance.now();
      const asked = {
        method: 'GET',
        url: `${paths.job(jobId)}?waitMs=${waitMs}`,
        maxReplyBytes: maxJsonBytes,
        timeoutMs: this.#timeoutMs + waitMs,
        signal,
      } as const;
      const reply = await this.#exchange(asked, this.#patient);
      const job = parseReply(jobSchema, reply);
      if (job.id !== jobId) throw new CxrError('evaluator-protocol', { field: 'job id' });
      const { state } = job;
      onState(state);
      switch (state.kind) {
        case 'done':
          return state;
        case 'failed':
          throw new CxrError(state.code, { job: jobId });
        case 'cancelled':
          throw new CxrError('job-cancelled', { job: jobId });
        case 'queued':
        case 'running':
          await pause(Math.max(0, minPollMs - (performance.now() - askedAt)), signal);
          break;
        default:
          return unreachable(state);
      }
    }
  }

  /**
   * Fetches the result of a job that is done. Only its length is looked at here: `decrypt` checks the rest.
   *
   * @throws CxrError `result-invalid` when it is larger than a frame with `maxPayloadBytes` of payload.
   */
  async fetchResult(jobId: JobId, maxPayloadBytes: number, signal?: AbortSignal): Promise<EncryptedLogits> {
    const asked = {
      method: 'GET',
      url: paths.result(jobId),
      maxReplyBytes: frameHeaderBytes + maxPayloadBytes,
      oversized: 'result-invalid',
      signal,
    } as const;
    const { body } = await this.#exchange(asked, this.#patient);
    return { frame: body };
  }

  /** Asks the evaluator to stop; a job that it no longer knows counts as stopped. */
  async cancel(jobId: JobId): Promise<void> {
    try {
      await this.#exchange({ method: 'DELETE', url: paths.job(jobId), maxReplyBytes: maxJsonBytes });
    } catch (error) {
      if (!(error instanceof CxrError) || error.code !== 'job-unknown') throw error;
    }
  }

  #exchange(
    asked: Omit<Exchange, 'timeoutMs' | 'route'> & { timeoutMs?: number },
    retry: RetryPolicy = this.#retry,
  ): Promise<Reply> {
    const onReceived = (bytes: number) => {
      this.#moved.received += bytes;
    };
    const whole = { timeoutMs: this.#timeoutMs, ...asked, route: this.#route, url: this.url + asked.url };
    return exchange(whole, retry, onReceived);
  }

  #keyStream(frame: Uint8Array, onProgress: (fraction: number) => void): ReadableStream<Uint8Array> {
    let at = 0;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const chunk = frame.subarray(at, at + uploadChunkBytes);
      at += chunk.length;
      this.#moved.evaluationKeys += chunk.length;
      // The copy is for the network, which may detach what it is given.
      if (chunk.length > 0) controller.enqueue(chunk.slice());
      if (at >= frame.length) controller.close();
      onProgress(at / frame.length);
    };
    return new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 1 });
  }
}

function parseReply<T>(schema: z.ZodType<T>, reply: Reply): T {
  const parsed = schema.safeParse(parseJson(reply.body));
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new CxrError('evaluator-protocol', { field, status: reply.status });
  }
  return parsed.data;
}
