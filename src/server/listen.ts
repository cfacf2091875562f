import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { ConfigError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';

export interface ListenOptions {
  /** The address to listen on. */
  readonly host: string;
  readonly port: number;
  /** A reverse proxy expects us on this port: another one is no help. */
  readonly isFixed: boolean;
  /** Somebody must show a key, so others than this machine may ask. */
  readonly hasKeys: boolean;
  readonly log: Log;
}

export interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves the app; a port that is taken is left to its owner and any free one is used.
 * @throws {ConfigError} when a fixed port is taken, or for another address than loopback while there is no key
 */
export async function listen(app: Pick<Hono, 'fetch'>, options: ListenOptions): Promise<Listening> {
  const { host, port, isFixed, log } = options;
  if (!options.hasKeys && !isLoopback(host)) {
    throw new ConfigError(
      `server.host: ${host} can be reached from other machines, and there is no API key: set TOUCHPOINT_API_KEY or server.keys`,
    );
  }
  const server = await bind(app, host, port).catch((cause: unknown) => {
    if (!(cause instanceof Error && 'code' in cause)) throw cause;
    if (cause.code === 'EADDRNOTAVAIL' || cause.code === 'ENOTFOUND')
      throw new ConfigError(`server.host: ${host} is no address of this machine`, { cause });
    if (cause.code !== 'EADDRINUSE') throw cause;
    if (isFixed) throw new ConfigError(`server.port: ${port} is taken, and it is expected on it`, { cause });
    log.warn({ port }, 'the port is taken: using any free one');
    return bind(app, host, 0);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function bind(app: Pick<Hono, 'fetch'>, hostname: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, hostname });
    server.once('listening', () => resolve(server as Server));
    server.once('error', reject);
  });
}
