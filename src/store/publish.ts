import { z } from 'zod';
import { callStore, type Store } from './store.ts';

/** What is written into the dashboard's own tables, each call one batch and one statement of a sort: typed calls. */

/** Columns that are filled, and rows of classifications. */
export const COLUMN_TARGETS = ['meeting_types', 'action_categories', 'nps_topics'] as const;
export type ColumnTarget = (typeof COLUMN_TARGETS)[number];

const FUNCTIONS: Readonly<Record<ColumnTarget, string>> = {
  meeting_types: 'touchpoint_publish_meeting_types',
  action_categories: 'touchpoint_publish_actions',
  nps_topics: 'touchpoint_publish_nps',
};

const Batch = z.object({
  written: z.number(),
  deleted: z.number().default(0),
  /** Entries that are somebody's own, and stay. */
  kept: z.number(),
  /** Why nothing can be written; null when it can. */
  problem: z.string().nullable(),
});

/** Writes what differs, at most `limit` rows of it: done when it wrote and deleted nothing. */
export function publishColumn(
  store: Store,
  target: ColumnTarget,
  limit: number,
): Promise<z.infer<typeof Batch>> {
  return callStore(store, FUNCTIONS[target], { limit }, Batch);
}

const Meeting = z.object({
  id: z.string(),
  /** Of all that its row is made of. */
  hash: z.string(),
  gone: z.boolean(),
  erased: z.boolean(),
  /** Graph id of the copy that a row is made for, and whose mailbox it lies in. */
  event: z.string().nullable(),
  mailbox: z.string().nullable(),
  title: z.string().nullable(),
  people: z.array(z.object({ name: z.string(), address: z.string(), role: z.string() })).nullable(),
  occurred_at: z.string().nullable(),
  ends_at: z.string().nullable(),
  all_day: z.boolean().nullable(),
  time_zone: z.string().nullable(),
  details: z.record(z.string(), z.unknown()).nullable(),
  client_name: z.string().nullable(),
  /** The dashboard's id of the client. */
  client_uuid: z.string().nullable(),
});
export type MeetingToPublish = z.infer<typeof Meeting>;

export interface MeetingsPage {
  /** Of the rules that rows are made by. */
  readonly version: string;
  readonly now: string;
  readonly limit: number;
  readonly after: string | null;
}

/** Meetings whose row of unified_meetings may have to change, by id; none when the table cannot be written. */
export function meetingsToPublish(
  store: Store,
  { after, ...page }: MeetingsPage,
): Promise<MeetingToPublish[]> {
  const payload = { ...page, after: after ?? undefined };
  return callStore(store, 'touchpoint_meetings_to_publish', payload, z.array(Meeting));
}

export interface MeetingRow extends Pick<MeetingToPublish, 'id' | 'hash' | 'gone'> {
  /** Column to value; of a meeting that is gone, what is then written into a row that was inserted by us. */
  readonly wanted: Readonly<Record<string, unknown>>;
}

const MeetingOutcome = z.enum(['inserted', 'updated', 'unchanged', 'kept']);

/** One INSERT and one UPDATE, over nobody's entry. @returns outcomes by id; `kept`: the row is somebody else's affair */
export function publishMeetings(
  store: Store,
  rows: readonly MeetingRow[],
): Promise<Record<string, z.infer<typeof MeetingOutcome>>> {
  return callStore(store, 'touchpoint_publish_meetings', { rows }, z.record(z.string(), MeetingOutcome));
}
