import { storable } from '../core/text.ts';
import { floatingDate, ianaZone, instantMs, momentMs, sameTimeOn } from './instants.ts';
import type { GraphEvent, GraphMessage } from './schemas.ts';

/** What makes copies in several mailboxes one touchpoint. */

/**
 * Exchange's GlobalObjectId ([MS-OXOCAL] 2.2.1.27) in hex: 16 fixed bytes, then the date of the occurrence
 * (year in two bytes, month, day; zeros for single meetings and masters), then what is the meeting's own.
 */
const GLOBAL_OBJECT_ID = /^(040000008200E00074C5B7101A82E008)([0-9A-F]{8})/;

/** The uid that all occurrences of a meeting share: Exchange's without its date, any other as it is. */
export function cleanUid(iCalUId: string): string {
  const uid = storable(iCalUId).trim();
  const upper = uid.toUpperCase();
  return GLOBAL_OBJECT_ID.test(upper) ? upper.replace(GLOBAL_OBJECT_ID, '$100000000') : uid;
}

/** `yyyy-mm-dd` of the occurrence that an Exchange uid names; null when it names none. */
export function uidDate(iCalUId: string | null | undefined): string | null {
  const digits = GLOBAL_OBJECT_ID.exec(iCalUId?.trim().toUpperCase() ?? '')?.[2];
  if (digits === undefined || digits === '00000000') return null;
  const [year, month, day] = [digits.slice(0, 4), digits.slice(4, 6), digits.slice(6)].map((hex) =>
    Number.parseInt(hex, 16),
  );
  const two = (value: number | undefined) => String(value).padStart(2, '0');
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

export interface MeetingTimes {
  readonly startMs: number;
  readonly allDay: boolean;
}

/** True for occurrences and exceptions, also where an attendee was invited to a single one of them. */
export function isOccurrence(event: GraphEvent): boolean {
  return event.type === 'occurrence' || event.type === 'exception' || uidDate(event.iCalUId) !== null;
}

/**
 * The uid, plus for occurrences the start they had in the series: a moved one keeps its key, and it is the same in
 * every mailbox. A rescheduled single meeting keeps its key too.
 */
export function meetingKey(event: GraphEvent, master: GraphEvent | null, times: MeetingTimes): string {
  const uid = master?.iCalUId || master?.uid || event.iCalUId || event.uid;
  if (!uid) return `graph:${event.id}`;
  if (!isOccurrence(event)) return cleanUid(uid);
  return `${cleanUid(uid)}|${new Date(originalMs(event, master, times)).toISOString()}`;
}

function originalMs(event: GraphEvent, master: GraphEvent | null, { startMs, allDay }: MeetingTimes): number {
  const zone = ianaZone(event.originalStartTimeZone ?? master?.originalStartTimeZone);
  const given = instantMs(event.originalStart);
  if (given !== null) return allDay ? floatingDate(given, zone) : given;
  const date = event.type === 'exception' ? uidDate(event.iCalUId) : null;
  const first = momentMs(master?.start);
  if (date === null || first === null) return startMs;
  return (allDay ? instantMs(`${date}T00:00:00Z`) : sameTimeOn(date, first, zone)) ?? startMs;
}

/** The mail's own id, which every recipient's copy carries. */
export function mailKey(message: GraphMessage): string {
  const id = storable(message.internetMessageId ?? '').trim();
  return id === '' ? `graph:${message.id}` : id;
}

/**
 * The thread a mail belongs to, the same in every mailbox: `conversationId` is not, as it starts with the mailbox's
 * own id, but its last 16 bytes are those of the Thread-Index header.
 * @returns 32 hex digits, or Graph's id where it has another form; null when there is none
 */
export function threadId(message: GraphMessage): string | null {
  // [MS-OXOMSG] 2.2.1.3: one reserved byte, five of a date, then the 16 of the conversation
  const index = Buffer.from(message.conversationIndex ?? '', 'base64');
  if (index.length >= 22) return index.subarray(6, 22).toString('hex');
  const id = message.conversationId ?? '';
  // Graph's ids are base64 with `-` for `/` and `_` for `+`
  const bytes = Buffer.from(id.replaceAll('-', '/').replaceAll('_', '+'), 'base64');
  if (id.startsWith('AAQk') || id.startsWith('AQQk')) return bytes.subarray(-16).toString('hex');
  return storable(id).trim() || null;
}
