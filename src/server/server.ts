import { Hono } from 'hono';
import type { Log } from '../core/log.ts';
import { type ControlOptions, controlRoutes } from './control.ts';
import { type Listening, listen } from './listen.ts';
import { pageRoutes } from './page.ts';

/** The daemon's one port: what Graph sends, what commands of this machine ask, the API and the page. */
export interface ServerOptions extends ControlOptions {
  readonly host?: string;
  readonly port: number;
  readonly log: Log;
  /** Answers what Graph sends, on the same port: a reverse proxy in front passes on its paths alone. */
  readonly webhooks?: Hono;
  readonly api?: ApiDoor;
}

export interface ApiDoor {
  /** Answers everything that is left. */
  readonly app: Pick<Hono, 'fetch'>;
  readonly hasKeys: boolean;
}

/** @throws {ConfigError} see `listen` */
export function startServer(options: ServerOptions): Promise<Listening> {
  const { host = '127.0.0.1', port, log, webhooks, api } = options;
  const app = new Hono();
  if (webhooks !== undefined) app.route('/', webhooks);
  app.route('/', controlRoutes(options));
  app.route('/', pageRoutes());
  if (api !== undefined) app.all('*', (context) => api.app.fetch(context.req.raw, context.env));
  const hasKeys = api?.hasKeys ?? false;
  return listen(app, { host, port, isFixed: webhooks !== undefined, hasKeys, log });
}
