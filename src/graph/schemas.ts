import { z } from 'zod';

/**
 * Graph's JSON at the edge. Every field may be absent and may be null: ordinary events carry explicit nulls,
 * occurrences carry next to nothing. Unknown keys are dropped.
 */

const text = z.string().nullish();
const flag = z.boolean().nullish();

const Moment = z.object({ dateTime: text, timeZone: text });
export type Moment = z.infer<typeof Moment>;

const Body = z.object({ contentType: text, content: text });
export type Body = z.infer<typeof Body>;

const Recipient = z.object({ emailAddress: z.object({ name: text, address: text }).nullish(), type: text });
export type Recipient = z.infer<typeof Recipient>;
// one unreadable recipient is no reason to lose the item
const Recipients = z.array(Recipient.nullable().catch(null)).nullish();

const EVENT_TYPES = ['singleInstance', 'occurrence', 'exception', 'seriesMaster'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

const EventFields = z.object({
  id: z.string().min(1),
  '@odata.etag': text,
  changeKey: text,
  /** One meeting in every mailbox; occurrences have their own, with a date inside. */
  iCalUId: text,
  uid: text,
  type: text,
  seriesMasterId: text,
  recurrence: z.unknown().optional(),
  subject: text,
  body: Body.nullish(),
  bodyPreview: text,
  start: Moment.nullish(),
  end: Moment.nullish(),
  /** Where an occurrence stood before it was moved; an instant with offset. */
  originalStart: text,
  originalStartTimeZone: text,
  isAllDay: flag,
  isCancelled: flag,
  isDraft: flag,
  isOrganizer: flag,
  isOnlineMeeting: flag,
  onlineMeeting: z.object({ joinUrl: text }).nullish(),
  onlineMeetingUrl: text,
  location: z.object({ displayName: text }).nullish(),
  organizer: Recipient.nullish(),
  attendees: Recipients,
  sensitivity: text,
  lastModifiedDateTime: text,
});

/** An event as `calendarView/delta`, `events/{id}` or `instances` give it; `type` is worked out where Graph leaves it out. */
export const GraphEvent = EventFields.transform((event) => ({ ...event, type: eventType(event) }));
export type GraphEvent = z.infer<typeof GraphEvent>;

function eventType(event: z.infer<typeof EventFields>): EventType {
  const named = EVENT_TYPES.find((type) => type === event.type);
  if (named !== undefined) return named;
  if (event.seriesMasterId) return 'occurrence';
  return event.recurrence == null ? 'singleInstance' : 'seriesMaster';
}

export const GraphMessage = z.object({
  id: z.string().min(1),
  '@odata.type': text,
  '@odata.etag': text,
  changeKey: text,
  subject: text,
  body: Body.nullish(),
  /** The part of the body that is not quoted from earlier mail; only when selected. */
  uniqueBody: Body.nullish(),
  bodyPreview: text,
  from: Recipient.nullish(),
  sender: Recipient.nullish(),
  toRecipients: Recipients,
  ccRecipients: Recipients,
  receivedDateTime: text,
  sentDateTime: text,
  lastModifiedDateTime: text,
  internetMessageId: text,
  conversationId: text,
  parentFolderId: text,
  /** Base64 of the Thread-Index header, the same in every mailbox. */
  conversationIndex: text,
  isDraft: flag,
  hasAttachments: flag,
  /** Only on eventMessage. */
  meetingMessageType: text,
  /** Not in v1.0 today; honoured where it comes. */
  sensitivity: text,
  singleValueExtendedProperties: z
    .array(z.object({ id: z.string(), value: text }).nullable().catch(null))
    .nullish(),
});
export type GraphMessage = z.infer<typeof GraphMessage>;

/** A page of anything; its items are parsed one by one, so that a bad one fails alone. */
export const Page = z.object({
  value: z.array(z.unknown()).nullish(),
  '@odata.nextLink': text,
  '@odata.deltaLink': text,
});

/** Only where and how a value is wrong, never the value: it may be somebody's mail. */
export function shapeProblem(error: z.ZodError): string {
  const first = error.issues[0];
  return first === undefined ? 'unreadable' : `${first.path.join('.') || 'item'}: ${first.code}`;
}
