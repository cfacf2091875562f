import { DateTime } from 'luxon';
import type { MeetingRow, MeetingToPublish } from '../store/publish.ts';

/** A meeting -> a row of unified_meetings as its readers expect it: pure. */

export interface MeetingRules {
  /** Milliseconds: what ended before it is completed. */
  readonly now: number;
  /** Of meetings that say no zone of their own. */
  readonly timeZone: string;
  /** Is everybody one of our own? */
  readonly isInternal: (addresses: readonly string[]) => boolean;
}

/** Changes when the rules below do: then every row is looked at again. */
export const MEETING_RULES = 1;

export function meetingRow(meeting: MeetingToPublish, rules: MeetingRules): MeetingRow {
  const { id, hash, gone, erased, event } = meeting;
  if (erased) return { id, hash, gone, wanted: { ...ERASED, deleted: true } };
  if (gone || event === null) return { id, hash, gone: true, wanted: { deleted: true } };
  const people = meeting.people ?? [];
  const organizer = people.find(({ role }) => role === 'organizer');
  const others = people.filter(({ role }) => role === 'required' || role === 'optional');
  const wanted = {
    meeting_id: `OUTLOOK-${event}`,
    outlook_event_id: event,
    title: meeting.title,
    client_name: meeting.client_name,
    client_uuid: meeting.client_uuid,
    cse_name: importer(meeting),
    organizer: organizer === undefined ? null : nameOf(organizer),
    attendees: others.map(nameOf),
    ...localTimes(meeting, rules),
    duration: minutes(meeting),
    status: statusOf(meeting, rules.now),
    is_internal: rules.isInternal(people.map(({ address }) => address)),
    // readers filter by false and by null-or-false: both find it
    deleted: false,
  };
  return { id, hash, gone, wanted };
}

/** Erased here means erased there, as far as it came from here. */
const ERASED = {
  title: '(removed)',
  client_name: null,
  client_uuid: null,
  cse_name: null,
  organizer: null,
  attendees: [],
} as const;

type Person = NonNullable<MeetingToPublish['people']>[number];

function nameOf({ name, address }: Person): string {
  return name || address;
}

/** Whose mailbox the meeting was read from: not its organiser, though it may be the same person. */
function importer({ mailbox, people }: MeetingToPublish): string | null {
  if (mailbox === null) return null;
  const owner = people?.find(({ address }) => address === mailbox);
  return owner === undefined ? mailbox : nameOf(owner);
}

/** In the meeting's own zone, with the daylight saving of its day; an all-day meeting's date is the same everywhere. */
function localTimes({ occurred_at, all_day, time_zone }: MeetingToPublish, { timeZone }: MeetingRules) {
  if (occurred_at === null) return { meeting_date: null, meeting_time: null };
  const known = time_zone !== null && time_zone !== 'UTC';
  const zone = all_day === true ? 'UTC' : known ? time_zone : timeZone;
  const start = DateTime.fromISO(occurred_at, { zone });
  if (!start.isValid) return { meeting_date: null, meeting_time: null };
  return { meeting_date: start.toFormat('yyyy-MM-dd'), meeting_time: start.toFormat('HH:mm') };
}

/** Whole minutes, those of an all-day meeting included; null where they are not known. */
function minutes({ occurred_at, ends_at }: MeetingToPublish): number | null {
  if (occurred_at === null || ends_at === null) return null;
  const length = Math.round((Date.parse(ends_at) - Date.parse(occurred_at)) / 60_000);
  return Number.isFinite(length) && length >= 0 ? length : null;
}

function statusOf({ details, occurred_at, ends_at }: MeetingToPublish, now: number): string {
  if (details?.['status'] === 'cancelled') return 'cancelled';
  const end = ends_at ?? occurred_at;
  return end !== null && Date.parse(end) < now ? 'completed' : 'scheduled';
}
