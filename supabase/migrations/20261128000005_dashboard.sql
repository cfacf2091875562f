-- The dashboard's own tables in schema public, as far as they exist: what is there, and reading it by content hash.
-- Nothing here is written by hand into a query but the names below: %I over them, and over what the catalog answers.

create table touchpoint.dashboard_rows (
  source text not null,
  key text not null,
  hash text not null,
  source_key text,
  primary key (source, key)
);
comment on table touchpoint.dashboard_rows is
  'What every row of the dashboard said when it was last read: no content, its hash alone. An idle pass reads nothing.';
comment on column touchpoint.dashboard_rows.source_key is 'Of the touchpoint that was made of it; null when none was.';
create index dashboard_rows_touchpoint on touchpoint.dashboard_rows (source, source_key);

create table touchpoint.dashboard_clients (
  id uuid primary key,
  client uuid not null references touchpoint.clients on delete cascade
);
comment on table touchpoint.dashboard_clients is 'Which client of ours a client of the dashboard (clients.id) is.';
create index dashboard_clients_client on touchpoint.dashboard_clients (client);

create function touchpoint.digest(content text) returns text
language sql immutable security invoker set search_path = touchpoint, pg_temp as $$
  select encode(sha256(convert_to(content, 'UTF8')), 'hex')
$$;

create function touchpoint.dashboard_sources() returns table (
  source text, candidates text[], key text, needed text[], wanted text[])
language sql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- Every table that is read or written: the names it goes by, what identifies a row, what it cannot do without, what is read.
  values
    ('actions', array['actions'], 'Action_ID', array['Action_ID', 'Action_Description'],
      array['Action_ID', 'Action_Description', 'Owners', 'Due_Date', 'Status', 'Priority', 'Category', 'Notes',
        'client', 'client_uuid', 'created_at']),
    ('nps', array['nps_responses'], 'id', array['id', 'feedback'],
      array['id', 'client_name', 'client_uuid', 'score', 'feedback', 'period', 'response_date']),
    ('topics', array['topics'], 'id', array['Topic_Title'],
      array['id', 'Meeting_Date', 'Topic_Title', 'Topic_Summary', 'Background', 'Key_Details']),
    ('knowledge', array['chasen_knowledge', 'chasen_knowledge_base'], 'id', array['id', 'content'],
      array['id', 'category', 'knowledge_key', 'title', 'content', 'is_active', 'version', 'updated_at']),
    ('clients', array['clients'], 'id', array['id', 'canonical_name'],
      array['id', 'canonical_name', 'display_name']),
    ('aliases', array['client_name_aliases'], 'display_name', array['display_name', 'canonical_name'],
      array['display_name', 'canonical_name', 'is_active']),
    ('domains', array['client_email_domains'], 'domain', array['domain'],
      array['domain', 'client_id', 'client_uuid', 'client_name', 'canonical_name', 'is_active']),
    ('skips', array['skipped_outlook_events'], 'outlook_event_id', array['outlook_event_id', 'user_email'],
      array['outlook_event_id', 'user_email', 'reason']),
    ('nps_topics', array['nps_topic_classifications'], 'response_id',
      array['response_id', 'topic_name', 'sentiment', 'confidence_score', 'model_version'],
      array['response_id', 'topic_name', 'sentiment', 'confidence_score', 'insight', 'model_version']),
    ('meetings', array['unified_meetings'], 'id', array['id', 'meeting_id', 'outlook_event_id', 'meeting_date', 'deleted'],
      array['id', 'meeting_id', 'outlook_event_id', 'title', 'client_name', 'client_uuid', 'cse_name', 'organizer',
        'attendees', 'meeting_date', 'meeting_time', 'duration', 'status', 'is_internal', 'deleted'])
$$;

create function touchpoint.dashboard_found(risks jsonb) returns table (
  source text, relation text, key text, columns text[], absent text[], problem text)
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- risks: {table, id, column, client_name?, client_uuid?}, names in schema public -> every source as the catalog has it.
-- problem: why it can not be read; null when it can. absent: columns that would be read if they were there.
  with named as (
    select * from touchpoint.dashboard_sources()
    union all
    select 'risks', array[coalesce(risks->>'table', 'plans')], coalesce(risks->>'id', 'id'),
      array[coalesce(risks->>'id', 'id'), coalesce(risks->>'column', 'risks')],
      array_remove(array[coalesce(risks->>'id', 'id'), coalesce(risks->>'column', 'risks'), risks->>'client_name',
        risks->>'client_uuid'], null)
  ),
  placed as (
    select n.*, c.oid, c.relname::text as relation,
      array(select a.attname::text from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as there
    from named n left join lateral (
      select c.oid, c.relname from unnest(n.candidates) with ordinality as k(name, place)
      join pg_class c on c.relname = k.name and c.relnamespace = 'public'::regnamespace
        and c.relkind in ('r', 'p', 'v', 'm', 'f')
      order by k.place limit 1) c on true
  )
  select p.source, p.relation, p.key,
    array(select w from unnest(p.wanted) w where w = any(p.there)),
    array(select w from unnest(p.wanted) w where w <> all(p.there)),
    case
      when p.oid is null then 'there is no such table'
      when not p.needed <@ p.there then 'it lacks ' || array_to_string(array(
        select n from unnest(p.needed) n where n <> all(p.there)), ', ')
      when not has_table_privilege(p.oid, 'select') then current_user || ' may not read it'
      -- a table that hides its rows looks empty, and an empty one looks as if everything had been deleted
      when row_security_active(p.oid) then 'row level security hides its rows from ' || current_user
    end
  from placed p
$$;

create function public.touchpoint_dashboard_probe(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {risks?: {table, id, column, client_name?, client_uuid?}} -> [{source, table, columns: [..], absent: [..], problem}]
-- table: null when it is not there; problem: why it cannot be read, null when it can. Asked of the catalog.
  select coalesce(jsonb_agg(jsonb_build_object('source', f.source, 'table', f.relation, 'columns', f.columns,
    'absent', f.absent, 'problem', f.problem) order by f.source), '[]')
  from touchpoint.dashboard_found(p->'risks') f
$$;

create function touchpoint.as_json(content text) returns jsonb
language plpgsql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- What is no JSON (a text column may hold anything, a json column a NUL) is told apart from what is empty.
begin
  return content::jsonb;
exception when others then
  return '[{"unreadable": true}]';
end
$$;

create function touchpoint.risk_list(content jsonb, path text[]) returns jsonb
language sql immutable security invoker set search_path = touchpoint, pg_temp as $$
  select case when jsonb_typeof(found) = 'array' then found else '[]' end
  from (select case when content @? '$[*] ? (@.unreadable == true)' then content else content #> path end) f(found)
$$;

create function touchpoint.risk_hash(risk jsonb) returns text
language sql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- Of what a risk says, whatever else the object holds: its title, its description and what is done about it.
  select touchpoint.digest(case jsonb_typeof(risk) when 'object' then jsonb_build_array(
    coalesce(risk->>'title', risk->>'name', risk->>'risk', ''),
    coalesce(risk->>'description', risk->>'details', ''),
    coalesce(risk->>'mitigation', risk->>'mitigation_plan', ''))::text
    else risk #>> '{}' end)
$$;

create function public.touchpoint_risk_hash(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {risk: the element of a plan's risks} -> the content hash by which its risk_category_auto is found
  select to_jsonb(touchpoint.risk_hash(p->'risk'))
$$;

create function touchpoint.dashboard_key(value text, content jsonb) returns text
language sql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- What a row is known by: its own key, or where that is missing or absurdly long, what it says.
  select case when coalesce(value, '') <> '' and length(value) <= 200 then value
    else '#' || touchpoint.digest(content::text) end
$$;

create function touchpoint.dashboard_query(wanted text, risks jsonb) returns text
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- The text of a query for (key text, content jsonb) of every row of a source; null when it cannot be read.
declare
  found record;
  fields text;
begin
  select * into found from touchpoint.dashboard_found(risks) f where f.source = wanted;
  if found.relation is null or found.problem is not null then
    return null;
  end if;
  if wanted = 'risks' then
    select string_agg(format(', %L, to_jsonb(t.%I)', name, risks->>name), '') into fields
    from unnest(array['client_name', 'client_uuid']) name where risks->>name = any(found.columns);
    return format('select touchpoint.dashboard_key(t.%I::text || ''#'' || touchpoint.risk_hash(r.risk), r.risk) as key,
        jsonb_build_object(''plan'', t.%I::text, ''hash'', touchpoint.risk_hash(r.risk), ''risk'', r.risk%s) as content
      from public.%I t, jsonb_array_elements(touchpoint.risk_list(touchpoint.as_json(t.%I::text), %L)) r(risk)',
      found.key, found.key, coalesce(fields, ''), found.relation, coalesce(risks->>'column', 'risks'),
      array(select jsonb_array_elements_text(coalesce(risks->'path', '[]'))));
  end if;
  select string_agg(format('%L, to_jsonb(t.%I)', name, name), ', ') into fields from unnest(found.columns) name;
  -- a table without a key (topics may be one) is known by what it says
  return format('select %s as key, c.content from public.%I t, lateral (select jsonb_build_object(%s)) c(content)',
    case when found.key = any(found.columns) then format('touchpoint.dashboard_key(t.%I::text, c.content)', found.key)
      else 'touchpoint.digest(c.content::text)' end, found.relation, fields);
end
$$;

create function touchpoint.cut_texts(content jsonb) returns jsonb
language sql immutable security invoker set search_path = touchpoint, pg_temp as $$
-- 100,000 characters of each text are more than ever is kept of one.
  select case jsonb_typeof(content)
    when 'string' then to_jsonb(left(content #>> '{}', 100000))
    when 'object' then (select coalesce(jsonb_object_agg(e.key, touchpoint.cut_texts(e.value)), '{}')
      from jsonb_each(content) e)
    else content end
$$;

create function public.touchpoint_dashboard_page(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {source, version, limit, after?: key, risks?} -> [{key, hash, row}]: rows that say something else than when they were
-- last read under this version (of the rules of reading), by key; about 1 MB at most, but always one.
declare
  query text := touchpoint.dashboard_query(p->>'source', p->'risks');
  result jsonb;
begin
  if query is null then
    return '[]';
  end if;
  execute format($q$
    with there as (
      select distinct on (s.key) s.key, s.content from (%s) s order by s.key, s.content::text desc
    ),
    hashed as (
      select t.key, touchpoint.digest($2 || t.content::text) as hash, t.content from there t
    ),
    changed as (
      select h.key, h.hash, touchpoint.cut_texts(h.content) as content
      from hashed h left join touchpoint.dashboard_rows r on r.source = $1 and r.key = h.key
      where r.hash is distinct from h.hash and ($3 is null or h.key collate "C" > $3)
      order by h.key collate "C" limit $4
    ),
    sized as (
      select c.*, row_number() over w as place, sum(octet_length(c.content::text)) over w as bytes
      from changed c window w as (order by c.key collate "C")
    )
    select coalesce(jsonb_agg(jsonb_build_object('key', s.key, 'hash', s.hash, 'row', s.content)
      order by s.key collate "C"), '[]')
    from sized s where s.place = 1 or s.bytes <= 1000000 $q$, query)
  into result using p->>'source', p->>'version', p->>'after', (p->>'limit')::int;
  return result;
end
$$;

create function touchpoint.dashboard_kind(source text) returns text
language sql immutable security invoker set search_path = touchpoint, pg_temp as $$
  select case source when 'actions' then 'action' when 'nps' then 'nps' when 'topics' then 'topic'
    when 'knowledge' then 'knowledge' when 'risks' then 'risk' end
$$;

create function touchpoint.dashboard_drop(of_source text, keys text[], erase boolean, at timestamptz) returns int
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- Touchpoints of rows that are no more: marked deleted, or wiped when they became private.
declare
  total int;
begin
  keys := array(select distinct k from unnest(keys) k where not exists (
    select from dashboard_rows r where r.source = of_source and r.source_key = k));
  if erase then
    delete from touchpoints t where t.kind = touchpoint.dashboard_kind(of_source) and t.source_key = any(keys);
  else
    update touchpoints t set deleted_at = at, updated_at = at
    where t.kind = touchpoint.dashboard_kind(of_source) and t.source_key = any(keys) and t.deleted_at is null;
  end if;
  get diagnostics total = row_count;
  return total;
end
$$;

create function public.touchpoint_dashboard_commit(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {source, now, privacy?, rows: [{key, hash, source_key?, erase?}], items: [touchpoints]} -> {outcomes: [{kind, source_key,
-- outcome}], deleted}. One page: the touchpoints, and what was read of the rows, in one transaction. A row without
-- source_key has no touchpoint (any more); erase: what it had is wiped, not marked.
-- SQLSTATE PT409 when newer lists of what to leave out hold.
declare
  at timestamptz := (p->>'now')::timestamptz;
  outcomes jsonb;
  marked text[];
  wiped text[];
begin
  perform touchpoint.hold_privacy((p->>'privacy')::bigint);
  outcomes := touchpoint.upsert_touchpoints(p->'items', at);
  select coalesce(array_agg(r.source_key) filter (where not coalesce(i.erase, false)), '{}'),
    coalesce(array_agg(r.source_key) filter (where i.erase), '{}')
  into marked, wiped
  from jsonb_to_recordset(p->'rows') as i(key text, source_key text, erase boolean)
  join dashboard_rows r on r.source = p->>'source' and r.key = i.key
  where r.source_key is not null and r.source_key is distinct from i.source_key;
  insert into dashboard_rows as r (source, key, hash, source_key)
  select distinct on (i.key) p->>'source', i.key, i.hash, i.source_key
  from jsonb_to_recordset(p->'rows') as i(key text, hash text, source_key text)
  order by i.key
  on conflict (source, key) do update set hash = excluded.hash, source_key = excluded.source_key
  where (r.hash, r.source_key) is distinct from (excluded.hash, excluded.source_key);
  return jsonb_build_object('outcomes', outcomes, 'deleted',
    touchpoint.dashboard_drop(p->>'source', marked, false, at)
    + touchpoint.dashboard_drop(p->>'source', wiped, true, at));
end
$$;

create function public.touchpoint_dashboard_gone(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {source, now, risks?} -> {rows, deleted}: rows that were read and are no longer there, and what was made of them. A table
-- that cannot be read says nothing about its rows.
declare
  query text := touchpoint.dashboard_query(p->>'source', p->'risks');
  gone text[];
  keys text[];
begin
  if query is null then
    return jsonb_build_object('rows', 0, 'deleted', 0);
  end if;
  execute format('select array(select r.key from touchpoint.dashboard_rows r where r.source = $1
    except select s.key from (%s) s)', query) into gone using p->>'source';
  with out as (
    delete from dashboard_rows where source = p->>'source' and key = any(gone) returning source_key)
  select coalesce(array_agg(source_key) filter (where source_key is not null), '{}') into keys from out;
  return jsonb_build_object('rows', cardinality(gone), 'deleted',
    touchpoint.dashboard_drop(p->>'source', keys, false, (p->>'now')::timestamptz));
end
$$;

create function public.touchpoint_dashboard_directory(p jsonb) returns jsonb
language plpgsql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {} -> {clients, aliases, domains: [row] or null where the table cannot be read, links: {dashboard id: client id}}
declare
  result jsonb := '{}';
  query text;
  rows jsonb;
  name text;
begin
  foreach name in array array['clients', 'aliases', 'domains'] loop
    query := touchpoint.dashboard_query(name, null);
    rows := null;
    if query is not null then
      execute format('select coalesce(jsonb_agg(touchpoint.cut_texts(s.content) order by s.content::text), ''[]'')
        from (%s) s', query) into rows;
    end if;
    result := result || jsonb_build_object(name, rows);
  end loop;
  return result || jsonb_build_object('links', (
    select coalesce(jsonb_object_agg(id, client), '{}') from dashboard_clients));
end
$$;

create or replace function public.touchpoint_clients_put(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {source, clients: [{name, aliases: [..], domains: [..]}]} -> every client known.
-- Names and domains of the clients given are replaced as a whole; other clients stay. What the configuration names is the
-- configuration's from then on: nobody else changes its names and domains.
begin
  insert into clients (name, source)
  select c->>'name', p->>'source' from jsonb_array_elements(p->'clients') c
  on conflict (name) do nothing;

  if p->>'source' <> 'import' then
    update clients c set source = p->>'source' from jsonb_array_elements(p->'clients') g
    where c.name = g->>'name' and c.source <> p->>'source';
    delete from client_names n using clients c, jsonb_array_elements(p->'clients') g
    where n.client = c.id and c.name = g->>'name' and not (g->'aliases') ? n.name;
    delete from client_domains d using clients c, jsonb_array_elements(p->'clients') g
    where d.client = c.id and c.name = g->>'name' and not (g->'domains') ? d.domain;
    insert into client_names (client, name)
    select c.id, a from jsonb_array_elements(p->'clients') g
    join clients c on c.name = g->>'name', jsonb_array_elements_text(g->'aliases') a
    on conflict do nothing;
    insert into client_domains (client, domain)
    select c.id, lower(d) from jsonb_array_elements(p->'clients') g
    join clients c on c.name = g->>'name', jsonb_array_elements_text(g->'domains') d
    on conflict do nothing;
  end if;
  return public.touchpoint_clients('{}');
end
$$;

create function touchpoint.client_called(wanted text) returns uuid
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- By its name, else by an alias that one client alone has.
  select coalesce(
    (select c.id from clients c where lower(c.name) = lower(wanted) order by c.name <> wanted, c.id limit 1),
    (select min(n.client::text)::uuid from client_names n where lower(n.name) = lower(wanted)
      having count(distinct n.client) = 1))
$$;

create function public.touchpoint_dashboard_clients_put(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {clients: [{id, name, aliases: [..], domains: [..]}]} -> {links: {dashboard id: client id}}
-- All clients of the dashboard. One whose name or alias a client of ours has is that client; names and domains of those
-- that the configuration names stay the configuration's. What is no longer given goes, as far as it came from here.
declare
  before uuid[] := array(select distinct client from dashboard_clients);
  given jsonb;
begin
  insert into clients (name, source)
  select distinct g.name, 'dashboard' from jsonb_to_recordset(p->'clients') as g(name text)
  where touchpoint.client_called(g.name) is null on conflict (name) do nothing;
  select coalesce(jsonb_agg(to_jsonb(g) || jsonb_build_object('client', touchpoint.client_called(g.name))), '[]') into given
  from (select distinct on (g.id) g.* from jsonb_to_recordset(p->'clients')
    as g(id uuid, name text, aliases text[], domains text[]) order by g.id) g;
  update clients c set source = 'dashboard' from jsonb_to_recordset(given) as g(client uuid)
  where c.id = g.client and c.source = 'import';

  delete from dashboard_clients d where not exists (
    select from jsonb_to_recordset(given) as g(id uuid, client uuid) where g.id = d.id and g.client = d.client);
  insert into dashboard_clients (id, client)
  select g.id, g.client from jsonb_to_recordset(given) as g(id uuid, client uuid) on conflict (id) do nothing;
  delete from client_names n using clients c where c.id = n.client and c.source = 'dashboard' and not exists (
    select from jsonb_to_recordset(given) as g(client uuid, aliases text[]) where g.client = c.id and n.name = any(g.aliases));
  delete from client_domains d using clients c where c.id = d.client and c.source = 'dashboard' and not exists (
    select from jsonb_to_recordset(given) as g(client uuid, domains text[]) where g.client = c.id and d.domain = any(g.domains));
  insert into client_names (client, name)
  select g.client, a from jsonb_to_recordset(given) as g(client uuid, aliases text[])
  join clients c on c.id = g.client and c.source = 'dashboard', unnest(g.aliases) a on conflict do nothing;
  insert into client_domains (client, domain)
  select g.client, d from jsonb_to_recordset(given) as g(client uuid, domains text[])
  join clients c on c.id = g.client and c.source = 'dashboard', unnest(g.domains) d on conflict do nothing;
  delete from clients c where c.source = 'dashboard' and c.id = any(before)
    and not exists (select from dashboard_clients d where d.client = c.id)
    and not exists (select from touchpoints t where t.client = c.id);
  return jsonb_build_object('links', (
    select coalesce(jsonb_object_agg(id, client), '{}') from dashboard_clients));
end
$$;

create function public.touchpoint_dashboard_skips(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- {now} -> {added, withdrawn, touchpoints, unusable}: what people skipped in the dashboard becomes skips of their own
-- mailbox and nobody else's; what is stored of them goes at once. Withdrawn ones come back with the next full round.
declare
  query text := touchpoint.dashboard_query('skips', null);
  wanted jsonb;
  answer jsonb := '{"touchpoints": 0}';
  unusable int;
  lost text[];
begin
  if query is null then
    return jsonb_build_object('added', 0, 'withdrawn', 0, 'touchpoints', 0, 'unusable', 0);
  end if;
  execute format($q$
    with there as (
      select distinct lower(trim(s.content->>'user_email')) as mailbox, s.content->>'outlook_event_id' as graph_id from (%s) s
    )
    select coalesce(jsonb_agg(jsonb_build_object('mailbox', t.mailbox, 'graph_id', t.graph_id, 'reason', 'dashboard'))
        filter (where t.mailbox like '%%_@_%%' and length(t.graph_id) between 1 and 2000), '[]'),
      count(*) filter (where not coalesce(t.mailbox like '%%_@_%%' and length(t.graph_id) between 1 and 2000, false))
    from there t $q$, query) into wanted, unusable;
  lost := array(
    select r.key from dashboard_rows r where r.source = 'skips'
    except select touchpoint.digest(w.mailbox || ' ' || w.graph_id)
      from jsonb_to_recordset(wanted) as w(mailbox text, graph_id text));
  if cardinality(lost) > 0 then
    update privacy set version = version + 1;
    delete from skips s using dashboard_rows r where r.source = 'skips' and r.key = any(lost)
      and touchpoint.digest(s.mailbox || ' ' || s.graph_id) = r.key;
    delete from dashboard_rows where source = 'skips' and key = any(lost);
  end if;
  -- known to us already: not ours to withdraw later
  wanted := (select coalesce(jsonb_agg(to_jsonb(w)), '[]')
    from jsonb_to_recordset(wanted) as w(mailbox text, graph_id text, reason text)
    where not exists (select from skips s where s.mailbox = w.mailbox and s.graph_id = w.graph_id)
      -- a forgotten mailbox leaves no trace, not even this one
      and not exists (select from forgotten f where f.kind = 'mailbox' and f.hash = touchpoint.digest(w.mailbox)));
  if jsonb_array_length(wanted) > 0 then
    answer := public.touchpoint_skip_put(jsonb_build_object('now', p->'now', 'skips', wanted));
    insert into dashboard_rows (source, key, hash)
    select 'skips', touchpoint.digest(w.mailbox || ' ' || w.graph_id), '' from jsonb_to_recordset(wanted)
      as w(mailbox text, graph_id text) on conflict do nothing;
  end if;
  return jsonb_build_object('added', jsonb_array_length(wanted), 'withdrawn', cardinality(lost),
    'touchpoints', answer->'touchpoints', 'unusable', unusable);
end
$$;

select touchpoint.seal();
