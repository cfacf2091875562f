import type { Tagger, Tagging } from '../classify/tagger.ts';
import type { Clock } from '../core/clock.ts';
import { reasonOf, TransientError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { span } from '../core/trace.ts';
import type { Store } from '../store/store.ts';
import {
  beginTagging,
  countWords,
  readUntagged,
  type Standing,
  saveTagsPage,
  type TaggedRow,
  type Untagged,
} from '../store/tags.ts';

/** Tags and embeds whatever needs it: a query, page by page, that can be interrupted anywhere. */

export interface TagDeps {
  readonly store: Store;
  readonly tagger: Tagger;
  readonly clock: Clock;
  readonly log: Log;
}

export interface TagOptions {
  /** At most so many touchpoints. */
  readonly limit?: number;
  /** Touchpoints a page, 50 to 500. */
  readonly page?: number;
  readonly signal?: AbortSignal;
  readonly onPage?: (done: number) => void;
}

export interface TagResult {
  readonly tagged: number;
  readonly failed: number;
}

/** Touchpoints a page. The least bounds memory and what a crash repeats, and fits PostgREST's payloads (200 kB). */
export const TAG_PAGE = { least: 50, most: 500 } as const;

// Taggers that have said to a store that they are there: the one that did so last decides what is tagged with.
const started = new WeakMap<Tagger, WeakSet<Store>>();

/**
 * Tags what needs it. Does nothing while tagging is paused, or once a tagger of another version was started on the store.
 * @throws {TransientError} when the model or the store is away: what was saved stays, the rest still needs a tag
 */
export async function tagPending(deps: TagDeps, options: TagOptions = {}): Promise<TagResult> {
  const wanted = options.limit ?? Number.POSITIVE_INFINITY;
  const size = options.page ?? TAG_PAGE.least;
  let [tagged, failed, seen] = [0, 0, 0];
  let after: string | null = null;
  let standing = await begin(deps);
  while (seen < wanted && !standing.paused && !standing.aside) {
    options.signal?.throwIfAborted();
    const limit = Math.min(size, wanted - seen);
    const page: Untagged[] = await readUntagged(deps.store, { ...versionsOf(deps), limit, after });
    if (page.length === 0) break;
    const { rows, failures } = await span('tag page', { touchpoints: page.length }, () =>
      tagPage(deps, page, options.signal),
    );
    const answer = await saveTagsPage(deps.store, {
      ...versionsOf(deps),
      now: now(deps),
      rows,
      failed: failures,
    });
    standing = answer;
    tagged += answer.saved;
    failed += failures.length;
    seen += page.length;
    after = page.at(-1)?.id ?? null;
    options.onPage?.(seen);
  }
  if (tagged > 0) await countWords(deps.store);
  if (standing.paused) deps.log.info({}, 'tagging is paused: touchpoint tag --resume');
  if (standing.aside)
    deps.log.warn(versionsOf(deps), 'another version was started on this store: standing aside');
  return { tagged, failed };
}

async function begin(deps: TagDeps): Promise<Standing> {
  const { store, tagger } = deps;
  const stores = started.get(tagger) ?? new WeakSet();
  const standing = await beginTagging(store, {
    ...versionsOf(deps),
    now: now(deps),
    start: !stores.has(store),
  });
  started.set(tagger, stores.add(store));
  return standing;
}

function versionsOf({ tagger }: TagDeps) {
  return { encoder: tagger.encoder, taxonomy: tagger.taxonomy };
}

function now({ clock }: TagDeps): string {
  return new Date(clock.now()).toISOString();
}

interface TaggedPage {
  readonly rows: readonly TaggedRow[];
  readonly failures: readonly { readonly id: string; readonly error: string }[];
}

/** One pass of the encoder per touchpoint; if the page fails, each is tried alone so that one bad text costs itself only. */
async function tagPage(
  deps: Pick<TagDeps, 'tagger' | 'log'>,
  page: readonly Untagged[],
  signal?: AbortSignal,
): Promise<TaggedPage> {
  const items = page.map(({ kind, title, body }) => ({ kind, title, text: body }));
  try {
    const taggings = await deps.tagger.tag(items, signal);
    return { rows: page.flatMap((row, index) => tagRow(row, taggings[index])), failures: [] };
  } catch (error) {
    if (error instanceof TransientError || signal?.aborted) throw error;
    if (page.length > 1) {
      const alone = await Promise.all(page.map((row) => tagPage(deps, [row], signal)));
      return { rows: alone.flatMap(({ rows }) => rows), failures: alone.flatMap(({ failures }) => failures) };
    }
    const [row] = page;
    deps.log.warn({ touchpoint: row?.id, reason: reasonOf(error) }, 'touchpoint could not be tagged');
    return { rows: [], failures: row === undefined ? [] : [{ id: row.id, error: reasonOf(error) }] };
  }
}

function tagRow(row: Untagged, tagging: Tagging | undefined): TaggedRow[] {
  if (tagging === undefined) return [];
  const tasks = Object.entries(tagging.tasks);
  return [
    {
      id: row.id,
      textHash: row.text_hash,
      vector: tagging.vector,
      uncertain: tasks.filter(([, { uncertain }]) => uncertain).map(([task]) => task),
      tags: tasks.flatMap(([task, { labels }]) => labels.map(({ label, score }) => ({ task, label, score }))),
    },
  ];
}
