import { z } from 'zod';
import type { ErrorCode } from '../../contract/errors.ts';
import {
  jobSchema,
  maxWaitMs,
  mediaTypes,
  paths,
  problemSchema,
  readinessSchema,
  serviceSchema,
  uploadHeaders,
} from '../../contract/protocol.ts';
import { statusOf } from './problem.ts';

type Content = Readonly<Record<string, object>>;
/** One request of the contract, as the document describes it. */
type Operation = {
  readonly method: 'get' | 'head' | 'put' | 'patch' | 'post' | 'delete';
  readonly path: string;
  readonly summary: string;
  readonly parameters?: readonly object[];
  readonly body?: Content;
  readonly answers: Readonly<
    Record<number, { readonly description: string; readonly content?: Content; readonly headers?: object }>
  >;
  readonly refusals: readonly ErrorCode[];
  readonly isPublic?: boolean;
};

// What is read from the network, before ids become types of their own.
const schemaOf = (schema: z.ZodType): object => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
};
const json = (name: string): Content => ({ 'application/json': { schema: ref(name) } });
const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` });
const frame = (type: string): Content => ({ [type]: { schema: { type: 'string', format: 'binary' } } });
const idIn = (digits: number): object => ({
  ...{ name: 'id', in: 'path', required: true },
  schema: { type: 'string', pattern: `^[0-9a-f]{${digits}}$` },
});
const waitMs = {
  ...{ name: 'waitMs', in: 'query' },
  description: 'How long the answer may wait for a change, milliseconds.',
  schema: { type: 'integer', minimum: 0, maximum: maxWaitMs },
};
const always: readonly ErrorCode[] = ['request-invalid', 'internal'];
const frameFaults: readonly ErrorCode[] = [
  ...(['frame-malformed', 'frame-truncated', 'frame-digest', 'frame-too-large', 'frame-foreign'] as const),
  ...(['bundle-unknown', 'evaluation-key-invalid', 'quota-exceeded', 'storage-full'] as const),
];
const empty = (description: string) => ({ description });
const [key, upload, job, result, bundle] = [
  ...[paths.key, paths.upload, paths.job, paths.result, paths.bundle].map((path) => path('{id}')),
] as [string, string, string, string, string];
const uploadOffset = {
  ...{ name: uploadHeaders.offset, in: 'header', required: true },
  description: 'Where in the frame the body belongs, bytes: the end of what is kept.',
  schema: { type: 'integer', minimum: 0 },
};
const progress = (description: string) => ({
  description,
  headers: {
    [uploadHeaders.offset]: { description: 'Bytes that are kept', schema: { type: 'integer' } },
    [uploadHeaders.complete]: { description: '?1 for stored keys, else ?0', schema: { type: 'string' } },
  },
});

const operations: readonly Operation[] = [
  {
    ...{
      method: 'get',
      path: paths.service,
      summary: 'Who answers, with which models and limits',
      refusals: [],
    },
    answers: { 200: { description: 'The service', content: json('Service') } },
  },
  {
    ...{
      method: 'get',
      path: paths.ready,
      summary: 'Whether it can do a job now',
      refusals: [],
      isPublic: true,
    },
    answers: {
      200: { description: 'It can', content: json('Readiness') },
      503: { description: 'It cannot, and what is missing', content: json('Readiness') },
    },
  },
  {
    ...{
      method: 'get',
      path: paths.metrics,
      summary: 'Numbers for Prometheus, with --metrics',
      refusals: [],
    },
    answers: {
      200: { description: 'The numbers', content: { 'text/plain': { schema: { type: 'string' } } } },
    },
  },
  {
    ...{ method: 'get', path: paths.openapi, summary: 'This document', refusals: [], isPublic: true },
    answers: {
      200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
    },
  },
  {
    ...{ method: 'get', path: bundle, summary: 'The public description of a model', parameters: [idIn(64)] },
    answers: {
      200: {
        description: 'The description',
        content: { 'application/json': { schema: { type: 'object' } } },
      },
    },
    refusals: ['bundle-unknown'],
  },
  {
    ...{ method: 'head', path: key, summary: 'Whether evaluation keys are stored', parameters: [idIn(64)] },
    answers: { 200: empty('They are'), 404: empty('They are not') },
    refusals: [],
  },
  {
    ...{ method: 'put', path: key, summary: 'Stores evaluation keys, once they are verified' },
    ...{ parameters: [idIn(64)], body: frame(mediaTypes.keys) },
    answers: { 200: empty('They were there'), 201: empty('They are stored') },
    refusals: [...frameFaults, 'evaluation-key-missing'],
  },
  {
    ...{ method: 'head', path: upload, summary: 'How much is kept of evaluation keys under way' },
    ...{ parameters: [idIn(64)], refusals: [] },
    answers: { 200: progress('So much; whoever still sends for them is cut off') },
  },
  {
    ...{ method: 'patch', path: upload, summary: 'Adds a piece; the last one stores the keys' },
    ...{ parameters: [idIn(64), uploadOffset], body: frame(mediaTypes.keys) },
    answers: {
      200: progress('The keys were there'),
      201: progress('The keys are stored'),
      204: progress('The piece is kept'),
    },
    refusals: [...frameFaults, 'evaluation-key-missing'],
  },
  {
    ...{
      method: 'delete',
      path: key,
      summary: 'Removes evaluation keys',
      parameters: [idIn(64)],
      refusals: [],
    },
    answers: { 204: empty('They are not here any more') },
  },
  {
    ...{ method: 'post', path: paths.jobs, summary: 'Submits an input', body: frame(mediaTypes.ciphertext) },
    answers: { 202: { description: 'The job', content: json('Job') } },
    refusals: [...frameFaults, 'frame-replayed', 'evaluation-key-missing', 'queue-full'],
  },
  {
    ...{ method: 'get', path: job, summary: 'The state of a job', parameters: [idIn(32), waitMs] },
    answers: { 200: { description: 'The job', content: json('Job') } },
    refusals: ['job-unknown'],
  },
  {
    ...{ method: 'get', path: result, summary: 'The result of a job that is done', parameters: [idIn(32)] },
    answers: { 200: { description: 'The result frame', content: frame(mediaTypes.result) } },
    refusals: ['job-unknown', 'job-not-ready', 'job-failed', 'job-cancelled'],
  },
  {
    ...{
      method: 'delete',
      path: job,
      summary: 'Cancels a job',
      parameters: [idIn(32)],
      refusals: ['job-unknown'],
    },
    answers: { 204: empty('It is cancelled, or had ended') },
  },
];

/** Every code under the status with which it is answered. */
function refusalsOf({ refusals, isPublic = false }: Operation): object {
  const codes = [...refusals, ...always, ...(isPublic ? [] : (['evaluator-unauthorised'] as const))];
  const byStatus = Map.groupBy(codes, (code) => statusOf[code] ?? 500);
  // A request for another host is refused before anything else.
  byStatus.set(421, ['request-invalid']);
  return Object.fromEntries(
    [...byStatus].map(([status, found]) => [
      status,
      { description: found.join(', '), content: { [mediaTypes.problem]: { schema: ref('Problem') } } },
    ]),
  );
}

function describe(operation: Operation): object {
  const { summary, parameters = [], body, answers, isPublic = false } = operation;
  return {
    ...{ summary, parameters },
    ...(body === undefined ? {} : { requestBody: { required: true, content: body } }),
    responses: { ...refusalsOf(operation), ...answers },
    ...(isPublic ? { security: [] } : {}),
  };
}

/** Describes the evaluator's HTTP contract in OpenAPI 3.1, made of the same schemas that parse requests and replies. */
export function openApi(version: string): object {
  const byPath = Map.groupBy(operations, ({ path }) => path);
  return {
    openapi: '3.1.0',
    info: { title: 'Cipherfilm evaluator', version },
    security: [{ token: [] }, {}],
    paths: Object.fromEntries(
      [...byPath].map(([path, here]) => [
        path,
        Object.fromEntries(here.map((operation) => [operation.method, describe(operation)])),
      ]),
    ),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: {
        ...{ Service: schemaOf(serviceSchema), Readiness: schemaOf(readinessSchema) },
        ...{ Job: schemaOf(jobSchema), Problem: schemaOf(problemSchema) },
      },
    },
  };
}
