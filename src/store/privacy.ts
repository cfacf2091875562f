import { z } from 'zod';
import { contentHash, textHash } from '../core/hash.ts';
import { KINDS, type Person, type Touchpoint } from '../core/touchpoint.ts';
import { callStore, type Store } from './store.ts';

/** What is left out, what was forgotten and what has had its time: typed calls. */

export const HASHED_KINDS = ['person', 'name', 'mailbox', 'client', 'domain'] as const;

/** Who must not come back, as SHA-256 of the normalised value. */
export interface Hashed {
  /** An address, a full name, a mailbox, a client's name or alias, a client's own domain. */
  readonly kind: (typeof HASHED_KINDS)[number];
  readonly hash: string;
  /** How many words a name has, so that its hash can be found in a text; null for the other kinds. */
  readonly words: number | null;
}

const Lists = z.object({
  version: z.number(),
  forgotten: z.array(
    z.object({ kind: z.enum(HASHED_KINDS), hash: z.string(), words: z.number().nullable() }),
  ),
  skips: z.array(z.object({ mailbox: z.string(), graph_id: z.string() })),
});
/** The lists that pages are screened by; a page screened by an older version is refused by the store. */
export type PrivacyLists = z.infer<typeof Lists>;

export function readPrivacy(store: Store): Promise<PrivacyLists> {
  return callStore(store, 'touchpoint_privacy', {}, Lists);
}

const Skip = z.object({ mailbox: z.string(), graph_id: z.string(), reason: z.string().nullable() });
export type Skip = z.infer<typeof Skip>;

/** Items that somebody does not want here, of one mailbox or of all. */
export function listSkips(store: Store, mailbox?: string): Promise<Skip[]> {
  return callStore(store, 'touchpoint_skips', { mailbox }, z.array(Skip));
}

export interface NewSkip {
  readonly mailbox: string;
  /** Of an item, or of a series master: then of all its occurrences. */
  readonly graphId: string;
  readonly reason?: string;
}

const Skipped = z.object({ added: z.number(), copies: z.number(), touchpoints: z.number() });

/** Skips items of these mailboxes; what is stored of them goes at once, a colleague's copy stays. */
export function putSkips(
  store: Store,
  now: string,
  skips: readonly NewSkip[],
): Promise<z.infer<typeof Skipped>> {
  const rows = skips.map(({ mailbox, graphId, reason }) => ({ mailbox, graph_id: graphId, reason }));
  return callStore(store, 'touchpoint_skip_put', { now, skips: rows }, Skipped);
}

/** Display names that stand beside an address anywhere in the store. */
export function namesOf(store: Store, address: string): Promise<string[]> {
  return callStore(store, 'touchpoint_names_of', { address }, z.array(z.string()));
}

const Content = z.object({
  id: z.uuid(),
  kind: z.enum(KINDS),
  source_key: z.string(),
  title: z.string(),
  body: z.string(),
  people: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      role: z.enum(['organizer', 'required', 'optional', 'resource', 'from', 'to', 'cc', 'bcc']),
    }),
  ),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  occurred_at: z.string().nullable(),
  ends_at: z.string().nullable(),
  all_day: z.boolean(),
  time_zone: z.string(),
  client: z.string().nullable(),
  client_method: z.string().nullable(),
  content_hash: z.string(),
});

export interface StoredContent {
  readonly id: string;
  readonly contentHash: string;
  readonly client: string | null;
  readonly method: string | null;
  readonly touchpoint: Touchpoint;
}

/** Everything stored, soft-deleted rows too, as the touchpoints that were mapped. */
export async function* readContents(store: Store, pageSize = 200): AsyncGenerator<StoredContent> {
  let after: string | undefined;
  for (;;) {
    const rows = await callStore(store, 'touchpoint_contents', { after, limit: pageSize }, z.array(Content));
    for (const row of rows) yield storedContent(row);
    if (rows.length < pageSize) return;
    after = rows.at(-1)?.id;
  }
}

function storedContent(row: z.infer<typeof Content>): StoredContent {
  const touchpoint: Touchpoint = {
    kind: row.kind,
    sourceKey: row.source_key,
    title: row.title,
    body: row.body,
    people: row.people,
    occurredAt: utc(row.occurred_at),
    endsAt: utc(row.ends_at),
    allDay: row.all_day,
    timeZone: row.time_zone,
    details: row.details,
  };
  return {
    id: row.id,
    contentHash: row.content_hash,
    client: row.client,
    method: row.client_method,
    touchpoint,
  };
}

function utc(instant: string | null): string | null {
  return instant === null ? null : new Date(instant).toISOString();
}

/** From here on no page and no import brings these back. */
export async function remember(store: Store, now: string, hashes: readonly Hashed[]): Promise<void> {
  await callStore(store, 'touchpoint_remember', { now, hashes }, z.object({ added: z.number() }));
}

export interface Redaction {
  readonly id: string;
  /** Content hash of the row that was read: a row that changed since is not overwritten. */
  readonly was: string;
  readonly touchpoint: Touchpoint & { readonly people: readonly Person[] };
}

export interface Erasure {
  readonly now: string;
  readonly dryRun: boolean;
  /** Touchpoint ids. */
  readonly erase: readonly string[];
  readonly redact: readonly Redaction[];
  /** A mailbox with all that hangs on it. */
  readonly mailbox?: string;
  /** A client's id: with its touchpoints, names and domains. */
  readonly client?: string;
  /** An address that the log of runs may hold. */
  readonly address?: string;
}

const Erased = z.object({
  touchpoints: z.number(),
  copies: z.number(),
  tags: z.number(),
  redacted: z.number(),
  mailboxes: z.number(),
  feeds: z.number(),
  subscriptions: z.number(),
  skips: z.number(),
  clients: z.number(),
  names: z.number(),
  domains: z.number(),
});
/** How much was (or would be) erased, by sort. */
export type Erased = z.infer<typeof Erased>;

/** Erases in one transaction. @throws {StoreConflict} when a touchpoint changed since it was read: nothing was erased */
export function erase(store: Store, { dryRun, redact, ...rest }: Erasure): Promise<Erased> {
  const rows = redact.map(({ id, was, touchpoint }) => ({
    id,
    was,
    title: touchpoint.title,
    body: touchpoint.body,
    people: touchpoint.people,
    details: touchpoint.details,
    content_hash: contentHash(touchpoint),
    text_hash: textHash(touchpoint),
  }));
  return callStore(store, 'touchpoint_forget', { ...rest, dry_run: dryRun, redact: rows }, Erased);
}

export interface Limits {
  /** Touchpoints of before this instant go. */
  readonly before?: string;
  /** Rows that were marked deleted before this instant go. */
  readonly deletedBefore?: string;
  /** Names day and settings: what ran under that name does not run again. */
  readonly unless?: string;
}

const Retained = z.object({ expired: z.number(), purged: z.number(), done: z.boolean() });

/** One bounded step of retention; `done` is false while there may be more. */
export function retainStep(store: Store, limits: Limits, limit: number): Promise<z.infer<typeof Retained>> {
  const { before, deletedBefore, unless } = limits;
  return callStore(
    store,
    'touchpoint_retain',
    { before, deleted_before: deletedBefore, unless, limit },
    Retained,
  );
}
