import type { IncomingMessage } from 'node:http';
import { GraphRefusal } from './reply.ts';

export type RouteKind =
  | 'users'
  | 'user'
  | 'members'
  | 'folders'
  | 'folder'
  | 'child folders'
  | 'folders delta'
  | 'messages'
  | 'messages delta'
  | 'message'
  | 'calendar delta'
  | 'events'
  | 'event'
  | 'instances'
  | 'subscriptions'
  | 'subscription';

export interface Route {
  readonly kind: RouteKind;
  readonly area: 'mail' | 'calendar' | null;
  /** Address or id of the user, or id of the group. */
  readonly owner: string;
  /** Folder, message, event or subscription id. */
  readonly id: string;
}

type Shape = readonly [pattern: RegExp, kind: RouteKind, area: Route['area']];

/** Over the path with `('id')` already turned into `/id`, so both spellings of OData keys meet here. */
const SHAPES: readonly Shape[] = [
  [/^users$/i, 'users', null],
  [/^users\/([^/]+)$/i, 'user', null],
  [/^groups\/([^/]+)\/members$/i, 'members', null],
  [/^users\/([^/]+)\/mailfolders$/i, 'folders', 'mail'],
  [/^users\/([^/]+)\/mailfolders\/delta$/i, 'folders delta', 'mail'],
  [/^users\/([^/]+)\/mailfolders\/([^/]+)$/i, 'folder', 'mail'],
  [/^users\/([^/]+)\/mailfolders\/([^/]+)\/childfolders$/i, 'child folders', 'mail'],
  [/^users\/([^/]+)\/mailfolders\/([^/]+)\/messages$/i, 'messages', 'mail'],
  [/^users\/([^/]+)\/mailfolders\/([^/]+)\/messages\/delta$/i, 'messages delta', 'mail'],
  [/^users\/([^/]+)\/messages\/([^/]+)$/i, 'message', 'mail'],
  [/^users\/([^/]+)(?:\/calendar)?\/calendarview\/delta$/i, 'calendar delta', 'calendar'],
  [/^users\/([^/]+)(?:\/calendar)?\/events$/i, 'events', 'calendar'],
  [/^users\/([^/]+)(?:\/calendar)?\/events\/([^/]+)$/i, 'event', 'calendar'],
  [/^users\/([^/]+)(?:\/calendar)?\/events\/([^/]+)\/instances$/i, 'instances', 'calendar'],
  [/^subscriptions$/i, 'subscriptions', null],
  [/^subscriptions\/([^/]+)$/i, 'subscription', null],
];

/** What a path below /v1.0 asks for. Throws GraphRefusal for paths that no app-only client can use. */
export function routeOf(pathname: string): Route {
  const path = pathname
    .replace(/^\/(v1\.0|beta)\//i, '')
    .replaceAll('%27', "'")
    .replace(/\('([^']*)'\)/g, '/$1')
    .replace(/\/(microsoft\.graph\.)?delta(\(\))?$/i, '/delta');
  if (/^me(\/|$)/i.test(path))
    throw new GraphRefusal(
      400,
      'BadRequest',
      '/me request is only valid with delegated authentication flow.',
    );
  for (const [pattern, kind, area] of SHAPES) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const [, first = '', second = ''] = match.map((part) => decodeURIComponent(part ?? ''));
    return kind === 'subscription'
      ? { kind, area, owner: '', id: first }
      : { kind, area, owner: first, id: second };
  }
  throw new GraphRefusal(400, 'BadRequest', 'Resource not found for the segment.');
}

/** Query options with lower-cased names: Graph does not mind their case. */
export function queryOf(url: URL): ReadonlyMap<string, string> {
  return new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value]));
}

/** Reads a request's body as text, 1 MiB at most. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > 1024 * 1024) throw new GraphRefusal(413, 'RequestEntityTooLarge', 'The request is too large.');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** JSON of a body. Throws GraphRefusal 400 when it is none. */
export function jsonOf(body: string): unknown {
  try {
    return body === '' ? {} : JSON.parse(body);
  } catch (cause) {
    throw Object.assign(new GraphRefusal(400, 'BadRequest', 'Unable to read JSON request payload.'), {
      cause,
    });
  }
}
