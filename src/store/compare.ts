import { z } from 'zod';
import { contentHash } from '../core/hash.ts';
import type { CopyRow, Window } from './pages.ts';
import { callStore, type Store } from './store.ts';

/** What the store would make of a page, and what it holds of a feed: reading only. */

export const FORESEEN = ['inserted', 'restored', 'updated', 'copied', 'unchanged'] as const;
export type Foreseen = (typeof FORESEEN)[number];

const Compared = z.array(z.object({ graph_id: z.string(), outcome: z.enum(FORESEEN) }));

export interface Comparison {
  readonly feed: number;
  readonly mailbox: string;
  readonly copies: readonly CopyRow[];
}

/** By graph id: the outcome that a page commit of these copies would have. Only hashes travel. */
export async function compareCopies(store: Store, page: Comparison): Promise<ReadonlyMap<string, Foreseen>> {
  const items = page.copies.map(({ graphId, touchpoint, match, authoritative, modifiedAt }) => ({
    graph_id: graphId,
    mailbox: page.mailbox,
    kind: touchpoint.kind,
    source_key: touchpoint.sourceKey,
    client: match.client,
    content_hash: contentHash(touchpoint),
    rank: authoritative ? 1 : 0,
    modified_at: modifiedAt,
  }));
  const rows = await callStore(store, 'touchpoint_compare', { feed: page.feed, items }, Compared);
  return new Map(rows.map(({ graph_id, outcome }) => [graph_id, outcome]));
}

const Copy = z.object({ graph_id: z.string(), source_key: z.string() });

// PostgREST's default for rows in one answer; ids have about 150 characters.
const PAGE = 1000;

/** Copies that a feed has inside a span (null: all of them), as graph id -> source key. */
export async function listCopies(
  store: Store,
  feed: number,
  span: Window | null,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let after: string | undefined;
  for (;;) {
    const page = { feed, ...span, after, limit: PAGE };
    const rows = await callStore(store, 'touchpoint_copies', page, z.array(Copy));
    for (const { graph_id, source_key } of rows) found.set(graph_id, source_key);
    if (rows.length < PAGE) return found;
    after = rows.at(-1)?.graph_id;
  }
}
