import { randomUUID } from 'node:crypto';
import { Client, type GraphRequest, type Middleware, ResponseType } from '@microsoft/microsoft-graph-client';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { TokenSource } from './identity.ts';
import { createLimiter } from './limit.ts';
import { Call, middlewareChain } from './middleware.ts';
import { graphOrigin, graphUrl } from './origin.ts';

/** The one door to Microsoft Graph. */

export interface GraphLimits {
  /** Concurrent requests per mailbox; Graph allows 4. */
  readonly perMailbox: number;
  /** Concurrent requests in all. */
  readonly global: number;
  /** Attempts per request, the first included. */
  readonly attempts: number;
  /** Milliseconds that the attempts of one request and the waits between them may take. */
  readonly budgetMs: number;
  /** Milliseconds for one attempt, until the last byte of the body. */
  readonly timeoutMs: number;
}

export interface GraphOptions {
  /** Origin of Graph, to which `/v1.0` is appended. */
  readonly baseUrl: string;
  readonly token: TokenSource;
  readonly clock: Clock;
  /** 0 <= x < 1; spreads retries. */
  readonly random: () => number;
  readonly log: Log;
  readonly limits: GraphLimits;
  readonly fetch?: typeof fetch;
  /** Makes `client-request-id`s, by which Microsoft's support finds a request. */
  readonly uuid?: () => string;
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

export interface GraphRequestOptions {
  /** Whose quota the request counts against; requests without one share only the global limit. */
  readonly mailbox?: string;
  /** Preferences on top of `IdType="ImmutableId"`, which every request carries. */
  readonly prefer?: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly method?: Method;
  /** Sent as JSON. */
  readonly body?: unknown;
}

export interface Graph {
  /** Of the Graph that is spoken to, such as `https://graph.microsoft.com`: cursors of another are worthless. */
  readonly origin: string;
  /**
   * @param pathOrLink path below `/v1.0` with its query (`/users/...`), or a nextLink / deltaLink, sent as it is
   * @returns the parsed body; null when there is none (204)
   * @throws {GraphError} for answers that waiting does not cure, {GraphUnavailableError} (transient) for those it may,
   *   {GraphLinkError} for a link to another host, and whatever the token source throws
   */
  request(pathOrLink: string, options?: GraphRequestOptions): Promise<unknown>;
  /** HTTP requests sent so far, retries included. */
  readonly requests: () => number;
}

/** @throws {ConfigError} when the base address is not https, nor http on loopback */
export function createGraph(options: GraphOptions): Graph {
  const origin = graphOrigin(options.baseUrl);
  let sent = 0;
  const middleware: Middleware[] = middlewareChain({
    token: options.token,
    clock: options.clock,
    random: options.random,
    log: options.log,
    limits: options.limits,
    limiter: createLimiter(options.limits),
    fetch: options.fetch ?? fetch,
    uuid: options.uuid ?? randomUUID,
    onSend: () => {
      sent += 1;
    },
  });
  const client = Client.initWithMiddleware({ middleware, baseUrl: `${origin}/` });

  async function request(pathOrLink: string, wanted: GraphRequestOptions = {}): Promise<unknown> {
    const call = new Call(graphUrl(origin, pathOrLink), wanted.mailbox ?? null, wanted.signal);
    // The library takes addresses apart and puts them together again; the real one travels in the middleware option.
    const built = client
      .api('/')
      .middlewareOptions([call])
      .responseType(ResponseType.RAW)
      .headers({
        Accept: 'application/json',
        Prefer: ['IdType="ImmutableId"', ...(wanted.prefer ?? [])].join(', '),
      });
    await send(built, wanted);
    return call.result();
  }

  return { origin, request, requests: () => sent };
}

function send(request: GraphRequest, { method = 'GET', body }: GraphRequestOptions): Promise<unknown> {
  switch (method) {
    case 'GET':
      return request.get();
    case 'POST':
      return request.post(body);
    case 'PATCH':
      return request.patch(body);
    case 'DELETE':
      return request.delete();
  }
}
