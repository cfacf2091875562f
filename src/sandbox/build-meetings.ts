import { ACCOUNTS, type Account, fill, staffContact, storyOf } from './directory.ts';
import type { Attendee, Contact, Pattern } from './model.ts';
import { at, type Random, random } from './random.ts';
import type { Tenant } from './tenant.ts';
import { CLIENT_MEETINGS, type MeetingText } from './text/meetings-client.ts';
import { INTERNAL_MEETINGS } from './text/meetings-internal.ts';
import { STAFF } from './text/people.ts';
import { DAY, HOUR, MINUTE, wallTime, weekdayOf } from './zones.ts';

/** Days around the anchor that the calendar covers: the service's own default window. */
const PAST_DAYS = 90;
const FUTURE_DAYS = 180;
const CLIENT_SINGLES = 200;
const INTERNAL_SINGLES = 36;

interface SeriesPlan {
  readonly pattern: Pattern;
  readonly count: number;
  /** Index of the account; null for the vendor's own. */
  readonly account: number | null;
  readonly title: string;
  readonly text: string;
  readonly staff: number;
  readonly externalOrganizer?: boolean;
  readonly sensitivity?: 'private';
}

const weekly = { pattern: { every: 'week', interval: 1 }, count: 38 } as const;
const fortnightly = { pattern: { every: 'week', interval: 2 }, count: 19 } as const;
const monthly = { pattern: { every: 'month', interval: 1 }, count: 9 } as const;
const AGENDA = 'Open tickets, changes coming up, anything that worries you.';

/** With 236 single meetings these make about 400 distinct meetings, every occurrence counted. */
const SERIES: readonly SeriesPlan[] = [
  { ...weekly, account: 0, title: '{short} weekly catch-up', text: AGENDA, staff: 2 },
  {
    ...weekly,
    account: null,
    title: 'Client success team meeting',
    text: 'Round the room, renewals board, capacity, AOB.',
    staff: 8,
  },
  {
    ...fortnightly,
    account: 1,
    title: '{client} program status',
    text: `${AGENDA}\n\nPlease update the board the day before.`,
    staff: 1,
  },
  {
    ...fortnightly,
    account: 5,
    title: 'Fortnightly sync {short} / Harbourline',
    text: AGENDA,
    staff: 5,
    externalOrganizer: true,
  },
  {
    ...fortnightly,
    account: 8,
    title: '{client} WIP',
    text: 'Work in progress board, then leave cover.',
    staff: 1,
  },
  {
    ...monthly,
    account: 3,
    title: '{short} reporting working group',
    text: 'Report response times, extract schedule, requests from analysts.',
    staff: 2,
  },
  {
    ...monthly,
    account: 7,
    title: '{client} steering committee',
    text: 'Executive steering: status, budget, decisions.',
    staff: 2,
  },
  {
    ...monthly,
    account: 10,
    title: '{short} monthly service review',
    text: 'Service levels, incidents, change calendar.',
    staff: 1,
  },
  {
    ...monthly,
    account: 12,
    title: '{client} super-user forum',
    text: 'Tips, questions, what is coming in the next release.',
    staff: 1,
  },
  {
    ...monthly,
    account: null,
    title: 'One on one',
    text: 'How are things?',
    staff: 2,
    sensitivity: 'private',
  },
];

/** Fills every calendar: series with exceptions, single client meetings, and the vendor's own. */
export function buildMeetings(tenant: Tenant): void {
  for (const [index, plan] of SERIES.entries()) buildSeries(tenant, plan, index);
  const rng = random(tenant.seed, 'meetings');
  const texts = rng.shuffle(CLIENT_MEETINGS);
  const singles = Math.round(CLIENT_SINGLES * tenant.scale);
  for (let number = 0; number < singles; number += 1) buildClientMeeting(tenant, at(texts, number), rng);
  for (let number = 0; number < INTERNAL_SINGLES; number += 1) buildInternalMeeting(tenant, number, rng);
}

function buildSeries(tenant: Tenant, plan: SeriesPlan, index: number): void {
  const account = plan.account === null ? null : at(ACCOUNTS, plan.account);
  const lead = account?.owner ?? 6;
  const zone = at(STAFF, lead).zone;
  const start = businessTime(tenant, {
    zone,
    dayOffset: -PAST_DAYS + 4 + (index % 3),
    hour: 9 + (index % 6),
  });
  const staff = Array.from({ length: plan.staff }, (_, offset) => staffContact(lead + offset));
  const guests = account?.contacts.slice(0, 2) ?? [];
  const people = [...staff, ...guests];
  const organizer = plan.externalOrganizer === true ? at(guests, 0) : at(staff, 0);
  const text = (template: string) =>
    account === null
      ? template
      : fill(template, { account, contact: at(account.contacts, 0), salt: index, when: start });
  const meeting = tenant.createMeeting({
    title: text(plan.title),
    text: text(plan.text),
    start,
    end: start + 30 * MINUTE,
    organizer,
    attendees: attendeesOf(people, organizer),
    zone,
    online: true,
    series: { ...plan.pattern, count: plan.count },
    sensitivity: plan.sensitivity ?? 'normal',
    createdAt: start - 7 * DAY,
    ...(account === null ? {} : { story: storyOf(account, 'routine check-in') }),
  });
  addExceptions(tenant, meeting.uid, meeting.series?.starts ?? []);
}

/** A moved, a retitled, a cancelled and a deleted occurrence in every series that is long enough. */
function addExceptions(tenant: Tenant, uid: string, starts: readonly number[]): void {
  const [moved, retitled, cancelled, deleted] = [0.2, 0.45, 0.6, 0.75].map((part) =>
    at(starts, Math.floor(starts.length * part)),
  );
  if (moved === undefined || retitled === undefined || cancelled === undefined || deleted === undefined)
    return;
  tenant.moveOccurrence(uid, moved, moved + DAY + 2 * HOUR);
  tenant.changeOccurrence(uid, retitled, { title: `${tenant.meeting(uid).title} (extended, with agenda)` });
  tenant.cancelOccurrence(uid, cancelled);
  tenant.deleteOccurrence(uid, deleted);
}

function buildClientMeeting(tenant: Tenant, text: MeetingText, rng: Random): void {
  const account = rng.pick(ACCOUNTS);
  const zone = at(STAFF, account.owner).zone;
  const start = businessTime(tenant, {
    zone,
    dayOffset: rng.int(-PAST_DAYS + 1, FUTURE_DAYS - 2),
    hour: rng.int(8, 16),
    half: rng.chance(0.5),
  });
  const guests = rng.shuffle(account.contacts).slice(0, rng.int(1, 3));
  const people = [...staffFor(account, rng), ...guests];
  const organizer = rng.chance(0.15) ? at(guests, 0) : staffContact(account.owner);
  const values = { account, contact: at(guests, 0), salt: rng.int(0, 1e6), when: start };
  const meeting = tenant.createMeeting({
    title: fill(text.title, values),
    text: fill(text.text, values),
    start,
    end: start + rng.pick([30, 30, 45, 60, 60, 90]) * MINUTE,
    organizer,
    attendees: attendeesOf(people, organizer),
    location: rng.chance(0.3) ? rng.pick(account.sites) : '',
    zone,
    ...(rng.chance(0.06)
      ? { zoneLabel: rng.pick(['tzone://Microsoft/Custom', 'tzone://Microsoft/Utc', 'Customized Time Zone']) }
      : {}),
    online: rng.chance(0.8),
    sensitivity: rng.chance(0.04) ? rng.pick(['private', 'confidential'] as const) : 'normal',
    createdAt: Math.min(start, tenant.anchor) - rng.int(2 * 24, 30 * 24) * HOUR,
    story: storyOf(account, text.intent),
  });
  if (meeting.copies.size > 1 && rng.chance(0.15)) tenant.cancelMeeting(meeting.uid);
}

/** Most meetings have one of our people, one in four several, one in twenty-five five of them. */
function staffFor(account: Account, rng: Random): Contact[] {
  const others = rng.shuffle([0, 1, 2, 3, 4, 5, 6, 7].filter((index) => index !== account.owner));
  const extra = rng.chance(0.04) ? 4 : rng.chance(0.22) ? rng.int(1, 2) : 0;
  return [account.owner, ...others.slice(0, extra)].map(staffContact);
}

function buildInternalMeeting(tenant: Tenant, number: number, rng: Random): void {
  const text = at(INTERNAL_MEETINGS, number);
  const lead = rng.int(0, STAFF.length - 1);
  const zone = at(STAFF, lead).zone;
  const dayOffset = rng.int(-PAST_DAYS + 1, FUTURE_DAYS - 4);
  const midnight = Math.floor(tenant.anchor / DAY) * DAY + dayOffset * DAY;
  const start =
    text.allDay === true ? midnight : businessTime(tenant, { zone, dayOffset, hour: rng.int(8, 17) });
  const organizer = staffContact(lead);
  const people =
    text.sensitivity === 'personal'
      ? []
      : rng.shuffle([0, 1, 2, 3, 4, 5, 6, 7]).slice(0, rng.int(0, 4)).map(staffContact);
  tenant.createMeeting({
    title: text.title,
    text: text.text,
    start,
    end: start + (text.allDay === true ? rng.int(1, 3) * DAY : HOUR),
    organizer,
    attendees: attendeesOf(people, organizer),
    zone,
    allDay: text.allDay ?? false,
    showAs: text.allDay === true ? 'oof' : 'busy',
    sensitivity: text.sensitivity ?? 'normal',
    createdAt: Math.min(start, tenant.anchor) - 5 * DAY,
  });
}

function attendeesOf(people: readonly Contact[], organizer: Contact): Attendee[] {
  return people
    .filter(({ address }) => address !== organizer.address)
    .map(({ name, address }, index) => ({ name, address, type: index > 2 ? 'optional' : 'required' }));
}

/** A time on a working day: weekends roll to the Monday after. */
function businessTime(
  tenant: Tenant,
  when: { zone: string; dayOffset: number; hour: number; half?: boolean },
): number {
  const minute = when.half === true ? 30 : 0;
  const start = wallTime(tenant.anchor, when.zone, { ...when, minute });
  const weekday = weekdayOf(start, when.zone);
  return weekday < 6
    ? start
    : wallTime(tenant.anchor, when.zone, { ...when, minute, dayOffset: when.dayOffset + 8 - weekday });
}
