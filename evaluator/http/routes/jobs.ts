import type { FastifyInstance, FastifyReply } from 'fastify';
import { CxrError } from '../../../contract/errors.ts';
import { parseKeyId } from '../../../contract/ids/key-id.ts';
import { type Job, mediaTypes, paths } from '../../../contract/protocol.ts';
import { decodeFrame, frameDigest, frameHeaderBytes } from '../../../he/wire/frame.ts';
import { findBundle, frameLimits, refuseBelowFloor } from '../../bundles.ts';
import type { Tenant } from '../../tenants/tenant.ts';
import type { EvaluatorDeps } from '../deps.ts';
import { readBody } from '../request-body.ts';
import { type IdParams, jobParameter, waitParameter } from './parameters.ts';

/** Input frames in, states and result frames out. */
export async function jobRoutes(app: FastifyInstance, deps: EvaluatorDeps): Promise<void> {
  const maxBytes = frameLimits(deps.bundles).inputBytes;
  app.addContentTypeParser(mediaTypes.ciphertext, (_request, payload, done) => done(null, payload));

  app.post(paths.jobs, async (request, reply) => {
    const bytes = await readBody(request, maxBytes, deps.bodies.jobs);
    const job = await accept(bytes, maxBytes, request.tenant, deps);
    return reply.code(202).header('location', paths.job(job.id)).send(job);
  });

  app.get<IdParams & { Querystring: { waitMs?: unknown } }>(
    paths.job(':id'),
    async (request, reply): Promise<Job> => {
      const id = jobParameter(request.params.id);
      const waitMs = waitParameter(request.query.waitMs);
      return { id, state: await deps.jobs.watch(request.tenant, id, waitMs, closed(reply)) };
    },
  );

  app.get<IdParams>(paths.result(':id'), async (request, reply) => {
    const frame = await deps.jobs.result(request.tenant, jobParameter(request.params.id));
    return reply.type(mediaTypes.result).header('cache-control', 'no-store').send(frame);
  });

  app.delete<IdParams>(paths.job(':id'), async (request, reply) => {
    await deps.jobs.cancel(request.tenant, jobParameter(request.params.id));
    return reply.code(204).send();
  });
}

/** A frame is checked completely, then looked up among accepted ones, then its keys; only then it costs anything. */
async function accept(
  bytes: Uint8Array,
  maxBytes: number,
  tenant: Tenant,
  deps: EvaluatorDeps,
): Promise<Job> {
  const frame = decodeFrame(bytes, { kind: 'input', maxPayloadBytes: maxBytes - frameHeaderBytes });
  const { limits, floors } = findBundle(deps.bundles, frame.bundle);
  refuseBelowFloor(frame.payload.length, floors.input);
  if (frame.payload.length > limits.input) throw new CxrError('frame-too-large', { expected: limits.input });
  const digest = frameDigest(bytes);
  await deps.jobs.forgotten({ tenant, input: digest });
  const earlier = deps.jobs.acceptedBefore({ tenant, input: digest });
  if (earlier !== undefined) throw new CxrError('frame-replayed', { job: earlier });
  const key = parseKeyId(frame.subject);
  if (deps.keys.use(tenant, key) !== frame.bundle) throw new CxrError('frame-foreign', { field: 'key' });
  return deps.jobs.accept({ tenant, bundle: frame.bundle, key, input: digest, frame: bytes });
}

/** Aborts when the client goes away, so that nobody waits for it. */
function closed(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => controller.abort());
  return controller.signal;
}
