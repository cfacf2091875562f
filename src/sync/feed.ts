import type { Clock } from '../core/clock.ts';
import { reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { span } from '../core/trace.ts';
import type { Graph } from '../graph/client.ts';
import type { DeltaPage } from '../graph/delta.ts';
import { isResyncNeeded } from '../graph/errors.ts';
import { claimFeed, type FeedRow, moveIdle, releaseFeed } from '../store/feeds.ts';
import { commitPage, type PageCommit, type PageResult, type Window } from '../store/pages.ts';
import type { Store } from '../store/store.ts';
import { doubtfulItems } from './calendar-page.ts';
import { doubtfulMails } from './mail-page.ts';
import { countResult, type PageItem, type PageRows, type PageRules, pageRows } from './page.ts';
import { planRound, type RoundSettings } from './round.ts';
import { calendarRound, glance, mailRound, type RoundWalk, roundPages } from './round-pages.ts';
import type { Tally } from './tally.ts';

/** One feed: delta pages in, one store call per page out. Polling, webhooks and resync all end here. */

export interface SyncDeps {
  readonly graph: Graph;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  /** Names this process in leases. */
  readonly owner: string;
}

export interface FeedSettings extends RoundSettings {
  readonly rules: PageRules;
  readonly withhold: readonly string[];
  /** Domains of our own: mail from them is outbound. */
  readonly ownDomains: readonly string[];
  readonly pageSize: number;
  /** A full round from nothing, whatever cursor there is. */
  readonly anew?: boolean;
  /** Told of every page that was committed. */
  readonly onPage?: (page: CommittedPage) => void;
  /** The first page of the round, asked for before the feed was leased. */
  readonly seen?: SeenPage;
  readonly signal?: AbortSignal;
}

export interface SeenPage {
  readonly link: string;
  readonly page: Promise<DeltaPage>;
}

export interface CommittedPage {
  readonly items: number;
  readonly result: PageResult;
}

/** Seconds a lease lasts; every committed page renews it, so a dead owner's feed is free again soon. */
export const LEASE_SECONDS = 120;

/**
 * Looks at a feed without leasing it: most looks find nothing, and then the new cursor is the one small write there is. A
 * marked feed is not looked at: only a lease makes later marks tell themselves from earlier ones.
 * @returns `idle` when that was all; else the page that was seen, if any, for the walk that must follow
 */
export async function lookAt(
  deps: SyncDeps,
  feed: FeedRow,
  settings: FeedSettings,
): Promise<'idle' | SeenPage | null> {
  if (feed.dirty_at !== null) return null;
  const plan = planRound(feed, deps.clock.now(), settings);
  const seen = glance(deps, { feed, plan, settings });
  const page = await seen?.page.catch(() => null);
  if (page == null || page.deltaLink === null || page.items.length > 0) return seen;
  const moved = await moveIdle(deps.store, {
    feed: feed.id,
    expect: feed.cursor_version,
    deltaLink: page.deltaLink,
    now: new Date(deps.clock.now()).toISOString(),
  });
  return moved ? 'idle' : seen;
}

/**
 * Brings one feed up to date. Counts into `tally` only what was committed.
 * @returns false when another owner holds the feed
 * @throws whatever Graph or the store threw: pages committed before it stay, the cursor stands behind them
 */
export async function syncFeed(
  deps: SyncDeps,
  feedId: number,
  settings: FeedSettings,
  tally: Tally,
): Promise<boolean> {
  let begun = false;
  const work = async (feed: FeedRow) => {
    begun = await walk(deps, feed, settings, tally);
    return begun;
  };
  const { signal, seen } = settings;
  const held = { id: feedId, signal, leaveMark: seen !== undefined };
  if (!(await withFeed(deps, held, work))) return false;
  // a round that an earlier process left in the middle shows the feed as it was then: what came since is in the next
  return begun || withFeed(deps, held, work);
}

export interface HeldFeed {
  readonly id: number;
  /** Of the work: to be stopped is no failure of the feed. */
  readonly signal?: AbortSignal | undefined;
  /** The work began before the lease: the mark that the lease shows may be later. */
  readonly leaveMark?: boolean;
}

/**
 * Works on a feed under its lease and records how it went.
 * @param work answers whether what notifications said of the feed before is now done
 * @returns false when another owner holds the feed
 */
export async function withFeed(
  deps: SyncDeps,
  { id, signal, leaveMark = false }: HeldFeed,
  work: (feed: FeedRow) => Promise<boolean>,
): Promise<boolean> {
  const feed = await claimFeed(deps.store, { feed: id, owner: deps.owner, seconds: LEASE_SECONDS });
  if (feed === null) return false;
  const release = { feed: feed.id, owner: deps.owner };
  let answered: boolean;
  try {
    answered = await work(feed);
  } catch (error) {
    const now = new Date(deps.clock.now()).toISOString();
    const reason = signal?.aborted === true ? feed.last_error : reasonOf(error);
    const failure = reason === null ? {} : { error: reason };
    // the store may be what failed: the lease then simply runs out
    await releaseFeed(deps.store, { ...release, ...failure, now }).catch(() => undefined);
    throw error;
  }
  const mark = answered && !leaveMark ? feed.dirty_at : null;
  const dirty = mark === null ? {} : { dirtyBefore: mark };
  await releaseFeed(deps.store, { ...release, ...dirty, now: new Date(deps.clock.now()).toISOString() });
  return true;
}

/**
 * A lost delta token is ordinary: a new full round begins, once.
 * @returns true when the round began now, so that what notifications said of the feed before is in it; one that was only
 *   gone on with may have begun before them
 */
async function walk(deps: SyncDeps, feed: FeedRow, settings: FeedSettings, tally: Tally): Promise<boolean> {
  const known = settings.anew === true ? { ...feed, delta_link: null, next_link: null } : feed;
  const plan = planRound(known, deps.clock.now(), settings);
  const cursor = { version: feed.cursor_version };
  try {
    await walkRound(deps, { feed, plan, cursor, settings, tally });
    return plan.begin !== null;
  } catch (error) {
    if (plan.fresh || !isResyncNeeded(error)) throw error;
    deps.log.info(
      { feed: feed.id, mailbox: feed.mailbox, name: feed.name },
      'cursor lost: starting a new round',
    );
    const anew = planRound({ ...feed, delta_link: null, next_link: null }, deps.clock.now(), settings);
    await walkRound(deps, { feed, plan: anew, cursor, settings, tally });
    return true;
  }
}

export interface Walk extends RoundWalk {
  /** Moves with every commit; shared with the round that may follow. */
  readonly cursor: { version: number };
  readonly tally: Tally;
}

async function walkRound(deps: SyncDeps, walk: Walk): Promise<void> {
  let { begin } = walk.plan;
  let doubtful: readonly string[] = [];
  for await (const { page, items, series } of roundPages(deps, walk)) {
    const { nextLink, deltaLink } = page;
    ({ doubtful } = await commitItems(deps, walk, { items, series, begin, nextLink, deltaLink }));
    begin = null;
  }
  await settleDoubts(deps, walk, doubtful);
}

// Each is one request: a page of them is committed before the next is asked for.
const ASKED_PER_PAGE = 25;

/**
 * Graph is asked about copies in doubt (a tombstone from outside the window may name an event that merely changed; the
 * copy that a touchpoint's content came from may be gone), and its answers are stored beside the round. Doubts stand in
 * the store until then, so an interruption leaves them to the next round.
 */
async function settleDoubts(deps: SyncDeps, walk: Walk, doubtful: readonly string[]): Promise<void> {
  if (doubtful.length > 0) await askEach(deps, walk, { ids: doubtful, window: walk.plan.window });
}

/**
 * Asks Graph for events or messages one by one and stores the answers beside the round.
 * @param asked.window null for mail
 * @returns how many of them were known and are gone
 */
export async function askEach(
  deps: SyncDeps,
  walk: Walk,
  { ids, window }: { readonly ids: readonly string[]; readonly window: Window | null },
): Promise<number> {
  const ask =
    window === null
      ? (some: readonly string[]) => doubtfulMails(mailRound(deps, walk), some)
      : (some: readonly string[]) => doubtfulItems(calendarRound(deps, walk, window), some);
  let gone = 0;
  for (let at = 0; at < ids.length; at += ASKED_PER_PAGE) {
    const items = await ask(ids.slice(at, at + ASKED_PER_PAGE));
    const { removed } = await commitItems(deps, walk, { ...ASIDE, items });
    gone += removed.length;
  }
  return gone;
}

/** Belongs to no round: the feed's cursor stays, and fences all the same. */
export const ASIDE = { series: [], begin: null, nextLink: null, deltaLink: null, aside: true } as const;

export type PagePlace = Pick<PageCommit, 'series' | 'begin' | 'nextLink' | 'deltaLink' | 'aside'>;

/** Rows, deletions and the new cursor in one transaction; counts are added only once it stands. */
export async function commitItems(
  deps: SyncDeps,
  walk: Walk,
  { items, ...place }: PagePlace & { readonly items: readonly PageItem[] },
): Promise<PageResult> {
  const { settings, feed, tally } = walk;
  const counts = tally.branch();
  const rows = pageRows(items, { ...settings.rules, mailbox: feed.mailbox }, counts);
  const result = await span('page', { feed: feed.id, items: items.length }, () =>
    commitRows(deps, walk, { ...rows, ...place }),
  );
  countResult(rows, result, counts);
  tally.include(counts);
  settings.onPage?.({ items: items.length, result });
  deps.log.debug(
    { feed: feed.id, ...counts.counts, deleted: result.deleted, swept: result.swept },
    'page stored',
  );
  return result;
}

/** The same for rows that are counted elsewhere. */
export async function commitRows(
  deps: SyncDeps,
  walk: Walk,
  page: PageRows & PagePlace,
): Promise<PageResult> {
  const result = await commitPage(deps.store, {
    ...page,
    feed: walk.feed.id,
    expect: walk.cursor.version,
    owner: deps.owner,
    leaseSeconds: LEASE_SECONDS,
    now: new Date(deps.clock.now()).toISOString(),
    mailbox: walk.feed.mailbox,
    privacy: walk.settings.rules.privacy.version,
  });
  walk.cursor.version = result.version;
  return result;
}
