import type { FastifyInstance, FastifyReply } from 'fastify';
import type { KeyId } from '../../../contract/ids/key-id.ts';
import { mediaTypes, paths, uploadHeaders } from '../../../contract/protocol.ts';
import { frameLimits } from '../../bundles.ts';
import type { EvaluatorDeps } from '../deps.ts';
import { announcedBytes, bodyChunks } from '../request-body.ts';
import { keyCheck } from './key-check.ts';
import { type IdParams, keyParameter, offsetParameter } from './parameters.ts';

/** Evaluation keys in pieces: how far they came, and the next piece. */
export async function uploadRoutes(app: FastifyInstance, deps: EvaluatorDeps): Promise<void> {
  const maxBytes = frameLimits(deps.bundles).evaluationKeyBytes;
  const inUse = (key: KeyId) => deps.jobs.usesKey(key);
  app.addContentTypeParser(mediaTypes.keys, (_request, payload, done) => done(null, payload));

  app.head<IdParams>(paths.upload(':id'), async (request, reply) => {
    const id = keyParameter(request.params.id);
    const { tenant } = request;
    // Asked first: it waits for keys that are being verified.
    const offset = await deps.uploads.offset({ tenant, id });
    return tell(reply.code(200), offset, deps.keys.has(tenant, id)).send();
  });

  app.patch<IdParams>(paths.upload(':id'), async (request, reply) => {
    const id = keyParameter(request.params.id);
    const at = offsetParameter(request.headers[uploadHeaders.offset]);
    announcedBytes(request, maxBytes);
    deps.keys.refuseBad(id);
    const { tenant } = request;
    if (deps.keys.has(tenant, id)) return tell(reply.code(200), at, true).send();
    const check = keyCheck(deps, (bytes) => deps.keys.refuseFull({ tenant, id, bytes }, inUse));
    const { offset, stored } = await deps.uploads.append(
      { tenant, id, at },
      bodyChunks(request, maxBytes, deps.bodies.keys),
      check,
      (announced, chunks) => deps.keys.receive({ tenant, id, announced }, chunks, keyCheck(deps), inUse),
    );
    return tell(reply.code(stored ? 201 : 204), offset, stored).send();
  });
}

function tell(reply: FastifyReply, offset: number, isComplete: boolean): FastifyReply {
  return reply
    .header(uploadHeaders.offset, offset)
    .header(uploadHeaders.complete, isComplete ? '?1' : '?0')
    .header('cache-control', 'no-store');
}
