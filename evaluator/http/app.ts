import Fastify, { type FastifyInstance } from 'fastify';
import { CxrError } from '../../contract/errors.ts';
import { paths } from '../../contract/protocol.ts';
import type { Log } from '../observe/log.ts';
import { everybody } from '../tenants/tenant.ts';
import { boundConnections } from './bounds/connections.ts';
import type { EvaluatorDeps } from './deps.ts';
import { rawProblem, sendMisdirected, sendNotFound, sendProblem } from './problem.ts';
import { jobRoutes } from './routes/jobs.ts';
import { keyRoutes } from './routes/keys.ts';
import { serviceRoutes } from './routes/service.ts';
import { uploadRoutes } from './routes/uploads.ts';

/** Longest time a whole request may take to arrive: 150 MB of evaluation keys at 2 Mbit/s. */
const requestTimeoutMs = 600_000;
/** Longest time from a connection to the end of a request's headers. */
const headersTimeoutMs = 10_000;
/** How long a connection is kept between two requests. A client that finds it closed opens another. */
const keepAliveMs = 15_000;
/** Whoever sends jobs to several evaluators asks whether they are ready, and may have no token; the contract is no secret. */
const withoutToken: ReadonlySet<string> = new Set([paths.ready, paths.openapi]);
/** How often connections are looked at for these times. */
const lookEveryMs = 2_000;

/** The evaluator's HTTP side: exactly the routes of contract/protocol.ts. */
export function createApp(deps: EvaluatorDeps): FastifyInstance {
  const app = Fastify({
    logger: false,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: lookEveryMs },
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => void sendProblem(error, request, reply),
    clientErrorHandler: (_error, socket) => {
      if (socket.writable) socket.end(rawProblem());
      else socket.destroy();
    },
  });
  boundConnections(app.server, deps.connections);
  app.removeAllContentTypeParsers();
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler(sendNotFound);
  logRequests(app, deps.log);
  app.decorateRequest('tenant', everybody);
  app.addHook('onRequest', async (request, reply) => {
    if (!deps.hosts(request.raw.rawHeaders)) return sendMisdirected(request, reply);
    if (withoutToken.has(request.routeOptions.url ?? '')) return;
    const tenant = await deps.access({ authorization: request.headers.authorization });
    if (tenant === null) {
      reply.header('www-authenticate', 'Bearer');
      throw new CxrError('evaluator-unauthorised');
    }
    request.tenant = tenant;
  });
  for (const routes of [serviceRoutes, keyRoutes, uploadRoutes, jobRoutes]) {
    app.register((scope) => routes(scope, deps));
  }
  return app;
}

function logRequests(app: FastifyInstance, log: Log): void {
  app.addHook('onResponse', async (request, reply) => {
    const { refusedWith } = reply as typeof reply & { refusedWith?: string };
    log('request', {
      method: request.method,
      route: request.routeOptions.url ?? 'none',
      status: reply.statusCode,
      ...(refusedWith === undefined ? {} : { code: refusedWith }),
      ms: Math.round(reply.elapsedTime),
    });
  });
}
