-- What the dashboard is told: views of ours that its server reads, and, where that is switched on, columns and rows of its
-- own tables. A batch is one statement, because statement-level triggers make each of them expensive; and none is made
-- when nothing differs, because such triggers fire for no rows as well. A person's entry is never written over.

create table touchpoint.dashboard_published (
  target text not null check (target in ('meetings', 'meeting_types', 'action_categories')),
  key text not null,
  hash text,
  row_id text,
  inserted boolean not null default false,
  wrote jsonb not null,
  primary key (target, key)
);
comment on table touchpoint.dashboard_published is
  'What was last written where, in digests but for labels: a column that holds something else since then is somebody''s own entry.';
comment on column touchpoint.dashboard_published.key is
  'meetings: the touchpoint''s id, which outlives it. The others: the key of the dashboard''s row.';
comment on column touchpoint.dashboard_published.hash is 'Of what was to be written: equal means nothing to do.';
create index dashboard_published_row on touchpoint.dashboard_published (target, row_id);

create function touchpoint.dashboard_label(task text, label text) returns text
language sql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- As the dashboard spells it; labels of one's own stay as they are.
  select case
    when task = 'intent' and label = 'qbr' then 'QBR'
    when task = 'topic' and label = 'upgrades & fixes' then 'Upgrade/Fix Delivery'
    when task = 'topic' then initcap(label)
    else label end
$$;

create view touchpoint.dashboard_labels with (security_invoker = true) as
-- Per touchpoint and task: the primary label, all labels with their probability, and by which version of the model.
select g.touchpoint, g.task,
  -- "mixed" goes with another sentiment and is never the answer itself
  (array_agg(touchpoint.dashboard_label(g.task, g.label)
    order by g.task = 'sentiment' and g.label = 'mixed', g.score desc, g.label))[1] as primary_label,
  round((array_agg(g.score order by g.task = 'sentiment' and g.label = 'mixed', g.score desc, g.label))[1]::numeric, 2)
    as confidence,
  jsonb_agg(jsonb_build_object('label', touchpoint.dashboard_label(g.task, g.label),
    'confidence', round(g.score::numeric, 2), 'origin', g.origin) order by g.score desc, g.label) as labels,
  'touchpoint:' || min(g.version) as model_version
from touchpoint.current_tags g join touchpoint.touchpoints t on t.id = g.touchpoint
where t.deleted_at is null
group by g.touchpoint, g.task;

create view public.touchpoint_meeting_types with (security_invoker = true) as
select distinct on (c.graph_id) 'OUTLOOK-' || c.graph_id as meeting_id, c.graph_id as outlook_event_id,
  l.primary_label as meeting_type_auto, l.confidence, l.labels, l.model_version, t.tagged_at
from touchpoint.copies c
join touchpoint.touchpoints t on t.id = c.touchpoint and t.kind = 'meeting'
join touchpoint.dashboard_labels l on l.touchpoint = t.id and l.task = 'intent'
order by c.graph_id, c.feed;
comment on view public.touchpoint_meeting_types is
  'One row per Outlook event that carries an intent: join unified_meetings by outlook_event_id. For service_role alone.';

create view public.touchpoint_action_categories with (security_invoker = true) as
select t.source_key as action_id, l.primary_label as auto_category, l.confidence, l.labels, l.model_version, t.tagged_at
from touchpoint.touchpoints t join touchpoint.dashboard_labels l on l.touchpoint = t.id and l.task = 'action'
where t.kind = 'action';
comment on view public.touchpoint_action_categories is 'Join actions by "Action_ID" = action_id. For service_role alone.';

create view public.touchpoint_nps_classifications with (security_invoker = true) as
select t.source_key as response_id, s.primary_label as sentiment, s.confidence as sentiment_confidence,
  coalesce(o.labels, '[]') as topics, coalesce(s.model_version, o.model_version) as model_version, t.tagged_at
from touchpoint.touchpoints t
left join touchpoint.dashboard_labels s on s.touchpoint = t.id and s.task = 'sentiment'
left join touchpoint.dashboard_labels o on o.touchpoint = t.id and o.task = 'topic'
where t.kind = 'nps' and coalesce(s.touchpoint, o.touchpoint) is not null;
comment on view public.touchpoint_nps_classifications is
  'Join nps_responses by id::text = response_id. For service_role alone.';

create view public.touchpoint_risk_categories with (security_invoker = true) as
select t.details->>'plan' as plan_id, t.details->>'hash' as content_hash, l.primary_label as risk_category_auto,
  l.confidence, l.labels, l.model_version, t.tagged_at
from touchpoint.touchpoints t join touchpoint.dashboard_labels l on l.touchpoint = t.id and l.task = 'risk'
where t.kind = 'risk';
comment on view public.touchpoint_risk_categories is
  'By plan and content hash of the risk, which touchpoint_risk_hash({"risk": ..}) gives. For service_role alone.';

-- a hosted project may grant every new view of schema public to everybody
revoke all on public.touchpoint_meeting_types, public.touchpoint_action_categories,
  public.touchpoint_nps_classifications, public.touchpoint_risk_categories from public, anon, authenticated;
grant select on public.touchpoint_meeting_types, public.touchpoint_action_categories,
  public.touchpoint_nps_classifications, public.touchpoint_risk_categories to service_role;

create function touchpoint.dashboard_writable(wanted text, columns text[]) returns text
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- Why the columns of a source cannot be written, where they exist; null when they can.
  select coalesce(f.problem, (
    select string_agg(case
      when a.attname is null then format('%s has no column %s', f.relation, w)
      when a.attgenerated <> '' then format('%s.%s is generated', f.relation, w)
      else format('%s may not write %s.%s', current_user, f.relation, w) end, ', ')
    from unnest(dashboard_writable.columns) w
    left join pg_attribute a on a.attrelid = format('public.%I', f.relation)::regclass and a.attname = w
      and a.attnum > 0 and not a.attisdropped
    where a.attname is null or a.attgenerated <> ''
      or not has_column_privilege(a.attrelid, a.attnum, 'update')))
  from touchpoint.dashboard_found(null) f where f.source = wanted
$$;

create function touchpoint.publish_alone() returns void
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- One publisher at a time, until its transaction ends: each compares with what the last one wrote.
begin
  lock table dashboard_published in share row exclusive mode;
end
$$;

create function touchpoint.publish_column(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {target, relation, key, column, wanted: query for (key text, value text), limit} -> {written, kept}
-- Names and query are this file's own. One UPDATE, and none where nothing differs. A value that is not what was last
-- written here is somebody's own, and so is an empty one that was filled before: both are kept.
declare
  changes jsonb;
  written int := 0;
  kept int;
begin
  perform touchpoint.publish_alone();
  execute format($q$
    with wanted as (%s),
    looked as (
      select w.key, w.value, t.%I::text as present, d.wrote->>'value' as wrote, d.key is not null as known
      from wanted w join public.%I t on t.%I::text = w.key
      left join touchpoint.dashboard_published d on d.target = %L and d.key = w.key
    )
    select coalesce(jsonb_agg(jsonb_build_object('key', l.key, 'value', l.value) order by l.key)
        filter (where l.ours and l.present is distinct from l.value and l.place <= $1), '[]'),
      count(*) filter (where not l.ours and l.present is distinct from l.value)
    from (select l.*, l.o as ours, row_number() over (partition by l.o and l.present is distinct from l.value order by l.key) as place
      from (select l.*, case when l.known then l.present is not distinct from l.wrote else l.present is null end as o
        from looked l) l) l $q$,
    p->>'wanted', p->>'column', p->>'relation', p->>'key', p->>'target')
  into changes, kept using (p->>'limit')::int;
  if jsonb_array_length(changes) > 0 then
    execute format('update public.%I t set %I = c.value
      from jsonb_to_recordset($1) as c(key text, value text)
      left join touchpoint.dashboard_published d on d.target = %L and d.key = c.key
      where t.%I::text = c.key and case when d.key is null then t.%I is null
        else t.%I::text is not distinct from d.wrote->>''value'' end',
      p->>'relation', p->>'column', p->>'target', p->>'key', p->>'column', p->>'column') using changes;
    get diagnostics written = row_count;
    insert into dashboard_published as d (target, key, wrote)
    select p->>'target', c.key, jsonb_build_object('value', c.value)
    from jsonb_to_recordset(changes) as c(key text, value text)
    on conflict (target, key) do update set wrote = excluded.wrote;
  end if;
  return jsonb_build_object('written', written, 'kept', kept);
end
$$;

create function public.touchpoint_publish_actions(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {limit} -> {written, kept, problem}: the column auto_category of actions, one batch. kept: entries that are not ours.
declare
  problem text := touchpoint.dashboard_writable('actions', array['auto_category']);
begin
  if problem is not null then
    return jsonb_build_object('written', 0, 'kept', 0, 'problem', problem);
  end if;
  return touchpoint.publish_column(jsonb_build_object('target', 'action_categories', 'relation', 'actions',
    'key', 'Action_ID', 'column', 'auto_category', 'limit', p->'limit', 'wanted',
    'select r.key, c.auto_category as value from touchpoint.dashboard_rows r
     left join public.touchpoint_action_categories c on c.action_id = r.source_key
     where r.source = ''actions''')) || '{"problem": null}';
end
$$;

create function public.touchpoint_publish_meeting_types(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {limit} -> {written, kept, problem}: the column meeting_type_auto of unified_meetings, one batch.
declare
  problem text := touchpoint.dashboard_writable('meetings', array['meeting_type_auto']);
begin
  if problem is not null then
    return jsonb_build_object('written', 0, 'kept', 0, 'problem', problem);
  end if;
  return touchpoint.publish_column(jsonb_build_object('target', 'meeting_types', 'relation', 'unified_meetings',
    'key', 'outlook_event_id', 'column', 'meeting_type_auto', 'limit', p->'limit', 'wanted',
    'select coalesce(m.outlook_event_id, d.key) as key, m.meeting_type_auto as value
     from public.touchpoint_meeting_types m
     full join (select key from touchpoint.dashboard_published where target = ''meeting_types'') d
       on d.key = m.outlook_event_id')) || '{"problem": null}';
end
$$;

create function public.touchpoint_publish_nps(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {limit: responses} -> {written, deleted, kept, problem}: rows of nps_topic_classifications, at most one statement of each
-- sort. Only rows whose model_version is ours are touched; a response that somebody else classified is left to them.
declare
  problem text := touchpoint.dashboard_writable('nps_topics',
    array['response_id', 'topic_name', 'sentiment', 'confidence_score', 'model_version']);
  changes jsonb;
  counts jsonb;
begin
  perform touchpoint.publish_alone();
  if problem is not null then
    return jsonb_build_object('written', 0, 'deleted', 0, 'kept', 0, 'problem', problem);
  end if;
  execute $q$
    with foreign_ones as (
      select distinct c.response_id::text as response_id from public.nps_topic_classifications c
      where c.model_version::text is null or c.model_version::text not like 'touchpoint:%'
    ),
    all_wanted as (
      select n.response_id, t->>'label' as topic_name, n.sentiment, (t->>'confidence')::numeric(3,2) as confidence_score,
        n.model_version
      from public.touchpoint_nps_classifications n, jsonb_array_elements(n.topics) t
      where n.sentiment is not null
    ),
    wanted as (
      select w.* from all_wanted w where w.response_id not in (select response_id from foreign_ones)
    ),
    present as (
      select c.response_id::text as response_id, c.topic_name::text as topic_name, c.sentiment::text as sentiment,
        c.confidence_score::numeric(3,2) as confidence_score, c.model_version::text as model_version
      from public.nps_topic_classifications c where c.model_version::text like 'touchpoint:%'
    ),
    compared as (
      select coalesce(w.response_id, p.response_id) as response_id, coalesce(w.topic_name, p.topic_name) as topic_name,
        w.sentiment, w.confidence_score, w.model_version,
        case when p.response_id is null then 'insert' when w.response_id is null then 'delete' else 'update' end as what
      from wanted w full join present p on p.response_id = w.response_id and p.topic_name = w.topic_name
      where (w.sentiment, w.confidence_score, w.model_version)
        is distinct from (p.sentiment, p.confidence_score, p.model_version)
    ),
    ranked as (
      select c.*, dense_rank() over (order by c.response_id) as place from compared c
    )
    select coalesce(jsonb_agg(to_jsonb(r) - 'place') filter (where r.place <= $1), '[]') from ranked r $q$
  into changes using (p->>'limit')::int;
  select jsonb_object_agg(w, (select count(*) from jsonb_array_elements(changes) c where c->>'what' = w)) into counts
  from unnest(array['insert', 'update', 'delete']) w;
  if (counts->>'delete')::int > 0 then
    execute $q$ delete from public.nps_topic_classifications c using jsonb_to_recordset($1) as d(what text,
      response_id text, topic_name text)
      where d.what = 'delete' and c.response_id::text = d.response_id and c.topic_name = d.topic_name
        and c.model_version like 'touchpoint:%' $q$ using changes;
  end if;
  if (counts->>'update')::int > 0 then
    execute $q$ update public.nps_topic_classifications c set sentiment = d.sentiment,
        confidence_score = d.confidence_score, model_version = d.model_version
      from jsonb_to_recordset($1) as d(what text, response_id text, topic_name text, sentiment text,
        confidence_score numeric(3,2), model_version text)
      where d.what = 'update' and c.response_id::text = d.response_id and c.topic_name = d.topic_name
        and c.model_version like 'touchpoint:%' $q$ using changes;
  end if;
  if (counts->>'insert')::int > 0 then
    -- the key may be text or integer: the table's own type says
    execute $q$ insert into public.nps_topic_classifications (response_id, topic_name, sentiment, confidence_score, model_version)
      select (jsonb_populate_record(null::public.nps_topic_classifications, d)).response_id, d->>'topic_name',
        d->>'sentiment', (d->>'confidence_score')::numeric(3,2), d->>'model_version'
      from jsonb_array_elements($1) d where d->>'what' = 'insert'
      on conflict do nothing $q$ using changes;
  end if;
  return jsonb_build_object('written', (counts->>'insert')::int + (counts->>'update')::int,
    'deleted', counts->'delete', 'kept', 0, 'problem', null);
end
$$;

create function touchpoint.meeting_state(t touchpoint.touchpoints, version text, at timestamptz) returns text
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- Changes with everything that a row of unified_meetings is made of, the passing of its end included.
  select touchpoint.digest(concat_ws(' ', version, t.content_hash, t.client, t.deleted_at is not null,
    coalesce(t.ends_at, t.occurred_at) < at))
$$;

create function public.touchpoint_meetings_to_publish(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {version, now, limit, after?: id} -> [{id, hash, gone, erased, event, mailbox, title, people, occurred_at, ends_at,
--  all_day, time_zone, details, client_name, client_uuid}]: meetings whose row of unified_meetings may have to change, by id.
-- event, mailbox: the copy that the row is made for, the organiser's own where there is one. gone: the touchpoint is marked
-- deleted, or erased: then the rest is null.
declare
  result jsonb;
begin
  if touchpoint.dashboard_writable('meetings', array['deleted']) is not null then
    return '[]';
  end if;
  with states as (
    select t.id, touchpoint.meeting_state(t, p->>'version', (p->>'now')::timestamptz) as hash
    from touchpoints t where t.kind = 'meeting'
  ),
  changed as (
    select coalesce(s.id::text, d.key) as id, coalesce(s.hash, 'erased') as hash, s.id is null as erased
    from states s full join (select * from dashboard_published where target = 'meetings') d on d.key = s.id::text
    left join touchpoints t on t.id = s.id
    where d.hash is distinct from coalesce(s.hash, 'erased')
      and (coalesce(d.inserted, false) or (t.id is not null and t.deleted_at is null))
      and (p->>'after' is null or coalesce(s.id::text, d.key) collate "C" > p->>'after')
    order by coalesce(s.id::text, d.key) collate "C" limit (p->>'limit')::int
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'hash', c.hash, 'erased', c.erased,
    'gone', c.erased or t.deleted_at is not null, 'event', own.graph_id, 'mailbox', own.mailbox, 'title', t.title,
    'people', t.people, 'occurred_at', t.occurred_at, 'ends_at', t.ends_at, 'all_day', t.all_day,
    'time_zone', t.time_zone, 'details', t.details, 'client_name', n.name,
    'client_uuid', (select min(l.id::text) from dashboard_clients l where l.client = n.id having count(*) = 1))
    order by c.id collate "C"), '[]')
  into result
  from changed c
  left join touchpoints t on t.id::text = c.id
  left join clients n on n.id = t.client
  left join lateral (
    select o.graph_id, o.mailbox from copies o where o.touchpoint = t.id
    order by o.graph_id is distinct from t.source_graph_id or o.mailbox is distinct from t.source_mailbox, o.mailbox,
      o.graph_id limit 1) own on true
  where c.erased or t.deleted_at is not null or own.graph_id is not null;
  return result;
end
$$;

create function touchpoint.digests(content jsonb) returns jsonb
language sql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- {key: value} -> {key: digest}: what was written can be told again, and names nobody.
  select coalesce(jsonb_object_agg(e.key, touchpoint.digest(e.value::text)), '{}') from jsonb_each(content) e
$$;

create function touchpoint.merged(present jsonb, wrote jsonb, wanted jsonb) returns jsonb
language sql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- -> {set: columns to change, wrote: digests of what is ours afterwards}. A column is ours while it holds what was last
-- written here; one that was never written here is ours when it is empty, or holds what would be written.
  select jsonb_build_object(
    'set', coalesce(jsonb_object_agg(w.key, w.value) filter (where w.ours and w.now <> w.value), '{}'),
    'wrote', wrote || touchpoint.digests(coalesce(jsonb_object_agg(w.key, w.value) filter (where w.ours), '{}')))
  from (
    select e.key, e.value, coalesce(present->e.key, 'null') as now,
      case when wrote ? e.key then touchpoint.digest(coalesce(present->e.key, 'null')::text) = wrote->>e.key
        else coalesce(present->e.key, 'null') in ('null', e.value) end as ours
    from jsonb_each(wanted) e) w
$$;

create function touchpoint.canonical_meeting(wanted jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- Values as they read back from the table's own types, of the columns that it has. A list of people is a list or a text.
declare
  result jsonb;
begin
  if exists (select from pg_attribute where attrelid = 'public.unified_meetings'::regclass and attname = 'attendees'
      and atttypid in ('text'::regtype, 'varchar'::regtype)) and jsonb_typeof(wanted->'attendees') = 'array' then
    wanted := wanted || jsonb_build_object('attendees',
      (select coalesce(string_agg(a, ', '), '') from jsonb_array_elements_text(wanted->'attendees') a));
  end if;
  execute 'select coalesce(jsonb_object_agg(e.key, e.value), ''{}'')
    from jsonb_each(to_jsonb(jsonb_populate_record(null::public.unified_meetings, $1))) e where $1 ? e.key'
    into result using wanted;
  return result;
end
$$;

create function touchpoint.meeting_columns() returns text
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
  select string_agg(format('%I', w), ', ')
  from touchpoint.dashboard_found(null) f, unnest(f.columns) w where f.source = 'meetings' and w <> 'id'
$$;

create function touchpoint.insert_meetings(rows jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- [{id, wanted: {column: value}}] -> {touchpoint id: row id}: one INSERT; whatever a unique key refuses is not in the answer.
declare
  columns text := touchpoint.meeting_columns();
  result jsonb;
begin
  if jsonb_array_length(rows) = 0 then
    return '{}';
  end if;
  execute format('with made as (
      insert into public.unified_meetings (%s) select %s
      from jsonb_array_elements($1) r, jsonb_populate_record(null::public.unified_meetings, r->''wanted'')
      on conflict do nothing returning id, outlook_event_id)
    select coalesce(jsonb_object_agg(r->>''id'', m.id), ''{}'')
    from made m join jsonb_array_elements($1) r on r#>>''{wanted,outlook_event_id}'' = m.outlook_event_id::text',
    columns, columns) into result using rows;
  return result;
end
$$;

create function touchpoint.update_meetings(rows jsonb) returns void
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- [{row_id, set: {column: value}}]: one UPDATE; a column that is not set stays what it is.
declare
  columns text := touchpoint.meeting_columns();
begin
  if jsonb_array_length(rows) > 0 then
    execute format('update public.unified_meetings u
      set (%s) = (select %s from jsonb_populate_record(u, r->''set''))
      from jsonb_array_elements($1) r where u.id::text = r->>''row_id'' ', columns, columns) using rows;
  end if;
end
$$;

create function touchpoint.meeting_rows(rows jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- [{id, gone, wanted}] -> the same with {row_id, present, wrote, inserted, known, theirs}: which row of unified_meetings
-- each has, locked, and what was last written there. row_id null: there is none. theirs: the row that we knew was removed by
-- somebody, or is another live meeting's. A row that an import made for any copy's event is taken on, and so is one whose
-- meeting is no more.
declare
  result jsonb;
begin
  execute $q$
    with given as (
      select r->>'id' as id, r as line, (r->>'gone')::boolean as gone, d.row_id as own, d.key is not null as known
      from jsonb_array_elements($1) r
      left join touchpoint.dashboard_published d on d.target = 'meetings' and d.key = r->>'id'
    ),
    candidates as (
      select g.id, g.gone, u.id::text as row_id, coalesce(u.deleted, false) as hidden
      from given g join public.unified_meetings u on u.id::text = g.own
      union all
      select g.id, g.gone, u.id::text, coalesce(u.deleted, false)
      from given g join touchpoint.copies c on c.touchpoint::text = g.id
      join public.unified_meetings u on u.outlook_event_id = c.graph_id
      where g.own is null and not g.gone
      union all
      select g.id, g.gone, u.id::text, coalesce(u.deleted, false)
      from given g join touchpoint.copies c on c.touchpoint::text = g.id
      join public.unified_meetings u on u.meeting_id = 'OUTLOOK-' || c.graph_id
      where g.own is null and not g.gone
    ),
    placed as (
      select distinct on (c.id) c.id, c.gone, c.row_id from candidates c order by c.id, c.hidden, c.row_id
    ),
    single as (
      select distinct on (p.row_id) p.* from placed p order by p.row_id, p.gone, p.id
    ),
    locked as (
      select u.id::text as row_id, to_jsonb(u) as present from public.unified_meetings u
      where u.id::text in (select row_id from single) order by u.id for update
    )
    select coalesce(jsonb_agg(g.line || jsonb_build_object('row_id', s.row_id, 'present', l.present,
      'wrote', coalesce(d.wrote, before.wrote, '{}'), 'inserted', coalesce(d.inserted, before.inserted, false),
      'known', g.known,
      'theirs', (s.row_id is null and coalesce(g.own, p.row_id) is not null) or coalesce(before.alive, false))
      order by g.id), '[]')
    from given g
    left join placed p on p.id = g.id
    left join single s on s.id = g.id
    left join locked l on l.row_id = s.row_id
    left join touchpoint.dashboard_published d on d.target = 'meetings' and d.key = g.id and d.row_id is not null
    left join lateral (
      select b.wrote, b.inserted, exists (select from touchpoint.touchpoints t
        where t.id::text = b.key and t.deleted_at is null) as alive
      from touchpoint.dashboard_published b
      where b.target = 'meetings' and b.row_id = s.row_id and b.key <> g.id
      order by alive desc limit 1) before on d.key is null $q$
  into result using rows;
  return result;
end
$$;

create function public.touchpoint_publish_meetings(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {rows: [{id, hash, gone, wanted: {column: value}}]} -> {id: inserted | updated | unchanged | kept}
-- One INSERT and one UPDATE, each only where there is something to write. wanted of a row that is gone: what is then written
-- into a row that was inserted here. kept: the row is somebody else's affair.
declare
  rows jsonb;
  made jsonb;
  merged jsonb;
begin
  perform touchpoint.publish_alone();
  rows := touchpoint.meeting_rows((
    select coalesce(jsonb_agg(r || jsonb_build_object('wanted', touchpoint.canonical_meeting(r->'wanted'))), '[]')
    from jsonb_array_elements(p->'rows') r));
  made := touchpoint.insert_meetings((
    select coalesce(jsonb_agg(r), '[]') from jsonb_array_elements(rows) r
    where r->>'row_id' is null
      and not ((r->>'theirs')::boolean or (r->>'gone')::boolean or (r->>'known')::boolean)));
  -- what a row is known by is never changed
  select coalesce(jsonb_agg(r || touchpoint.merged(r->'present', r->'wrote',
    (r->'wanted') - array['meeting_id', 'outlook_event_id'])), '[]') into merged
  from jsonb_array_elements(rows) r
  where r->>'row_id' is not null and not (r->>'theirs')::boolean
    and ((r->>'inserted')::boolean or not (r->>'gone')::boolean);
  perform touchpoint.update_meetings((
    select coalesce(jsonb_agg(m), '[]') from jsonb_array_elements(merged) m where m->'set' <> '{}'));

  delete from dashboard_published d using jsonb_array_elements(merged) m
  where d.target = 'meetings' and d.row_id = m->>'row_id' and d.key <> m->>'id';
  insert into dashboard_published as d (target, key, hash, row_id, inserted, wrote)
  select 'meetings', r->>'id', r->>'hash', coalesce(made->>(r->>'id'), r->>'row_id', d.row_id),
    made ? (r->>'id') or (r->>'inserted')::boolean,
    coalesce(m->'wrote', case when made ? (r->>'id') then touchpoint.digests(r->'wanted') end, r->'wrote')
  from jsonb_array_elements(rows) r
  left join jsonb_array_elements(merged) m on m->>'id' = r->>'id'
  left join dashboard_published d on d.target = 'meetings' and d.key = r->>'id'
  -- one whose row another meeting has taken on in this very batch leaves nothing behind
  where not (r->>'gone')::boolean or d.key is not null
  on conflict (target, key) do update set hash = excluded.hash, row_id = excluded.row_id,
    inserted = excluded.inserted, wrote = excluded.wrote;
  return (select coalesce(jsonb_object_agg(r->>'id', case
    when made ? (r->>'id') then 'inserted'
    when m is null then 'kept'
    when m->'set' = '{}' then 'unchanged'
    else 'updated' end), '{}')
    from jsonb_array_elements(rows) r left join jsonb_array_elements(merged) m on m->>'id' = r->>'id');
end
$$;

create function public.touchpoint_dashboard_undo(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {} -> {meetings, meeting_types, action_categories, nps_topics}: takes everything of ours out of the dashboard's tables, as
-- far as nobody has changed it since: rows that were inserted here, columns that were filled, classifications of ours.
declare
  n bigint;
  report jsonb := '{"meetings": 0, "meeting_types": 0, "action_categories": 0, "nps_topics": 0}';
begin
  if touchpoint.dashboard_writable('actions', array['auto_category']) is null then
    execute 'update public.actions t set auto_category = null from touchpoint.dashboard_published d
      where d.target = ''action_categories'' and d.key = t."Action_ID" and t.auto_category::text = d.wrote->>''value'' ';
    get diagnostics n = row_count;
    report := report || jsonb_build_object('action_categories', n);
  end if;
  if touchpoint.dashboard_writable('meetings', array['meeting_type_auto']) is null then
    execute 'update public.unified_meetings t set meeting_type_auto = null from touchpoint.dashboard_published d
      where d.target = ''meeting_types'' and d.key = t.outlook_event_id and t.meeting_type_auto::text = d.wrote->>''value'' ';
    get diagnostics n = row_count;
    report := report || jsonb_build_object('meeting_types', n);
  end if;
  if touchpoint.dashboard_writable('meetings', array['deleted']) is null then
    execute 'delete from public.unified_meetings u using touchpoint.dashboard_published d
      where d.target = ''meetings'' and d.inserted and d.row_id = u.id::text
        and not exists (select from jsonb_each_text(d.wrote) w
          where touchpoint.digest(coalesce(to_jsonb(u)->w.key, ''null'')::text) <> w.value)';
    get diagnostics n = row_count;
    report := report || jsonb_build_object('meetings', n);
  end if;
  if touchpoint.dashboard_writable('nps_topics', array['model_version']) is null then
    execute 'delete from public.nps_topic_classifications where model_version like ''touchpoint:%'' ';
    get diagnostics n = row_count;
    report := report || jsonb_build_object('nps_topics', n);
  end if;
  delete from dashboard_published;
  return report;
end
$$;

select touchpoint.seal();
