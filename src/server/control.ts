import { timingSafeEqual } from 'node:crypto';
import { Hono } from 'hono';
import { reasonOf } from '../core/errors.ts';
import { type Store, StoreConflict, StoreUnavailable } from '../store/store.ts';

/**
 * The daemon's door for commands on the same machine: they use its store, which has one owner, over loopback.
 * Every request carries the token from the data directory.
 */
export interface ControlOptions {
  readonly store: Store;
  readonly token: string;
  readonly onNudge: () => void;
  /** The whole store, where it is the embedded one. */
  readonly dump?: () => Promise<Uint8Array<ArrayBuffer>>;
}

export function controlRoutes({ store, token, onNudge, dump }: ControlOptions): Hono {
  const app = new Hono();
  const expected = Buffer.from(`Bearer ${token}`);
  app.use('/control/*', async (context, next) => {
    const given = Buffer.from(context.req.header('authorization') ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      return context.json({ error: 'the token in the data directory is wanted' }, 401);
    }
    return next();
  });
  app.post('/control/store/:name', async (context) => {
    try {
      const answer = await store.call(context.req.param('name'), await context.req.json());
      return context.json({ result: answer });
    } catch (error) {
      if (error instanceof StoreConflict) return context.json({ error: 'conflict' }, 409);
      if (error instanceof StoreUnavailable) return context.json({ error: reasonOf(error) }, 503);
      return context.json({ error: reasonOf(error) }, 500);
    }
  });
  app.post('/control/dump', async (context) => {
    if (dump === undefined) return context.json({ error: 'the store is not the embedded one' }, 404);
    return context.body(await dump(), 200, { 'content-type': 'application/gzip' });
  });
  app.post('/control/nudge', (context) => {
    onNudge();
    return context.json({ nudged: true });
  });
  return app;
}
