import { createRoute, z } from '@hono/zod-openapi';
import { streamSSE } from 'hono/streaming';
import { needs } from './access.ts';
import { router } from './env.ts';
import type { ResyncOrder, ResyncRuns } from './resync-runs.ts';
import { answer, Instant, json, PROBLEMS, SECURED } from './schemas.ts';

/** The manual resync: started, then followed by server-sent events. */

const Order = z
  .strictObject({
    mailbox: z.email().max(320).optional(),
    kind: z.enum(['meeting', 'email']).optional(),
    from: Instant.optional(),
    to: Instant.optional(),
    dry_run: z.boolean().default(false),
  })
  .openapi('ResyncRequest');

const Count = z.int().min(0);
const Run = z
  .object({
    id: z.uuid(),
    state: z.enum(['running', 'done', 'failed']),
    started_at: Instant,
    ended_at: Instant.nullable(),
    progress: z.object({ feeds: Count, done: Count, items: Count, waiting: Count }),
    result: z
      .object({
        ...{ fetched: Count, written: Count, unchanged: Count, skipped: Count, failed: Count },
        ...{ removed: Count, deleted: Count },
        problems: z.array(z.object({ feed: z.string(), reason: z.string() })),
      })
      .nullable(),
    reason: z.string().nullable(),
  })
  .openapi('ResyncRun');
const Id = z.object({ id: z.uuid() });

const startRoute = createRoute({
  method: 'post',
  path: '/resync',
  summary: 'Reads everything anew (or one mailbox, kind or span), and drops what is no longer there',
  security: SECURED,
  middleware: needs('admin'),
  request: { body: json(Order) },
  responses: { 202: answer('It runs; follow it by its id', Run), ...PROBLEMS },
});

const stateRoute = createRoute({
  method: 'get',
  path: '/resync/{id}',
  summary: 'How a resync stands',
  security: SECURED,
  middleware: needs('admin'),
  request: { params: Id },
  responses: { 200: answer('The run', Run), ...PROBLEMS },
});

const eventsRoute = createRoute({
  method: 'get',
  path: '/resync/{id}/events',
  summary: 'Follows a resync by server-sent events: `progress` with the run as data, `end` with the last',
  security: SECURED,
  middleware: needs('admin'),
  request: { params: Id },
  responses: {
    200: { description: 'Events until it ends', content: { 'text/event-stream': { schema: z.string() } } },
    ...PROBLEMS,
  },
});

export function resyncRoutes(runs: ResyncRuns) {
  const routes = router();
  routes.openapi(startRoute, (context) => {
    const { mailbox, kind, from, to, dry_run } = context.req.valid('json');
    const order: ResyncOrder = {
      ...(mailbox === undefined ? {} : { mailbox }),
      ...(kind === undefined ? {} : { kind }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      dryRun: dry_run,
    };
    return context.json(runs.start(order), 202);
  });
  routes.openapi(stateRoute, (context) => context.json(runs.state(context.req.valid('param').id), 200));
  routes.openapi(eventsRoute, (context) => {
    const { id } = context.req.valid('param');
    runs.state(id);
    return streamSSE(context, async (stream) => {
      for await (const run of runs.follow(id, context.req.raw.signal)) {
        const event = run.state === 'running' ? 'progress' : 'end';
        await stream.writeSSE({ event, data: JSON.stringify(run) });
      }
    });
  });
  return routes;
}
