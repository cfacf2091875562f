import { z } from 'zod';
import type { Store } from '../../src/store/store.ts';
import type { Versions } from '../../src/store/tags.ts';
import { stored } from '../support/sync.ts';

/** All that can be told of a store from outside: what it holds, and what must never be. */

export const Report = z.object({
  /** What is stored, in the terms of the sandbox's truth. */
  rows: z.array(
    z.object({
      kind: z.string(),
      key: z.string(),
      title: z.string(),
      start: z.string().nullable(),
      end: z.string().nullable(),
      cancelled: z.boolean(),
      copies: z.array(z.string()).readonly(),
    }),
  ),
  /** Each touchpoint's content and tags in one line, without what differs from one database to the next. */
  lines: z.array(z.string()),
  /** What contradicts itself, by what is wrong. */
  wrong: z.array(z.string()),
});
export type Report = z.infer<typeof Report>;

export type Sql = (text: string, params?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;

const LINES = `
  select concat_ws(' ', t.kind, t.source_key, t.content_hash,
    (select string_agg(format('%s=%s:%s %s', g.task, g.label, g.origin, g.version), ', ' order by g.task, g.label, g.origin)
      from touchpoint.tags g where g.touchpoint = t.id)) as line
  from touchpoint.touchpoints t where t.deleted_at is null order by 1`;

/** Each finds what must not be; $1 is the encoder, $2 the taxonomy. */
const CONTRADICTIONS: Readonly<Record<string, string>> = {
  'alive without a copy, or deleted with one': `
    select t.source_key as name from touchpoint.touchpoints t
    where (t.deleted_at is null) <> exists (select from touchpoint.copies c where c.touchpoint = t.id)`,
  'not tagged, or not by the present versions': `
    select t.source_key as name from touchpoint.touchpoints t
    left join touchpoint.encoders e on e.encoder = $1 and e.state = 'serving'
    where t.deleted_at is null and (t.tagged_hash is distinct from t.text_hash or t.taxonomy is distinct from $2
      or case e.slot when 'a' then t.encoder when 'b' then t.encoder_b end is distinct from $1
      or case e.slot when 'a' then t.embedding when 'b' then t.embedding_b end is null)`,
  'a tag of an older version': `
    select g.label as name from touchpoint.tags g join touchpoint.touchpoints t on t.id = g.touchpoint
    where t.deleted_at is null and g.version <> $2`,
  'a copy twice': `
    select c.graph_id as name from touchpoint.copies c group by c.mailbox, c.graph_id having count(*) > 1`,
  'a copy still in doubt': 'select c.graph_id as name from touchpoint.copies c where c.doubted',
  'a lease without an owner who lives': `
    select concat(f.mailbox, ' ', f.name, ' ', f.lease_owner) as name from touchpoint.feeds f
    where f.lease_owner is not null`,
  'a feed in the middle of a round, marked or failed': `
    select concat(f.mailbox, ' ', f.name, ' ', f.last_error) as name from touchpoint.feeds f
    where f.next_link is not null or f.delta_link is null or f.dirty_at is not null or f.last_error is not null`,
  'a run whose reasons do not add up': `
    select r.id::text as name from touchpoint.runs r
    where r.fetched <> (select coalesce(sum(value::bigint), 0) from jsonb_each_text(r.reasons))
      or r.written <> (select coalesce(sum(value::bigint), 0) from jsonb_each_text(r.reasons) where key like 'written: %')
      or r.failed <> (select coalesce(sum(value::bigint), 0) from jsonb_each_text(r.reasons) where key like 'failed: %')`,
};

/** Reads everything. */
export async function reportOf(store: Store, sql: Sql, { encoder, taxonomy }: Versions): Promise<Report> {
  const wrong: string[] = [];
  for (const [what, text] of Object.entries(CONTRADICTIONS)) {
    // every parameter must have a type, also where it is not asked for
    const query = `with versions as (select $1::text, $2::text) select found.name from versions, (${text}) as found`;
    for (const { name } of await sql(query, [encoder, taxonomy])) wrong.push(`${what}: ${name}`);
  }
  const lines = (await sql(LINES)).map(({ line }) => String(line));
  return { rows: await stored(store), lines, wrong };
}
