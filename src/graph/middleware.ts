import type { Context, Middleware, MiddlewareOptions } from '@microsoft/microsoft-graph-client';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { GraphLimits } from './client.ts';
import { graphError } from './error-body.ts';
import { GraphConnectionError, GraphError } from './errors.ts';
import type { TokenSource } from './identity.ts';
import type { Limiter } from './limit.ts';
import { retrying } from './retry.ts';

/**
 * Our middleware chain, in place of the library's own: its RetryHandler caps Retry-After and gives up early, its
 * authentication drops the token on http, its redirects would carry a token away.
 */

/** What travels with one request through the chain, where the library has no place for it. */
export class Call implements MiddlewareOptions {
  readonly url: string;
  readonly mailbox: string | null;
  readonly signal: AbortSignal | undefined;
  body: unknown = null;
  failure: { readonly error: unknown } | null = null;

  constructor(url: string, mailbox: string | null, signal: AbortSignal | undefined) {
    this.url = url;
    this.mailbox = mailbox;
    this.signal = signal;
  }

  /** @throws what the chain threw: the library would replace it by an error of its own */
  result(): unknown {
    if (this.failure !== null) throw this.failure.error;
    return this.body;
  }
}

export interface ChainOptions {
  readonly token: TokenSource;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly limits: GraphLimits;
  readonly limiter: Limiter;
  readonly fetch: typeof fetch;
  readonly uuid: () => string;
  readonly onSend: () => void;
}

type Next = () => Promise<void>;
interface Outgoing {
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | null;
}
type Step = (call: Call, outgoing: Outgoing, next: Next) => Promise<void>;

/** Capture, retry, authenticate, limit, transmit: in this order, so that waiting holds no slot. */
export function middlewareChain(options: ChainOptions): Middleware[] {
  return [capture, retry(options), authenticate(options), limit(options), transmit(options)].map(middleware);
}

function middleware(step: Step): Middleware {
  let following: Middleware | undefined;
  return {
    setNext: (next) => {
      following = next;
    },
    async execute(context: Context) {
      const call = context.middlewareControl?.getMiddlewareOptions(Call);
      if (!(call instanceof Call)) throw new TypeError('a Graph request without its call');
      const headers = new Headers(context.options?.headers);
      const { method = 'GET', body } = context.options ?? {};
      await step(call, { method, headers, body: typeof body === 'string' ? body : null }, async () => {
        context.options = { ...context.options, headers };
        await following?.execute(context);
      });
      // the library hands out the response; what was read from it is in the call
      context.response ??= new Response();
    },
  };
}

const capture: Step = async (call, _outgoing, next) => {
  try {
    await next();
  } catch (error) {
    call.failure = { error };
  }
};

function retry({ limits, clock, random, log }: ChainOptions): Step {
  return (call, _outgoing, next) =>
    retrying(next, {
      limits,
      clock,
      random,
      mailbox: call.mailbox,
      signal: call.signal,
      onWait: (wait) => log.warn({ mailbox: call.mailbox, ...wait }, 'waiting before asking Graph again'),
    });
}

function authenticate({ token }: ChainOptions): Step {
  return async (_call, { headers }, next) => {
    headers.set('Authorization', `Bearer ${await token.token()}`);
    try {
      await next();
    } catch (error) {
      if (!(error instanceof GraphError) || error.status !== 401) throw error;
      // expired early or revoked: once more with a fresh one
      headers.set('Authorization', `Bearer ${await token.token({ refresh: true })}`);
      await next();
    }
  };
}

function limit({ limiter }: ChainOptions): Step {
  return (call, _outgoing, next) => limiter.run(call.mailbox, next, call.signal);
}

function transmit(options: ChainOptions): Step {
  return async (call, { method, headers, body }) => {
    headers.set('client-request-id', options.uuid());
    options.onSend();
    const { response, text } = await exchange(call, { method, headers, body }, options);
    if (!response.ok) {
      const { status, headers: answered } = response;
      throw graphError({ status, headers: answered, text, mailbox: call.mailbox, now: options.clock.now() });
    }
    call.body = text === '' ? null : parsed(text);
  };
}

/** One request and its whole answer, within the time allowed. */
async function exchange(call: Call, outgoing: Outgoing, { fetch, limits }: ChainOptions) {
  const stop = new AbortController();
  const timer = setTimeout(
    () => stop.abort(new Error(`no answer within ${limits.timeoutMs} ms`)),
    limits.timeoutMs,
  );
  const onAbort = () => stop.abort(call.signal?.reason);
  call.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    call.signal?.throwIfAborted();
    // a redirect would take the token along: Graph never redirects these requests
    const response = await fetch(call.url, { ...outgoing, redirect: 'manual', signal: stop.signal });
    return { response, text: await response.text() };
  } catch (error) {
    if (call.signal?.aborted) throw call.signal.reason;
    throw new GraphConnectionError('Graph gave no complete answer', { cause: error });
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener('abort', onAbort);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // the parser's own message quotes the body
    throw new GraphConnectionError('Graph gave an answer that is cut short or no JSON');
  }
}
