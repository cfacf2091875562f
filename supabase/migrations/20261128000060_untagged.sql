-- What waits for tags is found by indexes: to learn that nothing waits, every row was read.

create function touchpoint.version_key(taxonomy text, tagged_by text, encoder text, encoder_b text) returns bigint
language sql immutable parallel safe security invoker set search_path = pg_catalog, pg_temp as $$
-- The same for rows whose tags and vectors are of the same versions; there are few such, and all of one are due or none.
  select hashtextextended(coalesce(quote_literal(taxonomy), '-') || coalesce(quote_literal(tagged_by), '-')
    || coalesce(quote_literal(encoder), '-') || coalesce(quote_literal(encoder_b), '-'), 0)
$$;

create index touchpoints_version on touchpoint.touchpoints
  (touchpoint.version_key(taxonomy, tagged_by, encoder, encoder_b), id) where deleted_at is null;

create or replace function public.touchpoint_untagged(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {encoder, taxonomy, attempts, limit, after?: id} -> [{id, kind, title, body, text_hash}], newest content first is not
-- promised: rows come by id so that pages never overlap. Rows that failed `attempts` times are left alone.
  with recursive versions as (
    -- from one key to the next, however many rows have it
    (select touchpoint.version_key(t.taxonomy, t.tagged_by, t.encoder, t.encoder_b) as key,
      t.taxonomy, t.tagged_by, t.encoder, t.encoder_b
     from touchpoints t where t.deleted_at is null order by 1 limit 1)
    union all
    select n.* from versions v cross join lateral (
      select touchpoint.version_key(t.taxonomy, t.tagged_by, t.encoder, t.encoder_b) as key,
        t.taxonomy, t.tagged_by, t.encoder, t.encoder_b
      from touchpoints t
      where t.deleted_at is null and touchpoint.version_key(t.taxonomy, t.tagged_by, t.encoder, t.encoder_b) > v.key
      order by 1 limit 1) n
  ),
  others as (
    select v.key from versions v left join encoders e on e.encoder = p->>'encoder'
    where v.taxonomy is distinct from p->>'taxonomy' or coalesce(v.tagged_by, v.encoder) is distinct from p->>'encoder'
      or case e.slot when 'a' then v.encoder when 'b' then v.encoder_b end is distinct from p->>'encoder'
  ),
  due as (
    (select t.id from touchpoints t
     where t.deleted_at is null and t.tagged_hash is distinct from t.text_hash and t.attempts < (p->>'attempts')::int
       and t.id > coalesce(p->>'after', '00000000-0000-0000-0000-000000000000')::uuid
     order by t.id limit (p->>'limit')::int)
    union
    select d.id from others o cross join lateral (
      -- a range, though it is one key: for an equal one the planner would rather read the whole table by id
      select t.id from touchpoints t
      where t.deleted_at is null and t.attempts < (p->>'attempts')::int
        and (touchpoint.version_key(t.taxonomy, t.tagged_by, t.encoder, t.encoder_b), t.id)
          > (o.key, coalesce(p->>'after', '00000000-0000-0000-0000-000000000000')::uuid)
        and touchpoint.version_key(t.taxonomy, t.tagged_by, t.encoder, t.encoder_b) <= o.key
      order by touchpoint.version_key(t.taxonomy, t.tagged_by, t.encoder, t.encoder_b), t.id
      limit (p->>'limit')::int) d
  )
  select coalesce(jsonb_agg(to_jsonb(r) order by r.id), '[]') from (
    -- an array is looked up; a join in the order of ids would read every row between two that are due
    select t.id, t.kind, t.title, t.body, t.text_hash from touchpoints t
    where t.id = any(array(select d.id from due d order by d.id limit (p->>'limit')::int))
  ) r
$$;

select touchpoint.seal();
