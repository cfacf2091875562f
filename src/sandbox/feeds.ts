import { type Call, folderOf, mailboxOf } from './call.ts';
import {
  changedCalendarRows,
  changedMessageRows,
  compareOrder,
  folderRows,
  fullCalendarRows,
  fullMessageRows,
  type Row,
  type RowSource,
} from './delta-rows.ts';
import { type DeltaToken, openToken, sealToken } from './delta-token.ts';
import { disturbPage } from './fault-pages.ts';
import type { Mailbox } from './model.ts';
import { GraphRefusal, type Reply } from './reply.ts';
import { messageShape } from './wire-message.ts';

/** What Outlook sends when nobody asks for a page size. */
const DEFAULT_PAGE = 10;

/** With `$filter` a round of messages ends here, and nothing in it says so (documented for message: delta). */
export const FILTERED_LIMIT = 5000;

/** One page of any delta query: the first of an initial round, or wherever the token stands. */
export function deltaReply(call: Call): Reply {
  const mailbox = mailboxOf(call);
  const begun = tokenOf(call, mailbox);
  const token = replayed(call, mailbox, begun);
  const until = token.until ?? call.tenant.seq;
  const rows = rowsOf({
    tenant: call.tenant,
    mailbox,
    token,
    until,
    prefer: call.prefer,
    habits: call.habits,
  });
  const { page, after } = cut(call, mailbox, token, rows);
  const sent = token.sent + page.length;
  const next = { ...token, until, after, sent };
  const finished = after === null || (token.since !== null && sent >= FILTERED_LIMIT);
  const value = disturbPage(
    page.map((row) => row.render()),
    { effects: call.effects, faults: call.faults, feed: token.feed, now: call.tenant.now },
  );
  const type = token.feed === 'calendar' ? 'event' : token.feed === 'messages' ? 'message' : 'mailFolder';
  const body = {
    '@odata.context': `${call.origin}/v1.0/$metadata#Collection(${type})`,
    value,
    ...links(call, next, finished),
  };
  return {
    status: 200,
    body,
    headers: { 'preference-applied': ['odata.track-changes', ...call.prefer.applied].join(', ') },
  };
}

function rowsOf(source: RowSource): Row[] {
  const { feed, round, select, expand } = source.token;
  if (feed === 'folders') return folderRows(source);
  if (feed === 'calendar') return round === 'full' ? fullCalendarRows(source) : changedCalendarRows(source);
  const shape = messageShape(select ?? undefined, expand ?? undefined);
  return round === 'full' ? fullMessageRows(source, shape) : changedMessageRows(source, shape);
}

/** The rows of this page, and the order of the last one when more are to come. */
function cut(
  call: Call,
  mailbox: Mailbox,
  token: DeltaToken,
  rows: Row[],
): { page: Row[]; after: number[] | null } {
  // In every other mailbox a calendar's first page is empty and still has a nextLink.
  if (token.feed === 'calendar' && token.round === 'full' && token.after === null && mailbox.number % 2 === 0)
    return { page: [], after: [-1] };
  const { after } = token;
  const left = rows
    .filter(({ order }) => after === null || compareOrder(order, after) > 0)
    .sort((one, two) => compareOrder(one.order, two.order));
  const allowed = token.since === null ? Number.POSITIVE_INFINITY : FILTERED_LIMIT - token.sent;
  const size = Math.min(call.prefer.maxPageSize ?? token.top ?? DEFAULT_PAGE, allowed);
  const page = left.slice(0, size);
  return { page, after: left.length > size ? [...(page.at(-1)?.order ?? [])] : null };
}

function links(call: Call, token: DeltaToken & { until: number }, finished: boolean): object {
  if (call.effects.some(({ type }) => type === 'no links')) return {};
  const base = `${call.origin}/v1.0/${feedPath(call)}`;
  const generation = call.faults.generationOf(token.mailbox);
  if (!finished) {
    const sealed = sealToken(call.tenant, {
      ...token,
      after: token.after === null ? null : [...token.after],
      generation,
    });
    return { '@odata.nextLink': `${base}?$skiptoken=${sealed}` };
  }
  const sealed = sealToken(call.tenant, {
    ...token,
    round: 'changes',
    from: token.until,
    until: null,
    after: null,
    sent: 0,
    generation,
  });
  // A deltaLink may carry $skiptoken: it does for every other folder, the inbox among them.
  const name = token.feed === 'messages' && token.folder % 2 === 1 ? '$skiptoken' : '$deltatoken';
  return { '@odata.deltaLink': `${base}?${name}=${sealed}` };
}

function feedPath({ route }: Call): string {
  const owner = encodeURIComponent(route.owner);
  if (route.kind === 'calendar delta') return `users/${owner}/calendarView/delta`;
  if (route.kind === 'folders delta') return `users/${owner}/mailFolders/delta`;
  return `users('${owner}')/mailFolders('${encodeURIComponent(route.id)}')/messages/delta`;
}

function tokenOf(call: Call, mailbox: Mailbox): DeltaToken {
  const feed =
    call.route.kind === 'calendar delta'
      ? 'calendar'
      : call.route.kind === 'folders delta'
        ? 'folders'
        : 'messages';
  const folder = feed === 'messages' ? folderOf(mailbox, call.route.id).number : 0;
  const text = call.query.get('$deltatoken') ?? call.query.get('$skiptoken');
  if (text === undefined) return firstToken(call, { feed, folder, mailbox: mailbox.number });
  const token = openToken(call.tenant, text, (number) => call.faults.generationOf(number));
  if (token.feed !== feed || token.mailbox !== mailbox.number || token.folder !== folder) {
    throw new GraphRefusal(400, 'syncStateInvalid', 'The sync state does not belong to this resource.');
  }
  return token;
}

function firstToken(call: Call, scope: Pick<DeltaToken, 'feed' | 'folder' | 'mailbox'>): DeltaToken {
  const blank: DeltaToken = {
    ...scope,
    window: null,
    select: null,
    expand: null,
    since: null,
    top: null,
    changeType: null,
    round: 'full',
    from: 0,
    until: null,
    after: null,
    sent: 0,
    generation: call.faults.generationOf(scope.mailbox),
  };
  if (scope.feed === 'calendar') return { ...blank, window: windowOf(call.query) };
  if (scope.feed === 'folders') return blank;
  return { ...blank, ...messageScope(call.query) };
}

const CALENDAR_FORBIDDEN = ['$orderby', '$filter', '$select', '$expand', '$search'];

function windowOf(query: Call['query']): [number, number] {
  if (CALENDAR_FORBIDDEN.some((name) => query.has(name))) {
    throw new GraphRefusal(
      400,
      'ErrorInvalidUrlQuery',
      `The following parameters are not supported with change tracking over the 'CalendarView' resource: '${CALENDAR_FORBIDDEN.join(', ')}'.`,
    );
  }
  const [from, to] = ['startdatetime', 'enddatetime'].map((name) => dateOf(query.get(name)));
  if (from === undefined || to === undefined || Number.isNaN(from) || Number.isNaN(to)) {
    throw new GraphRefusal(
      400,
      'ErrorInvalidParameter',
      'This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.',
    );
  }
  if (to <= from)
    throw new GraphRefusal(
      400,
      'ErrorInvalidParameter',
      'The end of the time window must lie after its start.',
    );
  return [from, to];
}

/** Without an offset Graph reads UTC. */
function dateOf(text: string | undefined): number {
  if (text === undefined) return Number.NaN;
  return Date.parse(/(Z|[+-]\d\d:\d\d)$/i.test(text) ? text : `${text}Z`);
}

function messageScope(
  query: Call['query'],
): Pick<DeltaToken, 'select' | 'expand' | 'since' | 'top' | 'changeType'> {
  if (query.has('$search'))
    throw new GraphRefusal(
      400,
      'ErrorInvalidUrlQuery',
      "The query parameter '$search' is not supported with change tracking.",
    );
  messageShape(query.get('$select'), query.get('$expand'));
  const filter = query.get('$filter');
  const match = /^\s*receivedDateTime\s+(ge|gt)\s+(\S+)\s*$/i.exec(filter ?? '');
  const since = match === null ? Number.NaN : dateOf(match[2]) + (match[1]?.toLowerCase() === 'gt' ? 1 : 0);
  if (filter !== undefined && Number.isNaN(since)) {
    throw new GraphRefusal(
      400,
      'ErrorInvalidUrlQueryFilter',
      'Only receivedDateTime ge or gt is supported in the filter of a change tracking query.',
    );
  }
  const orderBy = query.get('$orderby');
  if (orderBy !== undefined && !/^receivedDateTime( desc)?$/i.test(orderBy))
    throw new GraphRefusal(400, 'ErrorInvalidUrlQuery', 'The order is not supported with change tracking.');
  const top = Number(query.get('$top') ?? Number.NaN);
  return {
    select: query.get('$select') ?? null,
    expand: query.get('$expand') ?? null,
    since: filter === undefined ? null : since,
    top: Number.isInteger(top) && top > 0 ? Math.min(top, 1000) : null,
    changeType: query.get('changetype') ?? null,
  };
}

/** Under the replay fault a round of changes starts some changes too early. */
function replayed(call: Call, mailbox: Mailbox, token: DeltaToken): DeltaToken {
  const effect = call.effects.find(({ type }) => type === 'replay');
  if (effect?.type !== 'replay' || token.round !== 'changes' || token.after !== null) return token;
  const log = token.feed === 'calendar' ? mailbox.calendarLog : (mailbox.mailLogs.get(token.folder) ?? []);
  const known = log.filter(({ seq }) => seq <= token.from);
  const first = known.at(-effect.changes) ?? known[0];
  return first === undefined ? token : { ...token, from: first.seq - 1 };
}
