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
-- {now, items: [{kind, source_key, ...}]} -> [{kind, source_key, outcome}]: touchpoints that come from no mailbox.
begin
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

create function public.touchpoint_status(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {encoder?, taxonomy?} -> counts by kind, backlog, feeds with their lag, mailboxes, the last run.
  select jsonb_build_object(
    'touchpoints', (select coalesce(jsonb_object_agg(kind, n), '{}') from (
      select kind, count(*) n from touchpoints where deleted_at is null group by kind) k),
    'deleted', (select count(*) from touchpoints where deleted_at is not null),
    'embedded', (select count(*) from touchpoints where deleted_at is null and embedding is not null),
    'untagged', (select count(*) from touchpoints where deleted_at is null and (tagged_hash is distinct from text_hash
      or (p->>'encoder' is not null and encoder is distinct from p->>'encoder')
      or (p->>'taxonomy' is not null and taxonomy is distinct from p->>'taxonomy'))),
    'tag_failures', (select count(*) from touchpoints where deleted_at is null and tag_error is not null),
    'with_client', (select count(*) from touchpoints where deleted_at is null and client is not null),
    'copies', (select count(*) from copies),
    'feeds', (select coalesce(jsonb_agg(jsonb_build_object('mailbox', mailbox, 'kind', kind, 'name', name,
      'last_success_at', last_success_at, 'last_error', last_error, 'last_error_at', last_error_at,
      'round', round, 'complete', delta_link is not null) order by mailbox, kind, name), '[]') from feeds),
    'mailboxes', (select coalesce(jsonb_agg(jsonb_build_object('mailbox', address, 'state', state,
      'reason', state_reason) order by address), '[]') from mailboxes),
    'last_run', (select to_jsonb(r) from runs r order by id desc limit 1))
$$;
