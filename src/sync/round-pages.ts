import { CALENDAR_PREFER, calendarDeltaUrl } from '../graph/calendar.ts';
import { type DeltaPage, deltaPages, type PagesOptions, readDeltaPage } from '../graph/delta.ts';
import { MAIL_PREFER, messagesDeltaUrl } from '../graph/mail.ts';
import type { FeedRow } from '../store/feeds.ts';
import { knownKeys, type PageCommit, type Window } from '../store/pages.ts';
import { type CalendarRound, calendarPage } from './calendar-page.ts';
import type { FeedSettings, SeenPage, SyncDeps } from './feed.ts';
import { type MailRound, mailPages } from './mail-page.ts';
import { type Ahead, oneAhead } from './one-ahead.ts';
import type { PageItem } from './page.ts';
import type { Round } from './round.ts';

/** The pages of one round, read from Graph and mapped; nothing is written. */

export interface RoundWalk {
  readonly feed: FeedRow;
  readonly plan: Round;
  readonly settings: FeedSettings;
}

type PageDeps = Pick<SyncDeps, 'graph' | 'clock' | 'store'>;

export interface MappedPage {
  readonly page: DeltaPage;
  readonly items: readonly PageItem[];
  readonly series: PageCommit['series'];
}

/**
 * While whoever walks the round stores a page, the next one is mapped and the one after it is on its way. What was begun
 * and is not wanted any more is dropped.
 */
export function roundPages(deps: PageDeps, walk: RoundWalk): AsyncGenerator<MappedPage> {
  const { settings } = walk;
  const mapped = (ahead: Ahead) =>
    mappedPages(deps, { ...walk, settings: { ...settings, signal: ahead.signal } }, ahead);
  return oneAhead(mapped, settings.signal);
}

async function* mappedPages(deps: PageDeps, walk: RoundWalk, ahead: Ahead): AsyncGenerator<MappedPage> {
  const { feed, plan, settings } = walk;
  const { start, prefer } = source(feed, plan);
  const map = mapper(deps, walk, ahead);
  const seen = settings.seen?.link === start ? { first: settings.seen.page } : {};
  const options = { ...pageOptions(feed, settings, prefer), ahead: true, ...seen };
  for await (const page of deltaPages(deps.graph, start, options)) {
    yield { page, ...(await map(page.items)) };
  }
}

function pageOptions(
  { mailbox }: FeedRow,
  { signal, pageSize }: FeedSettings,
  prefer: readonly string[],
): PagesOptions {
  return { mailbox, prefer, pageSize, ...(signal === undefined ? {} : { signal }) };
}

/** The first page of a round that goes on from a cursor, before the feed is leased; null for any other round. */
export function glance(deps: Pick<SyncDeps, 'graph'>, { feed, plan, settings }: RoundWalk): SeenPage | null {
  if (plan.link === null || plan.begin?.round !== 'delta') return null;
  const { prefer } = source(feed, plan);
  const page = readDeltaPage(deps.graph, plan.link, pageOptions(feed, settings, prefer));
  // whoever walks the round is told of the failure; when nobody does, it was nobody's
  page.catch(() => undefined);
  return { link: plan.link, page };
}

function source(feed: FeedRow, plan: Round) {
  if (plan.window !== null) {
    return { start: plan.link ?? calendarDeltaUrl(feed.mailbox, plan.window), prefer: CALENDAR_PREFER };
  }
  return { start: plan.link ?? messagesDeltaUrl(feed.mailbox, feed.target), prefer: MAIL_PREFER };
}

type PageMapper = (raw: readonly unknown[]) => Promise<Omit<MappedPage, 'page'>>;

function mapper(deps: PageDeps, walk: RoundWalk, { settled }: Ahead): PageMapper {
  if (walk.plan.window === null) {
    const round = mailRound(deps, walk);
    // the page before it may be what makes a key known
    return mailPages({ ...round, known: (keys) => settled().then(() => round.known(keys)) });
  }
  const round = calendarRound(deps, walk, walk.plan.window);
  return (raw) => calendarPage(round, raw);
}

/** What mapping messages of this feed needs. */
export function mailRound({ graph, clock, store }: PageDeps, { feed, settings }: RoundWalk): MailRound {
  return {
    graph,
    mailbox: feed.mailbox,
    folder: feed.target,
    notBefore: new Date(clock.now() - settings.mail.past_days * 86_400_000).toISOString(),
    withhold: settings.withhold,
    ownDomains: settings.ownDomains,
    signal: settings.signal,
    known: (keys) => knownKeys(store, 'email', keys),
  };
}

/** What mapping events of this feed needs, with no series master seen yet. */
export function calendarRound(
  { graph }: Pick<SyncDeps, 'graph'>,
  walk: RoundWalk,
  window: Window,
): CalendarRound {
  return {
    graph,
    mailbox: walk.feed.mailbox,
    window,
    full: walk.plan.kind === 'full',
    withhold: walk.settings.withhold,
    signal: walk.settings.signal,
    masters: new Map(),
  };
}
