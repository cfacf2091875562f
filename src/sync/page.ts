import type { Mapped } from '../graph/mapping.ts';
import type { CopyRow, PageResult } from '../store/pages.ts';
import type { ClientResolver } from './clients.ts';
import { type Privacy, screen } from './privacy.ts';
import type { Tally } from './tally.ts';

/** What became of the items of one page: pure, between Graph and the store. */

/** An item of a page that is known to be gone. */
export interface Removed {
  readonly outcome: 'removed';
  readonly graphId: string;
}

export type PageItem = Mapped | Removed;

/** The rows of a page commit, and the counts that do not depend on what the store already had. */
export interface PageRows {
  readonly copies: readonly CopyRow[];
  readonly removed: readonly string[];
  readonly forgotten: readonly string[];
  readonly shown: readonly string[];
}

export interface PageRules {
  readonly clients: ClientResolver;
  readonly privacy: Privacy;
}

/**
 * Sorts items into rows. The same item can come several times in a page and the last one wins: what it replaces
 * is counted as a duplicate.
 */
export function pageRows(
  items: readonly PageItem[],
  rules: PageRules & { readonly mailbox: string },
  tally: Tally,
): PageRows {
  const copies: CopyRow[] = [];
  const [removed, forgotten, shown] = [[] as string[], [] as string[], [] as string[]];
  for (const item of lastOfEach(items, tally)) {
    switch (item.outcome) {
      case 'removed':
        removed.push(item.graphId);
        break;
      case 'fail':
        tally.add('failed', item.reason);
        if (item.graphId !== null) shown.push(item.graphId);
        break;
      case 'skip':
        tally.add('skipped', item.reason);
        // a series master is no meeting: a single one that was stored under its id has become a series
        if (item.reason !== 'series master') (item.erase ? forgotten : shown).push(item.graphId);
        break;
      case 'keep': {
        const match = rules.clients.match(item.touchpoint);
        const verdict = screen(rules.privacy, { ...item, mailbox: rules.mailbox }, match);
        if (verdict.outcome === 'drop') {
          tally.add('skipped', verdict.reason);
          forgotten.push(item.graphId);
        } else {
          copies.push({ ...item, touchpoint: verdict.touchpoint, match });
        }
      }
    }
  }
  return { copies, removed, forgotten, shown };
}

/** Counts what the store made of the rows. */
export function countResult(rows: PageRows, result: PageResult, tally: Tally): void {
  const doubtful = new Set(result.doubtful);
  for (const { graphId } of rows.copies) {
    const outcome = result.outcomes[graphId] ?? 'unchanged';
    if (outcome === 'unchanged') tally.add('unchanged', 'same content');
    else tally.add('written', outcome);
  }
  const known = new Set(result.removed);
  for (const id of rows.removed) {
    if (known.has(id)) tally.add('written', 'removed');
    else if (doubtful.has(id)) tally.add('unchanged', 'removal in doubt');
    else tally.add('unchanged', 'removal of something unknown');
  }
}

function lastOfEach(items: readonly PageItem[], tally: Tally): PageItem[] {
  const byId = new Map<string, PageItem>();
  const nameless: PageItem[] = [];
  for (const item of items) {
    if (item.graphId === null) {
      nameless.push(item);
      continue;
    }
    if (byId.delete(item.graphId)) tally.add('skipped', 'duplicate');
    byId.set(item.graphId, item);
  }
  return [...byId.values(), ...nameless];
}
