import { threadDrafts } from './build-mails.ts';
import { itemAt } from './calendar-items.ts';
import { ACCOUNTS, fill, staffContact, storyOf } from './directory.ts';
import type { Mail, Mailbox, Meeting } from './model.ts';
import { at, type Random } from './random.ts';
import type { Tenant } from './tenant.ts';
import { FIRST_MAILS } from './text/mails-client.ts';
import { CLIENT_MEETINGS } from './text/meetings-client.ts';
import { DAY, HOUR, MINUTE } from './zones.ts';

/** The tenant's clock after a step: so much later than the anchor for every step done. */
export const STEP_MS = 17 * MINUTE;

export type Act = (tenant: Tenant, rng: Random, step: number) => void;

/** Everything that goes on in a tenant, a little of it. Actions pick by the anchor, not by the clock: replays agree. */
export const ACTIONS: readonly (readonly [name: string, act: Act])[] = [
  ['a client meeting is made', makeMeeting],
  ['a client writes', (tenant, rng, step) => writeMail(tenant, rng, step, 'client')],
  ['a colleague writes to a client', (tenant, rng, step) => writeMail(tenant, rng, step, 'us')],
  [
    'a meeting is retitled',
    (tenant, rng) =>
      void change(tenant, rng, single, (meeting) =>
        tenant.updateMeeting(meeting.uid, { title: `${meeting.title} - updated` }),
      ),
  ],
  [
    'a meeting is moved by two days',
    (tenant, rng) =>
      void change(tenant, rng, single, (meeting) =>
        tenant.updateMeeting(meeting.uid, { start: meeting.start + 2 * DAY, end: meeting.end + 2 * DAY }),
      ),
  ],
  [
    'an occurrence is moved',
    (tenant, rng) =>
      occurrence(tenant, rng, (meeting, original) =>
        tenant.moveOccurrence(meeting.uid, original, original + DAY + HOUR),
      ),
  ],
  [
    'an occurrence is cancelled',
    (tenant, rng) =>
      occurrence(tenant, rng, (meeting, original) => tenant.cancelOccurrence(meeting.uid, original)),
  ],
  [
    'an occurrence is deleted',
    (tenant, rng) =>
      occurrence(tenant, rng, (meeting, original) => tenant.deleteOccurrence(meeting.uid, original)),
  ],
  [
    'a meeting is deleted from one mailbox',
    (tenant, rng) =>
      void change(
        tenant,
        rng,
        (meeting) => held(meeting) && meeting.copies.size > 1,
        (meeting) => tenant.deleteMeeting(meeting.uid, holder(tenant, meeting).address),
      ),
  ],
  [
    'a meeting is deleted everywhere',
    (tenant, rng) => void change(tenant, rng, single, (meeting) => tenant.deleteMeeting(meeting.uid)),
  ],
  [
    'a deleted meeting is restored',
    (tenant, rng) =>
      void change(
        tenant,
        rng,
        (meeting) => !held(meeting) && !meeting.cancelled,
        (meeting) => tenant.restoreMeeting(meeting.uid),
      ),
  ],
  [
    'a meeting is made private',
    (tenant, rng) =>
      void change(
        tenant,
        rng,
        (meeting) => single(meeting) && meeting.sensitivity === 'normal',
        (meeting) => tenant.makePrivate(meeting.uid),
      ),
  ],
  [
    'a meeting is cancelled',
    (tenant, rng) =>
      void change(
        tenant,
        rng,
        (meeting) => single(meeting) && meeting.copies.size > 1,
        (meeting) => tenant.cancelMeeting(meeting.uid),
      ),
  ],
  [
    'a series is retitled',
    (tenant, rng, step) =>
      void change(tenant, rng, isSeries, (meeting) =>
        tenant.retitleSeries(meeting.uid, `${meeting.title.replace(/ \(\d+\)$/, '')} (${step})`),
      ),
  ],
  [
    'a mail is moved to the archive',
    (tenant, rng) =>
      copyIn(tenant, rng, 'inbox', (mail, mailbox) =>
        tenant.moveMail(mail.internetMessageId, mailbox.address, 'archive'),
      ),
  ],
  [
    'a mail is deleted',
    (tenant, rng) =>
      copyIn(tenant, rng, 'inbox', (mail, mailbox) =>
        tenant.deleteMail(mail.internetMessageId, { mailbox: mailbox.address, hard: rng.chance(0.5) }),
      ),
  ],
  [
    'a deleted mail is restored',
    (tenant, rng) =>
      copyIn(tenant, rng, 'deleteditems', (mail, mailbox) =>
        tenant.restoreMail(mail.internetMessageId, mailbox.address),
      ),
  ],
  [
    'a mail is read',
    (tenant, rng) =>
      copyIn(tenant, rng, 'inbox', (mail, mailbox) =>
        tenant.updateMail(mail.internetMessageId, { isRead: true }, mailbox.address),
      ),
  ],
  ['every third time a series ends earlier', endSeries],
];

function makeMeeting(tenant: Tenant, rng: Random): void {
  const account = rng.pick(ACCOUNTS);
  const guest = rng.pick(account.contacts);
  const text = rng.pick(CLIENT_MEETINGS);
  const start = Math.floor(tenant.anchor / HOUR) * HOUR + rng.int(2, 60) * DAY + rng.int(0, 7) * HOUR;
  const values = { account, contact: guest, salt: rng.int(0, 1e6), when: start };
  const organizer = staffContact(account.owner);
  const colleague = staffContact(account.owner + rng.int(1, 7));
  tenant.createMeeting({
    title: fill(text.title, values),
    text: fill(text.text, values),
    start,
    end: start + HOUR,
    organizer,
    attendees: [guest, colleague].map(({ name, address }) => ({ name, address, type: 'required' })),
    online: true,
    zone: account.zone,
    story: storyOf(account, text.intent),
  });
}

function writeMail(tenant: Tenant, rng: Random, step: number, from: 'client' | 'us'): void {
  const text = rng.pick(FIRST_MAILS.filter((first) => first.from === from));
  const [draft] = threadDrafts(rng, text, tenant.anchor + step * STEP_MS - rng.int(1, 10) * MINUTE);
  if (draft !== undefined) tenant.createMail(draft);
}

function held(meeting: Meeting): boolean {
  return [...meeting.copies.values()].some(({ present }) => present);
}

function single(meeting: Meeting): boolean {
  return meeting.series === null && held(meeting) && !meeting.cancelled && !meeting.allDay;
}

function isSeries(meeting: Meeting): boolean {
  return meeting.series !== null && held(meeting);
}

function holder(tenant: Tenant, meeting: Meeting): Mailbox {
  const [number] = [...meeting.copies].find(([, { present }]) => present) ?? [];
  return at(tenant.mailboxes, (number ?? 1) - 1);
}

/** Does something to one meeting that fits, if there is any. */
function change(
  tenant: Tenant,
  rng: Random,
  fits: (meeting: Meeting) => boolean,
  act: (meeting: Meeting) => unknown,
): void {
  const candidates = tenant.meetings.filter(fits);
  if (candidates.length > 0) act(rng.pick(candidates));
}

function occurrence(tenant: Tenant, rng: Random, act: (meeting: Meeting, original: number) => void): void {
  change(tenant, rng, isSeries, (meeting) => {
    const mailbox = holder(tenant, meeting).number;
    const plain = (meeting.series?.starts ?? []).filter(
      (original) => itemAt(meeting, mailbox, original)?.type === 'occurrence',
    );
    if (plain.length > 0) act(meeting, rng.pick(plain));
  });
}

function copyIn(
  tenant: Tenant,
  rng: Random,
  folder: string,
  act: (mail: Mail, mailbox: Mailbox) => void,
): void {
  const mailbox = rng.pick(tenant.mailboxes.filter(({ active }) => active));
  const number = mailbox.folders.find(({ wellKnown }) => wellKnown === folder)?.number;
  const copies = mailbox.copies.filter((copy) => copy.folder === number && number !== undefined);
  if (copies.length > 0) act(rng.pick(copies).mail, mailbox);
}

function endSeries(tenant: Tenant, rng: Random, step: number): void {
  if (step % 3 !== 0) return;
  const long = (meeting: Meeting) => isSeries(meeting) && (meeting.series?.starts.length ?? 0) > 6;
  change(tenant, rng, long, (meeting) => tenant.endSeries(meeting.uid, at(meeting.series?.starts ?? [], -2)));
}
