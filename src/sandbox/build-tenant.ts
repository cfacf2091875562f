import { firstText, threadDrafts } from './build-mails.ts';
import { buildMeetings } from './build-meetings.ts';
import { instancesOf } from './calendar-items.ts';
import { staffContact } from './directory.ts';
import { paragraphs } from './html.ts';
import type { MailDraft } from './mails.ts';
import type { Meeting, MeetingMessage } from './model.ts';
import { at, type Random, random } from './random.ts';
import { Tenant } from './tenant.ts';
import type { TenantOptions } from './tenant-state.ts';
import { DRAFTS, INTERNAL_MAILS, NEWSLETTERS } from './text/mails-other.ts';
import { STAFF } from './text/people.ts';
import { DAY, MINUTE } from './zones.ts';

/** Distinct mails at scale 1, and how far back they go. */
const MAILS = 1200;
const MAIL_DAYS = 120;
const OTHER_MAILS = 150;
const RESPONSES = 90;

/** Builds the whole tenant around an instant: the same seed, anchor and scale give the same tenant to the last id. */
export function buildTenant(options: TenantOptions): Tenant {
  const tenant = new Tenant(options);
  for (const person of STAFF) {
    const mailbox = tenant.addMailbox(person);
    tenant.createFolder(mailbox.address, 'Clients');
  }
  buildMeetings(tenant);
  buildMails(tenant);
  return tenant;
}

function buildMails(tenant: Tenant): void {
  const rng = random(tenant.seed, 'mails');
  const drafts = [...otherMails(tenant, rng), ...responses(tenant, rng)];
  const wanted = Math.round(MAILS * tenant.scale);
  for (let number = 0; drafts.length < wanted; number += 1) {
    const startedAt = tenant.anchor - Math.floor(rng.next() * MAIL_DAYS * DAY);
    const thread = threadDrafts(rng, firstText(number), startedAt).filter(
      ({ sentAt }) => sentAt < tenant.anchor - 10 * MINUTE,
    );
    drafts.push(...thread.slice(0, wanted - drafts.length));
  }
  // In order of sending: serial numbers grow with time, as an initial round walks them newest first.
  for (const draft of drafts.sort((left, right) => left.sentAt - right.sentAt)) {
    tenant.createMail({ ...draft, folder: draft.folder ?? folderFor(tenant, draft, rng) });
  }
}

/** Older mail has been filed: people tidy up now and then. */
function folderFor(tenant: Tenant, draft: MailDraft, rng: Random): string {
  if (tenant.anchor - draft.sentAt < 21 * DAY) return 'inbox';
  const fate = rng.next();
  return fate < 0.25 ? 'archive' : fate < 0.35 ? 'Clients' : fate < 0.37 ? 'deleteditems' : 'inbox';
}

function otherMails(tenant: Tenant, rng: Random): MailDraft[] {
  return Array.from({ length: OTHER_MAILS }, (_, number): MailDraft => {
    const sentAt = tenant.anchor - Math.floor(rng.next() * MAIL_DAYS * DAY);
    const to = staffContact(rng.int(0, STAFF.length - 1));
    const kind = number % 3;
    if (kind === 0) {
      const { name, address, subject, text } = at(NEWSLETTERS, Math.floor(number / 3));
      const pixel = `<img src="https://t.${address.split('@')[1]}/open/${number}.gif" width="1" height="1" alt="">`;
      return {
        subject,
        html: `${paragraphs(text)}<p><a href="https://${address.split('@')[1]}/u?${number}">Unsubscribe</a></p>${pixel}`,
        from: { name, address },
        to: [to],
        sentAt,
      };
    }
    const from = staffContact(rng.int(0, STAFF.length - 1));
    if (kind === 1) {
      const { subject, text } = at(DRAFTS, Math.floor(number / 3));
      return { subject, html: paragraphs(text), from, to: [], sentAt, isDraft: true };
    }
    const { subject, text, sensitivity } = at(INTERNAL_MAILS, Math.floor(number / 3));
    const recipients = rng
      .shuffle(STAFF)
      .slice(0, rng.int(1, 5))
      .filter(({ address }) => address !== from.address);
    return {
      subject,
      html: paragraphs(text),
      from,
      to: recipients.length > 0 ? recipients : [to],
      sentAt,
      ...(sensitivity === undefined ? {} : { sensitivity }),
    };
  });
}

const ANSWERS = [
  ['Accepted', 'meetingAccepted'],
  ['Accepted', 'meetingAccepted'],
  ['Tentative', 'meetingTenativelyAccepted'],
  ['Declined', 'meetingDeclined'],
] as const;

/** Requests and responses about meetings that are organised by one of us or by a client. */
function responses(tenant: Tenant, rng: Random): MailDraft[] {
  const meetings = rng
    .shuffle(tenant.meetings.filter(({ attendees }) => attendees.length > 0))
    .slice(0, RESPONSES);
  return meetings.map((meeting) => responseDraft(tenant, meeting, rng));
}

function responseDraft(tenant: Tenant, meeting: Meeting, rng: Random): MailDraft {
  const sentAt = Math.min(meeting.createdAt + rng.int(1, 600) * MINUTE, tenant.anchor - 10 * MINUTE);
  const organizedByUs = tenant.mailboxOf(meeting.organizer.address) !== null;
  const attendee = rng.pick(meeting.attendees);
  const when: Pick<MeetingMessage, 'start' | 'end'> = { start: meeting.start, end: meeting.end };
  const common = {
    sentAt,
    story: { client: meeting.story.client, intent: null },
    sensitivity: meeting.sensitivity,
  };
  if (!organizedByUs) {
    return {
      ...common,
      subject: meeting.title,
      html: paragraphs(meeting.text),
      from: meeting.organizer,
      to: meeting.attendees,
      meetingMessage: { type: 'meetingRequest', ...when },
    };
  }
  const [word, type] = rng.pick(ANSWERS);
  return {
    ...common,
    subject: `${word}: ${meeting.title}`,
    html: '',
    from: attendee,
    to: [meeting.organizer],
    meetingMessage: { type, ...when },
  };
}

/** Distinct meetings in a span, every occurrence of a series counted: what "about 400 meetings" means. */
export function countMeetings(tenant: Tenant, from: number, to: number): number {
  const seen = new Set<string>();
  for (const meeting of tenant.meetings) {
    for (const mailbox of meeting.copies.keys()) {
      for (const { start, original } of instancesOf(meeting, mailbox))
        if (start >= from && start < to) seen.add(`${meeting.uid}|${original}`);
    }
  }
  return seen.size;
}
