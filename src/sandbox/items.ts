import { type CalendarItem, instancesOf, itemAt, overlaps } from './calendar-items.ts';
import { type Call, folderOf, listReply, mailboxOf, notFound } from './call.ts';
import { parseId } from './ids.ts';
import type { Mailbox, MailCopy } from './model.ts';
import { GraphRefusal, type Reply } from './reply.ts';
import { calendarLinks, fullEvent } from './wire-event.ts';
import { messageShape, wireFolder, wireMessage } from './wire-message.ts';

const context = (call: Call, mailbox: Mailbox, rest: string) => ({
  '@odata.context': `${call.origin}/v1.0/$metadata#users('${encodeURIComponent(mailbox.address)}')/${rest}`,
});

export function foldersReply(call: Call): Reply {
  const mailbox = mailboxOf(call);
  const parent = call.route.kind === 'folders' ? 0 : folderOf(mailbox, call.route.id).number;
  const folders = mailbox.folders.filter((folder) => folder.parent === parent);
  const path = `users/${encodeURIComponent(call.route.owner)}/mailFolders${parent === 0 ? '' : `/${encodeURIComponent(call.route.id)}/childFolders`}`;
  return listReply(call, folders, {
    context: `users('${encodeURIComponent(mailbox.address)}')/mailFolders`,
    path,
    defaultTop: 10,
    wire: (folder) => wireFolder(mailbox, folder, false),
  });
}

export function folderReply(call: Call): Reply {
  const mailbox = mailboxOf(call);
  const folder = folderOf(mailbox, call.route.id);
  return {
    status: 200,
    body: { ...context(call, mailbox, 'mailFolders/$entity'), ...wireFolder(mailbox, folder, false) },
  };
}

/** The one filter on an extended property that is understood: messages whose sensitivity is not normal. */
const MARKED =
  /^singleValueExtendedProperties\/any\(\w+:\w+\/id eq 'Integer 0x0*36' and cast\(\w+\/value,\s*Edm\.Int32\) ne 0\)$/i;

/** A plain list of a folder, newest first: `$top`, `$skip`, `$select`, `receivedDateTime ge|gt` and {@link MARKED}. */
export function messagesReply(call: Call): Reply {
  const mailbox = mailboxOf(call);
  const folder = folderOf(mailbox, call.route.id);
  const shape = messageShape(call.query.get('$select'), call.query.get('$expand'));
  const filter = call.query.get('$filter') ?? '';
  const since = Date.parse(/^receivedDateTime g[et] (\S+)$/i.exec(filter)?.[1] ?? '1970-01-01T00:00:00Z');
  const isWanted = (copy: MailCopy) => !MARKED.test(filter) || copy.mail.sensitivity !== 'normal';
  const copies = mailbox.copies
    .filter((copy) => copy.folder === folder.number && copy.receivedAt >= since && isWanted(copy))
    .reverse();
  return listReply(call, copies, {
    context: `users('${encodeURIComponent(mailbox.address)}')/mailFolders('${call.route.id}')/messages`,
    path: `users('${encodeURIComponent(call.route.owner)}')/mailFolders('${encodeURIComponent(call.route.id)}')/messages`,
    defaultTop: 10,
    wire: (copy) => wireMessage(mailbox, copy, { prefer: call.prefer, shape, typed: false }),
  });
}

export function messageReply(call: Call): Reply {
  const mailbox = mailboxOf(call);
  const ref = parseId(call.route.id);
  const copy =
    ref?.kind === 'message' && ref.mailbox === mailbox.number ? mailbox.copies[ref.serial - 1] : undefined;
  // An id that is not immutable dies with a move to another folder.
  if (copy === undefined || copy.folder === null || (ref?.immutable === false && ref.folder !== copy.folder))
    throw notFound();
  const shape = messageShape(call.query.get('$select'), call.query.get('$expand'));
  return {
    status: 200,
    body: {
      ...context(call, mailbox, 'messages/$entity'),
      ...wireMessage(mailbox, copy, { prefer: call.prefer, shape, typed: false }),
    },
  };
}

/** Singles and masters, soonest first. */
export function eventsReply(call: Call): Reply {
  const mailbox = mailboxOf(call);
  const items = call.tenant.meetings.flatMap((meeting) => itemAt(meeting, mailbox.number, null) ?? []);
  return listReply(
    call,
    items.sort((one, two) => one.start - two.start),
    {
      context: `users('${encodeURIComponent(mailbox.address)}')/events`,
      path: `users/${encodeURIComponent(call.route.owner)}/events`,
      defaultTop: 10,
      wire: (item) => ({ ...fullEvent(mailbox, item, call.prefer), ...calendarLinks(mailbox, call.origin) }),
    },
  );
}

export function eventReply(call: Call): Reply {
  const mailbox = mailboxOf(call);
  const item = itemNamed(call, mailbox);
  return {
    status: 200,
    body: {
      ...context(call, mailbox, 'events/$entity'),
      ...fullEvent(mailbox, item, call.prefer),
      ...calendarLinks(mailbox, call.origin),
    },
  };
}

/** Occurrences and exceptions of a master inside a window, all of them in full. */
export function instancesReply(call: Call): Reply {
  const mailbox = mailboxOf(call);
  const { meeting, type } = itemNamed(call, mailbox);
  if (type !== 'seriesMaster')
    throw new GraphRefusal(
      400,
      'ErrorInvalidRequest',
      'Your request cannot be completed: the event is not a recurring master.',
    );
  const [from, to] = ['startdatetime', 'enddatetime'].map((name) => Date.parse(call.query.get(name) ?? ''));
  if (from === undefined || to === undefined || Number.isNaN(from + to)) {
    throw new GraphRefusal(
      400,
      'ErrorInvalidParameter',
      'This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.',
    );
  }
  const items = instancesOf(meeting, mailbox.number).filter((item) => overlaps(item, from, to));
  return listReply(call, items, {
    context: `users('${encodeURIComponent(mailbox.address)}')/events('${encodeURIComponent(call.route.id)}')/instances`,
    path: `users/${encodeURIComponent(call.route.owner)}/events/${encodeURIComponent(call.route.id)}/instances`,
    defaultTop: 10,
    wire: (item) => fullEvent(mailbox, item, call.prefer),
  });
}

function itemNamed(call: Call, mailbox: Mailbox): CalendarItem {
  const ref = parseId(call.route.id);
  const meeting =
    ref?.kind === 'event' && ref.mailbox === mailbox.number
      ? call.tenant.meetings[ref.serial - 1]
      : undefined;
  const item = meeting === undefined ? null : itemAt(meeting, mailbox.number, ref?.original ?? null);
  if (item === null) throw notFound();
  return item;
}
