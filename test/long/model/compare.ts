import type { FeedRow } from '../../../src/store/feeds.ts';
import type { PgliteStore } from '../../../src/store/pglite.ts';
import { exportTouchpoints } from '../../../src/store/search.ts';
import { contentOf, type History, type Lying } from './history.ts';
import type { Witness } from './witness.ts';

/**
 * The store against the truth. Inside the calendars' windows both are the same. Outside, Graph tells less:
 *
 *   - what was stored, and lies unchanged where it lay, stays stored;
 *   - what Graph has announced as gone, or as changed, is stored as it is;
 *   - all else may be as it once was.
 *
 * Mail has no window: what is too old is left out when it is new to us, and is followed when it is not.
 */
export interface Compared {
  readonly history: History;
  readonly witness: Witness;
  readonly feeds: readonly FeedRow[];
  readonly held: readonly Held[];
  /** Mailboxes that can be read. */
  readonly reachable: ReadonlySet<string>;
  /** Mail received before is too old, in ms. */
  readonly mailFrom: number;
}

/** A stored touchpoint. */
export interface Held {
  readonly touchpoint: string;
  readonly content: string;
  /** `mailbox graph-id`, as often as there are rows. */
  readonly copies: readonly string[];
}

/** Everything that is stored and not deleted, except what a fault of the sandbox made up. */
export async function readHeld(store: PgliteStore): Promise<Held[]> {
  const held: Held[] = [];
  for await (const row of exportTouchpoints(store, { kinds: ['meeting', 'email'] })) {
    if (/malformed/i.test(row.source_key)) continue;
    const { title, occurred_at, ends_at: end } = row;
    const cancelled = row.details['status'] === 'cancelled';
    held.push({
      touchpoint: `${row.kind} ${row.source_key}`,
      content: contentOf({ title, start: row.kind === 'meeting' ? occurred_at : null, end, cancelled }),
      copies: row.copies.map(({ mailbox, graph_id }) => `${mailbox} ${graph_id}`),
    });
  }
  return held;
}

/** What differs, one line each. */
export function differences(compared: Compared): string[] {
  const { history, held } = compared;
  const byCopy = new Map(held.flatMap((row) => row.copies.map((copy) => [copy, row] as const)));
  return [
    ...[...history.now.values()].flatMap((entry) => missing(compared, entry, byCopy)),
    ...held.flatMap((row) => row.copies.flatMap((copy) => surplus(compared, copy, row))),
    ...held.flatMap((row) => misquoted(compared, row)),
    ...held
      .filter(({ copies }) => new Set(copies).size < copies.length)
      .map(({ touchpoint }) => `${touchpoint} has a copy twice`),
    ...held.filter(({ copies }) => copies.length === 0).map(({ touchpoint }) => `${touchpoint} has no copy`),
  ];
}

function missing(compared: Compared, entry: Lying, byCopy: ReadonlyMap<string, Held>): string[] {
  const { reachable, history } = compared;
  const isDue = reachable.has(entry.mailbox) && (isInside(compared, entry) || history.steady.has(entry.copy));
  if (!entry.wanted || !isDue) return [];
  const row = byCopy.get(entry.copy);
  if (row === undefined) return [`missing: ${described(entry)}`];
  return row.touchpoint === entry.touchpoint ? [] : [`stored as ${row.touchpoint}: ${described(entry)}`];
}

function surplus(compared: Compared, copy: string, row: Held): string[] {
  const { history, witness, reachable } = compared;
  const [mailbox = ''] = copy.split(' ');
  const current = history.now.get(copy);
  if (current?.wanted || !reachable.has(mailbox)) return [];
  const last = history.last.get(copy);
  // a mailbox that was made anew has another one's ids
  if (last === undefined) return [`never was: ${row.touchpoint} ${row.content}`];
  if (last.kind === 'meeting' && !isInside(compared, last) && !witness.wasAnnounced(copy)) return [];
  return [`surplus (${current === undefined ? 'gone' : 'to be left out'}): ${described(last)}`];
}

function misquoted(compared: Compared, row: Held): string[] {
  const { history, reachable } = compared;
  const copies = [...history.now.values()].filter(({ touchpoint }) => touchpoint === row.touchpoint);
  const [entry] = copies;
  const lies = [...row.copies.map((copy) => history.now.get(copy)), ...copies];
  const isPlain = lies.every(
    (copy) =>
      copy !== undefined &&
      reachable.has(copy.mailbox) &&
      (copy.kind === 'email' || isInside(compared, copy)),
  );
  if (isPlain && entry !== undefined)
    return row.content === entry.content ? [] : [`${described(entry)}\n    is stored as ${row.content}`];
  const ever = history.contents.get(row.touchpoint);
  return ever?.has(row.content) ? [] : [`${row.touchpoint} never was ${row.content}`];
}

/** Where Graph tells everything. */
function isInside({ feeds, mailFrom }: Compared, { kind, mailbox, from, to }: Lying): boolean {
  if (kind === 'email') return from >= mailFrom;
  const feed = feeds.find((row) => row.kind === 'meeting' && row.mailbox === mailbox);
  if (feed?.window_start == null || feed.window_end == null) return false;
  return from < Date.parse(feed.window_end) && Math.max(to, from + 1) > Date.parse(feed.window_start);
}

function described({ touchpoint, content, copy, folder }: Lying): string {
  return `${touchpoint} ${content}${folder === null ? '' : ` in ${folder}`} of ${copy}`;
}

/** Rows that contradict each other. */
export async function contradictions(store: PgliteStore): Promise<string[]> {
  const found = await store.sql(
    `select t.kind || ' ' || t.source_key || case when t.deleted_at is null then ' lives without a copy' else
         ' is deleted and has a copy' end as what
       from touchpoint.touchpoints t
       where (t.deleted_at is null) <> exists (select from touchpoint.copies c where c.touchpoint = t.id)
     union all
     select 'run ' || id || ' does not reconcile' from touchpoint.runs
       where fetched <> (select coalesce(sum(value::int), 0) from jsonb_each_text(reasons))`,
  );
  return found.map(({ what }) => String(what));
}
