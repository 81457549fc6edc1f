import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { CxrError, type ErrorCode } from '../../contract/errors.ts';
import { jobIdSchema } from '../../contract/ids/job-id.ts';
import { mediaTypes, type Problem } from '../../contract/protocol.ts';

/** The HTTP status of every code that an evaluator answers with; all others are 500. */
export const statusOf: Partial<Record<ErrorCode, number>> = {
  'request-invalid': 400,
  'frame-malformed': 400,
  'frame-truncated': 400,
  'frame-digest': 400,
  'evaluator-unauthorised': 401,
  'job-unknown': 404,
  'evaluation-key-missing': 409,
  'frame-replayed': 409,
  'job-not-ready': 409,
  'job-failed': 409,
  'bundle-unknown': 410,
  'job-cancelled': 410,
  'frame-too-large': 413,
  'frame-foreign': 422,
  'ciphertext-invalid': 422,
  'evaluation-key-invalid': 422,
  'quota-exceeded': 429,
  internal: 500,
  'queue-full': 503,
  'storage-full': 503,
};

/** After how many seconds a refusal for lack of room is worth a new try. */
const retryAfterSeconds: Partial<Record<ErrorCode, number>> = {
  'queue-full': 5,
  'quota-exceeded': 10,
  'storage-full': 10,
};

/** How long a refused sender may go on sending before its connection is cut. */
const lingerMs = 2_000;

/** The document of a refusal. That of a replayed frame names the job that accepted the frame. */
export function problemOf(error: CxrError, status = statusOf[error.code] ?? 500): Problem {
  const { code, detail } = error.coded;
  return {
    type: `urn:cipherfilm:problem:${code}`,
    title: code.replaceAll('-', ' '),
    status,
    code,
    detail: { ...detail },
    ...(code === 'frame-replayed' ? { jobId: jobIdSchema.parse(detail.job) } : {}),
  };
}

/** Answers with a refusal as application/problem+json (RFC 9457); unknown exceptions say nothing but `internal`. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = toRefusal(error);
  const problem = problemOf(refusal);
  const seconds = retryAfterSeconds[refusal.code];
  if (seconds !== undefined) reply.header('retry-after', seconds);
  return send(problem, request, reply);
}

/** Answers a path that no route serves: 404, with the same kind of document. */
export function sendNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return send(problemOf(new CxrError('request-invalid', { field: 'route' }), 404), request, reply);
}

/** Answers a request that names another host: 421, with the same kind of document. */
export function sendMisdirected(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return send(problemOf(new CxrError('request-invalid', { field: 'host' }), 421), request, reply);
}

function send(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  lingerAfter(request, reply);
  reply.code(problem.status).type(mediaTypes.problem);
  Object.assign(reply, { refusedWith: problem.code });
  return reply.send(Buffer.from(JSON.stringify(problem)));
}

function toRefusal(error: unknown): CxrError {
  if (error instanceof CxrError) return error;
  const { statusCode, code } = error as Partial<FastifyError>;
  if (statusCode === 413) return new CxrError('frame-too-large');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    const field = code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE' ? 'content-type' : 'request';
    return new CxrError('request-invalid', { field });
  }
  return new CxrError('internal');
}

/** Lets a refused sender read the answer: closing at once would reset the connection under its feet. */
function lingerAfter(request: FastifyRequest, reply: FastifyReply): void {
  const { raw } = request;
  if (raw.complete) return;
  reply.header('connection', 'keep-alive');
  reply.raw.once('finish', () => {
    raw.resume();
    const timer = setTimeout(() => {
      if (!raw.complete) raw.socket.destroy();
    }, lingerMs);
    timer.unref();
  });
}

/** A complete refusal for requests that are not HTTP, written to the bare socket. */
export function rawProblem(): string {
  const body = JSON.stringify(problemOf(new CxrError('request-invalid', { field: 'http' })));
  return [
    'HTTP/1.1 400 Bad Request',
    `content-type: ${mediaTypes.problem}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
