import { z } from 'zod';
import type { Kind } from '../core/touchpoint.ts';
import { callStore, type Store } from './store.ts';
import { vectorText } from './tags.ts';

const Hit = z.object({
  /** The imported or source id. */
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  snippet: z.string(),
  client: z.string().nullable(),
  occurred_at: z.string().nullable(),
  /** Sum of reciprocal ranks, 0..0.033: comparable within one answer only. */
  score: z.number(),
  /** Cosine of question and touchpoint; null when only its words matched. */
  similarity: z.number().nullable(),
});
export type Hit = z.infer<typeof Hit>;

export interface Question {
  readonly query: string;
  /** The question's vector and the encoder that made it; null searches by words alone. */
  readonly embedding: { readonly vector: Float32Array; readonly encoder: string } | null;
  readonly kinds?: readonly Kind[];
  readonly client?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
}

/** Hybrid search: words and meaning, fused by reciprocal rank. */
export function search(store: Store, { embedding, ...question }: Question): Promise<Hit[]> {
  const meaning =
    embedding === null ? {} : { embedding: vectorText(embedding.vector), encoder: embedding.encoder };
  return callStore(store, 'touchpoint_search', { ...question, ...meaning }, z.array(Hit));
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
