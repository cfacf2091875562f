import type { Habits } from './delta-rows.ts';
import type { Effect, Faults } from './faults.ts';
import { parseId } from './ids.ts';
import type { Folder, Mailbox } from './model.ts';
import { isUserWithoutMailbox } from './other-users.ts';
import type { Preferences } from './prefer.ts';
import { GraphRefusal, type Reply } from './reply.ts';
import type { Route } from './route.ts';
import type { Tenant } from './tenant.ts';

/** One authorised request to the Graph part of the sandbox. */
export interface Call {
  readonly tenant: Tenant;
  readonly faults: Faults;
  readonly habits: Habits;
  readonly route: Route;
  readonly method: string;
  readonly query: ReadonlyMap<string, string>;
  readonly prefer: Preferences;
  /** `http://127.0.0.1:port`, as the client addressed it: links must lead back to where it came from. */
  readonly origin: string;
  readonly effects: readonly Effect[];
  readonly body: string;
}

/** The mailbox that a call is about. Throws GraphRefusal 404 in the words of whoever misses it. */
export function mailboxOf({ tenant, route }: Call): Mailbox {
  const mailbox = tenant.mailboxOf(route.owner);
  if (mailbox !== null) return mailbox;
  if (isUserWithoutMailbox(route.owner)) {
    throw new GraphRefusal(
      404,
      'MailboxNotEnabledForRESTAPI',
      'The mailbox is either inactive, soft-deleted, or is hosted on-premise.',
    );
  }
  throw new GraphRefusal(404, 'ErrorInvalidUser', `The requested user '${route.owner}' is invalid.`);
}

/** A folder by id or well-known name (case-insensitive). Throws GraphRefusal 404. */
export function folderOf(mailbox: Mailbox, name: string): Folder {
  const wellKnown = mailbox.folders.find((folder) => folder.wellKnown === name.toLowerCase());
  const ref = parseId(name);
  const byId =
    ref?.kind === 'folder' && ref.mailbox === mailbox.number ? mailbox.folders[ref.serial] : undefined;
  const folder = wellKnown ?? byId;
  if (folder === undefined) throw notFound();
  return folder;
}

export function notFound(): GraphRefusal {
  return new GraphRefusal(404, 'ErrorItemNotFound', 'The specified object was not found in the store.');
}

/** One page of a list that is walked with `$skip`. */
export function listReply<T>(
  call: Call,
  items: readonly T[],
  list: {
    readonly context: string;
    readonly path: string;
    readonly defaultTop: number;
    readonly wire: (item: T) => object;
  },
): Reply {
  const top = Math.min(Number(call.query.get('$top') ?? call.prefer.maxPageSize ?? list.defaultTop), 1000);
  const skip = Number(call.query.get('$skip') ?? 0);
  if (!Number.isInteger(top) || top < 1 || !Number.isInteger(skip) || skip < 0) {
    throw new GraphRefusal(400, 'ErrorInvalidUrlQueryFilter', 'The query paging options are invalid.');
  }
  const next = new URLSearchParams([...call.query].filter(([name]) => name !== '$skip'));
  next.set('$skip', String(skip + top));
  const body = {
    '@odata.context': `${call.origin}/v1.0/$metadata#${list.context}`,
    value: items.slice(skip, skip + top).map(list.wire),
    ...(skip + top < items.length ? { '@odata.nextLink': `${call.origin}/v1.0/${list.path}?${next}` } : {}),
  };
  return { status: 200, body };
}
