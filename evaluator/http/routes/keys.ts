import type { FastifyInstance } from 'fastify';
import { mediaTypes, paths } from '../../../contract/protocol.ts';
import { frameLimits } from '../../bundles.ts';
import type { EvaluatorDeps } from '../deps.ts';
import { announcedBytes, bodyChunks } from '../request-body.ts';
import { keyCheck } from './key-check.ts';
import { type IdParams, keyParameter } from './parameters.ts';

/** Evaluation keys by content: asked for, streamed in, removed. */
export async function keyRoutes(app: FastifyInstance, deps: EvaluatorDeps): Promise<void> {
  const maxBytes = frameLimits(deps.bundles).evaluationKeyBytes;
  app.addContentTypeParser(mediaTypes.keys, (_request, payload, done) => done(null, payload));

  app.head<IdParams>(paths.key(':id'), async (request, reply) => {
    return reply.code(deps.keys.has(request.tenant, keyParameter(request.params.id)) ? 200 : 404).send();
  });

  app.put<IdParams>(paths.key(':id'), async (request, reply) => {
    const id = keyParameter(request.params.id);
    const announced = announcedBytes(request, maxBytes);
    deps.keys.refuseBad(id);
    const { tenant } = request;
    const known = deps.keys.has(tenant, id);
    const inUse = (key: typeof id) => deps.jobs.usesKey(key);
    const chunks = bodyChunks(request, maxBytes, deps.bodies.keys);
    await deps.keys.receive({ tenant, id, announced }, chunks, keyCheck(deps), inUse);
    return reply.code(known ? 200 : 201).send();
  });

  app.delete<IdParams>(paths.key(':id'), async (request, reply) => {
    await deps.keys.remove(request.tenant, keyParameter(request.params.id));
    return reply.code(204).send();
  });
}
