import type { FastifyInstance } from 'fastify';
import type { BundleDescription } from '../../../contract/bundle.ts';
import { paths, type Readiness, type Service } from '../../../contract/protocol.ts';
import { findBundle, frameLimits } from '../../bundles.ts';
import type { EvaluatorDeps } from '../deps.ts';
import { openApi } from '../openapi.ts';
import { bundleParameter, type IdParams } from './parameters.ts';

/** Who answers, and the public descriptions of the bundles served. */
export async function serviceRoutes(app: FastifyInstance, deps: EvaluatorDeps): Promise<void> {
  app.get(
    paths.service,
    async (): Promise<Service> => ({
      service: 'cipherfilm-evaluator',
      version: deps.version,
      bundles: [...deps.bundles.keys()],
      limits: {
        ...frameLimits(deps.bundles),
        queuedJobs: deps.jobs.limits.queued,
        storedKeys: deps.keys.limits.keys,
      },
    }),
  );

  app.get(paths.ready, async (_request, reply): Promise<Readiness> => {
    const readiness = await deps.readiness.ask();
    if (!readiness.ready) reply.code(503).header('retry-after', 5);
    return readiness;
  });

  const document = openApi(deps.version);
  app.get(paths.openapi, async () => document);

  const { metrics } = deps;
  if (metrics !== null)
    app.get(paths.metrics, async (_request, reply) => {
      const { type, text } = await metrics.text();
      return reply.type(type).send(text);
    });

  app.get<IdParams>(paths.bundle(':id'), async (request): Promise<BundleDescription> => {
    return findBundle(deps.bundles, bundleParameter(request.params.id)).description;
  });
}
