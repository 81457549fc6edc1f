import { z } from 'zod';
import { costSchema } from './cost.ts';
import { errorCodes } from './errors.ts';
import { bundleIdSchema } from './ids/bundle-id.ts';
import { jobIdSchema } from './ids/job-id.ts';

/**
 * The evaluator's HTTP contract. A *frame* is a message of bytes with a header that names its kind, bundle and digest
 * (docs/wire-format.md). A *job* is one input frame on its way through the evaluator.
 *
 *   GET    /v1/service                 who answers, limits, bundles
 *   GET    /v1/ready                   200 or 503: whether it can do a job now; needs no token
 *   GET    /v1/openapi.json            this contract in OpenAPI 3.1; needs no token
 *   GET    /metrics                    for Prometheus, where the evaluator has `--metrics`
 *   GET    /v1/bundles/:id             one bundle's public description; 410 when retired or unknown
 *   HEAD   /v1/keys/:sha256            200 known, 404 not
 *   PUT    /v1/keys/:sha256            body: evaluation-key frame; 201 stored, 200 already there
 *   DELETE /v1/keys/:sha256            204
 *   HEAD   /v1/keys/:sha256/upload     200 with `Upload-Offset`: the bytes that are kept of keys under way
 *   PATCH  /v1/keys/:sha256/upload     body: the bytes that belong at `Upload-Offset`; 204 kept, 201 stored
 *   POST   /v1/jobs                    body: input frame; 202 {id, state}; 409 `frame-replayed` for the same frame
 *   GET    /v1/jobs/:id?waitMs=n       long poll: answers at once when the state differs from `queued`/`running`
 *   GET    /v1/jobs/:id/result         result frame
 *   DELETE /v1/jobs/:id                cancels; 204
 *
 * Refusals are application/problem+json (RFC 9457) with `type` = `urn:cipherfilm:problem:<code>` and `code`.
 */

/** The media types of request and reply bodies. */
export const mediaTypes = {
  keys: 'application/vnd.cipherfilm.evaluation-keys',
  ciphertext: 'application/vnd.cipherfilm.ciphertext',
  result: 'application/vnd.cipherfilm.result',
  problem: 'application/problem+json',
} as const;

/** The path of every route, behind the evaluator's address. */
export const paths = {
  service: '/v1/service',
  ready: '/v1/ready',
  metrics: '/metrics',
  openapi: '/v1/openapi.json',
  bundle: (id: string) => `/v1/bundles/${id}`,
  key: (id: string) => `/v1/keys/${id}`,
  upload: (id: string) => `/v1/keys/${id}/upload`,
  jobs: '/v1/jobs',
  job: (id: string) => `/v1/jobs/${id}`,
  result: (id: string) => `/v1/jobs/${id}/result`,
} as const;

/** The headers of an upload in pieces. `complete` is `?1` for keys that are stored, else `?0`. */
export const uploadHeaders = { offset: 'upload-offset', complete: 'upload-complete' } as const;

/**
 * The longest time for which an evaluator holds a long poll, milliseconds. A long poll is answered when the state
 * changes.
 */
export const maxWaitMs = 25_000;

/** What an evaluator says about itself: who answers, the bundles that it serves, and its limits. */
export const serviceSchema = z.object({
  service: z.literal('cipherfilm-evaluator'),
  version: z.string().max(64),
  bundles: z.array(bundleIdSchema).max(64),
  limits: z.object({
    evaluationKeyBytes: z.int().positive(),
    inputBytes: z.int().positive(),
    resultBytes: z.int().positive(),
    queuedJobs: z.int().positive(),
    storedKeys: z.int().positive(),
  }),
});
export type Service = z.infer<typeof serviceSchema>;

/** Whether an evaluator can do a job from its beginning to its end, and what is missing. */
export const readinessSchema = z.object({
  ready: z.boolean(),
  /** Every file of the models that it serves is what their digests say. */
  weights: z.boolean(),
  /** The data folder can be written and has room. */
  disk: z.boolean(),
  /** A worker has opened a model. */
  worker: z.boolean(),
  /** It is not being stopped. */
  accepting: z.boolean(),
});
export type Readiness = z.infer<typeof readinessSchema>;

/** Where a job is. `ahead` counts the jobs before it; `layer` names the layer of the network that is being computed. */
export const jobStateSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('queued'), ahead: z.int().nonnegative() }),
  z.object({ kind: z.literal('running'), fraction: z.number().min(0).max(1), layer: z.string().max(64) }),
  z.object({
    kind: z.literal('done'),
    resultBytes: z.int().positive(),
    evaluateMs: z.number().nonnegative(),
    cost: costSchema,
  }),
  z.object({ kind: z.literal('failed'), code: z.enum(errorCodes) }),
  z.object({ kind: z.literal('cancelled') }),
]);
export type JobState = z.infer<typeof jobStateSchema>;

/** A job with its state, as the evaluator answers it. */
export const jobSchema = z.object({ id: jobIdSchema, state: jobStateSchema });
export type Job = z.infer<typeof jobSchema>;

/**
 * A refusal in the form of RFC 9457. `jobId` comes with `frame-replayed` and names the job that accepted the same frame
 * first.
 */
export const problemSchema = z.object({
  type: z.string().max(128),
  title: z.string().max(256),
  status: z.int().min(400).max(599),
  code: z.enum(errorCodes),
  detail: z.record(z.string(), z.unknown()).optional(),
  jobId: jobIdSchema.optional(),
});
export type Problem = z.infer<typeof problemSchema>;
