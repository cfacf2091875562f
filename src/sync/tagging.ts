import type { Tagger, Tagging } from '../classify/tagger.ts';
import type { Clock } from '../core/clock.ts';
import { reasonOf, TransientError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../store/store.ts';
import { readUntagged, saveTags, type TaggedRow, type Untagged } from '../store/tags.ts';

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
  readonly signal?: AbortSignal;
  readonly onPage?: (done: number) => void;
}

export interface TagResult {
  readonly tagged: number;
  readonly failed: number;
}

// Pages of this size bound memory and what a crash repeats, and fit PostgREST's payloads (50 x 384 numbers is 200 kB).
const PAGE = 50;

/** @throws {TransientError} when the model or the store is away: what was saved stays, the rest still needs a tag */
export async function tagPending(deps: TagDeps, options: TagOptions = {}): Promise<TagResult> {
  const versions = { encoder: deps.tagger.encoder, taxonomy: deps.tagger.taxonomy };
  const wanted = options.limit ?? Number.POSITIVE_INFINITY;
  let [tagged, failed, seen] = [0, 0, 0];
  let after: string | null = null;
  while (seen < wanted) {
    options.signal?.throwIfAborted();
    const page: Untagged[] = await readUntagged(deps.store, {
      ...versions,
      limit: Math.min(PAGE, wanted - seen),
      after,
    });
    if (page.length === 0) break;
    const { rows, failures } = await tagPage(deps, page, options.signal);
    const now = new Date(deps.clock.now()).toISOString();
    tagged += await saveTags(deps.store, { ...versions, now, rows, failed: failures });
    failed += failures.length;
    seen += page.length;
    after = page.at(-1)?.id ?? null;
    options.onPage?.(seen);
  }
  return { tagged, failed };
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
