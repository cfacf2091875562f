import type { PgliteStore } from '../../src/store/pglite.ts';

/** Made-up touchpoints by the thousand, written past the functions: what the Briefing Room is measured on. */

/** The middle of the two years that they lie in. */
export const BRIEFING_NOW = '2026-03-01T02:00:00.000Z';

// Everything follows from the row's number, so that each run measures the same.
const STEPS = [
  `insert into touchpoint.clients (name, source) select 'Client ' || n, 'configuration' from generate_series(1, 35) n`,
  `insert into touchpoint.mailboxes (address) select 'person' || n || '@vendor.test' from generate_series(1, 30) n`,
  `insert into touchpoint.feeds (mailbox, kind, target, name)
   select address, kind, 'target', kind from touchpoint.mailboxes, unnest(array['meeting', 'email']) kind`,
  `with clients as (select array_agg(id order by name) as ids from touchpoint.clients),
     words as (select string_to_array('renewal contract outage interface training uptake roadmap invoice upgrade defect '
       || 'pathology pharmacy theatre rostering ward clinician security audit migration dashboard report meeting agenda '
       || 'minutes action owner risk budget sponsor feedback', ' ') as w)
   insert into touchpoint.touchpoints (kind, source_key, client, client_method, client_confidence, occurred_at, ends_at,
     all_day, time_zone, title, body, people, details, content_hash, text_hash, tagged_hash, tagged_at, encoder, taxonomy,
     uncertain, embedding)
   select
     case when n % 10 < 4 then 'meeting' when n % 10 < 9 then 'email' else 'nps' end, 'key ' || n,
     case when n % 7 > 0 then clients.ids[1 + (n * 31) % 35] end, 'domain', 0.95,
     timestamptz '2025-03-01 00:00Z' + make_interval(mins => (n::bigint * 7919 % 1051200)::int),
     timestamptz '2025-03-01 01:00Z' + make_interval(mins => (n::bigint * 7919 % 1051200)::int),
     n % 97 = 0, 'Australia/Sydney',
     -- one in three has a title of its own
     w[1 + n % 30] || ' ' || w[1 + n / 30 % 30] || ' ' || case when n % 3 = 0
       then translate(left(md5(n::text), 8), '0123456789', 'ghijklmnop') else n % 500 || '' end,
     (select string_agg(w[1 + (n * 13 + i * i * 7) % 30], ' ') from generate_series(1, 90) i),
     jsonb_build_array(
       jsonb_build_object('name', 'Organiser', 'address', 'person' || 1 + n % 30 || '@vendor.test', 'role', 'organizer'),
       jsonb_build_object('name', 'Guest', 'role', 'required',
         'address', 'guest' || n % 2000 || case when n % 5 = 0 then '@vendor.test' else '@client' || n % 35 || '.test' end)),
     jsonb_build_object('joinUrl', null, 'status', case when n % 23 = 0 then 'cancelled' else 'scheduled' end, 'minutes', 60),
     md5(n::text), md5(n::text), md5(n::text), now(), 'encoder@1', 'taxonomy@1',
     case when n % 11 = 0 then '{intent}'::text[] else '{}' end,
     array_fill(0.05::real, array[384])::extensions.vector
   from clients, words, generate_series(1, $1::int) n`,
  `insert into touchpoint.copies (feed, graph_id, mailbox, touchpoint, etag, content_hash, series, epoch)
   select f.id, t.source_key, f.mailbox, t.id, 'etag', t.content_hash,
     case when t.kind = 'meeting' and n.n % 5 < 2 then 'series ' || n.n % 700 end, 1
   from touchpoint.touchpoints t cross join lateral (select substr(t.source_key, 5)::int as n) n
   join touchpoint.feeds f on f.kind = t.kind and f.mailbox in (
     'person' || 1 + n.n % 30 || '@vendor.test', 'person' || 1 + n.n % 29 || '@vendor.test')`,
  `with labels(task, kinds, ids) as (values
     ('intent', '{meeting,email}'::text[], '{routine check-in,qbr,escalation,onboarding,renewal,training,executive briefing}'::text[]),
     ('topic', '{meeting,email,nps}', ('{product,usability,support,account,upgrades,performance,documentation,implementation,value,'
       || 'configuration,partnership,security,integration,adoption,contract,strategy}')::text[]),
     ('sentiment', '{email,nps}', '{neutral,positive,negative}'))
   insert into touchpoint.tags (touchpoint, task, label, score, origin, version)
   select t.id, l.task, l.ids[1 + (n.n / place) % cardinality(l.ids)], 0.9 - 0.2 * place, 'model', 'taxonomy@1'
   from touchpoint.touchpoints t cross join lateral (select substr(t.source_key, 5)::int as n) n
   join labels l on t.kind = any(l.kinds)
   cross join generate_series(1, 2) place
   where n.n % 4 > 0 and (place = 1 or (l.task <> 'sentiment' and n.n % 3 = 0))
   on conflict do nothing`,
  `insert into touchpoint.settled (touchpoint, task, settled_at)
   select t.id, 'intent', now() from touchpoint.touchpoints t where t.kind = 'meeting' and t.source_key like '%71'`,
  `insert into touchpoint.tags (touchpoint, task, label, score, origin, version)
   select s.touchpoint, s.task, 'training', 1, 'person', 'feedback' from touchpoint.settled s`,
];

/** Fills an empty store; `sql` needs every right. The vector index is left out: it is none of the matter and slow to fill. */
export async function fillBriefing(sql: PgliteStore['sql'], touchpoints: number): Promise<void> {
  await sql('drop index touchpoint.touchpoints_embedding');
  for (const step of STEPS) await sql(step, step.includes('$1') ? [touchpoints] : []);
  // as a database is that has been running for a while; whoever looks at it meanwhile keeps rows from being settled
  for (let round = 0; round < 20; round++) {
    await sql('vacuum analyze');
    const [unsettled] = await sql(
      `select from pg_class where oid = any ('{touchpoint.tags,touchpoint.touchpoints}'::regclass[]) and relallvisible < relpages`,
    );
    if (unsettled === undefined) return;
  }
}
