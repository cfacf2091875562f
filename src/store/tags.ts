import { z } from 'zod';
import { KINDS } from '../core/touchpoint.ts';
import { callStore, type Store } from './store.ts';

/** What still needs a tag, and tags coming back. */

const Untagged = z.object({
  id: z.uuid(),
  kind: z.enum(KINDS),
  title: z.string(),
  body: z.string(),
  text_hash: z.string(),
});
export type Untagged = z.infer<typeof Untagged>;

export interface Versions {
  readonly encoder: string;
  readonly taxonomy: string;
}

/** How often a touchpoint that makes the tagger fail is tried before it is left alone. */
const MAX_ATTEMPTS = 3;

/** A page of touchpoints whose text, encoder or taxonomy differs from what was tagged, by id. */
export function readUntagged(
  store: Store,
  page: Versions & { readonly limit: number; readonly after: string | null },
) {
  const { after, ...rest } = page;
  const payload = { ...rest, attempts: MAX_ATTEMPTS, after: after ?? undefined };
  return callStore(store, 'touchpoint_untagged', payload, z.array(Untagged));
}

export interface TaggedRow {
  readonly id: string;
  /** Of the text that was tagged: a row that changed meanwhile is not written. */
  readonly textHash: string;
  readonly vector: Float32Array;
  readonly uncertain: readonly string[];
  readonly tags: readonly { readonly task: string; readonly label: string; readonly score: number }[];
}

export interface TagsPage extends Versions {
  readonly now: string;
  readonly rows: readonly TaggedRow[];
  readonly failed: readonly { readonly id: string; readonly error: string }[];
}

/** Saves vectors and tags in one transaction; a person's tags are never touched. */
export async function saveTags(store: Store, page: TagsPage): Promise<number> {
  const payload = {
    ...page,
    rows: page.rows.map(({ id, textHash, vector, uncertain, tags }) => ({
      id,
      text_hash: textHash,
      embedding: vectorText(vector),
      uncertain,
      tags,
    })),
  };
  const answer = await callStore(store, 'touchpoint_tags_save', payload, z.object({ saved: z.number() }));
  return answer.saved;
}

/** pgvector's text form; 6 decimals keep cosines to 1e-6 and halve the payload. */
export function vectorText(vector: Float32Array): string {
  return `[${Array.from(vector, (value) => Number(value.toFixed(6))).join(',')}]`;
}
