import type { Clock } from '../core/clock.ts';
import { reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { CALENDAR_PREFER, calendarDeltaUrl } from '../graph/calendar.ts';
import type { Graph } from '../graph/client.ts';
import { type DeltaPage, deltaPages } from '../graph/delta.ts';
import { isResyncNeeded } from '../graph/errors.ts';
import { MAIL_PREFER, messagesDeltaUrl } from '../graph/mail.ts';
import { claimFeed, type FeedRow, releaseFeed } from '../store/feeds.ts';
import { commitPage, type PageCommit } from '../store/pages.ts';
import type { Store } from '../store/store.ts';
import { type CalendarRound, calendarPage } from './calendar-page.ts';
import { mailPages } from './mail-page.ts';
import { countResult, type PageItem, type PageRules, pageRows } from './page.ts';
import { planRound, type Round, type RoundSettings } from './round.ts';
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
  readonly signal?: AbortSignal;
}

/** Seconds a lease lasts; every committed page renews it, so a dead owner's feed is free again soon. */
export const LEASE_SECONDS = 120;

/**
 * Brings one feed up to date. Counts into `tally` only what was committed.
 * @returns false when another owner holds the feed
 * @throws whatever Graph or the store threw: pages committed before it stay, the cursor stands behind them
 */
export async function syncFeed(deps: SyncDeps, feedId: number, settings: FeedSettings, tally: Tally): Promise<boolean> {
  const feed = await claimFeed(deps.store, { feed: feedId, owner: deps.owner, seconds: LEASE_SECONDS });
  if (feed === null) return false;
  const release = { feed: feed.id, owner: deps.owner };
  try {
    await walk(deps, feed, settings, tally);
  } catch (error) {
    const now = new Date(deps.clock.now()).toISOString();
    // the store may be what failed: the lease then simply runs out
    await releaseFeed(deps.store, { ...release, now, error: reasonOf(error) }).catch(() => undefined);
    throw error;
  }
  await releaseFeed(deps.store, { ...release, now: new Date(deps.clock.now()).toISOString() });
  return true;
}

/** A lost delta token is ordinary: a new full round begins, once. */
async function walk(deps: SyncDeps, feed: FeedRow, settings: FeedSettings, tally: Tally): Promise<void> {
  const plan = planRound(feed, deps.clock.now(), settings);
  const cursor = { version: feed.cursor_version };
  try {
    await walkRound(deps, { feed, plan, cursor, settings, tally });
  } catch (error) {
    if (plan.fresh || !isResyncNeeded(error)) throw error;
    deps.log.info({ feed: feed.id, mailbox: feed.mailbox, name: feed.name }, 'cursor lost: starting a new round');
    const anew = planRound({ ...feed, delta_link: null, next_link: null }, deps.clock.now(), settings);
    await walkRound(deps, { feed, plan: anew, cursor, settings, tally });
  }
}

interface Walk {
  readonly feed: FeedRow;
  readonly plan: Round;
  /** Moves with every commit; shared with the round that may follow. */
  readonly cursor: { version: number };
  readonly settings: FeedSettings;
  readonly tally: Tally;
}

async function walkRound(deps: SyncDeps, walk: Walk): Promise<void> {
  const { feed, plan, settings } = walk;
  const { start, prefer } = source(feed, plan, settings);
  const map = mapper(deps, walk);
  let begin: PageCommit['begin'] = plan.begin;
  const pages = deltaPages(deps.graph, start, { mailbox: feed.mailbox, prefer, ...signalOf(settings) });
  for await (const page of pages) {
    await commit(deps, walk, { page, mapped: await map(page.items), begin });
    begin = null;
  }
}

function source(feed: FeedRow, plan: Round, { pageSize }: FeedSettings) {
  const paging = `odata.maxpagesize=${pageSize}`;
  if (plan.window !== null) {
    return { start: plan.link ?? calendarDeltaUrl(feed.mailbox, plan.window), prefer: [...CALENDAR_PREFER, paging] };
  }
  return { start: plan.link ?? messagesDeltaUrl(feed.mailbox, feed.target), prefer: [...MAIL_PREFER, paging] };
}

interface MappedPage {
  readonly items: readonly PageItem[];
  readonly series: PageCommit['series'];
}

type PageMapper = (raw: readonly unknown[]) => Promise<MappedPage>;

function mapper(deps: SyncDeps, { feed, plan, settings }: Walk): PageMapper {
  if (plan.window === null) {
    return mailPages({
      graph: deps.graph,
      mailbox: feed.mailbox,
      folder: feed.target,
      notBefore: new Date(deps.clock.now() - settings.mail.past_days * 86_400_000).toISOString(),
      withhold: settings.withhold,
      ownDomains: settings.ownDomains,
      signal: settings.signal,
    });
  }
  const round: CalendarRound = {
    graph: deps.graph,
    mailbox: feed.mailbox,
    window: plan.window,
    full: plan.kind === 'full',
    withhold: settings.withhold,
    signal: settings.signal,
    masters: new Map(),
  };
  return (raw) => calendarPage(round, raw);
}

interface Commit {
  readonly page: DeltaPage;
  readonly mapped: MappedPage;
  readonly begin: PageCommit['begin'];
}

/** Rows, deletions and the new cursor in one transaction; counts are added only once it stands. */
async function commit(deps: SyncDeps, walk: Walk, { page, mapped, begin }: Commit): Promise<void> {
  const counts = walk.tally.branch();
  const rows = pageRows(mapped.items, walk.settings.rules, counts);
  const result = await commitPage(deps.store, {
    ...rows,
    feed: walk.feed.id,
    expect: walk.cursor.version,
    owner: deps.owner,
    leaseSeconds: LEASE_SECONDS,
    now: new Date(deps.clock.now()).toISOString(),
    mailbox: walk.feed.mailbox,
    begin,
    nextLink: page.nextLink,
    deltaLink: page.deltaLink,
    series: mapped.series,
  });
  walk.cursor.version = result.version;
  countResult(rows, result, counts);
  walk.tally.include(counts);
  deps.log.debug({ feed: walk.feed.id, ...counts.counts, deleted: result.deleted, swept: result.swept }, 'page stored');
}

function signalOf({ signal }: FeedSettings): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}


