import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Effect } from './faults.ts';
import { errorBody, GraphRefusal, JSON_TYPE, type Reply } from './reply.ts';
import { loggedPath, type RequestLog } from './request-log.ts';

/** One request while it is being answered. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly method: string;
  readonly url: URL;
  readonly id: string;
  readonly clientId: string;
  kind: string;
  mailbox: string | null;
  effects: readonly Effect[];
}

/** The beginning of an exchange. */
export function exchangeOf(request: IncomingMessage, id: string): Exchange {
  const clientId = request.headers['client-request-id'];
  return {
    request,
    method: request.method ?? 'GET',
    url: new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`),
    id,
    clientId: typeof clientId === 'string' ? clientId : id,
    kind: 'unknown',
    mailbox: null,
    effects: [],
  };
}

/** True for the later pages and rounds of a delta query. */
export function hasDeltaToken(url: URL): boolean {
  return /(\$|%24)(skip|delta)token=/i.test(url.search);
}

/** Anything thrown, as Graph would put it. A defect of the sandbox shows as a 500 that names itself. */
export function refusalReply(exchange: Exchange, error: unknown, now: number): Reply {
  const refusal =
    error instanceof GraphRefusal
      ? error
      : error instanceof URIError
        ? new GraphRefusal(400, 'BadRequest', 'The URI is malformed.')
        : new GraphRefusal(500, 'SandboxDefect', error instanceof Error ? error.message : 'unknown');
  const body = errorBody(refusal, { id: exchange.id, clientId: exchange.clientId, now });
  return { status: refusal.status, body, headers: refusal.headers };
}

/** Sends a reply, whole or as the cut and truncate faults leave it, and notes the request. */
export function write(log: RequestLog, exchange: Exchange, response: ServerResponse, reply: Reply): void {
  const text =
    reply.body === undefined ? '' : typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
  const whole = Buffer.from(text, 'utf8');
  const half = whole.subarray(0, Math.floor(whole.length / 2));
  const cut = reply.status === 200 && exchange.effects.some(({ type }) => type === 'cut');
  const bytes =
    reply.status === 200 && exchange.effects.some(({ type }) => type === 'truncate') ? half : whole;
  response.writeHead(reply.status, {
    ...(reply.status === 204
      ? {}
      : { 'content-type': JSON_TYPE, 'content-length': String(cut ? whole.length : bytes.length) }),
    'cache-control': 'private',
    'request-id': exchange.id,
    'client-request-id': exchange.clientId,
    ...reply.headers,
  });
  if (cut) response.write(half, () => response.destroy());
  else response.end(bytes);
  if (exchange.kind === 'control') return;
  const { method, url, mailbox, kind } = exchange;
  const prefer = exchange.request.headers['prefer'];
  log.add({
    method,
    path: loggedPath(url),
    mailbox,
    kind,
    status: cut ? 0 : reply.status,
    hasToken: hasDeltaToken(url),
    prefer: String(prefer ?? ''),
  });
}
