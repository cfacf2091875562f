import pLimit from 'p-limit';
import type { Config } from '../core/config.ts';
import { reasonOf, TransientError } from '../core/errors.ts';
import { listCopies } from '../store/compare.ts';
import { type FeedRow, saveRun } from '../store/feeds.ts';
import type { Window } from '../store/pages.ts';
import {
  ASIDE,
  askEach,
  commitItems,
  commitRows,
  type FeedSettings,
  type SyncDeps,
  syncFeed,
  type Walk,
  withFeed,
} from './feed.ts';
import { type ForeseenChange, Foresight, foresee } from './foresight.ts';
import { type Discovery, discoverFeeds, knownFeeds } from './mailboxes.ts';
import { byCurrentRules, feedSettings } from './pass.ts';
import { type Problem, problemOf } from './problem.ts';
import { roundPages } from './round-pages.ts';
import { asidePlan, insideSpan, seenIds, spanOf } from './span.ts';
import { Tally } from './tally.ts';

/** The resync that a person asks for: everything is read anew, and what is no longer there goes. */

export interface ResyncOptions {
  readonly mailbox?: string;
  readonly kind?: 'meeting' | 'email';
  /** ISO instants: only touchpoints of this span are read anew; the rest, and the feeds' cursors, stay as they are. */
  readonly from?: string;
  readonly to?: string;
  /** Walks Graph and says what would change; writes nothing. */
  readonly dryRun?: boolean;
  /** Milliseconds to wait for a feed that somebody else walks. */
  readonly patience?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly feeds: number;
  readonly done: number;
  readonly items: number;
  /** Feeds that are waited for. */
  readonly waiting: number;
}

export interface ResyncResult {
  readonly feeds: number;
  readonly requests: number;
  readonly tally: Tally;
  /** Copies that Graph no longer showed; with dryRun those that would go. */
  readonly removed: number;
  /** Touchpoints that lost their last copy. */
  readonly deleted: number;
  /** Only with dryRun. */
  readonly foreseen: readonly ForeseenChange[];
  readonly problems: readonly Problem[];
}

// A walk of a large mailbox takes minutes.
const PATIENCE_MS = 10 * 60 * 1000;
const POLL_MS = 2000;

const NO_ROWS = { copies: [], removed: [], forgotten: [], shown: [] } as const;

/** Reads every feed (or those asked for) anew, several at once; a feed's trouble stays its own. Saves the run. */
export async function resync(
  deps: SyncDeps,
  config: Config,
  options: ResyncOptions = {},
): Promise<ResyncResult> {
  const startedAt = new Date(deps.clock.now()).toISOString();
  const requestsBefore = deps.graph.requests();
  const span = spanOf(options, deps.clock.now(), config.calendar);
  // a dry run makes nothing known to the store, clients that were added to the configuration included
  const known = options.dryRun === true ? { ...config, clients: [] } : config;
  const fresh = () => feedSettings(deps, known, options.signal);
  const settings = await fresh();
  const { feeds, problems } = await feedsOf(deps, config, { options, settings });
  const run = new ResyncRun(deps, { settings, fresh, options, span });
  const troubles = await pLimit(config.graph.concurrency).map(feeds, (feed) => run.feed(feed, feeds.length));
  const { tally, totals, foresight } = run;
  const all = [...problems, ...troubles.filter((problem) => problem !== null)];
  if (options.dryRun !== true) {
    const errors = all.map(({ feed, reason }) => ({ feed, reason }));
    const ended = { ended_at: new Date(deps.clock.now()).toISOString(), errors };
    await saveRun(deps.store, { started_at: startedAt, ...ended, ...tally.counts, reasons: tally.reasons });
  }
  const requests = deps.graph.requests() - requestsBefore;
  return { ...totals, feeds: feeds.length, requests, tally, foreseen: foresight.changes, problems: all };
}

async function feedsOf(
  deps: SyncDeps,
  config: Config,
  { options, settings }: { readonly options: ResyncOptions; readonly settings: FeedSettings },
): Promise<Pick<Discovery, 'feeds' | 'problems'>> {
  const { mailbox, kind, dryRun } = options;
  const mailboxes = mailbox === undefined ? config.mailboxes : [mailbox.toLowerCase()];
  const wanted = { ...config, mailboxes, forgotten: settings.rules.privacy.forgotten, urgent: true };
  const { feeds, problems } =
    dryRun === true
      ? { feeds: await knownFeeds(deps.store, wanted), problems: [] }
      : await discoverFeeds(deps, wanted);
  return { feeds: feeds.filter((feed) => kind === undefined || feed.kind === kind), problems };
}

interface RunSettings {
  readonly settings: FeedSettings;
  /** The same by the rules that hold when it is called. */
  readonly fresh: () => Promise<FeedSettings>;
  readonly options: ResyncOptions;
  /** Null: everything. */
  readonly span: Window | null;
}

class ResyncRun {
  readonly tally = new Tally();
  readonly foresight = new Foresight();
  readonly #deps: SyncDeps;
  readonly #options: ResyncOptions;
  readonly #settings: FeedSettings;
  readonly #fresh: () => Promise<FeedSettings>;
  readonly #span: Window | null;
  #removed = 0;
  #deleted = 0;
  #progress: Progress = { feeds: 0, done: 0, items: 0, waiting: 0 };

  constructor(deps: SyncDeps, { settings, fresh, options, span }: RunSettings) {
    this.#deps = deps;
    this.#options = options;
    this.#span = span;
    this.#settings = this.#anew(settings);
    this.#fresh = async () => this.#anew(await fresh());
  }

  #anew(settings: FeedSettings): FeedSettings {
    const onPage: FeedSettings['onPage'] = ({ items, result }) => {
      this.#removed += result.swept;
      this.#deleted += result.deleted;
      this.#tell({ items: this.#progress.items + items });
    };
    return { ...settings, anew: true, onPage };
  }

  get totals(): Pick<ResyncResult, 'removed' | 'deleted'> {
    return { removed: this.#removed + this.foresight.removed, deleted: this.#deleted };
  }

  /** Null when all went well. */
  async feed(feed: FeedRow, feeds: number): Promise<Problem | null> {
    this.#tell({ feeds });
    try {
      if (this.#options.dryRun === true) await this.#foresee(feed);
      else await this.#whenFree(() => this.#walk(feed));
      return null;
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      const name = `${feed.mailbox} ${feed.name}`;
      this.#deps.log.warn({ feed: name, reason: reasonOf(error) }, 'feed not resynced');
      return problemOf(name, error);
    } finally {
      this.#tell({ done: this.#progress.done + 1 });
    }
  }

  #walk(feed: FeedRow): Promise<boolean> {
    const span = this.#span;
    return byCurrentRules({ settings: this.#settings, fresh: this.#fresh }, (settings) => {
      if (span === null) return syncFeed(this.#deps, feed.id, settings, this.tally);
      return withFeed(this.#deps, { id: feed.id, signal: settings.signal }, async (held) => {
        await this.#walkAside(held, span, settings);
        // the feed's own round has still to be walked
        return false;
      });
    });
  }

  /** A round of its own: its pages are fenced by the feed's cursor, which stays where it is. */
  async #walkAside(feed: FeedRow, span: Window, settings: FeedSettings): Promise<void> {
    const cursor = { version: feed.cursor_version };
    const walk: Walk = { feed, plan: asidePlan(feed, span), settings, cursor, tally: this.tally };
    const gone = await listCopies(this.#deps.store, feed.id, span);
    for await (const page of roundPages(this.#deps, walk)) {
      const items = page.items.map((item) => insideSpan(item, span, feed.kind));
      for (const id of seenIds(items)) gone.delete(id);
      await commitItems(this.#deps, walk, { ...ASIDE, items });
    }
    if (gone.size === 0) return;
    const ids = [...gone.keys()];
    if (feed.kind === 'meeting') {
      // all-day events have no instant of their own: at the span's ends only Graph knows
      this.#removed += await askEach(this.#deps, walk, { ids, window: span });
      return;
    }
    const { removed, deleted } = await commitRows(this.#deps, walk, { ...NO_ROWS, ...ASIDE, removed: ids });
    this.#removed += removed.length;
    this.#deleted += deleted;
  }

  async #foresee(feed: FeedRow): Promise<void> {
    const onPage = (items: number) => this.#tell({ items: this.#progress.items + items });
    const { tally, foresight } = this;
    await foresee(this.#deps, { feed, span: this.#span, settings: this.#settings, tally, foresight, onPage });
  }

  /** Somebody else's walk is waited for: two at once would only make each other fail. */
  async #whenFree(attempt: () => Promise<boolean>): Promise<void> {
    const { clock } = this.#deps;
    const { patience = PATIENCE_MS, signal } = this.#options;
    for (let waited = 0; !(await attempt()); waited += POLL_MS) {
      if (waited >= patience) throw new TransientError('the feed is being walked by somebody else');
      this.#tell({ waiting: this.#progress.waiting + 1 });
      await clock.sleep(POLL_MS, signal).finally(() => this.#tell({ waiting: this.#progress.waiting - 1 }));
    }
  }

  #tell(change: Partial<Progress>): void {
    this.#progress = { ...this.#progress, ...change };
    this.#options.onProgress?.(this.#progress);
  }
}
