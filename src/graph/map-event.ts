import { floatingMs, ianaZone, inRange, instantMs, isoOrNull, momentMs } from './instants.ts';
import { isOccurrence, meetingKey } from './keys.ts';
import { type Failed, type Mapped, oneLine, skip } from './mapped.ts';
import { meetingPeople } from './people.ts';
import type { GraphEvent } from './schemas.ts';
import { sensitivityNamed, WITHHELD } from './sensitivity.ts';
import { cleanText } from './text.ts';

/** Event -> meeting. */

export interface EventOptions {
  /** Sensitivities whose items are left out. */
  readonly withhold?: readonly string[];
}

/**
 * One event of one mailbox, with its series master where it has one: occurrences arrive bare and take everything but
 * their times from it, exceptions what they lack. Only what is the same in every mailbox's copy enters the touchpoint
 * (no answers, no free/busy, no links into one's own mailbox), or the copies would overwrite each other for ever.
 */
export function mapEvent(event: GraphEvent, master: GraphEvent | null, options: EventOptions = {}): Mapped {
  const withhold = options.withhold ?? WITHHELD;
  const marks = [event.sensitivity, master?.sensitivity].map(sensitivityNamed);
  if (marks.some((mark) => withhold.includes(mark))) return skip(event.id, 'private', true);
  // its times are those of the very first occurrence: stored, it would be a ghost
  if (event.type === 'seriesMaster') return skip(event.id, 'series master', false);
  // changed by the organiser but not sent yet: what was sent stands
  if (event.isDraft) return skip(event.id, 'draft', false);
  if (isBare(event) && master === null) return fail(event, 'series master missing');
  const whole = master === null ? event : hydrate(event, master);
  const times = eventTimes(whole);
  return 'outcome' in times ? times : keep(whole, master, times);
}

function isBare(event: GraphEvent): boolean {
  return (
    event.type === 'occurrence' && event.subject == null && event.iCalUId == null && event.sensitivity == null
  );
}

/** The event's own fields first; an exception's empty subject or attendee list is its own. */
function hydrate(event: GraphEvent, master: GraphEvent): GraphEvent {
  return {
    ...event,
    seriesMasterId: event.seriesMasterId || master.id,
    subject: event.subject ?? master.subject,
    body: event.body ?? master.body,
    bodyPreview: event.bodyPreview ?? master.bodyPreview,
    location: event.location ?? master.location,
    organizer: event.organizer ?? master.organizer,
    attendees: event.attendees ?? master.attendees,
    onlineMeeting: event.onlineMeeting ?? master.onlineMeeting,
    onlineMeetingUrl: event.onlineMeetingUrl ?? master.onlineMeetingUrl,
    isOnlineMeeting: event.isOnlineMeeting ?? master.isOnlineMeeting,
    isOrganizer: event.isOrganizer ?? master.isOrganizer,
    isCancelled: event.isCancelled ?? master.isCancelled,
    isAllDay: event.isAllDay ?? master.isAllDay,
    originalStartTimeZone: event.originalStartTimeZone ?? master.originalStartTimeZone,
  };
}

interface Times {
  readonly startMs: number;
  readonly endMs: number | null;
  readonly allDay: boolean;
}

function eventTimes(event: GraphEvent): Times | Failed {
  const allDay = event.isAllDay ?? false;
  const read = allDay ? floatingMs : momentMs;
  if (!event.start?.dateTime) return fail(event, 'start missing');
  const [startMs, endMs] = [read(event.start), read(event.end)];
  if (startMs === null) return fail(event, 'start unreadable');
  if (endMs === null && event.end?.dateTime) return fail(event, 'end unreadable');
  if (!inRange(startMs) || (endMs !== null && !inRange(endMs))) return fail(event, 'date out of range');
  if (endMs !== null && endMs < startMs) return fail(event, 'end before start');
  return { startMs, endMs, allDay };
}

function keep(event: GraphEvent, master: GraphEvent | null, times: Times): Mapped {
  const cancelled = event.isCancelled ?? false;
  const modified = [event, master]
    .map((item) => instantMs(item?.lastModifiedDateTime))
    .filter((ms) => ms !== null);
  return {
    outcome: 'keep',
    graphId: event.id,
    etag: event['@odata.etag'] ?? event.changeKey ?? '',
    series: event.seriesMasterId || null,
    modifiedAt: isoOrNull(modified.length === 0 ? null : Math.max(...modified)),
    authoritative: event.isOrganizer ?? false,
    touchpoint: {
      kind: 'meeting',
      sourceKey: meetingKey(event, master, times),
      title: title(event.subject, cancelled),
      body: cleanText(event.body ?? { content: event.bodyPreview }),
      people: meetingPeople(event.organizer, event.attendees ?? []),
      occurredAt: isoOrNull(times.startMs),
      endsAt: isoOrNull(times.endMs),
      allDay: times.allDay,
      timeZone: ianaZone(event.originalStartTimeZone ?? event.start?.timeZone),
      details: {
        joinUrl: joinUrl(event),
        location: oneLine(event.location?.displayName) || null,
        status: cancelled ? 'cancelled' : 'scheduled',
        minutes: minutes(times),
        recurring: isOccurrence(event) || master !== null,
        online: event.isOnlineMeeting || joinUrl(event) !== null,
      },
    },
  };
}

/** Attendees' copies of a cancelled meeting are renamed, the organiser's is not. */
function title(subject: string | null | undefined, cancelled: boolean): string {
  const line = oneLine(subject);
  return cancelled ? line.replace(/^cancell?ed:\s*/i, '') : line;
}

// Zoom, Webex and Google leave onlineMeeting empty: their link stands in the body alone
const JOIN_LINK =
  /https:\/\/(?:[a-z0-9-]+\.)*(?:zoom\.us\/[jw]\/|webex\.com\/|meet\.google\.com\/|teams\.microsoft\.com\/l\/meetup-join\/|teams\.live\.com\/meet\/)[^\s"'<>]{1,1000}/i;
/** Join blocks stand at the end of a body, but no body that people write is longer. */
const BODY_SEARCHED = 200_000;

function joinUrl(event: GraphEvent): string | null {
  const inBody = () =>
    JOIN_LINK.exec(event.body?.content?.slice(0, BODY_SEARCHED) ?? '')?.[0].replaceAll('&amp;', '&');
  const url = oneLine(event.onlineMeeting?.joinUrl || event.onlineMeetingUrl || inBody());
  return /^https?:\/\//i.test(url) && URL.canParse(url) ? url : null;
}

function minutes({ startMs, endMs, allDay }: Times): number | null {
  return allDay || endMs === null ? null : Math.round((endMs - startMs) / 60_000);
}

function fail(event: GraphEvent, reason: string): Failed {
  return { outcome: 'fail', graphId: event.id, reason };
}
