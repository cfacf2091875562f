import { createRoute, z } from '@hono/zod-openapi';
import {
  ClientLine,
  Heatmap,
  listClients,
  PERIODS,
  readHeatmap,
  readSignal,
  readTrend,
  Signal,
  Trend,
} from '../../store/profile.ts';
import { needs } from './access.ts';
import { type ApiDeps, router } from './env.ts';
import { answer, Instant, Kind, many, PROBLEMS, present, SECURED, Word, Zone } from './schemas.ts';

/** A client's profile: topics and sentiment over time, what points to trouble. */

const Span = z.strictObject({
  period: z.enum(PERIODS).default('month'),
  since: Instant,
  until: Instant,
  zone: Zone.optional(),
  client: Word.optional().openapi({ description: 'Name, alias or id; everything when it is left out.' }),
  kinds: many(Kind),
});
const secured = { security: SECURED, middleware: needs('read') } as const;

const clientsRoute = createRoute({
  ...secured,
  method: 'get',
  path: '/clients',
  summary: 'Every client with its counts and its last contact',
  request: { query: z.strictObject({ kinds: many(Kind) }) },
  responses: { 200: answer('By name', z.array(ClientLine.meta({ id: 'Client' }))), ...PROBLEMS },
});
const heatmapRoute = createRoute({
  ...secured,
  method: 'get',
  path: '/heatmap',
  summary: 'Touchpoints by topic and period, with the change from the period before',
  request: { query: Span.extend({ top: z.coerce.number().int().min(1).max(100).optional() }) },
  responses: {
    200: answer('Topics by periods, and the clients with most', Heatmap.meta({ id: 'Heatmap' })),
    ...PROBLEMS,
  },
});
const trendRoute = createRoute({
  ...secured,
  method: 'get',
  path: '/trend',
  summary: 'Sentiment per period',
  request: { query: Span },
  responses: { 200: answer('Counts, shares and mean', Trend.meta({ id: 'Trend' })), ...PROBLEMS },
});
const signalRoute = createRoute({
  ...secured,
  method: 'get',
  path: '/signal',
  summary: 'What points to trouble with a client, 0 to 100, with all that it is made of',
  request: {
    query: z.strictObject({ client: Word, days: z.coerce.number().int().min(7).max(3650).optional() }),
  },
  responses: {
    200: answer('The signal; null when there is too little to say', Signal.meta({ id: 'Signal' })),
    ...PROBLEMS,
  },
});

export function profileRoutes({ store, clock }: ApiDeps) {
  const now = () => new Date(clock.now()).toISOString();
  const routes = router();
  routes.openapi(clientsRoute, async (context) => {
    const { withhold } = context.get('caller');
    return context.json(
      await listClients(store, { ...present(context.req.valid('query')), withhold, now: now() }),
      200,
    );
  });
  routes.openapi(heatmapRoute, async (context) => {
    const { withhold } = context.get('caller');
    return context.json(
      await readHeatmap(store, { ...present(context.req.valid('query')), withhold, now: now() }),
      200,
    );
  });
  routes.openapi(trendRoute, async (context) => {
    const { withhold } = context.get('caller');
    return context.json(
      await readTrend(store, { ...present(context.req.valid('query')), withhold, now: now() }),
      200,
    );
  });
  routes.openapi(signalRoute, async (context) => {
    const { withhold } = context.get('caller');
    return context.json(
      await readSignal(store, { ...present(context.req.valid('query')), withhold, now: now() }),
      200,
    );
  });
  return routes;
}
