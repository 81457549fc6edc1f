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
import { frameHeaderBytes } from '../../he/wire/frame.ts';
import { exchange, type Reply } from './evaluator-request.ts';
import { openRoute, plainConnection, type Route } from './evaluator-route.ts';
import { parseEvaluatorUrl } from './evaluator-url.ts';
import { ExchangeError } from './exchange-error.ts';
import { KeyTransfer } from './key-transfer.ts';
import { parseReply } from './parse-reply.ts';
import { defaultRetry, patientRetry, pause, type RetryPolicy } from './patience.ts';
import type { Asking } from './resumed-upload.ts';

/** How patient a connector is. Tests shorten the times. */
export type ConnectorOptions = {
  /** The time for one exchange of few bytes; 30 seconds. */
  readonly requestTimeoutMs?: number;
  /** The time for one transfer of evaluation keys, or of a piece of them; 10 minutes. */
  readonly uploadTimeoutMs?: number;
  readonly retry?: RetryPolicy;
  /** For keys under way, questions and accepted jobs; `retry` where that is given alone. */
  readonly patience?: RetryPolicy;
};

const once: RetryPolicy = { attempts: 1, baseDelayMs: 0, maxDelayMs: 0 };

const maxJsonBytes = 64 * 1024;
const maxDescriptionBytes = 1024 * 1024;
/** Shortest time between two polls, in case an evaluator answers at once instead of waiting. */
const minPollMs = 100;

/**
 * Opens a connector to an evaluator. Nothing is sent yet.
 *
 * @throws CxrError `evaluator-url` as `parseEvaluatorUrl` does, and the errors of `openRoute`.
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
  readonly #retry: RetryPolicy;
  /** An evaluator that is being restarted is waited for with what it was told before, or is being told. */
  readonly #patient: RetryPolicy;
  readonly #transfer: KeyTransfer;
  #moved = { evaluationKeys: 0, sent: 0, received: 0 };

  /** Use `connect` instead. @param url  an address as `parseEvaluatorUrl` returns it. */
  constructor(url: string, route: Route, options: ConnectorOptions) {
    this.url = url;
    this.#route = route;
    this.#timeoutMs = options.requestTimeoutMs ?? 30_000;
    this.#retry = options.retry ?? defaultRetry;
    this.#patient = options.patience ?? options.retry ?? patientRetry;
    this.#transfer = new KeyTransfer(
      (asked, retry) => this.#exchange(asked, retry),
      this.#patient,
      options.uploadTimeoutMs ?? 600_000,
      (bytes) => {
        this.#moved.evaluationKeys += bytes;
      },
    );
  }

  /** The bytes of bodies that were moved so far, repeats included. Evaluation keys are counted apart from `sent`. */
  get bytes(): BytesMoved {
    return { ...this.#moved };
  }

  /** Asks who answers at the address, with which limits and bundles. @throws CxrError as `exchange` does. */
  async service(signal?: AbortSignal): Promise<Service> {
    const reply = await this.#exchange({
      method: 'GET',
      url: paths.service,
      maxReplyBytes: maxJsonBytes,
      signal,
    });
    return parseReply(serviceSchema, reply);
  }

  /**
   * Asks once, without patience, who answers and whether it offers this bundle. Its bytes are not counted, because it
   * belongs to no study.
   *
   * @throws CxrError as `exchange` does.
   */
  async probe(bundle: BundleId | null, signal?: AbortSignal): Promise<Probe> {
    const started = performance.now();
    const asked = { method: 'GET', url: paths.service, maxReplyBytes: maxJsonBytes, signal } as const;
    const service = parseReply(serviceSchema, await this.#exchange(asked, once, () => {}));
    return {
      version: service.version,
      servesModel: bundle !== null && service.bundles.includes(bundle),
      roundTripMs: performance.now() - started,
      proxied: this.#route.proxied,
      tls: this.url.startsWith('https:'),
      evaluationKeyBytes: service.limits.evaluationKeyBytes,
    };
  }

  /** Makes sure of the bundle. @throws CxrError `bundle-unknown` when the evaluator does not serve it, or no longer. */
  async ensureBundle(bundle: BundleId, signal?: AbortSignal): Promise<void> {
    await this.#exchange({
      method: 'GET',
      url: paths.bundle(bundle),
      maxReplyBytes: maxDescriptionBytes,
      signal,
    });
  }

  /** Uploads evaluation keys unless the evaluator has them. @see KeyTransfer.ensure */
  async ensureKeys(
    frame: Uint8Array,
    keyId: KeyId,
    onProgress: (fraction: number) => void = () => {},
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#transfer.ensure(frame, keyId, onProgress, signal);
  }

  /** Asks the evaluator to delete evaluation keys. @throws CxrError as `exchange` does. */
  async dropKeys(keyId: KeyId, signal?: AbortSignal): Promise<void> {
    await this.#transfer.drop(keyId, signal);
  }

  /**
   * Sends an input frame and returns the id of its job. It is safe to repeat: the evaluator answers with the job that
   * accepted the same frame first, so that a lost reply costs nothing.
   *
   * @throws CxrError as `exchange` does.
   */
  async submit(frame: Uint8Array, signal?: AbortSignal): Promise<JobId> {
    try {
      return await this.#submitOnce(frame, signal);
    } catch (error) {
      const isMissing = error instanceof CxrError && error.code === 'evaluation-key-missing';
      if (!isMissing || !(await this.#transfer.repeat(signal))) throw error;
      return await this.#submitOnce(frame, signal);
    }
  }

  async #submitOnce(frame: Uint8Array, signal: AbortSignal | undefined): Promise<JobId> {
    try {
      const reply = await this.#exchange(
        {
          method: 'POST',
          url: paths.jobs,
          contentType: mediaTypes.ciphertext,
          body: () => {
            this.#moved.sent += frame.length;
            return frame;
          },
          maxReplyBytes: maxJsonBytes,
          signal,
        },
        this.#patient,
      );
      return parseJobId(parseReply(jobSchema, reply).id);
    } catch (error) {
      const isReplay = error instanceof ExchangeError && error.code === 'frame-replayed';
      if (isReplay && error.problem?.jobId !== undefined) return parseJobId(error.problem.jobId);
      throw error;
    }
  }

  /**
   * Waits until a job is done, and passes on its states.
   *
   * @throws CxrError the code with which the job failed, `job-cancelled`, `job-unknown`, or `cancelled` by
   *                  `signal`. The job itself goes on until `cancel` is called.
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

  /** Asks the evaluator to stop a job. A job that it no longer knows counts as stopped. */
  async cancel(jobId: JobId): Promise<void> {
    try {
      await this.#exchange({ method: 'DELETE', url: paths.job(jobId), maxReplyBytes: maxJsonBytes });
    } catch (error) {
      if (!(error instanceof CxrError) || error.code !== 'job-unknown') throw error;
    }
  }

  #exchange(
    asked: Asking,
    retry: RetryPolicy = this.#retry,
    onReceived = (bytes: number): void => {
      this.#moved.received += bytes;
    },
  ): Promise<Reply> {
    const whole = { timeoutMs: this.#timeoutMs, ...asked, route: this.#route, url: this.url + asked.url };
    return exchange(whole, retry, onReceived);
  }
}
