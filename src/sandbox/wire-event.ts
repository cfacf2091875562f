import type { CalendarItem } from './calendar-items.ts';
import { htmlDocument, htmlToText, joinUrl, meetingHtml, preview } from './html.ts';
import { changeKey, immutableId, occurrenceUid, regularId } from './ids.ts';
import type { Contact, Mailbox } from './model.ts';
import type { Preferences } from './prefer.ts';
import { at, hash32 } from './random.ts';
import { wireRecurrence } from './recurrence.ts';
import { dateIn, graphDateTime, instant } from './zones.ts';

export type Wire = Readonly<Record<string, unknown>>;

const NO_TIME = '0001-01-01T00:00:00Z';
const RESPONSES = ['accepted', 'accepted', 'none', 'tentativelyAccepted', 'notResponded'] as const;

/** The id of an event as this request wants it. */
export function eventId(
  mailbox: Mailbox,
  serial: number,
  original: number | null,
  prefer: Pick<Preferences, 'immutableIds'>,
): string {
  const ref = { kind: 'event', mailbox: mailbox.number, serial, original, folder: 0 } as const;
  return prefer.immutableIds ? immutableId(ref) : regularId(ref);
}

/** An event of a delta page: plain occurrences come bare, everything else in full. */
export function deltaEvent(mailbox: Mailbox, item: CalendarItem, prefer: Preferences): Wire {
  const type = { '@odata.type': '#microsoft.graph.event' };
  if (item.type !== 'occurrence') return { ...type, ...fullEvent(mailbox, item, prefer) };
  return {
    ...type,
    '@odata.etag': `W/"${keyOf(mailbox, item)}"`,
    id: eventId(mailbox, item.meeting.serial, item.original, prefer),
    seriesMasterId: eventId(mailbox, item.meeting.serial, null, prefer),
    type: 'occurrence',
    ...times(item, prefer),
  };
}

/** What `GET /events/{id}` and lists add to the event itself. */
export function calendarLinks(mailbox: Mailbox, origin: string): Wire {
  const calendar = `${origin}/v1.0/users('${mailbox.address}')/calendars('${regularId({ kind: 'folder', mailbox: mailbox.number, serial: 99, original: null, folder: 99 })}')`;
  return { 'calendar@odata.associationLink': `${calendar}/$ref`, 'calendar@odata.navigationLink': calendar };
}

/** Every member that live Graph sends for an event, explicit nulls included. */
export function fullEvent(mailbox: Mailbox, item: CalendarItem, prefer: Preferences): Wire {
  const { meeting, original } = item;
  const id = eventId(mailbox, meeting.serial, original, prefer);
  const master = eventId(mailbox, meeting.serial, null, prefer);
  const html = meetingHtml(meeting, item.text);
  const text = htmlToText(html);
  const date = original === null ? null : dateIn(original, meeting.allDay ? 'UTC' : meeting.zone);
  return {
    '@odata.etag': `W/"${keyOf(mailbox, item)}"`,
    id,
    createdDateTime: precise(meeting.createdAt, mailbox.number),
    lastModifiedDateTime: precise(item.modifiedAt, mailbox.number),
    changeKey: keyOf(mailbox, item),
    categories: [],
    transactionId: null,
    originalStartTimeZone: meeting.zoneLabel,
    originalEndTimeZone: meeting.zoneLabel,
    iCalUId: date === null ? meeting.uid : occurrenceUid(meeting.uid, date),
    uid: meeting.uid,
    reminderMinutesBeforeStart: 15,
    isReminderOn: true,
    hasAttachments: false,
    subject: item.title,
    bodyPreview: preview(text),
    importance: 'normal',
    sensitivity: item.sensitivity,
    isAllDay: meeting.allDay,
    isCancelled: item.cancelled,
    isOrganizer: isOrganizer(mailbox, item),
    responseRequested: true,
    seriesMasterId: original === null ? null : master,
    showAs: item.cancelled ? 'free' : meeting.showAs,
    type: item.type,
    webLink: `https://outlook.office365.com/owa/?itemid=${encodeURIComponent(id)}&exvsurl=1&path=/calendar/item`,
    onlineMeetingUrl: null,
    isOnlineMeeting: meeting.online,
    onlineMeetingProvider: meeting.online ? 'teamsForBusiness' : 'unknown',
    allowNewTimeProposals: true,
    occurrenceId: date === null ? null : `OID.${master}.${date}`,
    isDraft: false,
    hideAttendees: false,
    ...(original === null ? {} : { originalStart: instant(original) }),
    responseStatus: ownResponse(mailbox, item),
    body: prefer.textBody ? { contentType: 'text', content: text } : { contentType: 'html', content: html },
    ...times(item, prefer),
    location: place(item.location),
    locations: item.location === '' ? [] : [place(item.location)],
    recurrence: original === null ? wireRecurrence(meeting) : null,
    attendees: attendees(mailbox, item),
    organizer: emailAddress(meeting.organizer),
    onlineMeeting: meeting.online ? { joinUrl: joinUrl(meeting) } : null,
  };
}

/** A change: all that is said of an item that is gone from a round's scope. */
export function tombstone(type: 'event' | 'message' | 'mailFolder', id: string): Wire {
  return { '@odata.type': `#microsoft.graph.${type}`, id, '@removed': { reason: 'deleted' } };
}

export function emailAddress(contact: Contact): Wire {
  return { emailAddress: { name: contact.name, address: contact.address } };
}

/** A body document whose content alone is given. */
export function wireBody(html: string, textBody: boolean): Wire {
  const content = htmlDocument(html);
  return textBody ? { contentType: 'text', content: htmlToText(content) } : { contentType: 'html', content };
}

function times(item: CalendarItem, prefer: Preferences): Wire {
  // All-day events float: midnight whatever zone is asked for, labelled with it.
  const zone = item.meeting.allDay ? { name: prefer.zone.name, iana: 'UTC' } : prefer.zone;
  return { start: graphDateTime(item.start, zone), end: graphDateTime(item.end, zone) };
}

function keyOf(mailbox: Mailbox, item: CalendarItem): string {
  return changeKey(mailbox.number, hash32(item.meeting.serial, item.original ?? 0), item.version);
}

/** Exchange keeps seven fractional digits, and every mailbox's copy is written at its own moment. */
function precise(ms: number, mailbox: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}.${String(1_467_294 + mailbox)}Z`;
}

function isOrganizer(mailbox: Mailbox, item: CalendarItem): boolean {
  return item.meeting.organizer.address === mailbox.address;
}

function ownResponse(mailbox: Mailbox, item: CalendarItem): Wire {
  if (isOrganizer(mailbox, item)) return { response: 'organizer', time: NO_TIME };
  return { response: answer(item, mailbox.address), time: NO_TIME };
}

function answer(item: CalendarItem, address: string): string {
  return at(RESPONSES, hash32(item.meeting.uid, address));
}

/** Only the organiser's copy knows the answers, and no two mailboxes need list people in one order or letter case. */
function attendees(mailbox: Mailbox, item: CalendarItem): Wire[] {
  const organizer = isOrganizer(mailbox, item);
  const people = item.meeting.attendees;
  const turn = organizer ? 0 : mailbox.number % Math.max(people.length, 1);
  return [...people.slice(turn), ...people.slice(0, turn)].map((person) => ({
    type: person.type,
    status: { response: organizer ? answer(item, person.address) : 'none', time: NO_TIME },
    emailAddress: {
      name: person.name,
      address: mailbox.number === 3 ? capitalised(person.address) : person.address,
    },
  }));
}

function capitalised(address: string): string {
  return address.replace(/(^|\.)[a-z]/g, (letter) => letter.toUpperCase());
}

function place(displayName: string): Wire {
  const common = { displayName, locationType: 'default' };
  if (displayName === '') return { ...common, uniqueIdType: 'unknown', address: {}, coordinates: {} };
  return { ...common, uniqueId: displayName, uniqueIdType: 'private', address: {}, coordinates: {} };
}
