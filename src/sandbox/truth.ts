import { type CalendarItem, instancesOf, overlaps } from './calendar-items.ts';
import { immutableId } from './ids.ts';
import type { Mailbox, MailCopy, Sensitivity, Story } from './model.ts';
import type { TenantState } from './tenant-state.ts';

interface TruthCopy {
  readonly mailbox: string;
  /** The immutable id. */
  readonly graphId: string;
  /** Well-known or display name of a mail's folder; null for meetings. */
  readonly folder: string | null;
  /** When this copy of a mail arrived: a sender's copy has the moment of sending, others follow by seconds. */
  readonly receivedAt: string | null;
}

/** What a perfect sync would know of one touchpoint, private ones and drafts included and flagged. */
export interface Truth {
  readonly kind: 'meeting' | 'email';
  /** Meetings: the uid, for occurrences followed by `|` and the original start; mails: the internetMessageId. */
  readonly key: string;
  readonly title: string;
  /** UTC ISO 8601 with milliseconds: start of a meeting, sending of a mail. */
  readonly start: string;
  readonly end: string | null;
  readonly allDay: boolean;
  readonly cancelled: boolean;
  readonly sensitivity: Sensitivity;
  /** A meeting request, response or cancellation sent as mail. */
  readonly isResponse: boolean;
  readonly isDraft: boolean;
  readonly story: Story;
  readonly copies: readonly TruthCopy[];
}

export interface TruthScope {
  /** Meetings that overlap [from, to), in ms. */
  readonly from: number;
  readonly to: number;
  /** Mail of which this copy was received at or after, in ms. */
  readonly mailFrom: number;
}

type Gathered = Omit<Truth, 'copies'> & { readonly copies: TruthCopy[] };

/** Everything that lies in the mailboxes right now, one entry per touchpoint, sorted by kind and key. */
export function truth(tenant: TenantState, scope: TruthScope): Truth[] {
  const found = new Map<string, Gathered>();
  const add = (entry: Omit<Truth, 'copies'>, copy: TruthCopy) => {
    const name = `${entry.kind} ${entry.key}`;
    const known = found.get(name);
    if (known === undefined) found.set(name, { ...entry, copies: [copy] });
    else known.copies.push(copy);
  };
  for (const mailbox of tenant.mailboxes) {
    if (!mailbox.active) continue;
    for (const meeting of tenant.meetings) {
      for (const item of instancesOf(meeting, mailbox.number))
        if (overlaps(item, scope.from, scope.to)) add(...meetingTruth(mailbox, item));
    }
    for (const copy of mailbox.copies) {
      if (copy.folder !== null && copy.receivedAt >= scope.mailFrom)
        add(...mailTruth(mailbox, copy, copy.folder));
    }
  }
  return [...found].sort(([one], [two]) => (one < two ? -1 : 1)).map(([, entry]) => entry);
}

/** The key of a meeting's entry, or of an occurrence of it. */
function meetingKey(uid: string, original: number | null): string {
  return original === null ? uid : `${uid}|${new Date(original).toISOString()}`;
}

function meetingTruth(mailbox: Mailbox, item: CalendarItem): [Omit<Truth, 'copies'>, TruthCopy] {
  const { meeting, original } = item;
  const entry = {
    kind: 'meeting' as const,
    key: meetingKey(meeting.uid, original),
    title: item.title,
    start: new Date(item.start).toISOString(),
    end: new Date(item.end).toISOString(),
    allDay: meeting.allDay,
    cancelled: item.cancelled,
    sensitivity: item.sensitivity,
    isResponse: false,
    isDraft: false,
    story: meeting.story,
  };
  const graphId = immutableId({
    kind: 'event',
    mailbox: mailbox.number,
    serial: meeting.serial,
    original,
    folder: 0,
  });
  return [entry, { mailbox: mailbox.address, graphId, folder: null, receivedAt: null }];
}

function mailTruth(mailbox: Mailbox, copy: MailCopy, folder: number): [Omit<Truth, 'copies'>, TruthCopy] {
  const { mail } = copy;
  const entry = {
    kind: 'email' as const,
    key: mail.internetMessageId,
    title: mail.subject,
    start: new Date(mail.sentAt).toISOString(),
    end: null,
    allDay: false,
    cancelled: false,
    sensitivity: mail.sensitivity,
    isResponse: mail.meetingMessage !== null,
    isDraft: mail.isDraft,
    story: mail.story,
  };
  const place = mailbox.folders[folder];
  const graphId = immutableId({
    kind: 'message',
    mailbox: mailbox.number,
    serial: copy.serial,
    original: null,
    folder: 0,
  });
  return [
    entry,
    {
      mailbox: mailbox.address,
      graphId,
      folder: place?.wellKnown ?? place?.displayName ?? null,
      receivedAt: new Date(copy.receivedAt).toISOString(),
    },
  ];
}
