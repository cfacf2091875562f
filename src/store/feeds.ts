import { z } from 'zod';
import type { Kind } from '../core/touchpoint.ts';
import { callStore, type Store } from './store.ts';

/** Mailboxes, their feeds and leases, clients and runs: typed calls. */

const Instant = z.iso.datetime({ offset: true });

export const FeedRow = z.object({
  id: z.number(),
  mailbox: z.string(),
  kind: z.enum(['meeting', 'email']),
  /** `calendar`, or the mail folder's Graph id. */
  target: z.string(),
  name: z.string(),
  /** The last completed cursor and the scope it belongs to. */
  delta_link: z.string().nullable(),
  scope: z.string().nullable(),
  window_start: Instant.nullable(),
  window_end: Instant.nullable(),
  /** The walk in progress. */
  next_link: z.string().nullable(),
  round: z.enum(['full', 'delta']).nullable(),
  round_scope: z.string().nullable(),
  round_window_start: Instant.nullable(),
  round_window_end: Instant.nullable(),
  epoch: z.number(),
  cursor_version: z.number(),
  dirty_at: Instant.nullable(),
  last_success_at: Instant.nullable(),
  last_error: z.string().nullable(),
});
export type FeedRow = z.infer<typeof FeedRow>;

/**
 * `left`: no longer among the users or group members that are listed. The others say why Graph gives nothing of the
 * mailbox; while anything of it can be read it is `active`.
 */
export const MAILBOX_STATES = ['active', 'no consent', 'blocked', 'gone', 'on-premise', 'left'] as const;
export type MailboxStateName = (typeof MAILBOX_STATES)[number];

/** What Graph refuses of a mailbox, calendar and mail apart. */
const RefusalRow = z.object({
  kind: z.enum(['meeting', 'email']),
  state: z.enum(['no consent', 'gone', 'on-premise']),
  reason: z.string(),
  since: Instant,
  /** Not asked again before. */
  retry_at: Instant,
});
export type RefusalRow = z.infer<typeof RefusalRow>;

const MailboxRow = z.object({
  address: z.string(),
  state: z.enum(MAILBOX_STATES),
  state_reason: z.string().nullable(),
  /** Passes in a row in which Graph gave it no answer, and when it is asked again. */
  failures: z.number(),
  retry_at: Instant.nullable(),
  folders_listed_at: Instant.nullable(),
  refusals: z.array(RefusalRow),
});
export type MailboxRow = z.infer<typeof MailboxRow>;

const ClientRow = z.object({
  id: z.uuid(),
  name: z.string(),
  aliases: z.array(z.string()),
  domains: z.array(z.string()),
});
export type ClientRow = z.infer<typeof ClientRow>;

const Done = z.object({});

export interface NewFeed {
  readonly kind: 'meeting' | 'email';
  readonly target: string;
  readonly name: string;
}

/** Makes the mailbox and its feeds known; returns all feeds of the mailbox. */
export function putFeeds(store: Store, mailbox: string, feeds: readonly NewFeed[]): Promise<FeedRow[]> {
  return callStore(store, 'touchpoint_feeds_put', { mailbox, feeds }, z.array(FeedRow));
}

/** Forgets feeds whose folders are no more; touchpoints that lay nowhere else are marked deleted. */
export async function retireFeeds(store: Store, feeds: readonly number[], now: string): Promise<void> {
  await callStore(store, 'touchpoint_feeds_retire', { feeds, now }, z.object({ deleted: z.number() }));
}

export function listFeeds(store: Store, mailboxes?: readonly string[]): Promise<FeedRow[]> {
  return callStore(store, 'touchpoint_feeds', { mailboxes }, z.array(FeedRow));
}

export function listMailboxes(store: Store): Promise<MailboxRow[]> {
  return callStore(store, 'touchpoint_mailboxes', {}, z.array(MailboxRow));
}

/** What is left out stays as it is. */
export interface MailboxState {
  readonly mailbox: string;
  readonly state?: MailboxStateName;
  /** Goes with `state`. */
  readonly reason?: string | null;
  readonly now?: string;
  readonly failures?: number;
  /** Goes with `failures`. */
  readonly retryAt?: string | null;
  /** All there are. */
  readonly refusals?: readonly Omit<RefusalRow, 'since'>[];
  readonly foldersListedAt?: string;
}

/** @throws {StoreConflict} for a mailbox that was forgotten meanwhile */
export async function setMailbox(
  store: Store,
  { foldersListedAt, retryAt, ...rest }: MailboxState,
): Promise<void> {
  const payload = { ...rest, folders_listed_at: foldersListedAt, retry_at: retryAt };
  await callStore(store, 'touchpoint_mailbox_set', payload, Done);
}

/** The feed, leased to `owner` for `seconds`; null while another owner holds it. */
export function claimFeed(
  store: Store,
  claim: { feed: number; owner: string; seconds: number },
): Promise<FeedRow | null> {
  return callStore(store, 'touchpoint_feed_claim', claim, FeedRow.nullable());
}

export interface FeedRelease {
  readonly feed: number;
  readonly owner: string;
  readonly now: string;
  /** Shown by `status`. */
  readonly error?: string;
  /** The mark that the claim showed (`dirty_at`), once a round that began after it is complete; later marks stay. */
  readonly dirtyBefore?: string;
}

/** Gives the lease back and records how the round went. */
export async function releaseFeed(store: Store, { dirtyBefore, ...release }: FeedRelease): Promise<void> {
  await callStore(store, 'touchpoint_feed_release', { ...release, dirty_before: dirtyBefore }, Done);
}

export interface IdleLook {
  readonly feed: number;
  /** The cursor's version when it was looked at. */
  readonly expect: number;
  readonly deltaLink: string;
  readonly now: string;
}

/**
 * Moves the cursor of a feed that showed nothing new, without a lease.
 * @returns false when it was not written: somebody holds the feed or moved its cursor, or Graph must be asked about copies
 */
export async function moveIdle(store: Store, { deltaLink, ...look }: IdleLook): Promise<boolean> {
  const payload = { ...look, delta_link: deltaLink };
  const { moved } = await callStore(store, 'touchpoint_feed_idle', payload, z.object({ moved: z.boolean() }));
  return moved;
}

export interface ClientNames {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly domains: readonly string[];
}

/** Makes clients known and returns all of them. From an import only the name counts. */
export function putClients(
  store: Store,
  source: 'configuration' | 'import',
  clients: readonly ClientNames[],
): Promise<ClientRow[]> {
  return callStore(store, 'touchpoint_clients_put', { source, clients }, z.array(ClientRow));
}

export interface Run {
  readonly started_at: string;
  readonly ended_at: string;
  readonly fetched: number;
  readonly written: number;
  readonly unchanged: number;
  readonly skipped: number;
  readonly failed: number;
  /** `written: inserted` -> 12 and so on: what the four sums are made of. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly errors: readonly { readonly feed: string; readonly reason: string }[];
}

/** Refused by the database when the counts do not reconcile. */
export async function saveRun(store: Store, run: Run): Promise<void> {
  await callStore(store, 'touchpoint_run_save', run, z.object({ id: z.number() }));
}

const Versions = z.object({
  /** The encoder whose vectors searches compare; null before anything was embedded. */
  serving: z.string().nullable(),
  /** The one that serves when no touchpoint lacks its vector. */
  building: z
    .object({ encoder: z.string(), started_at: Instant, done: z.number(), total: z.number() })
    .nullable(),
  /** Of the tags that are to be everywhere. */
  taxonomy: z.string().nullable(),
  paused: z.boolean(),
  /** A tagger that was started earlier with another version, and stands aside. */
  aside: z.object({ encoder: z.string(), taxonomy: z.string(), at: Instant }).nullable(),
});

export const StatusRow = z.object({
  touchpoints: z.record(z.string(), z.number()),
  deleted: z.number(),
  embedded: z.number(),
  untagged: z.number(),
  versions: Versions,
  tag_failures: z.number(),
  with_client: z.number(),
  copies: z.number(),
  feeds: z.array(
    z.object({
      mailbox: z.string(),
      kind: z.string(),
      name: z.string(),
      last_success_at: Instant.nullable(),
      last_error: z.string().nullable(),
      last_error_at: Instant.nullable(),
      round: z.string().nullable(),
      complete: z.boolean(),
    }),
  ),
  mailboxes: z.array(
    z.object({
      mailbox: z.string(),
      state: z.enum(MAILBOX_STATES),
      reason: z.string().nullable(),
      since: Instant.nullable(),
      failures: z.number(),
      retry_at: Instant.nullable(),
      refusals: z.array(RefusalRow),
    }),
  ),
  /** How changes are told: by notification (active, renew), or by polling alone, with the reason and the next try. */
  subscriptions: z.array(
    z.object({
      mailbox: z.string(),
      kind: z.string(),
      state: z.enum(['active', 'renew', 'polling']),
      expires_at: Instant.nullable(),
      reason: z.string().nullable(),
      retry_at: Instant.nullable(),
    }),
  ),
  last_run: z
    .object({
      started_at: Instant,
      ended_at: Instant,
      fetched: z.number(),
      written: z.number(),
      unchanged: z.number(),
      skipped: z.number(),
      failed: z.number(),
      reasons: z.record(z.string(), z.number()),
      errors: z.array(z.object({ feed: z.string(), reason: z.string() })),
    })
    .nullable(),
});
export type StatusRow = z.infer<typeof StatusRow>;

/** Counts, lag and backlog; with the tagger's versions the backlog includes what an older version tagged. */
export function readStatus(
  store: Store,
  versions: { encoder?: string; taxonomy?: string } = {},
): Promise<StatusRow> {
  return callStore(store, 'touchpoint_status', versions, StatusRow);
}

const TagRate = z.object({
  hour: z.number(),
  day: z.number(),
  /** When the touchpoint that waits longest for its first tags was stored. */
  waiting_since: Instant.nullable(),
});
export type TagRate = z.infer<typeof TagRate>;

/** How many touchpoints were tagged in the last hour and day. `now` in ISO 8601. */
export function readTagRate(store: Store, now: string): Promise<TagRate> {
  return callStore(store, 'touchpoint_tag_rate', { now }, TagRate);
}

/** Kinds that come from Graph. */
export type FeedKind = Extract<Kind, 'meeting' | 'email'>;
