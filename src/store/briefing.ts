import { z } from 'zod';
import { KINDS, type Kind } from '../core/touchpoint.ts';
import { callStore, type Store } from './store.ts';

/** What the Briefing Room shows: meetings (and mail) page by page, how many there are of which, and one with everything. */

export const STATUSES = ['scheduled', 'completed', 'cancelled'] as const;

/** Kinds that the caller may not see; no other argument brings them back. */
export interface Withholding {
  readonly withhold?: readonly Kind[];
}

/** What is left out does not filter; an empty list lets nothing through. */
export interface MeetingFilter extends Withholding {
  /** Meetings alone when it is left out. */
  readonly kinds?: readonly Kind[];
  readonly status?: readonly (typeof STATUSES)[number][];
  /** The primary intent; `none` where none holds, `untagged` where nobody has looked yet. */
  readonly meeting_types?: readonly string[];
  /** Any of the intents that hold; `none` and `untagged` as above. */
  readonly intents?: readonly string[];
  /** Instants: those that begin from `since` on and before `until`; all-day ones begin at midnight in `zone`. */
  readonly since?: string;
  readonly until?: string;
  /** Words of title and body, all of which must occur; each may go on. */
  readonly text?: string;
  /** Names, aliases or ids. */
  readonly clients?: readonly string[];
  readonly with_client?: boolean;
  /** Mailboxes of which one must hold a copy. */
  readonly department?: readonly string[];
  /** Addresses of which one must take part. */
  readonly people?: readonly string[];
  readonly internal?: boolean;
  /** Domains of our own beside those of the mailboxes that are read. */
  readonly internal_domains?: readonly string[];
  readonly recurring?: boolean;
  readonly uncertain?: boolean;
  /** Any of the topics that hold. */
  readonly topics?: readonly string[];
  readonly cancelled?: boolean;
}

export interface MeetingQuestion extends MeetingFilter {
  readonly now: string;
  /** IANA name; UTC when it is left out. */
  readonly zone?: string;
}

export interface MeetingPage {
  readonly order?: 'asc' | 'desc';
  /** 50 when it is left out, 200 at most. */
  readonly limit?: number;
  /** The `next` or `previous` of an earlier answer. */
  readonly after?: string;
  readonly before?: string;
  /** Also counts, as `countMeetings` does. */
  readonly facets?: boolean;
}

const Named = z.object({ id: z.uuid(), name: z.string() });
const score = z.number().min(0).max(1);

export const LabelRow = z.object({
  task: z.string(),
  label: z.string(),
  /** A model's calibrated probability; a person's first label has 1, each one after it a thousandth less. */
  score,
  origin: z.enum(['model', 'fallback', 'person']),
  version: z.string(),
});

const MeetingRow = z.object({
  /** Where it stands in the list, for `after` and `before`. */
  key: z.string(),
  id: z.uuid(),
  kind: z.enum(KINDS),
  source_key: z.string(),
  title: z.string(),
  snippet: z.string(),
  occurred_at: z.string(),
  ends_at: z.string().nullable(),
  all_day: z.boolean(),
  time_zone: z.string(),
  /** In the zone that was asked for: YYYY-MM-DD and HH:MM, the latter null for all-day meetings. */
  local_date: z.string(),
  local_time: z.string().nullable(),
  minutes: z.number().nullable(),
  organiser: z.object({ name: z.string(), address: z.string() }).nullable(),
  /** People invited or addressed, rooms and the organiser or sender left out. */
  attendees: z.number(),
  join_url: z.string().nullable(),
  location: z.string().nullable(),
  client: Named.nullable(),
  client_method: z.string().nullable(),
  client_confidence: score.nullable(),
  /** Null for mail. */
  status: z.enum(STATUSES).nullable(),
  /** Three occurrences or more; null for mail. */
  recurring: z.boolean().nullable(),
  /** Nobody from outside takes part; null when that cannot be told. */
  internal: z.boolean().nullable(),
  meeting_type_auto: z.string().nullable(),
  meeting_type_confidence: score.nullable(),
  labels: z.array(LabelRow),
  /** Tasks that wait for a person. */
  uncertain: z.array(z.string()),
  tagged: z.boolean(),
});
export type MeetingRow = z.infer<typeof MeetingRow>;

const counts = z.record(z.string(), z.number());
export const Facets = z.object({
  total: z.number(),
  status: counts,
  meeting_type: counts,
  intent: counts,
  internal: counts,
  recurring: counts,
  client: z.array(z.object({ id: z.uuid(), name: z.string(), n: z.number() })),
});
export type Facets = z.infer<typeof Facets>;

export const Meetings = z.object({
  rows: z.array(MeetingRow),
  next: z.string().nullable(),
  previous: z.string().nullable(),
  zone: z.string(),
  facets: Facets.optional(),
});

/**
 * A page by time; everything filters before the page is cut.
 * @throws {StoreError} with code PT400 for an unknown zone or a key that is none
 */
export function readMeetings(store: Store, question: MeetingQuestion & MeetingPage) {
  return callStore(store, 'touchpoint_meetings', question, Meetings);
}

/** How many there are per value; each facet with all other filters applied and its own left out. */
export function countMeetings(store: Store, question: MeetingQuestion): Promise<Facets> {
  return callStore(store, 'touchpoint_meeting_facets', question, Facets);
}

/** One word of feedback as it is kept. */
const FeedbackRow = z.object({
  id: z.number(),
  task: z.string(),
  verdict: z.enum(['labels', 'up', 'down', 'withdraw']),
  labels: z.array(z.string()).nullable(),
  label: z.string().nullable(),
  withdraws: z.number().nullable(),
  shown: z.array(z.string()),
  model: z.array(LabelRow.omit({ task: true })),
  encoder: z.string().nullable(),
  taxonomy: z.string().nullable(),
  by: z.string().nullable(),
  comment: z.string().nullable(),
  at: z.string(),
  /** Neither withdrawn nor overtaken. */
  holds: z.boolean(),
});

export const Whole = z.object({
  id: z.uuid(),
  kind: z.enum(KINDS),
  source_key: z.string(),
  title: z.string(),
  text: z.string(),
  occurred_at: z.string().nullable(),
  ends_at: z.string().nullable(),
  all_day: z.boolean(),
  time_zone: z.string(),
  people: z.array(z.object({ name: z.string(), address: z.string(), role: z.string() })),
  details: z.record(z.string(), z.unknown()),
  client: Named.nullable(),
  client_method: z.string().nullable(),
  client_confidence: score.nullable(),
  copies: z.array(z.object({ mailbox: z.string(), graph_id: z.string(), series: z.string().nullable() })),
  /** Of every origin, also those that do not hold. */
  tags: z.array(LabelRow),
  current: z.array(LabelRow),
  /** Tasks that a person has decided. */
  settled: z.array(z.string()),
  uncertain: z.array(z.string()),
  feedback: z.array(FeedbackRow),
  encoder: z.string().nullable(),
  taxonomy: z.string().nullable(),
  tagged_at: z.string().nullable(),
  tag_error: z.string().nullable(),
  embedded: z.boolean(),
  created_at: z.string(),
  updated_at: z.string(),
  deleted_at: z.string().nullable(),
});

export type TouchpointName = { readonly id: string } | { readonly kind: Kind; readonly source_key: string };

/** One touchpoint with everything. @throws {StoreError} with code PT404 when there is none that may be seen */
export function getTouchpoint(
  store: Store,
  name: TouchpointName & Withholding & { readonly deleted?: boolean },
) {
  return callStore(store, 'touchpoint_get', name, Whole);
}
