import { createRoute, z } from '@hono/zod-openapi';
import { readStatus, StatusRow } from '../../store/feeds.ts';
import { FallbackStanding, readFallbackStanding } from '../../sync/fallback-standing.ts';
import { needs } from './access.ts';
import { type ApiDeps, router } from './env.ts';
import { answer, PROBLEMS, SECURED } from './schemas.ts';

/** How the sync stands, for people who may read. */

export const Status = StatusRow.extend({
  now: z.iso.datetime(),
  stale_feeds: z.int().openapi({ description: 'Feeds of active mailboxes that were not read for too long.' }),
  fallback: FallbackStanding.openapi('SecondOpinions', {
    description:
      'Second opinions: asked, answered, tokens spent and saved, and what is left of the day’s budget',
  }),
}).openapi('Status');

const statusRoute = createRoute({
  method: 'get',
  path: '/status',
  summary:
    'What is stored and what waits, how fresh each feed is, how each mailbox stands, the last run, second opinions',
  security: SECURED,
  middleware: needs('read'),
  responses: { 200: answer('The status', Status), ...PROBLEMS },
});

export function statusRoutes({ store, clock, settings }: ApiDeps) {
  const routes = router();
  routes.openapi(statusRoute, async (context) => {
    const status = await readStatus(store);
    const now = clock.now();
    const stale = staleFeeds(status, now, settings.staleMinutes).length;
    const fallback = await readFallbackStanding(store, settings.fallback, now);
    return context.json({ ...status, now: new Date(now).toISOString(), stale_feeds: stale, fallback }, 200);
  });
  return routes;
}

/** Feeds that should be read and were not, for `minutes` or longer; those of mailboxes that are refused are none. */
export function staleFeeds({ feeds, mailboxes }: StatusRow, now: number, minutes: number) {
  const refused = new Set(
    mailboxes.flatMap(({ mailbox, state, refusals }) =>
      state === 'active'
        ? refusals.map(({ kind }) => `${mailbox} ${kind}`)
        : [`${mailbox} meeting`, `${mailbox} email`],
    ),
  );
  return feeds.filter(({ mailbox, kind, last_success_at }) => {
    if (refused.has(`${mailbox} ${kind}`)) return false;
    return last_success_at === null || now - Date.parse(last_success_at) >= minutes * 60_000;
  });
}
