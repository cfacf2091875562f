import { randomUUID } from 'node:crypto';
import { OpenAPIHono } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import { routePath } from 'hono/route';
import { secureHeaders } from 'hono/secure-headers';
import { withFields } from '../../core/log.ts';
import { span } from '../../core/trace.ts';
import { StoreError } from '../../store/store.ts';
import { admit } from './access.ts';
import { classifyRoutes } from './classify.ts';
import type { ApiDeps, ApiEnv } from './env.ts';
import { healthRoutes } from './health.ts';
import { meetingRoutes } from './meetings.ts';
import { metrics } from './metrics.ts';
import { ApiProblem, problemFor, problemResponse } from './problem.ts';
import { profileRoutes } from './profile.ts';
import { resyncRoutes } from './resync.ts';
import type { ResyncRuns } from './resync-runs.ts';
import { searchRoutes } from './search.ts';
import { statusRoutes } from './status.ts';
import { taxonomyRoutes } from './taxonomy.ts';
import { touchpointRoutes } from './touchpoint.ts';

/** The HTTP API: everything below /api/v1 carries a key, or comes from this machine while none is set. */

export const API_PATH = '/api/v1';
const MOST_BYTES = 1024 * 1024;

export function apiApp(deps: ApiDeps, runs: ResyncRuns): OpenAPIHono<ApiEnv> {
  const { log, settings } = deps;
  const app = new OpenAPIHono<ApiEnv>();
  app.use(async (context, next) => {
    const requestId = randomUUID();
    context.set('requestId', requestId);
    context.header('x-request-id', requestId);
    await withFields({ requestId }, () => span('request', { requestId, method: context.req.method }, next));
  });
  const measured = metrics(deps);
  app.use(measured.observe);
  app.onError((error, context) => {
    const requestId = context.get('requestId');
    const problem = problemFor(error instanceof HTTPException ? fromFramework(error) : error);
    // never the chain of causes: a database quotes the values that it refuses
    const named = error instanceof StoreError ? `${error.message} (${error.code ?? 'no code'})` : error.name;
    if (problem === null)
      log.error({ requestId, error: named, path: routePath(context, -1) }, 'request failed');
    const ours = 'something went wrong here; the log says more under the request id';
    return problemResponse(context, problem ?? new ApiProblem(500, 'Internal error', ours), requestId);
  });
  app.notFound((context) => {
    const problem = new ApiProblem(404, 'Not found', 'there is nothing at this address');
    return problemResponse(context, problem, context.get('requestId'));
  });
  app.route('/', healthRoutes(deps));
  app.route('/', measured.routes);
  app.use(`${API_PATH}/*`, secureHeaders());
  app.use(`${API_PATH}/*`, compress());
  if (settings.origins.length > 0)
    app.use(
      `${API_PATH}/*`,
      cors({ origin: [...settings.origins], allowHeaders: ['authorization', 'content-type'] }),
    );
  const onError = () => {
    throw new ApiProblem(413, 'Too large', `a body may have ${MOST_BYTES} bytes`);
  };
  app.use(`${API_PATH}/*`, bodyLimit({ maxSize: MOST_BYTES, onError }));
  app.doc31(`${API_PATH}/openapi.json`, DOCUMENT);
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer' });
  app.use(`${API_PATH}/*`, admit(deps));
  app.route(API_PATH, classifyRoutes(deps));
  app.route(API_PATH, statusRoutes(deps));
  app.route(API_PATH, resyncRoutes(runs));
  app.route(API_PATH, searchRoutes(deps));
  app.route(API_PATH, meetingRoutes(deps));
  app.route(API_PATH, profileRoutes(deps));
  app.route(API_PATH, touchpointRoutes(deps));
  app.route(API_PATH, taxonomyRoutes(deps));
  return app;
}

const DOCUMENT = {
  openapi: '3.1.0',
  info: {
    title: 'Touchpoint',
    version: '1',
    description:
      'Meetings, mail and everything else said to or about a client: tags, search, heatmaps, feedback. ' +
      'Errors are application/problem+json. Scopes of a key: read, tag, feedback, admin.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
} as const;

/** The framework's own refusals, such as a body that is no JSON. */
function fromFramework({ status, message }: HTTPException): ApiProblem {
  return new ApiProblem(status, 'Wrong request', message || 'the request cannot be read');
}
