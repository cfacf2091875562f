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

const Standing = z.object({
  /** Somebody paused tagging. */
  paused: z.boolean(),
  /** Another version was started after this one: its work is to stay. */
  aside: z.boolean(),
});
export type Standing = z.infer<typeof Standing>;

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

const Saved = z.object({ saved: z.number(), ...Standing.shape });
export type Saved = z.infer<typeof Saved>;

/**
 * Saves vectors and tags in one transaction; a person's tags are never touched. Nothing is saved of a version that
 * stands aside; with the last row that an encoder lacked, searches compare its vectors.
 */
export function saveTagsPage(store: Store, page: TagsPage): Promise<Saved> {
  const payload = {
    ...page,
    attempts: MAX_ATTEMPTS,
    rows: page.rows.map(({ id, textHash, vector, uncertain, tags }) => ({
      id,
      text_hash: textHash,
      embedding: vectorText(vector),
      uncertain,
      tags,
    })),
  };
  return callStore(store, 'touchpoint_tags_save', payload, Saved);
}

/** How many rows `saveTagsPage` saved. */
export async function saveTags(store: Store, page: TagsPage): Promise<number> {
  return (await saveTagsPage(store, page)).saved;
}

/**
 * To be asked before a tagger reads what needs tags. `start`: it was just made, and its version is to be everywhere from
 * here on; later it hears whether another was started meanwhile.
 */
export function beginTagging(
  store: Store,
  version: Versions & { readonly now: string; readonly start: boolean },
): Promise<Standing> {
  return callStore(store, 'touchpoint_tagging_begin', { ...version, attempts: MAX_ATTEMPTS }, Standing);
}

/** Every tagger of this store stops after the page that it is at, or may go on. */
export async function pauseTagging(store: Store, paused: boolean, now: string): Promise<void> {
  await callStore(store, 'touchpoint_tagging_pause', { paused, now }, z.object({ paused: z.boolean() }));
}

/** Counts anew how rare each word is, if much came or went since the last count: searches weigh words by it. */
export async function countWords(store: Store): Promise<void> {
  await callStore(store, 'touchpoint_words_count', {}, z.object({ counted: z.number().nullable() }));
}

const Encoders = z.object({ serving: z.string().nullable(), building: z.string().nullable() });

/** The encoder whose vectors searches compare, and the one that is to follow it. */
export function readEncoders(store: Store): Promise<z.infer<typeof Encoders>> {
  return callStore(store, 'touchpoint_encoder', {}, Encoders);
}

/** pgvector's text form; 6 decimals keep cosines to 1e-6 and halve the payload. */
export function vectorText(vector: Float32Array): string {
  return `[${Array.from(vector, (value) => Number(value.toFixed(6))).join(',')}]`;
}
