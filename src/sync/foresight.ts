import { compareCopies, type Foreseen, listCopies } from '../store/compare.ts';
import type { FeedRow } from '../store/feeds.ts';
import type { CopyRow, Window } from '../store/pages.ts';
import { doubtfulItems } from './calendar-page.ts';
import type { FeedSettings, SyncDeps } from './feed.ts';
import { type PageItem, pageRows } from './page.ts';
import { planRound } from './round.ts';
import { calendarRound, roundPages } from './round-pages.ts';
import { asidePlan, insideSpan } from './span.ts';
import type { Tally } from './tally.ts';

/** What a resync would change: Graph is walked and compared with the store, and nothing is written. */

/** One touchpoint that would change, by its source key: never by what it says. */
export interface ForeseenChange {
  readonly feed: string;
  readonly outcome: Exclude<Foreseen, 'unchanged'> | 'removed';
  readonly key: string;
}

// Enough to see what is meant, little enough to be read.
const MOST_SHOWN = 20;

export class Foresight {
  readonly changes: ForeseenChange[] = [];
  removed = 0;
  /** Touchpoints that another feed of the same walk would have written already. */
  readonly #written = new Set<string>();

  /** The outcome of one copy, given what the walk has foreseen before it. */
  outcome(copy: CopyRow, compared: Foreseen): Foreseen {
    const key = `${copy.touchpoint.kind} ${copy.touchpoint.sourceKey}`;
    const isFirst = !this.#written.has(key);
    if (compared === 'inserted' || compared === 'restored') this.#written.add(key);
    return isFirst || compared === 'unchanged' || compared === 'updated' ? compared : 'copied';
  }

  show(change: ForeseenChange): void {
    if (this.changes.length < MOST_SHOWN) this.changes.push(change);
  }
}

export interface ForeseenWalk {
  readonly feed: FeedRow;
  readonly span: Window | null;
  readonly settings: FeedSettings;
  readonly tally: Tally;
  readonly foresight: Foresight;
  readonly onPage: (items: number) => void;
}

/** Walks one feed. Counts what a resync would count; what it would no longer find goes into `foresight`. */
export async function foresee(deps: SyncDeps, walk: ForeseenWalk): Promise<void> {
  const { feed, span, settings } = walk;
  const blank = { ...feed, delta_link: null, next_link: null };
  const plan = span === null ? planRound(blank, deps.clock.now(), settings) : asidePlan(feed, span);
  const gone = await listCopies(deps.store, feed.id, span ?? plan.window);
  for await (const page of roundPages(deps, { feed, plan, settings })) {
    const items = page.items.map((item) => insideSpan(item, span, feed.kind));
    await foreseePage(deps, walk, { items, gone });
    walk.onPage(items.length);
  }
  // as in the walk itself: at the ends of a span only Graph knows
  const ids = [...gone.keys()];
  const asked = span !== null && plan.window !== null;
  const items = asked ? await doubtfulItems(calendarRound(deps, { feed, plan, settings }, span), ids) : [];
  const there = new Set(items.filter(({ outcome }) => outcome !== 'removed').map(({ graphId }) => graphId));
  for (const [id, key] of gone) {
    if (there.has(id)) continue;
    walk.foresight.removed += 1;
    walk.foresight.show({ feed: nameOf(feed), outcome: 'removed', key });
  }
}

interface ForeseenPage {
  readonly items: readonly PageItem[];
  /** Copies that no page has shown so far, as graph id -> source key. */
  readonly gone: Map<string, string>;
}

async function foreseePage(deps: SyncDeps, walk: ForeseenWalk, { items, gone }: ForeseenPage): Promise<void> {
  const { feed, settings, tally, foresight } = walk;
  const rows = pageRows(items, { ...settings.rules, mailbox: feed.mailbox }, tally);
  for (const id of rows.removed)
    tally.add('unchanged', gone.has(id) ? 'removal' : 'removal of something unknown');
  for (const id of [...rows.shown, ...rows.copies.map(({ graphId }) => graphId)]) gone.delete(id);
  const compared = await compareCopies(deps.store, {
    feed: feed.id,
    mailbox: feed.mailbox,
    copies: rows.copies,
  });
  for (const copy of rows.copies) {
    const outcome = foresight.outcome(copy, compared.get(copy.graphId) ?? 'unchanged');
    if (outcome === 'unchanged') {
      tally.add('unchanged', 'same content');
      continue;
    }
    tally.add('written', outcome);
    foresight.show({ feed: nameOf(feed), outcome, key: copy.touchpoint.sourceKey });
  }
}

function nameOf(feed: FeedRow): string {
  return `${feed.mailbox} ${feed.name}`;
}
