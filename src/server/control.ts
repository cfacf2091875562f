import { timingSafeEqual } from 'node:crypto';
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { ConfigError, reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { type Store, StoreConflict, StoreUnavailable } from '../store/store.ts';

/**
 * The daemon's door for commands on the same machine: they use its store, which has one owner, over loopback.
 * Every request but /health/live carries the token from the data directory.
 */
export interface ControlOptions {
  readonly store: Store;
  readonly token: string;
  readonly port: number;
  readonly log: Log;
  readonly onNudge: () => void;
  /** Answers what Graph sends, on the same port: a reverse proxy in front passes on its paths alone. */
  readonly webhooks?: Hono;
}

export interface Control {
  readonly port: number;
  close(): Promise<void>;
}

export function controlApp({ store, token, onNudge, webhooks }: Omit<ControlOptions, 'port' | 'log'>): Hono {
  const app = new Hono();
  if (webhooks !== undefined) app.route('/', webhooks);
  const expected = Buffer.from(`Bearer ${token}`);
  app.get('/health/live', (context) => context.json({ status: 'live' }));
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
  app.post('/control/nudge', (context) => {
    onNudge();
    return context.json({ nudged: true });
  });
  return app;
}

/**
 * Listens on loopback; a port that is taken is left to its owner and any free one is used.
 * @throws {ConfigError} when the port is taken and a reverse proxy expects the webhooks on it
 */
export async function startControl(options: ControlOptions): Promise<Control> {
  const app = controlApp(options);
  const server = await listen(app, options.port).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    if (options.webhooks !== undefined) {
      throw new ConfigError(
        `server.port: ${options.port} is taken, and the reverse proxy expects the webhooks on it`,
        {
          cause: error,
        },
      );
    }
    options.log.warn({ port: options.port }, 'the port is taken: using any free one');
    return listen(app, 0);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(app: Hono, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' });
    server.once('listening', () => resolve(server as Server));
    server.once('error', reject);
  });
}
