import { z } from 'zod';
import type { Kind } from '../core/touchpoint.ts';
import { callStore, type Store } from './store.ts';
import { vectorText } from './tags.ts';

export const Hit = z.object({
  /** The imported or source id. */
  id: z.string(),
  /** The store's own id, for looking it up again. */
  touchpoint: z.uuid(),
  kind: z.string(),
  title: z.string(),
  /** The passage that answers most of the question, at most 240 characters, to be cited. */
  snippet: z.string(),
  client: z.string().nullable(),
  occurred_at: z.string().nullable(),
  /** Those that hold: a person's over the model's. */
  tags: z.array(z.object({ task: z.string(), label: z.string(), score: z.number(), origin: z.string() })),
  /** Cosine and a bonus for words, or the words alone: comparable within one answer only. */
  score: z.number(),
  /** Cosine of question and touchpoint; null without a vector on either side. */
  similarity: z.number().nullable(),
});
export type Hit = z.infer<typeof Hit>;

/** In a list any one is enough; every one that is given must be met. */
export interface Filter {
  readonly kinds?: readonly Kind[];
  /** By name or alias. */
  readonly client?: string;
  readonly clients?: readonly string[];
  /** ISO 8601, inclusive; until exclusive. */
  readonly since?: string;
  readonly until?: string;
  /** Addresses, names or words of names. */
  readonly people?: readonly string[];
  readonly labels?: readonly { readonly task: string; readonly label: string }[];
  /** Kinds that the one who asks must never see, whatever else is asked for. */
  readonly withhold?: readonly Kind[];
}

/** A question's vector and the encoder that made it. */
export interface Embedding {
  readonly vector: Float32Array;
  readonly encoder: string;
}

export interface Question extends Filter {
  readonly query: string;
  /** Null searches by words alone, and so does a vector of another encoder than the one that serves. */
  readonly embedding: Embedding | null;
  readonly limit: number;
}

/** Hybrid search: how it ranks is told in docs/search.md. */
export function search(store: Store, { embedding, ...question }: Question): Promise<Hit[]> {
  return callStore(store, 'touchpoint_search', { ...question, ...asked(embedding) }, z.array(Hit));
}

/**
 * What is nearest to one touchpoint, itself left out; nothing while it has no vector.
 * @throws {StoreError} PT404 when there is none of that id, or its kind is withheld; PT400 when several have it
 */
export function similar(
  store: Store,
  wanted: Filter & { readonly id: string; readonly kind?: Kind; readonly limit: number },
): Promise<Hit[]> {
  return callStore(store, 'touchpoint_similar', wanted, z.array(Hit));
}

/** What a payload says of a vector. */
function asked(embedding: Embedding | null) {
  return embedding === null ? {} : { embedding: vectorText(embedding.vector), encoder: embedding.encoder };
}

const Exported = z.object({
  cursor: z.uuid(),
  id: z.string(),
  kind: z.string(),
  source_key: z.string(),
  client: z.string().nullable(),
  client_method: z.string().nullable(),
  client_confidence: z.number().nullable(),
  occurred_at: z.string().nullable(),
  ends_at: z.string().nullable(),
  all_day: z.boolean(),
  time_zone: z.string(),
  title: z.string(),
  text: z.string(),
  people: z.array(z.unknown()),
  details: z.record(z.string(), z.unknown()),
  copies: z.array(z.object({ mailbox: z.string(), graph_id: z.string() })),
  tags: z.array(z.object({ task: z.string(), label: z.string(), score: z.number(), origin: z.string() })),
  uncertain: z.array(z.string()),
  embedded: z.boolean(),
  deleted: z.boolean(),
});
export type Exported = Omit<z.infer<typeof Exported>, 'cursor'>;

export interface ExportFilter {
  readonly kinds?: readonly Kind[];
  readonly since?: string;
  readonly deleted?: boolean;
}

/** Everything stored, page by page, instants in UTC ISO 8601 with milliseconds. */
export async function* exportTouchpoints(
  store: Store,
  filter: ExportFilter,
  pageSize = 500,
): AsyncGenerator<Exported> {
  let after: string | undefined;
  for (;;) {
    const payload = { ...filter, after, limit: pageSize };
    const rows = await callStore(store, 'touchpoint_export', payload, z.array(Exported));
    for (const { cursor, ...row } of rows) {
      after = cursor;
      yield { ...row, occurred_at: utc(row.occurred_at), ends_at: utc(row.ends_at) };
    }
    if (rows.length < pageSize) return;
  }
}

function utc(instant: string | null): string | null {
  return instant === null ? null : new Date(instant).toISOString();
}
