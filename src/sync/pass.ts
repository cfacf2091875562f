import type { Config } from '../core/config.ts';
import { ConfigError, reasonOf } from '../core/errors.ts';
import { span } from '../core/trace.ts';
import { type FeedKind, type FeedRow, type MailboxRow, saveRun } from '../store/feeds.ts';
import { doubtedFeeds } from '../store/pages.ts';
import { StoreConflict } from '../store/store.ts';
import { type FeedSettings, lookAt, type SyncDeps, syncFeed } from './feed.ts';
import { dirtyFeeds, discoverFeeds } from './mailboxes.ts';
import { type Problem, problemOf } from './problem.ts';
import { pageRules, screeningHash } from './rules.ts';
import { several } from './several.ts';
import { Standings } from './standings.ts';
import { isTroubled, isUnanswered, refusalOf } from './states.ts';
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
export function syncPass(deps: SyncDeps, config: Config, options: PassOptions = {}): Promise<PassResult> {
  return span('pass', { only: options.only ?? 'everything' }, () => pass(deps, config, options));
}

async function pass(deps: SyncDeps, config: Config, options: PassOptions): Promise<PassResult> {
  const startedAt = new Date(deps.clock.now()).toISOString();
  const requestsBefore = deps.graph.requests();
  const settings = await feedSettings(deps, config, options.signal);
  const named = options.mailbox?.toLowerCase();
  const mailboxes = named === undefined ? config.mailboxes : [named];
  const urgent = named !== undefined;
  const { forgotten } = settings.rules.privacy;
  const discovery =
    options.only === 'dirty' ? null : await discoverFeeds(deps, { ...config, mailboxes, forgotten, urgent });
  const found = discovery?.feeds ?? (await dirtyFeeds(deps.store, { ...config, mailboxes }));
  const feeds = found.filter(({ kind }) => options.kind === undefined || kind === options.kind);
  const fresh = () => feedSettings(deps, config, options.signal);
  const kinds = kindsOf(config);
  const refusedMs = config.graph.refused_minutes * 60_000;
  const standings = new Standings(deps, { discovery, kinds, kind: options.kind, urgent, refusedMs });
  // what is refused is reported once for the mailbox, with how it stands
  const problems = (discovery?.problems ?? []).filter(({ state }) => state === null);
  const walk: FeedsWalk = {
    settings,
    fresh,
    standings,
    tally: new Tally(),
    problems,
    failed: new Set(),
    busy: 0,
    fatal: null,
  };
  const { tally } = walk;
  const limit = config.graph.concurrency;
  await walkFeeds(deps, lanesOf(feeds, discovery?.known ?? []), { walk, limit, options, looks: true });
  // what one mailbox lost may put another's copy in doubt, after its feed was walked
  const doubted = new Set(await doubtedFeeds(deps.store));
  const again = feeds.filter(({ id }) => doubted.has(id) && !walk.failed.has(id));
  await walkFeeds(deps, lanesOf(again, []), { walk, limit, options: {}, looks: false });
  problems.push(...(await standings.settle()));
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
  if (walk.fatal !== null) throw walk.fatal;
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
  readonly standings: Standings;
  /** Ids of the feeds that were not brought up to date. */
  readonly failed: Set<number>;
  busy: number;
  /** Nobody is signed in, or wrongly: no feed is worth trying any more. */
  fatal: ConfigError | null;
}

interface WalkOptions {
  readonly walk: FeedsWalk;
  /** Feeds under way at once. */
  readonly limit: number;
  /** Whether a look may be all that a feed needs: not when its row is of before it was walked. */
  readonly looks: boolean;
  readonly options: Pick<PassOptions, 'signal' | 'onFeed'>;
}

/**
 * Feeds that are walked one after the other, lane beside lane. The troubled feeds of a mailbox that gave no answer share
 * one, after all others: the first that fails again speaks for the rest.
 */
function lanesOf(feeds: readonly FeedRow[], known: readonly MailboxRow[]): FeedRow[][] {
  const unanswered = new Set(known.filter(({ failures }) => failures > 0).map(({ address }) => address));
  const healthy: FeedRow[][] = [];
  const troubled = new Map<string, FeedRow[]>();
  for (const feed of feeds) {
    if (!unanswered.has(feed.mailbox) || !isTroubled(feed)) healthy.push([feed]);
    else troubled.set(feed.mailbox, [...(troubled.get(feed.mailbox) ?? []), feed]);
  }
  return [...healthy, ...troubled.values()];
}

/** A feed's trouble stays its own. */
async function walkFeeds(
  deps: SyncDeps,
  lanes: readonly (readonly FeedRow[])[],
  { walk, limit, looks, options }: WalkOptions,
): Promise<void> {
  const total = lanes.flat().length;
  let done = 0;
  await several(lanes, limit, async (lane) => {
    let goesOn = true;
    for (const feed of lane) {
      const { id, kind } = feed;
      const tried = () => span('feed', { feed: id, kind }, () => walkOne(deps, feed, { walk, looks }));
      goesOn = goesOn && walk.fatal === null && (await tried());
      done += 1;
      options.onFeed?.(done, total);
    }
  });
}

/** @returns false when the mailbox gave no answer */
async function walkOne(
  deps: SyncDeps,
  feed: FeedRow,
  { walk, looks }: Pick<WalkOptions, 'walk' | 'looks'>,
): Promise<boolean> {
  const name = `${feed.mailbox} ${feed.name}`;
  try {
    const seen = looks ? await lookAt(deps, feed, walk.settings) : null;
    const work = (settings: FeedSettings) =>
      syncFeed(
        deps,
        feed.id,
        seen === null || seen === 'idle' ? settings : { ...settings, seen },
        walk.tally,
      );
    if (seen === 'idle' || (await byCurrentRules(walk, work))) walk.standings.add(feed, null);
    else walk.busy += 1;
    return true;
  } catch (error) {
    walk.settings.signal?.throwIfAborted();
    walk.failed.add(feed.id);
    deps.log.warn({ feed: name, reason: reasonOf(error) }, 'feed not brought up to date');
    if (error instanceof ConfigError) walk.fatal = error;
    else walk.standings.add(feed, error);
    if (refusalOf(error) === null) walk.problems.push(problemOf(name, error));
    return !isUnanswered(error);
  }
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

function kindsOf({ calendar, mail }: Config): FeedKind[] {
  return [...(calendar.enabled ? ['meeting' as const] : []), ...(mail.enabled ? ['email' as const] : [])];
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
