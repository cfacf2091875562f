import pLimit from 'p-limit';
import type { Config } from '../core/config.ts';
import { reasonOf, TransientError } from '../core/errors.ts';
import { type FeedRow, saveRun } from '../store/feeds.ts';
import { doubtedFeeds } from '../store/pages.ts';
import { StoreConflict } from '../store/store.ts';
import { type FeedSettings, type SyncDeps, syncFeed } from './feed.ts';
import { dirtyFeeds, discoverFeeds, type Problem } from './mailboxes.ts';
import { pageRules, screeningHash } from './rules.ts';
import { Tally } from './tally.ts';

/** One pass over all feeds. */

export interface PassOptions {
  /** Only this mailbox. */
  readonly mailbox?: string;
  readonly kind?: 'meeting' | 'email';
  /** Only feeds that were marked since they were last walked. */
  readonly only?: 'dirty';
  readonly signal?: AbortSignal;
  /** Called after each feed, for progress on a terminal. */
  readonly onFeed?: (done: number, total: number) => void;
}

export interface PassResult {
  readonly feeds: number;
  /** Feeds that another process holds. */
  readonly busy: number;
  readonly requests: number;
  readonly tally: Tally;
  readonly problems: readonly Problem[];
}

/** Brings every feed up to date, several at once; a feed's trouble stays its own. Saves the run with its counts. */
export async function syncPass(
  deps: SyncDeps,
  config: Config,
  options: PassOptions = {},
): Promise<PassResult> {
  const startedAt = new Date(deps.clock.now()).toISOString();
  const requestsBefore = deps.graph.requests();
  const settings = await feedSettings(deps, config, options.signal);
  const mailboxes = options.mailbox === undefined ? config.mailboxes : [options.mailbox.toLowerCase()];
  const discovery =
    options.only === 'dirty'
      ? { feeds: await dirtyFeeds(deps.store, { ...config, mailboxes }), problems: [] }
      : await discoverFeeds(deps, { ...config, mailboxes, forgotten: settings.rules.privacy.forgotten });
  const feeds = discovery.feeds.filter(({ kind }) => options.kind === undefined || kind === options.kind);
  const fresh = () => feedSettings(deps, config, options.signal);
  const walk: FeedsWalk = { settings, fresh, tally: new Tally(), problems: [...discovery.problems], busy: 0 };
  const { tally, problems } = walk;
  await walkFeeds(deps, feeds, { walk, limit: config.graph.concurrency, options });
  // what one mailbox lost may put another's copy in doubt, after its feed was walked
  const doubted = new Set(await doubtedFeeds(deps.store));
  const failed = new Set(problems.map(({ feed }) => feed));
  const again = feeds.filter(({ id, mailbox, name }) => doubted.has(id) && !failed.has(`${mailbox} ${name}`));
  await walkFeeds(deps, again, { walk, limit: config.graph.concurrency, options: {} });
  const errors = problems.map(({ feed, reason }) => ({ feed, reason }));
  const endedAt = new Date(deps.clock.now()).toISOString();
  // notifications come in hundreds, and many tell of what is known already: such a pass leaves no line behind
  const told = options.only !== 'dirty' || tally.fetched > 0 || errors.length > 0;
  if (told) {
    await saveRun(deps.store, {
      started_at: startedAt,
      ended_at: endedAt,
      ...tally.counts,
      reasons: tally.reasons,
      errors,
    });
  }
  return {
    feeds: feeds.length,
    busy: walk.busy,
    requests: deps.graph.requests() - requestsBefore,
    tally,
    problems,
  };
}

/** What the feeds of one pass share. */
interface FeedsWalk {
  readonly settings: FeedSettings;
  readonly fresh: () => Promise<FeedSettings>;
  readonly tally: Tally;
  readonly problems: Problem[];
  busy: number;
}

interface WalkOptions {
  readonly walk: FeedsWalk;
  /** Feeds under way at once. */
  readonly limit: number;
  readonly options: Pick<PassOptions, 'signal' | 'onFeed'>;
}

/** A feed's trouble stays its own. */
async function walkFeeds(
  deps: SyncDeps,
  feeds: readonly FeedRow[],
  { walk, limit, options }: WalkOptions,
): Promise<void> {
  let done = 0;
  await pLimit(limit).map(feeds, async (feed) => {
    try {
      const work = (settings: FeedSettings) => syncFeed(deps, feed.id, settings, walk.tally);
      if (!(await byCurrentRules(walk, work))) walk.busy += 1;
    } catch (error) {
      walk.settings.signal?.throwIfAborted();
      const name = `${feed.mailbox} ${feed.name}`;
      walk.problems.push({ feed: name, reason: reasonOf(error), transient: isTransient(error) });
      deps.log.warn({ feed: name, reason: reasonOf(error) }, 'feed not brought up to date');
    }
    done += 1;
    options.onFeed?.(done, feeds.length);
  });
}

/** When what is to be left out changed during the work (or another process was faster), it is done again by what holds now. */
export async function byCurrentRules<T>(
  { settings, fresh }: Pick<FeedsWalk, 'settings' | 'fresh'>,
  work: (settings: FeedSettings) => Promise<T>,
): Promise<T> {
  try {
    return await work(settings);
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
    return work(await fresh());
  }
}

export function isTransient(error: unknown): boolean {
  return error instanceof TransientError || error instanceof StoreConflict;
}

/** What walking a feed needs, with the rules that hold now. */
export async function feedSettings(
  deps: SyncDeps,
  config: Config,
  signal?: AbortSignal,
): Promise<FeedSettings> {
  return {
    origin: deps.graph.origin,
    calendar: config.calendar,
    mail: config.mail,
    rules: await pageRules(deps.store, config, deps.clock.now()),
    screening: screeningHash(config),
    withhold: config.privacy.withhold,
    ownDomains: config.internal_domains,
    pageSize: config.graph.page_size,
    ...(signal === undefined ? {} : { signal }),
  };
}
