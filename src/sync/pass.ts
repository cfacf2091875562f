import pLimit from 'p-limit';
import type { Config } from '../core/config.ts';
import { reasonOf, TransientError } from '../core/errors.ts';
import { putClients, saveRun } from '../store/feeds.ts';
import { StoreConflict } from '../store/store.ts';
import { clientResolver } from './clients.ts';
import { type FeedSettings, type SyncDeps, syncFeed } from './feed.ts';
import { discoverFeeds, type Problem } from './mailboxes.ts';
import { Tally } from './tally.ts';

/** One pass over all feeds. */

export interface PassOptions {
  /** Only this mailbox. */
  readonly mailbox?: string;
  readonly kind?: 'meeting' | 'email';
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
export async function syncPass(deps: SyncDeps, config: Config, options: PassOptions = {}): Promise<PassResult> {
  const startedAt = new Date(deps.clock.now()).toISOString();
  const requestsBefore = deps.graph.requests();
  const settings = await feedSettings(deps, config, options.signal);
  const mailboxes = options.mailbox === undefined ? config.mailboxes : [options.mailbox.toLowerCase()];
  const discovery = await discoverFeeds(deps, { ...config, mailboxes });
  const feeds = discovery.feeds.filter(({ kind }) => options.kind === undefined || kind === options.kind);
  const tally = new Tally();
  const problems = [...discovery.problems];
  let [busy, done] = [0, 0];
  const limit = pLimit(config.graph.concurrency);
  await limit.map(feeds, async (feed) => {
    try {
      if (!(await syncFeed(deps, feed.id, settings, tally))) busy += 1;
    } catch (error) {
      options.signal?.throwIfAborted();
      const name = `${feed.mailbox} ${feed.name}`;
      problems.push({ feed: name, reason: reasonOf(error), transient: isTransient(error) });
      deps.log.warn({ feed: name, reason: reasonOf(error) }, 'feed not brought up to date');
    }
    done += 1;
    options.onFeed?.(done, feeds.length);
  });
  const errors = problems.map(({ feed, reason }) => ({ feed, reason }));
  const endedAt = new Date(deps.clock.now()).toISOString();
  await saveRun(deps.store, { started_at: startedAt, ended_at: endedAt, ...tally.counts, reasons: tally.reasons, errors });
  return { feeds: feeds.length, busy, requests: deps.graph.requests() - requestsBefore, tally, problems };
}

function isTransient(error: unknown): boolean {
  return error instanceof TransientError || error instanceof StoreConflict;
}

async function feedSettings(deps: SyncDeps, config: Config, signal: AbortSignal | undefined): Promise<FeedSettings> {
  const clients = clientResolver({
    clients: await putClients(deps.store, 'configuration', config.clients),
    internalDomains: config.internal_domains,
    sharedDomains: config.shared_domains,
  });
  const { without_client } = config.mail;
  return {
    calendar: config.calendar,
    mail: config.mail,
    rules: { clients, dropUnmatchedMail: without_client === 'drop' || (without_client === 'auto' && clients.anyKnown) },
    withhold: config.privacy.withhold,
    ownDomains: config.internal_domains,
    pageSize: config.graph.page_size,
    ...(signal === undefined ? {} : { signal }),
  };
}

