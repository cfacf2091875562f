-- What still needs a tag is a query, not a queue: new mail, changed text, a new encoder and a new taxonomy are one case.

create function public.touchpoint_untagged(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {encoder, taxonomy, attempts, limit, after?: id} -> [{id, kind, title, body, text_hash}], newest content first is not
-- promised: rows come by id so that pages never overlap. Rows that failed `attempts` times are left alone.
  select coalesce(jsonb_agg(to_jsonb(r) order by r.id), '[]') from (
    select t.id, t.kind, t.title, t.body, t.text_hash
    from touchpoints t
    where t.deleted_at is null
      and (t.tagged_hash is distinct from t.text_hash
        or t.encoder is distinct from p->>'encoder' or t.taxonomy is distinct from p->>'taxonomy')
      and t.attempts < (p->>'attempts')::int
      and (p->>'after' is null or t.id > (p->>'after')::uuid)
    order by t.id
    limit (p->>'limit')::int
  ) r
$$;

create function public.touchpoint_tags_save(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, extensions, pg_temp as $$
-- {encoder, taxonomy, now, rows: [{id, text_hash, embedding: "[..]", uncertain: [task], tags: [{task, label, score}]}],
--  failed: [{id, error}]} -> {saved}
-- A row whose text changed since it was read stays as it is: it will be read again. A person's tags are never touched.
declare
  saved uuid[];
begin
  with incoming as (
    select * from jsonb_to_recordset(coalesce(p->'rows', '[]')) as r(id uuid, text_hash text, embedding text, uncertain jsonb)
  ),
  done as (
    update touchpoints t set
      embedding = i.embedding::vector, encoder = p->>'encoder', taxonomy = p->>'taxonomy', tagged_hash = i.text_hash,
      tagged_at = (p->>'now')::timestamptz, attempts = 0, tag_error = null,
      uncertain = array(select jsonb_array_elements_text(i.uncertain))
    from incoming i where t.id = i.id and t.text_hash = i.text_hash
    returning t.id
  )
  select coalesce(array_agg(id), '{}') into saved from done;
  delete from tags where touchpoint = any(saved) and origin <> 'person';
  insert into tags (touchpoint, task, label, score, origin, version)
  select (r->>'id')::uuid, g->>'task', g->>'label', (g->>'score')::real, 'model', p->>'taxonomy'
  from jsonb_array_elements(coalesce(p->'rows', '[]')) r, jsonb_array_elements(r->'tags') g
  where (r->>'id')::uuid = any(saved);
  update touchpoints t set attempts = t.attempts + 1, tag_error = f.error
  from jsonb_to_recordset(coalesce(p->'failed', '[]')) as f(id uuid, error text)
  where t.id = f.id;
  return jsonb_build_object('saved', cardinality(saved));
end
$$;

create function touchpoint.tags_of(wanted uuid) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object('task', g.task, 'label', g.label, 'score', round(g.score::numeric, 4),
    'origin', g.origin) order by g.task, g.score desc, g.label), '[]')
  from tags g where g.touchpoint = wanted
$$;

create function public.touchpoint_import(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {now, items: [{kind, source_key, ...}], privacy?} -> [{kind, source_key, outcome}]: touchpoints that come from no mailbox.
begin
  perform touchpoint.hold_privacy((p->>'privacy')::bigint);
  return touchpoint.upsert_touchpoints(p->'items', (p->>'now')::timestamptz);
end
$$;

create function public.touchpoint_export(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {kinds?, since?, deleted?, after?: id, limit} -> [{cursor: id, ...}], by id.
  select coalesce(jsonb_agg(to_jsonb(r) order by r.cursor), '[]') from (
    select t.id as cursor, t.source_key as id, t.kind, t.source_key, c.name as client, t.client_method,
      t.client_confidence, t.occurred_at, t.ends_at, t.all_day, t.time_zone, t.title, t.body as text, t.people, t.details,
      (select coalesce(jsonb_agg(jsonb_build_object('mailbox', k.mailbox, 'graph_id', k.graph_id)
        order by k.mailbox, k.graph_id), '[]') from copies k where k.touchpoint = t.id) as copies,
      touchpoint.tags_of(t.id) as tags, t.uncertain, t.embedding is not null as embedded,
      t.deleted_at is not null as deleted
    from touchpoints t left join clients c on c.id = t.client
    where (coalesce((p->>'deleted')::boolean, false) or t.deleted_at is null)
      and (p->'kinds' is null or t.kind in (select jsonb_array_elements_text(p->'kinds')))
      and (p->>'since' is null or t.occurred_at >= (p->>'since')::timestamptz)
      and (p->>'after' is null or t.id > (p->>'after')::uuid)
    order by t.id
    limit (p->>'limit')::int
  ) r
$$;
