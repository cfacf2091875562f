import type { RequestListener } from 'node:http';
import type { Clock } from '../core/clock.ts';
import type { Authority } from './auth.ts';
import type { Call } from './call.ts';
import { type Controls, controlReply } from './control.ts';
import type { Habits } from './delta-rows.ts';
import { type Exchange, exchangeOf, hasDeltaToken, refusalReply, write } from './exchange.ts';
import { refuse } from './fault-replies.ts';
import type { Effect } from './faults.ts';
import { deltaReply } from './feeds.ts';
import {
  eventReply,
  eventsReply,
  folderReply,
  foldersReply,
  instancesReply,
  messageReply,
  messagesReply,
} from './items.ts';
import { parsePrefer } from './prefer.ts';
import { GraphRefusal, type Reply, requestId } from './reply.ts';
import { bodyOf, jsonOf, queryOf, type Route, type RouteKind, routeOf } from './route.ts';
import type { Subscriptions } from './subscriptions.ts';
import { membersReply, userReply, usersReply } from './users.ts';

export interface Parts extends Controls {
  readonly habits: Habits;
  readonly subscriptions: Subscriptions;
  readonly authority: Authority;
  readonly clock: Clock;
}

const READERS: Readonly<Record<Exclude<RouteKind, 'subscriptions' | 'subscription'>, (call: Call) => Reply>> =
  {
    users: usersReply,
    user: userReply,
    members: membersReply,
    folders: foldersReply,
    'child folders': foldersReply,
    folder: folderReply,
    'folders delta': deltaReply,
    'messages delta': deltaReply,
    'calendar delta': deltaReply,
    messages: messagesReply,
    message: messageReply,
    events: eventsReply,
    event: eventReply,
    instances: instancesReply,
  };

/** Answers every request to the sandbox: its controls, the token endpoint, and Graph. */
export function requestListener(parts: Parts): RequestListener {
  let count = 0;
  const inFlight = new Map<string, number>();
  return (request, response) => {
    count += 1;
    const exchange = exchangeOf(request, requestId(count));
    answer(parts, exchange, inFlight)
      .catch((error: unknown) => refusalReply(exchange, error, parts.tenant.now))
      .then((reply) => write(parts.log, exchange, response, reply))
      // The client has gone, or the answer cannot be written as JSON: nobody is left to tell.
      .catch(() => response.destroy());
  };
}

async function answer(parts: Parts, exchange: Exchange, inFlight: Map<string, number>): Promise<Reply> {
  const { url, method, request } = exchange;
  const body = await bodyOf(request);
  if (url.pathname.startsWith('/sandbox/')) {
    exchange.kind = 'control';
    return controlReply(parts, { method, url, body: jsonOf(body) });
  }
  const identity = identityReply(parts, exchange, body);
  if (identity !== null) return identity;
  if (!/^\/(v1\.0|beta)\//.test(url.pathname)) throw new GraphRefusal(404, 'BadRequest', 'Invalid version.');
  const route = routeOf(url.pathname);
  exchange.kind = route.kind;
  exchange.mailbox =
    parts.tenant.mailboxOf(route.owner)?.address ?? (route.owner === '' ? null : route.owner.toLowerCase());
  const slot = exchange.mailbox ?? '';
  inFlight.set(slot, (inFlight.get(slot) ?? 0) + 1);
  try {
    return await graphReply(parts, exchange, { route, body, inFlight: inFlight.get(slot) ?? 1 });
  } finally {
    inFlight.set(slot, (inFlight.get(slot) ?? 1) - 1);
  }
}

function identityReply(parts: Parts, exchange: Exchange, body: string): Reply | null {
  const { pathname, origin } = exchange.url;
  if (/^\/[^/]+\/oauth2\/v2\.0\/token$/.test(pathname) && exchange.method === 'POST') {
    exchange.kind = 'token';
    exchange.effects = takeEffects(parts, exchange, null);
    for (const effect of exchange.effects)
      refuse(effect, { now: parts.tenant.now, url: exchange.url.href, inFlight: 1 });
    return parts.authority.token(new URLSearchParams(body), parts.tenant.now);
  }
  if (/^\/[^/]+\/v2\.0\/\.well-known\/openid-configuration$/.test(pathname))
    return parts.authority.discovery(origin);
  return null;
}

interface GraphRequest {
  readonly route: Route;
  readonly body: string;
  /** Requests for the same mailbox being answered now, this one included. */
  readonly inFlight: number;
}

async function graphReply(
  parts: Parts,
  exchange: Exchange,
  { route, body, inFlight }: GraphRequest,
): Promise<Reply> {
  const { tenant, faults, habits, authority, clock } = parts;
  const { request, url, method } = exchange;
  exchange.effects = takeEffects(parts, exchange, route.area);
  for (const effect of exchange.effects) if (effect.type === 'slow') await clock.sleep(effect.ms);
  for (const effect of exchange.effects) refuse(effect, { now: tenant.now, url: url.href, inFlight });
  authority.check(request.headers.authorization, tenant.now);
  const header = request.headers['prefer'];
  const prefer = parsePrefer(Array.isArray(header) ? header.join(', ') : (header ?? ''));
  if (route.kind === 'subscriptions' || route.kind === 'subscription') {
    return subscriptionReply(parts.subscriptions, { route, method, body, immutableIds: prefer.immutableIds });
  }
  if (method !== 'GET')
    throw new GraphRefusal(
      405,
      'Request_BadRequest',
      'Specified HTTP method is not allowed for the request target.',
    );
  const call: Call = {
    tenant,
    faults,
    habits,
    route,
    method,
    query: queryOf(url),
    prefer,
    origin: url.origin,
    effects: exchange.effects,
    body,
  };
  const reply = READERS[route.kind](call);
  const applied: Record<string, string> =
    prefer.applied.length === 0 ? {} : { 'preference-applied': prefer.applied.join(', ') };
  return { ...reply, headers: { ...applied, ...reply.headers } };
}

function takeEffects({ faults }: Parts, exchange: Exchange, area: Route['area']): Effect[] {
  const { method, url, mailbox, kind } = exchange;
  const hasToken = hasDeltaToken(url);
  return faults.take({ method, path: url.pathname, mailbox, kind, area, hasToken });
}

async function subscriptionReply(
  subscriptions: Subscriptions,
  {
    route,
    method,
    body,
    immutableIds,
  }: {
    readonly route: Route;
    readonly method: string;
    readonly body: string;
    readonly immutableIds: boolean;
  },
): Promise<Reply> {
  const one = route.kind === 'subscription';
  if (!one && method === 'POST') return subscriptions.create(jsonOf(body), immutableIds);
  if (!one && method === 'GET') return subscriptions.list();
  if (one && method === 'GET') return subscriptions.read(route.id);
  if (one && method === 'PATCH') return subscriptions.renew(route.id, jsonOf(body));
  if (one && method === 'DELETE') return subscriptions.remove(route.id);
  throw new GraphRefusal(
    405,
    'Request_BadRequest',
    'Specified HTTP method is not allowed for the request target.',
  );
}
