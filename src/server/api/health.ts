import { Hono } from 'hono';
import { reasonOf } from '../../core/errors.ts';
import { readStatus } from '../../store/feeds.ts';
import { readEncoders } from '../../store/tags.ts';
import type { ApiDeps } from './env.ts';
import { staleFeeds } from './status.ts';

/** For whatever watches the process: open to everybody, and silent about what is stored. */
export function healthRoutes({
  store,
  clock,
  log,
  settings,
}: Omit<ApiDeps, 'tagger' | 'resync' | 'keys'>): Hono {
  const routes = new Hono();
  routes.get('/health/live', (context) => context.json({ status: 'live' }));
  routes.get('/health/ready', async (context) => {
    try {
      // the cheapest question there is: a probe comes every few seconds, and the status counts every row
      await readEncoders(store);
      return context.json({ status: 'ready' });
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'not ready');
      return context.json({ status: 'not ready', reason: 'the store does not answer' }, 503);
    }
  });
  routes.get('/health/feeds', async (context) => {
    try {
      const status = await readStatus(store);
      const stale = staleFeeds(status, clock.now(), settings.staleMinutes).length;
      const body = { status: stale === 0 ? 'fresh' : 'stale', feeds: status.feeds.length, stale };
      return context.json(body, stale === 0 ? 200 : 503);
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'feeds not known');
      return context.json({ status: 'not known', reason: 'the store does not answer' }, 503);
    }
  });
  return routes;
}
