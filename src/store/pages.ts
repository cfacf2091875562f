import { z } from 'zod';
import { contentHash, textHash } from '../core/hash.ts';
import type { Kind, Touchpoint } from '../core/touchpoint.ts';
import { callStore, type Store } from './store.ts';

/** Which client a touchpoint is about, how that was found and how sure it is (0..1). */
export interface ClientMatch {
  readonly client: string | null;
  readonly method: string | null;
  readonly confidence: number | null;
}

/** One copy of a touchpoint in one mailbox. */
export interface CopyRow {
  readonly graphId: string;
  readonly etag: string;
  /** Graph id of the series master, for occurrences and exceptions. */
  readonly series: string | null;
  readonly modifiedAt: string | null;
  /** The organiser's or sender's own copy: its content beats that of the others. */
  readonly authoritative: boolean;
  readonly touchpoint: Touchpoint;
  readonly match: ClientMatch;
}

export interface PageCommit {
  readonly feed: number;
  /** The cursor version this page was read at: compare-and-set. */
  readonly expect: number;
  readonly owner: string;
  readonly leaseSeconds: number;
  readonly now: string;
  readonly mailbox: string;
  /** Set on the first page of a round. */
  readonly begin: {
    readonly round: 'full' | 'delta';
    readonly scope: string;
    readonly window: Window | null;
  } | null;
  readonly nextLink: string | null;
  readonly deltaLink: string | null;
  readonly copies: readonly CopyRow[];
  /** Gone from the feed; may name a series master. */
  readonly removed: readonly string[];
  /** Must not be kept any longer (became private): content is wiped, not marked. */
  readonly forgotten: readonly string[];
  /** Seen but neither stored nor removed: an earlier copy stays. */
  readonly shown: readonly string[];
  /** Whole occurrence sets, of series that changed: inside the window nothing else of the series remains. */
  readonly series: readonly {
    readonly master: string;
    readonly keep: readonly string[];
    readonly window: Window;
  }[];
  /** Belongs to no round of the feed: the cursor stays where it is, fenced all the same. */
  readonly aside?: boolean;
  /** Version of the lists of what to leave out that the page was screened by. */
  readonly privacy?: number;
}

export interface Window {
  readonly start: string;
  readonly end: string;
}

export const Outcome = z.enum(['inserted', 'updated', 'restored', 'copied', 'unchanged']);
const PageResult = z.object({
  version: z.number(),
  /** By graph id of the copies given. */
  outcomes: z.record(z.string(), Outcome),
  /** Those of `removed` and `forgotten` that were known. */
  removed: z.array(z.string()),
  /** Touchpoints that lost their last copy. */
  deleted: z.number(),
  /** Copies that a complete round no longer showed. */
  swept: z.number(),
  /** Copies of the feed whose removal was announced from outside the window: Graph must be asked about them. */
  doubtful: z.array(z.string()),
});
export type PageResult = z.infer<typeof PageResult>;

/**
 * Rows, deletions and the new cursor, in one transaction.
 * @throws {StoreConflict} when another owner moved the cursor or holds the lease, or the lists of what to leave out are newer
 */
export function commitPage(store: Store, page: PageCommit): Promise<PageResult> {
  const payload = {
    feed: page.feed,
    expect: page.expect,
    owner: page.owner,
    lease_seconds: page.leaseSeconds,
    now: page.now,
    aside: page.aside,
    privacy: page.privacy,
    begin: page.begin?.round,
    scope: page.begin?.scope,
    window: page.begin?.window ?? undefined,
    next_link: page.nextLink ?? undefined,
    delta_link: page.deltaLink ?? undefined,
    items: page.copies.map((copy) => ({
      mailbox: page.mailbox,
      graph_id: copy.graphId,
      etag: copy.etag,
      series: copy.series,
      rank: copy.authoritative ? 1 : 0,
      modified_at: copy.modifiedAt,
      ...touchpointRow(copy.touchpoint, copy.match),
    })),
    removed: page.removed,
    forgotten: page.forgotten,
    shown: page.shown,
    series: page.series.map(({ master, keep, window }) => ({ master, keep, ...window })),
  };
  return callStore(store, 'touchpoint_page_commit', payload, PageResult);
}

/** Feeds with copies that are in doubt: their next round asks Graph about each of them. */
export function doubtedFeeds(store: Store): Promise<number[]> {
  return callStore(store, 'touchpoint_doubted_feeds', {}, z.array(z.number()));
}

/** Which of the source keys have a touchpoint, one that is marked deleted included. */
export async function knownKeys(
  store: Store,
  kind: Kind,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  return new Set(await callStore(store, 'touchpoint_known', { kind, keys }, z.array(z.string())));
}

export interface ImportItem {
  readonly touchpoint: Touchpoint;
  readonly match: ClientMatch;
}

/**
 * Stores touchpoints that come from no mailbox; the answer counts outcomes per distinct touchpoint.
 * @param privacy version of the lists of what to leave out that they were screened by
 * @throws {StoreConflict} when newer lists hold
 */
export function importTouchpoints(store: Store, now: string, items: readonly ImportItem[], privacy?: number) {
  const rows = items.map((item) => importRow(item, now));
  const Answer = z.array(z.object({ kind: z.string(), source_key: z.string(), outcome: Outcome }));
  return callStore(store, 'touchpoint_import', { now, items: rows, privacy }, Answer);
}

/** A touchpoint that comes from no mailbox, as the store takes it. */
export function importRow({ touchpoint, match }: ImportItem, now: string) {
  return { mailbox: '', graph_id: '', rank: 0, modified_at: now, ...touchpointRow(touchpoint, match) };
}

function touchpointRow(touchpoint: Touchpoint, match: ClientMatch) {
  return {
    kind: touchpoint.kind,
    source_key: touchpoint.sourceKey,
    client: match.client,
    client_method: match.method,
    client_confidence: match.confidence,
    occurred_at: touchpoint.occurredAt,
    ends_at: touchpoint.endsAt,
    all_day: touchpoint.allDay,
    time_zone: touchpoint.timeZone,
    title: touchpoint.title,
    body: touchpoint.body,
    people: touchpoint.people,
    details: touchpoint.details,
    content_hash: contentHash(touchpoint),
    text_hash: textHash(touchpoint),
  };
}
