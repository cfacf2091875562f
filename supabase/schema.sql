-- What the migrations make together, read back from the catalog (npm run schema writes it, test:postgres compares it).
-- To read, and for the check that `touchpoint` makes of a database; migrations are what is run.

create table touchpoint.client_domains (
  client uuid not null,
  domain text not null,
  constraint client_domains_client_fkey FOREIGN KEY (client) REFERENCES touchpoint.clients(id) ON DELETE CASCADE,
  constraint client_domains_domain_check CHECK ((domain = lower(domain))),
  constraint client_domains_pkey PRIMARY KEY (client, domain)
);
create table touchpoint.client_names (
  client uuid not null,
  name text not null,
  constraint client_names_client_fkey FOREIGN KEY (client) REFERENCES touchpoint.clients(id) ON DELETE CASCADE,
  constraint client_names_pkey PRIMARY KEY (client, name)
);
create table touchpoint.clients (
  id uuid default gen_random_uuid() not null,
  name text not null,
  source text not null,
  created_at timestamp with time zone default now() not null,
  constraint clients_name_key UNIQUE (name),
  constraint clients_pkey PRIMARY KEY (id),
  constraint clients_source_check CHECK ((source = ANY (ARRAY['configuration'::text, 'import'::text, 'dashboard'::text])))
);
create table touchpoint.copies (
  feed bigint not null,
  graph_id text not null,
  mailbox text not null,
  touchpoint uuid not null,
  etag text not null,
  content_hash text not null,
  series text,
  epoch bigint not null,
  doubted boolean default false not null,
  constraint copies_feed_fkey FOREIGN KEY (feed) REFERENCES touchpoint.feeds(id) ON DELETE CASCADE,
  constraint copies_pkey PRIMARY KEY (feed, graph_id),
  constraint copies_touchpoint_fkey FOREIGN KEY (touchpoint) REFERENCES touchpoint.touchpoints(id) ON DELETE CASCADE
);
create table touchpoint.feeds (
  id bigint generated always as identity not null,
  mailbox text not null,
  kind text not null,
  target text not null,
  name text not null,
  delta_link text,
  scope text,
  window_start timestamp with time zone,
  window_end timestamp with time zone,
  next_link text,
  round text,
  round_scope text,
  round_window_start timestamp with time zone,
  round_window_end timestamp with time zone,
  epoch bigint default 0 not null,
  cursor_version bigint default 0 not null,
  lease_owner text,
  lease_until timestamp with time zone,
  dirty_at timestamp with time zone,
  last_success_at timestamp with time zone,
  last_error text,
  last_error_at timestamp with time zone,
  constraint feeds_check CHECK (((round IS NULL) = (next_link IS NULL))),
  constraint feeds_kind_check CHECK ((kind = ANY (ARRAY['meeting'::text, 'email'::text]))),
  constraint feeds_mailbox_fkey FOREIGN KEY (mailbox) REFERENCES touchpoint.mailboxes(address) ON DELETE CASCADE,
  constraint feeds_mailbox_kind_target_key UNIQUE (mailbox, kind, target),
  constraint feeds_pkey PRIMARY KEY (id),
  constraint feeds_round_check CHECK ((round = ANY (ARRAY['full'::text, 'delta'::text])))
);
create table touchpoint.forgotten (
  kind text not null,
  hash text not null,
  words smallint,
  forgotten_at timestamp with time zone not null,
  constraint forgotten_check CHECK (((words IS NULL) = (kind <> ALL (ARRAY['name'::text, 'client'::text])))),
  constraint forgotten_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text)),
  constraint forgotten_kind_check CHECK ((kind = ANY (ARRAY['person'::text, 'name'::text, 'mailbox'::text, 'client'::text, 'domain'::text]))),
  constraint forgotten_pkey PRIMARY KEY (kind, hash)
);
create table touchpoint.mailbox_refusals (
  mailbox text not null,
  kind text not null,
  state text not null,
  reason text not null,
  since timestamp with time zone not null,
  retry_at timestamp with time zone not null,
  constraint mailbox_refusals_kind_check CHECK ((kind = ANY (ARRAY['meeting'::text, 'email'::text]))),
  constraint mailbox_refusals_mailbox_fkey FOREIGN KEY (mailbox) REFERENCES touchpoint.mailboxes(address) ON DELETE CASCADE,
  constraint mailbox_refusals_pkey PRIMARY KEY (mailbox, kind),
  constraint mailbox_refusals_state_check CHECK ((state = ANY (ARRAY['no consent'::text, 'gone'::text, 'on-premise'::text])))
);
create table touchpoint.mailboxes (
  address text not null,
  state text default 'active'::text not null,
  state_reason text,
  state_since timestamp with time zone,
  failures integer default 0 not null,
  retry_at timestamp with time zone,
  folders_listed_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint mailboxes_address_check CHECK ((address = lower(address))),
  constraint mailboxes_pkey PRIMARY KEY (address),
  constraint mailboxes_state_check CHECK ((state = ANY (ARRAY['active'::text, 'no consent'::text, 'blocked'::text, 'gone'::text, 'on-premise'::text, 'left'::text])))
);
create table touchpoint.privacy (
  only_row boolean default true not null,
  version bigint default 0 not null,
  retained text,
  constraint privacy_only_row_check CHECK (only_row),
  constraint privacy_pkey PRIMARY KEY (only_row)
);
create table touchpoint.runs (
  id bigint generated always as identity not null,
  started_at timestamp with time zone not null,
  ended_at timestamp with time zone not null,
  fetched bigint not null,
  written bigint not null,
  unchanged bigint not null,
  skipped bigint not null,
  failed bigint not null,
  reasons jsonb not null,
  errors jsonb default '[]'::jsonb not null,
  constraint runs_check CHECK ((fetched = (((written + unchanged) + skipped) + failed))),
  constraint runs_pkey PRIMARY KEY (id)
);
create table touchpoint.settled (
  touchpoint uuid not null,
  task text not null,
  settled_at timestamp with time zone not null,
  constraint settled_pkey PRIMARY KEY (touchpoint, task),
  constraint settled_touchpoint_fkey FOREIGN KEY (touchpoint) REFERENCES touchpoint.touchpoints(id) ON DELETE CASCADE
);
create table touchpoint.skips (
  mailbox text not null,
  graph_id text not null,
  reason text,
  created_at timestamp with time zone default now() not null,
  constraint skips_mailbox_check CHECK ((mailbox = lower(mailbox))),
  constraint skips_pkey PRIMARY KEY (mailbox, graph_id)
);
create table touchpoint.subscription_refusals (
  mailbox text not null,
  kind text not null,
  reason text not null,
  failed_at timestamp with time zone not null,
  retry_at timestamp with time zone not null,
  constraint subscription_refusals_kind_check CHECK ((kind = ANY (ARRAY['meeting'::text, 'email'::text]))),
  constraint subscription_refusals_mailbox_fkey FOREIGN KEY (mailbox) REFERENCES touchpoint.mailboxes(address) ON DELETE CASCADE,
  constraint subscription_refusals_pkey PRIMARY KEY (mailbox, kind)
);
create table touchpoint.subscriptions (
  id text not null,
  mailbox text not null,
  kind text not null,
  resource text not null,
  url text not null,
  client_state text not null,
  expires_at timestamp with time zone not null,
  renewed_at timestamp with time zone not null,
  state text default 'active'::text not null,
  lifecycle_at timestamp with time zone,
  created_at timestamp with time zone default now() not null,
  constraint subscriptions_client_state_check CHECK (((char_length(client_state) >= 1) AND (char_length(client_state) <= 128))),
  constraint subscriptions_kind_check CHECK ((kind = ANY (ARRAY['meeting'::text, 'email'::text]))),
  constraint subscriptions_mailbox_fkey FOREIGN KEY (mailbox) REFERENCES touchpoint.mailboxes(address) ON DELETE CASCADE,
  constraint subscriptions_mailbox_kind_key UNIQUE (mailbox, kind),
  constraint subscriptions_pkey PRIMARY KEY (id),
  constraint subscriptions_state_check CHECK ((state = ANY (ARRAY['active'::text, 'renew'::text])))
);
create table touchpoint.tags (
  touchpoint uuid not null,
  task text not null,
  label text not null,
  score real not null,
  origin text not null,
  version text not null,
  constraint tags_origin_check CHECK ((origin = ANY (ARRAY['model'::text, 'fallback'::text, 'person'::text]))),
  constraint tags_pkey PRIMARY KEY (touchpoint, task, label, origin),
  constraint tags_score_check CHECK (((score >= (0)::double precision) AND (score <= (1)::double precision))),
  constraint tags_touchpoint_fkey FOREIGN KEY (touchpoint) REFERENCES touchpoint.touchpoints(id) ON DELETE CASCADE
);
create table touchpoint.touchpoints (
  id uuid default gen_random_uuid() not null,
  kind text not null,
  source_key text not null,
  client uuid,
  client_method text,
  client_confidence real,
  occurred_at timestamp with time zone,
  ends_at timestamp with time zone,
  all_day boolean default false not null,
  time_zone text default 'UTC'::text not null,
  title text not null,
  body text not null,
  people jsonb default '[]'::jsonb not null,
  details jsonb default '{}'::jsonb not null,
  content_hash text not null,
  text_hash text not null,
  source_mailbox text,
  source_graph_id text,
  source_rank smallint default 0 not null,
  source_modified timestamp with time zone,
  embedding extensions.vector(384),
  encoder text,
  taxonomy text,
  tagged_hash text,
  tagged_at timestamp with time zone,
  uncertain text[] default '{}'::text[] not null,
  attempts integer default 0 not null,
  tag_error text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  deleted_at timestamp with time zone,
  words tsvector generated always as ((setweight(to_tsvector('english'::regconfig, "left"(title, 10000)), 'A'::"char") || setweight(to_tsvector('english'::regconfig, "left"(body, 100000)), 'B'::"char"))) stored,
  constraint touchpoints_client_fkey FOREIGN KEY (client) REFERENCES touchpoint.clients(id) ON DELETE SET NULL,
  constraint touchpoints_kind_check CHECK ((kind = ANY (ARRAY['meeting'::text, 'email'::text, 'action'::text, 'nps'::text, 'topic'::text, 'knowledge'::text, 'risk'::text]))),
  constraint touchpoints_kind_source_key_key UNIQUE (kind, source_key),
  constraint touchpoints_pkey PRIMARY KEY (id)
);

create view touchpoint.current_tags (
  touchpoint uuid,
  task text,
  label text,
  score real,
  origin text,
  version text
) with (security_invoker=true) as ...;

CREATE INDEX copies_doubted ON touchpoint.copies USING btree (feed) WHERE doubted;
CREATE INDEX copies_series ON touchpoint.copies USING btree (feed, series) WHERE (series IS NOT NULL);
CREATE INDEX copies_touchpoint ON touchpoint.copies USING btree (touchpoint);
CREATE INDEX feeds_dirty ON touchpoint.feeds USING btree (dirty_at) WHERE (dirty_at IS NOT NULL);
CREATE INDEX tags_label ON touchpoint.tags USING btree (task, label);
CREATE INDEX touchpoints_client ON touchpoint.touchpoints USING btree (client, occurred_at);
CREATE INDEX touchpoints_deleted ON touchpoint.touchpoints USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);
CREATE INDEX touchpoints_embedding ON touchpoint.touchpoints USING hnsw (embedding extensions.vector_cosine_ops);
CREATE INDEX touchpoints_time ON touchpoint.touchpoints USING btree (kind, occurred_at);
CREATE INDEX touchpoints_untagged ON touchpoint.touchpoints USING btree (id) WHERE ((deleted_at IS NULL) AND (tagged_hash IS DISTINCT FROM text_hash));
CREATE INDEX touchpoints_words ON touchpoint.touchpoints USING gin (words);

CREATE OR REPLACE FUNCTION public.touchpoint_check(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {} -> {functions: {name: md5 of its body}, columns: {table or view: {column: type}}, dimension, vector, role,
--  denied: [words], exposed: [words]}
-- What is there, asked of the catalog alone, so that it answers whatever else is gone: our functions, tables and views, the
-- length of stored vectors, the version of pgvector; what the role that asks, or service_role, may not do (denied), and
-- what others may do or see that nobody but service_role should (exposed).
  with spaces as (
    select oid, nspname as name from pg_namespace where nspname in ('touchpoint', 'extensions')
  ),
  ours as (
    select f.oid, f.proname::text as name, n.nspname = 'public' as open, f.proname = 'seal' as owners,
      md5(replace(f.prosrc, e'\r', '')) as body
    from pg_proc f join pg_namespace n on n.oid = f.pronamespace
    where n.nspname = 'touchpoint' or (n.nspname = 'public' and f.proname like 'touchpoint\_%')
  ),
  relations as (
    select c.oid, c.relname::text as name, c.relkind, c.relrowsecurity as secured from pg_class c
    where c.relnamespace = (select oid from spaces where name = 'touchpoint') and c.relkind in ('r', 'v')
  ),
  columns as (
    select r.name as relation, a.attname::text as name, format_type(a.atttypid, null) as type, a.atttypmod as length
    from relations r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  ),
  users as (
    select rolname as name from pg_roles where rolname in ('service_role', current_user)
  ),
  others as (
    select rolname::text as name from pg_roles where rolname in ('anon', 'authenticated')
  )
  select jsonb_build_object(
    'functions', (select coalesce(jsonb_object_agg(name, body), '{}') from ours where open),
    'columns', (select coalesce(jsonb_object_agg(relation, types), '{}') from (
      select relation, jsonb_object_agg(name, type) as types from columns group by relation) t),
    'dimension', (select length from columns where relation = 'touchpoints' and name = 'embedding'),
    'vector', (select extversion from pg_extension where extname = 'vector'),
    'role', current_user,
    'denied', (select coalesce(jsonb_agg(words order by words), '[]') from (
      select u.name || ' may not call ' || f.name as words from users u, ours f
      where not f.owners and not has_function_privilege(u.name, f.oid, 'execute')
      union all
      select u.name || ' may not read ' || r.name from users u, relations r
      where r.relkind = 'v' and not has_table_privilege(u.name, r.oid, 'select')
      union all
      select u.name || ' may not read and write ' || r.name from users u, relations r
      where r.relkind = 'r' and not (has_table_privilege(u.name, r.oid, 'select')
        and has_table_privilege(u.name, r.oid, 'insert') and has_table_privilege(u.name, r.oid, 'update')
        and has_table_privilege(u.name, r.oid, 'delete'))
      union all
      select u.name || ' may not use schema ' || s.name from users u, spaces s
      where not has_schema_privilege(u.name, s.oid, 'usage')) d),
    'exposed', (select coalesce(jsonb_agg(words order by words), '[]') from (
      select o.name || ' may call ' || f.name as words from ours f, others o
      where has_function_privilege(o.name, f.oid, 'execute')
        and (f.open or has_schema_privilege(o.name, 'touchpoint', 'usage'))
      union all
      select o.name || ' may read ' || r.name from relations r, others o
      where has_table_privilege(o.name, r.oid, 'select') and has_schema_privilege(o.name, 'touchpoint', 'usage')
      union all
      select r.name || ' has no row level security' from relations r where r.relkind = 'r' and not r.secured) e))
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_clients(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', c.id,
    'name', c.name,
    'aliases', (select coalesce(jsonb_agg(n.name order by n.name), '[]') from client_names n where n.client = c.id),
    'domains', (select coalesce(jsonb_agg(d.domain order by d.domain), '[]') from client_domains d where d.client = c.id)
  ) order by c.name), '[]')
  from clients c
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_clients_put(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {source, clients: [{name, aliases: [..], domains: [..]}]} -> every client known.
-- Names and domains of the clients given are replaced as a whole; other clients stay.
begin
  insert into clients (name, source)
  select c->>'name', p->>'source' from jsonb_array_elements(p->'clients') c
  on conflict (name) do nothing;

  if p->>'source' <> 'import' then
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
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_compare(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {feed, items: [{graph_id, mailbox, kind, source_key, client, content_hash, rank, modified_at}]} ->
-- [{graph_id, outcome}]: what touchpoint_page_commit would say of each, with nothing written.
  select coalesce(jsonb_agg(jsonb_build_object('graph_id', i.graph_id, 'outcome', case
    when t.id is null then 'inserted'
    when t.deleted_at is not null then 'restored'
    when (t.content_hash <> i.content_hash or t.client is distinct from i.client) and (
      (t.source_mailbox = i.mailbox and t.source_graph_id = i.graph_id)
      or (t.source_rank, coalesce(t.source_modified, '-infinity')) <= (i.rank, coalesce(i.modified_at, '-infinity')))
      then 'updated'
    when c.graph_id is null then 'copied'
    else 'unchanged' end)), '[]')
  from jsonb_to_recordset(p->'items') as i(graph_id text, mailbox text, kind text, source_key text, client uuid,
    content_hash text, rank smallint, modified_at timestamptz)
  left join touchpoints t on t.kind = i.kind and t.source_key = i.source_key
  left join copies c on c.feed = (p->>'feed')::bigint and c.graph_id = i.graph_id
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_contents(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {after?: id, limit} -> everything stored, soft-deleted rows too, as far as it can name somebody; by id.
  select coalesce(jsonb_agg(to_jsonb(r) order by r.id), '[]') from (
    select t.id, t.kind, t.source_key, t.title, t.body, t.people, t.details, t.occurred_at, t.ends_at, t.all_day,
      t.time_zone, t.client, t.client_method, t.content_hash
    from touchpoints t where p->>'after' is null or t.id > (p->>'after')::uuid
    order by t.id limit (p->>'limit')::int) r
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_copies(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {feed, start?, end?, after?: graph id, limit} -> [{graph_id, source_key}] of the feed's copies that touch the span.
  select coalesce(jsonb_agg(to_jsonb(r) order by r.graph_id collate "C"), '[]') from (
    select c.graph_id, t.source_key from copies c join touchpoints t on t.id = c.touchpoint
    where c.feed = (p->>'feed')::bigint
      and (p->>'end' is null or t.occurred_at < (p->>'end')::timestamptz)
      and (p->>'start' is null or t.occurred_at >= (p->>'start')::timestamptz
        or t.ends_at > (p->>'start')::timestamptz)
      and (p->>'after' is null or c.graph_id collate "C" > p->>'after')
    order by c.graph_id collate "C" limit (p->>'limit')::int) r
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_doubted_feeds(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {} -> [feed id] of the feeds that hold copies about which Graph is to be asked.
  select coalesce(jsonb_agg(distinct feed), '[]') from copies where doubted
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_export(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_feed_claim(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {feed, owner, seconds} -> the feed, now leased to the owner; null while somebody else holds it.
-- Leases run on the database's clock: the daemons' own may differ.
  update feeds
  set lease_owner = p->>'owner', lease_until = clock_timestamp() + make_interval(secs => (p->>'seconds')::float8)
  where id = (p->>'feed')::bigint
    and (lease_owner is null or lease_owner = p->>'owner' or lease_until < clock_timestamp())
  returning to_jsonb(feeds)
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_feed_release(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {feed, owner, now, error?, dirty_before?} -> {}. Gives the lease back and records how it went.
-- dirty_before is the mark that the claim showed: a notification that came during the round has set a later one, which stays.
  update feeds
  set lease_owner = null,
      lease_until = null,
      dirty_at = case when dirty_at <= (p->>'dirty_before')::timestamptz then null else dirty_at end,
      last_error = p->>'error',
      last_error_at = case when p->>'error' is null then null else (p->>'now')::timestamptz end
  where id = (p->>'feed')::bigint and lease_owner = p->>'owner';
  select '{}'::jsonb
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_feeds(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {mailboxes?: [address]} -> every feed (of those mailboxes), oldest success first.
  select coalesce(jsonb_agg(to_jsonb(f) order by f.last_success_at nulls first, f.id), '[]')
  from feeds f
  where p->'mailboxes' is null or f.mailbox in (select jsonb_array_elements_text(p->'mailboxes'))
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_feeds_dirty(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {now, feeds?: [id], changed?: [{mailbox, kind}], renew?: [subscription id], removed?: [subscription id]} -> {feeds}
-- What notifications said, in one transaction: feeds to look at, subscriptions that want reauthorization, and
-- subscriptions that Graph has removed. Answers how many feeds are meant.
declare
  wanted bigint[];
  at timestamptz := (p->>'now')::timestamptz;
begin
  update subscriptions set state = 'renew', lifecycle_at = at
  where id in (select jsonb_array_elements_text(coalesce(p->'renew', '[]')));
  delete from subscriptions where id in (select jsonb_array_elements_text(coalesce(p->'removed', '[]')));
  select coalesce(array_agg(f.id), '{}') into wanted from feeds f
  where f.id in (select jsonb_array_elements_text(coalesce(p->'feeds', '[]'))::bigint)
    or exists (select from jsonb_to_recordset(coalesce(p->'changed', '[]')) as c(mailbox text, kind text)
      where c.mailbox = f.mailbox and c.kind = f.kind);
  perform touchpoint.mark_dirty(wanted, at);
  return jsonb_build_object('feeds', cardinality(wanted));
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_feeds_put(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {mailbox, feeds: [{kind, target, name}]} -> the mailbox's feeds, with what is known of their cursors.
-- SQLSTATE PT409 for a mailbox that was forgotten meanwhile.
begin
  if exists (select from forgotten where kind = 'mailbox'
    and hash = encode(sha256(convert_to(p->>'mailbox', 'UTF8')), 'hex')) then
    raise exception 'the mailbox was forgotten' using errcode = 'PT409';
  end if;
  insert into mailboxes (address) values (p->>'mailbox') on conflict do nothing;
  insert into feeds (mailbox, kind, target, name)
  select p->>'mailbox', f.kind, f.target, f.name
  from jsonb_to_recordset(p->'feeds') as f(kind text, target text, name text)
  on conflict (mailbox, kind, target) do update set name = excluded.name where feeds.name <> excluded.name;
  return public.touchpoint_feeds(jsonb_build_object('mailboxes', jsonb_build_array(p->>'mailbox')));
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_feeds_retire(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {feeds: [feed id], now} -> {deleted}. For folders that are no more: their feeds go with their copies, and touchpoints
-- that lay nowhere else are marked deleted. Somebody who is walking one of them hears PT409 at the next page.
declare
  wanted bigint[] := array(select jsonb_array_elements_text(p->'feeds')::bigint);
  affected uuid[];
begin
  perform from feeds where id = any(wanted) order by id for update;
  affected := array(select distinct touchpoint from copies where feed = any(wanted));
  delete from feeds where id = any(wanted);
  return jsonb_build_object('deleted', touchpoint.delete_orphans(affected, false, (p->>'now')::timestamptz));
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_forget(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {now, dry_run?, erase: [touchpoint id], redact: [{id, was: content hash, title, body, people, details, content_hash,
--  text_hash}], mailbox?: address, client?: id, address?: for the log of runs}
-- -> {touchpoints, copies, tags, redacted, mailboxes, feeds, subscriptions, skips, clients, names, domains}
-- Everything in one transaction; soft-deleted rows like the others. A redacted row is embedded and tagged anew.
-- SQLSTATE PT409 when a row is no longer what was read: read again.
declare
  ids uuid[] := array(select jsonb_array_elements_text(coalesce(p->'erase', '[]'))::uuid);
  only_client uuid := (p->>'client')::uuid;
  box text := p->>'mailbox';
  left_behind jsonb;
  affected uuid[];
  redacted int;
  report jsonb;
begin
  perform from privacy for update;
  if only_client is not null then
    ids := ids || array(select id from touchpoints where client = only_client);
  end if;
  left_behind := touchpoint.left_of(box);
  report := jsonb_build_object(
    'touchpoints', (select count(*) from touchpoints where id = any(ids)) + (left_behind->>'touchpoints')::int,
    'copies', (select count(*) from copies where touchpoint = any(ids)) + (left_behind->>'copies')::int,
    'tags', (select count(*) from tags where touchpoint = any(ids)),
    'redacted', jsonb_array_length(coalesce(p->'redact', '[]')),
    'clients', (select count(*) from clients where id = only_client),
    'names', (select count(*) from client_names where client = only_client),
    'domains', (select count(*) from client_domains where client = only_client)
  ) || (left_behind - 'touchpoints' - 'copies');
  if coalesce((p->>'dry_run')::boolean, false) then
    return report;
  end if;

  perform from touchpoints t
  where t.id = any(ids) or t.id in (select (r->>'id')::uuid from jsonb_array_elements(coalesce(p->'redact', '[]')) r)
  order by t.kind, t.source_key for update;
  update touchpoints t set
    title = r.title, body = r.body, people = r.people, details = r.details, content_hash = r.content_hash,
    text_hash = r.text_hash, embedding = null, encoder = null, tagged_hash = null, tagged_at = null, attempts = 0,
    tag_error = null, updated_at = (p->>'now')::timestamptz
  from jsonb_to_recordset(coalesce(p->'redact', '[]')) as r(id uuid, was text, title text, body text, people jsonb,
    details jsonb, content_hash text, text_hash text)
  where t.id = r.id and t.content_hash = r.was;
  get diagnostics redacted = row_count;
  if redacted <> (report->>'redacted')::int then
    raise exception 'a touchpoint changed while it was being forgotten' using errcode = 'PT409';
  end if;
  delete from touchpoints where id = any(ids);
  delete from clients where id = only_client;
  if box is not null then
    affected := array(select touchpoint from copies where mailbox = box
      union select id from touchpoints where source_mailbox = box);
    delete from copies where mailbox = box;
    delete from skips where mailbox = box;
    delete from mailboxes where address = box;
    perform touchpoint.delete_orphans(affected, true, (p->>'now')::timestamptz);
    update touchpoints set source_mailbox = null, source_graph_id = null where source_mailbox = box;
  end if;
  update runs set errors = (
    select coalesce(jsonb_agg(e), '[]') from jsonb_array_elements(errors) e where strpos(e::text, p->>'address') = 0)
  where strpos(errors::text, p->>'address') > 0;
  return report;
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_import(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {now, items: [{kind, source_key, ...}], privacy?} -> [{kind, source_key, outcome}]: touchpoints that come from no mailbox.
begin
  perform touchpoint.hold_privacy((p->>'privacy')::bigint);
  return touchpoint.upsert_touchpoints(p->'items', (p->>'now')::timestamptz);
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_known(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {kind, keys: [source key]} -> [source key] of those that are stored, marked deleted or not.
  select coalesce(jsonb_agg(t.source_key), '[]') from touchpoints t
  where t.kind = p->>'kind' and t.source_key in (select jsonb_array_elements_text(p->'keys'))
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_leases_clear(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- For the embedded store alone, whose one owner has just opened it: every lease is a dead one's.
  update feeds set lease_owner = null, lease_until = null where lease_owner is not null;
  select '{}'::jsonb
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_mailbox_set(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {mailbox, folders_listed_at?, state?, reason?, now?, failures?, retry_at?, refusals?: [{kind, state, reason, retry_at}]}
-- -> {}. What is left out stays; state, failures and refusals are each replaced as a whole, and since when a state holds
-- is kept while it stays the same. SQLSTATE PT409 for a mailbox that was forgotten meanwhile.
declare
  moment timestamptz := coalesce((p->>'now')::timestamptz, clock_timestamp());
begin
  if exists (select from forgotten where kind = 'mailbox'
    and hash = encode(sha256(convert_to(p->>'mailbox', 'UTF8')), 'hex')) then
    raise exception 'the mailbox was forgotten' using errcode = 'PT409';
  end if;
  insert into mailboxes (address) values (p->>'mailbox') on conflict do nothing;
  update mailboxes set folders_listed_at = (p->>'folders_listed_at')::timestamptz
  where address = p->>'mailbox' and p->>'folders_listed_at' is not null;
  update mailboxes set
    state = p->>'state',
    state_reason = p->>'reason',
    state_since = case when state = p->>'state' then coalesce(state_since, moment) else moment end
  where address = p->>'mailbox' and p ? 'state';
  update mailboxes set failures = (p->>'failures')::int, retry_at = (p->>'retry_at')::timestamptz
  where address = p->>'mailbox' and p ? 'failures';
  if p ? 'refusals' then
    delete from mailbox_refusals where mailbox = p->>'mailbox'
      and kind not in (select r->>'kind' from jsonb_array_elements(p->'refusals') r);
    insert into mailbox_refusals as old (mailbox, kind, state, reason, since, retry_at)
    select p->>'mailbox', r.kind, r.state, r.reason, moment, r.retry_at
    from jsonb_to_recordset(p->'refusals') as r(kind text, state text, reason text, retry_at timestamptz)
    on conflict (mailbox, kind) do update set
      since = case when old.state = excluded.state then old.since else excluded.since end,
      state = excluded.state, reason = excluded.reason, retry_at = excluded.retry_at;
  end if;
  return '{}';
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_mailboxes(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {} -> every mailbox with what Graph refuses of it.
  select coalesce(jsonb_agg(to_jsonb(m) || jsonb_build_object('refusals',
    (select coalesce(jsonb_agg(to_jsonb(r) order by r.kind), '[]') from mailbox_refusals r where r.mailbox = m.address)
  ) order by m.address), '[]') from mailboxes m
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_names_of(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {address} -> [display names that stand beside the address anywhere]
  select coalesce(jsonb_agg(distinct person->>'name'), '[]')
  from touchpoints t, jsonb_array_elements(t.people) person
  where t.people @> jsonb_build_array(jsonb_build_object('address', p->>'address'))
    and person->>'address' = p->>'address' and person->>'name' <> ''
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_page_commit(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {feed, expect, owner, lease_seconds, now, begin?: full|delta, scope?, window?: {start, end}, next_link?, delta_link?,
--  items: [...], removed: [graph id], forgotten: [graph id], shown: [graph id], series: [{master, keep: [graph id]}],
--  aside?: true, privacy?: version of the lists that the page was screened by}
-- -> {version, outcomes: {graph id: outcome}, removed: [graph ids that were known], deleted, swept, doubtful: [graph id]}
-- removed and forgotten ids may name a series master: its occurrences go with it.
-- aside: the page belongs to no round of the feed; its cursor moves nowhere, but is fenced all the same.
-- doubtful: every copy of the feed whose removal was announced while it lay outside the window, where a change looks the
-- same as a removal: it stays until Graph was asked.
-- SQLSTATE PT409 when the cursor is no longer at the expected version, somebody else holds the feed's lease, or newer
-- lists of what to leave out hold.
declare
  cur feeds;
  at timestamptz := (p->>'now')::timestamptz;
  items jsonb := coalesce(p->'items', '[]');
  removed text[] := array(select jsonb_array_elements_text(coalesce(p->'removed', '[]')));
  forgotten text[] := array(select jsonb_array_elements_text(coalesce(p->'forgotten', '[]')));
  known text[];
  affected uuid[] := '{}';
  erased uuid[] := '{}';
  gone uuid[];
  outcomes jsonb;
  deleted int;
  swept int := 0;
  aside boolean := coalesce((p->>'aside')::boolean, false);
  in_doubt text[] := '{}';
begin
  perform touchpoint.hold_privacy((p->>'privacy')::bigint);
  select * into cur from feeds where id = (p->>'feed')::bigint for update;
  if not found or cur.cursor_version <> (p->>'expect')::bigint then
    raise exception 'the cursor of feed % is at version %, not %', p->>'feed', cur.cursor_version, p->>'expect'
      using errcode = 'PT409';
  end if;
  -- an owner that was late (a machine that slept) must not move the cursor under the one that took over
  if cur.lease_owner <> p->>'owner' and cur.lease_until >= clock_timestamp() then
    raise exception 'feed % is leased to somebody else', cur.id using errcode = 'PT409';
  end if;
  if p->>'begin' is not null then
    cur.round := p->>'begin';
    if cur.round = 'full' then
      cur.epoch := cur.epoch + 1;
      cur.round_scope := p->>'scope';
      cur.round_window_start := (p#>>'{window,start}')::timestamptz;
      cur.round_window_end := (p#>>'{window,end}')::timestamptz;
    end if;
  end if;

  -- 1. what is no longer there
  if not aside then
    with out as (
      update copies c set doubted = true from touchpoints t
      where c.feed = cur.id and (c.graph_id = any(removed) or c.series = any(removed)) and t.id = c.touchpoint
        and case cur.round
          when 'full' then coalesce(t.ends_at, t.occurred_at) <= cur.round_window_start or t.occurred_at >= cur.round_window_end
          else coalesce(t.ends_at, t.occurred_at) <= cur.window_start or t.occurred_at >= cur.window_end end
      returning c.graph_id)
    select coalesce(array_agg(graph_id), '{}') into in_doubt from out;
  end if;
  select array_agg(id) into known from unnest(removed || forgotten) id
  where exists (select from copies c where c.feed = cur.id and (c.graph_id = id or c.series = id)
    and (id = any(forgotten) or c.graph_id <> all(in_doubt)));
  with out as (
    delete from copies c where c.feed = cur.id and (c.graph_id = any(forgotten) or c.series = any(forgotten))
    returning c.touchpoint)
  select coalesce(array_agg(touchpoint), '{}') into erased from out;
  with out as (
    delete from copies c where c.feed = cur.id and (c.graph_id = any(removed) or c.series = any(removed))
      and c.graph_id <> all(in_doubt)
    returning c.touchpoint)
  select coalesce(array_agg(touchpoint), '{}') into affected from out;
  with out as (
    delete from copies c using jsonb_array_elements(coalesce(p->'series', '[]')) s, touchpoints t
    -- a single meeting that became a series keeps its id as the master's, and is no meeting any more
    where c.feed = cur.id and (c.series = s->>'master' or c.graph_id = s->>'master') and not (s->'keep') ? c.graph_id
      and t.id = c.touchpoint and t.occurred_at < (s->>'end')::timestamptz
      and coalesce(t.ends_at, t.occurred_at) > (s->>'start')::timestamptz
    returning c.touchpoint)
  select coalesce(array_agg(touchpoint), '{}') into gone from out;
  affected := affected || gone;

  -- 2. what is there
  outcomes := touchpoint.upsert_touchpoints(items, at);
  with incoming as (
    select distinct on (i.graph_id) i.graph_id, i.mailbox, i.etag, i.content_hash, i.series, t.id as touchpoint, o.outcome
    from rows from (jsonb_to_recordset(items) as (graph_id text, mailbox text, etag text, content_hash text, series text,
      kind text, source_key text)) with ordinality as i
    join touchpoints t on t.kind = i.kind and t.source_key = i.source_key
    join jsonb_to_recordset(outcomes) as o(kind text, source_key text, outcome text)
      on o.kind = i.kind and o.source_key = i.source_key
    order by i.graph_id, i.ordinality desc
  ),
  before as (
    select c.graph_id, c.touchpoint from copies c join incoming i on c.feed = cur.id and c.graph_id = i.graph_id
  ),
  written as (
    insert into copies as c (feed, graph_id, mailbox, touchpoint, etag, content_hash, series, epoch)
    select cur.id, i.graph_id, i.mailbox, i.touchpoint, i.etag, i.content_hash, i.series, cur.epoch from incoming i
    on conflict (feed, graph_id) do update
      set touchpoint = excluded.touchpoint, etag = excluded.etag, content_hash = excluded.content_hash, series = excluded.series, epoch = excluded.epoch,
        doubted = false
      where (c.touchpoint, c.etag, c.content_hash, c.epoch)
          <> (excluded.touchpoint, excluded.etag, excluded.content_hash, excluded.epoch)
        or c.series is distinct from excluded.series or c.doubted
  )
  select
    coalesce(jsonb_object_agg(i.graph_id, case
      when i.outcome = 'unchanged' and b.graph_id is null then 'copied' else i.outcome end), '{}'),
    coalesce(array_agg(b.touchpoint) filter (where b.touchpoint <> i.touchpoint), '{}')
  into outcomes, gone
  from incoming i left join before b on b.graph_id = i.graph_id;
  affected := affected || gone;
  update copies c set epoch = cur.epoch, doubted = false
  from jsonb_array_elements_text(coalesce(p->'shown', '[]')) id
  where c.feed = cur.id and c.graph_id = id and (c.epoch <> cur.epoch or c.doubted);

  -- 3. the cursor; at the end of a complete round what it did not show goes, inside its window
  if p->>'delta_link' is not null and cur.round = 'full' then
    with out as (
      delete from copies c using touchpoints t
      where c.feed = cur.id and c.epoch < cur.epoch and t.id = c.touchpoint
        and (cur.round_window_end is null or (t.occurred_at < cur.round_window_end
          and coalesce(t.ends_at, t.occurred_at) > cur.round_window_start))
      returning c.touchpoint)
    select coalesce(array_agg(touchpoint), '{}') into gone from out;
    swept := cardinality(gone);
    affected := affected || gone;
  end if;
  deleted := touchpoint.delete_orphans(erased, true, at) + touchpoint.delete_orphans(affected, false, at);

  update feeds f set
    cursor_version = f.cursor_version + 1,
    lease_until = case when f.lease_owner = p->>'owner'
      then clock_timestamp() + make_interval(secs => (p->>'lease_seconds')::float8) else f.lease_until end
  where f.id = cur.id;
  update feeds f set
    epoch = cur.epoch,
    next_link = p->>'next_link',
    round = case when p->>'delta_link' is null then cur.round end,
    delta_link = coalesce(p->>'delta_link', f.delta_link),
    scope = case when p->>'delta_link' is not null and cur.round = 'full' then cur.round_scope else f.scope end,
    window_start = case when p->>'delta_link' is not null and cur.round = 'full' then cur.round_window_start
      else f.window_start end,
    window_end = case when p->>'delta_link' is not null and cur.round = 'full' then cur.round_window_end
      else f.window_end end,
    round_scope = case when p->>'delta_link' is null then cur.round_scope end,
    round_window_start = case when p->>'delta_link' is null then cur.round_window_start end,
    round_window_end = case when p->>'delta_link' is null then cur.round_window_end end,
    last_success_at = case when p->>'delta_link' is not null then at else f.last_success_at end
  where f.id = cur.id and not aside;
  return jsonb_build_object('version', cur.cursor_version + 1, 'outcomes', outcomes,
    'removed', to_jsonb(coalesce(known, '{}')), 'deleted', deleted, 'swept', swept,
    'doubtful', (select coalesce(jsonb_agg(c.graph_id order by c.graph_id), '[]') from copies c
      where c.feed = cur.id and c.doubted));
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_privacy(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {} -> {version, forgotten: [{kind, hash, words}], skips: [{mailbox, graph_id}]}: what pages are screened by.
  select jsonb_build_object(
    'version', (select version from privacy),
    'forgotten', (select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'hash', hash, 'words', words)), '[]')
      from forgotten),
    'skips', (select coalesce(jsonb_agg(jsonb_build_object('mailbox', mailbox, 'graph_id', graph_id)), '[]') from skips))
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_remember(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {now, hashes: [{kind, hash, words?}]} -> {added}. From here on no page brings it back; what is stored goes next.
declare
  added int;
begin
  update privacy set version = version + 1;
  insert into forgotten (kind, hash, words, forgotten_at)
  select h.kind, h.hash, h.words, (p->>'now')::timestamptz
  from jsonb_to_recordset(p->'hashes') as h(kind text, hash text, words smallint)
  on conflict do nothing;
  get diagnostics added = row_count;
  return jsonb_build_object('added', added);
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_retain(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {before?: instant, deleted_before?: instant, limit, unless?: text} -> {expired, purged, done}
-- Deletes touchpoints of before that instant, and rows that were marked deleted before the other, at most `limit` of each.
-- unless names day and settings: once retention is done under that name it has nothing more to do.
declare
  expired int;
  purged int;
begin
  if p->>'unless' is not null and exists (select from privacy where retained = p->>'unless') then
    return jsonb_build_object('expired', 0, 'purged', 0, 'done', true);
  end if;
  delete from touchpoints where id in (
    select id from touchpoints where coalesce(occurred_at, created_at) < (p->>'before')::timestamptz
    limit (p->>'limit')::int for update);
  get diagnostics expired = row_count;
  delete from touchpoints where id in (
    select id from touchpoints where deleted_at < (p->>'deleted_before')::timestamptz
    limit (p->>'limit')::int for update);
  get diagnostics purged = row_count;
  if greatest(expired, purged) < (p->>'limit')::int then
    update privacy set retained = p->>'unless' where p->>'unless' is not null;
    return jsonb_build_object('expired', expired, 'purged', purged, 'done', true);
  end if;
  return jsonb_build_object('expired', expired, 'purged', purged, 'done', false);
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_run_save(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
  insert into runs (started_at, ended_at, fetched, written, unchanged, skipped, failed, reasons, errors)
  select r.started_at, r.ended_at, r.fetched, r.written, r.unchanged, r.skipped, r.failed, r.reasons, r.errors
  from jsonb_to_record(p) as r(started_at timestamptz, ended_at timestamptz, fetched bigint, written bigint,
    unchanged bigint, skipped bigint, failed bigint, reasons jsonb, errors jsonb)
  returning jsonb_build_object('id', id)
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_search(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'extensions', 'pg_temp'
 SET plan_cache_mode TO 'force_custom_plan'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {query, embedding?: "[..]", encoder?, kinds?, client?: name, since?, until?, limit} ->
-- [{id, kind, title, snippet, client, occurred_at, score, similarity}], best first.
-- Words and meaning each rank their best candidates (index-using inner limits); reciprocal ranks are added
-- (Cormack, Clarke, Buettcher 2009: k = 60). Only vectors of the asked encoder are compared.
declare
  asked tsquery := touchpoint.any_word(coalesce(p->>'query', ''));
  near vector(384) := (p->>'embedding')::vector;
  wanted int := coalesce((p->>'limit')::int, 10);
  -- deep enough that fusion has something to fuse, shallow enough to stay on the index
  depth int := greatest(50, wanted * 4);
  only_kinds text[] := case when p ? 'kinds' then array(select jsonb_array_elements_text(p->'kinds')) end;
  only_client uuid;
  result jsonb;
begin
  if p->>'client' is not null then
    select c.id into only_client from clients c
    where lower(c.name) = lower(p->>'client')
      or exists (select from client_names n where n.client = c.id and lower(n.name) = lower(p->>'client'))
    -- one client's alias may be another's name: the name wins
    order by lower(c.name) = lower(p->>'client') desc, c.name limit 1;
    if only_client is null then
      return '[]';
    end if;
  end if;
  -- a filter must never make the index return too few rows; their order does not matter, they are ranked anew below
  perform set_config('hnsw.iterative_scan', 'relaxed_order', true);
  with kept as not materialized (
    select t.id, t.words, t.embedding, t.encoder from touchpoints t
    where t.deleted_at is null
      and (only_kinds is null or t.kind = any(only_kinds))
      and (only_client is null or t.client = only_client)
      and (p->>'since' is null or t.occurred_at >= (p->>'since')::timestamptz)
      and (p->>'until' is null or t.occurred_at < (p->>'until')::timestamptz)
  ),
  comparable as not materialized (
    select k.id, k.embedding from kept k
    where near is not null and k.embedding is not null and (p->>'encoder' is null or k.encoder = p->>'encoder')
  ),
  by_word as (
    select t.id, row_number() over (order by t.rank desc, t.id) as place from (
      select k.id, ts_rank_cd(k.words, asked, 1) as rank from kept k
      where k.words @@ asked
      order by rank desc, k.id limit depth) t
  ),
  nearest as materialized (
    select k.id, k.embedding <=> near as distance from comparable k order by k.embedding <=> near limit depth
  ),
  -- Fewer than asked for: there are no more, or what the filter keeps lies where the index did not come (it walks from
  -- neighbour to neighbour and gives up after hnsw.max_scan_tuples). Then they are all compared; + 0 avoids the index.
  by_meaning as (
    select t.id, t.distance, row_number() over (order by t.distance, t.id) as place from (
      select n.id, n.distance from nearest n where (select count(*) from nearest) >= depth
      union all
      (select k.id, (k.embedding <=> near) + 0 as distance from comparable k
       where (select count(*) from nearest) < depth
       order by 2 limit depth)) t
  ),
  fused as (
    select coalesce(w.id, m.id) as id, m.distance,
      coalesce(1.0 / (60 + w.place), 0) + coalesce(1.0 / (60 + m.place), 0) as score
    from by_word w full join by_meaning m on m.id = w.id
    order by score desc, id limit wanted
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', t.source_key, 'kind', t.kind, 'title', t.title,
    'snippet', case when t.words @@ asked
      then ts_headline('pg_catalog.english', case when t.body = '' then t.title else t.body end, asked,
        'StartSel="", StopSel="", MaxFragments=2, MaxWords=30, MinWords=10, FragmentDelimiter=" … "')
      else left(case when t.body = '' then t.title else t.body end, 200) end,
    'client', c.name, 'occurred_at', t.occurred_at, 'score', round(f.score::numeric, 6),
    'similarity', round((1 - f.distance)::numeric, 4)) order by f.score desc, f.id), '[]')
  into result
  from fused f join touchpoints t on t.id = f.id left join clients c on c.id = t.client;
  return result;
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_skip_put(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {now, skips: [{mailbox, graph_id, reason?}]} -> {added, copies, touchpoints}
-- What is stored of them goes at once; a graph id may name a series master: its occurrences go with it.
-- A touchpoint that a colleague holds a copy of stays.
declare
  added int;
  affected uuid[];
begin
  update privacy set version = version + 1;
  insert into skips (mailbox, graph_id, reason, created_at)
  select distinct on (lower(s.mailbox), s.graph_id) lower(s.mailbox), s.graph_id, s.reason, (p->>'now')::timestamptz
  from jsonb_to_recordset(p->'skips') as s(mailbox text, graph_id text, reason text)
  on conflict do nothing;
  get diagnostics added = row_count;
  with out as (
    delete from copies c using jsonb_to_recordset(p->'skips') as s(mailbox text, graph_id text)
    where c.mailbox = lower(s.mailbox) and (c.graph_id = s.graph_id or c.series = s.graph_id)
    returning c.touchpoint)
  select coalesce(array_agg(touchpoint), '{}') into affected from out;
  return jsonb_build_object('added', added, 'copies', cardinality(affected),
    'touchpoints', touchpoint.delete_orphans(affected, true, (p->>'now')::timestamptz));
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_skips(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {mailbox?} -> [{mailbox, graph_id, reason}]
  select coalesce(jsonb_agg(jsonb_build_object('mailbox', mailbox, 'graph_id', graph_id, 'reason', reason)
    order by mailbox, graph_id), '[]')
  from skips where p->>'mailbox' is null or mailbox = p->>'mailbox'
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_status(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {encoder?, taxonomy?} -> counts by kind, backlog, feeds with their lag, mailboxes, the last run, and
-- how changes are told: state active or renew (by notification), or polling, with the reason and the next try.
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
      'reason', state_reason, 'since', state_since, 'failures', failures, 'retry_at', retry_at,
      'refusals', (select coalesce(jsonb_agg(to_jsonb(r) - 'mailbox' order by r.kind), '[]')
        from mailbox_refusals r where r.mailbox = address)) order by address), '[]') from mailboxes),
    'subscriptions', (select coalesce(jsonb_agg(jsonb_build_object('mailbox', mailbox, 'kind', kind,
      'state', coalesce(s.state, 'polling'), 'expires_at', s.expires_at, 'reason', r.reason, 'retry_at', r.retry_at)
      order by mailbox, kind), '[]') from subscriptions s full join subscription_refusals r using (mailbox, kind)),
    'last_run', (select to_jsonb(r) from runs r order by id desc limit 1))
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_subscription_put(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {id, mailbox, kind, resource, url, client_state, expires_at, now} -> {created}
-- Created or renewed: takes the place of the mailbox's earlier one. What changed before a new one stood was told to
-- nobody, so its feeds become dirty.
declare
  fresh boolean := not exists (select from subscriptions where id = p->>'id');
begin
  insert into subscriptions as s (id, mailbox, kind, resource, url, client_state, expires_at, renewed_at)
  values (p->>'id', p->>'mailbox', p->>'kind', p->>'resource', p->>'url', p->>'client_state',
    (p->>'expires_at')::timestamptz, (p->>'now')::timestamptz)
  on conflict (mailbox, kind) do update set
    id = excluded.id, resource = excluded.resource, url = excluded.url, client_state = excluded.client_state,
    expires_at = excluded.expires_at, renewed_at = excluded.renewed_at, state = 'active',
    created_at = case when s.id = excluded.id then s.created_at else excluded.created_at end;
  delete from subscription_refusals where mailbox = p->>'mailbox' and kind = p->>'kind';
  if fresh then
    perform touchpoint.mark_dirty(
      array(select id from feeds where mailbox = p->>'mailbox' and kind = p->>'kind'), (p->>'now')::timestamptz);
  end if;
  return jsonb_build_object('created', fresh);
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_subscription_refused(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {mailbox, kind, reason, now, retry_at} -> {}. The mailbox is polled until then.
  insert into subscription_refusals (mailbox, kind, reason, failed_at, retry_at)
  values (p->>'mailbox', p->>'kind', p->>'reason', (p->>'now')::timestamptz, (p->>'retry_at')::timestamptz)
  on conflict (mailbox, kind) do update
    set reason = excluded.reason, failed_at = excluded.failed_at, retry_at = excluded.retry_at;
  select '{}'::jsonb
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_subscription_remove(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {ids?: [subscription id], unwanted?: [{mailbox, kind}]} -> {removed}. unwanted: its refusals go as well.
declare
  removed int;
begin
  delete from subscriptions where id in (select jsonb_array_elements_text(coalesce(p->'ids', '[]')));
  get diagnostics removed = row_count;
  delete from subscription_refusals r using jsonb_to_recordset(coalesce(p->'unwanted', '[]')) as u(mailbox text, kind text)
  where r.mailbox = u.mailbox and r.kind = u.kind;
  return jsonb_build_object('removed', removed);
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_subscriptions(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {} -> {subscriptions: [...], refusals: [...]}, all of them.
  select jsonb_build_object(
    'subscriptions', (select coalesce(jsonb_agg(to_jsonb(s) order by s.mailbox, s.kind), '[]') from subscriptions s),
    'refusals', (select coalesce(jsonb_agg(to_jsonb(r) order by r.mailbox, r.kind), '[]') from subscription_refusals r))
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_tags_save(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'extensions', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_untagged(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION touchpoint.any_word(query text)
 RETURNS tsquery
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
-- Any of the question's words, stemmed, stop words gone: people ask in sentences, and no answer holds all of their words.
  select coalesce(nullif(replace(plainto_tsquery('pg_catalog.english', query)::text, ' & ', ' | '), '')::tsquery, ''::tsquery)
$function$;
CREATE OR REPLACE FUNCTION touchpoint.delete_orphans(affected uuid[], forget boolean, at timestamp with time zone)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- A touchpoint goes with its last copy: marked deleted, or with forget (it became private) wiped.
-- The row is locked before its copies are counted: two feeds that each drop one of the last two copies take turns,
-- and the second sees that none is left.
declare
  total int;
begin
  perform from touchpoints t where t.id = any(affected) order by t.kind, t.source_key for update;
  update touchpoints t set source_rank = -1, source_modified = null
  where t.id = any(affected) and t.source_rank >= 0
    and not exists (select from copies c
      where c.touchpoint = t.id and c.mailbox = t.source_mailbox and c.graph_id = t.source_graph_id);
  -- the copy that the content came from is gone, and one that stays says something else: Graph is to be asked about it
  update copies c set doubted = true from touchpoints t
  where t.id = any(affected) and t.source_rank = -1 and c.touchpoint = t.id and c.content_hash <> t.content_hash
    and not c.doubted;
  if forget then
    delete from touchpoints t
    where t.id = any(affected) and not exists (select from copies c where c.touchpoint = t.id);
  else
    update touchpoints t set deleted_at = at, updated_at = at
    where t.id = any(affected) and t.deleted_at is null
      and not exists (select from copies c where c.touchpoint = t.id);
  end if;
  get diagnostics total = row_count;
  return total;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.hold_privacy(expected bigint)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- Keeps the lists as they are until the transaction ends, and refuses a writer who screened by older ones.
-- Always taken before feeds and touchpoints, so that writers never wait for each other crosswise.
declare
  version_now bigint;
begin
  select version into version_now from privacy for share;
  if expected <> version_now then
    raise exception 'what is to be left out has changed: the page was screened by version %, % holds', expected, version_now
      using errcode = 'PT409';
  end if;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.left_of(address text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- How much stands under a mailbox's address. Touchpoints: those that only it holds or held.
  select jsonb_build_object(
    'mailboxes', (select count(*) from mailboxes m where m.address = left_of.address),
    'feeds', (select count(*) from feeds f where f.mailbox = left_of.address),
    'subscriptions', (select count(*) from subscriptions s where s.mailbox = left_of.address),
    'skips', (select count(*) from skips s where s.mailbox = left_of.address),
    'copies', (select count(*) from copies c where c.mailbox = left_of.address),
    'touchpoints', (select count(*) from touchpoints t where
      (t.source_mailbox = left_of.address or exists (
        select from copies c where c.touchpoint = t.id and c.mailbox = left_of.address))
      and not exists (select from copies c where c.touchpoint = t.id and c.mailbox <> left_of.address)))
$function$;
CREATE OR REPLACE FUNCTION touchpoint.mark_dirty(wanted bigint[], at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- dirty_at only ever grows, whatever the clocks say: a round clears the mark it saw when it claimed the feed, and no later
-- one. A feed that is dirty already and that nobody walks is left alone: whoever claims it next begins after this change.
-- Rows are locked in one order, so that two marks never wait for each other.
begin
  perform from feeds where id = any(wanted) and (dirty_at is null or lease_owner is not null) order by id for update;
  update feeds set dirty_at = greatest(at, dirty_at + interval '1 microsecond')
  where id = any(wanted) and (dirty_at is null or lease_owner is not null);
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.seal()
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
-- Row level security on every table with no policy, every function executable by service_role alone. Those that answer
-- speak UTC wherever the database lives, and may take 55 s: PostgREST takes that from the function, without it
-- service_role has 8 s on Supabase, whose API ends every request after 60 s.
-- Whoever owns the schema calls it at the end of every later migration.
declare
  ours record;
begin
  for ours in select tablename as name from pg_tables where schemaname = 'touchpoint' loop
    execute format('alter table touchpoint.%I enable row level security', ours.name);
  end loop;
  for ours in
    select p.oid::regprocedure as name, p.pronamespace = 'public'::regnamespace as answers
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'touchpoint' or (n.nspname = 'public' and p.proname like 'touchpoint\_%')
  loop
    execute format('revoke all on function %s from public, anon, authenticated', ours.name);
    execute format('grant execute on function %s to service_role', ours.name);
    if ours.answers then
      execute format('alter function %s set timezone = %L', ours.name, 'UTC');
      execute format('alter function %s set statement_timeout = %L', ours.name, '55s');
    end if;
  end loop;
  revoke execute on function touchpoint.seal() from service_role;
  execute 'revoke all on all tables in schema touchpoint from public, anon, authenticated';
  execute 'revoke all on all sequences in schema touchpoint from public, anon, authenticated';
  execute 'grant select, insert, update, delete on all tables in schema touchpoint to service_role';
  execute 'grant usage on all sequences in schema touchpoint to service_role';
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.tags_of(wanted uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object('task', g.task, 'label', g.label, 'score', round(g.score::numeric, 4),
    'origin', g.origin) order by g.task, g.score desc, g.label), '[]')
  from tags g where g.touchpoint = wanted
$function$;
CREATE OR REPLACE FUNCTION touchpoint.upsert_touchpoints(items jsonb, at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- items: [{mailbox, graph_id, kind, source_key, ..., rank, modified_at}] -> [{kind, source_key, id, outcome}]
-- where outcome is inserted | updated | restored | unchanged, one per distinct touchpoint.
-- Content is taken from the best copy: the organiser's or sender's own (rank 1) before others, then the newest;
-- the copy it came from may always replace itself. So five copies never flap, whatever order they come in.
-- Of equals in one call the last wins.
declare
  result jsonb;
begin
  with incoming as (
    select distinct on (i.kind, i.source_key) i.*
    from rows from (jsonb_to_recordset(items) as (mailbox text, graph_id text, kind text, source_key text, client uuid,
      client_method text, client_confidence real, occurred_at timestamptz, ends_at timestamptz, all_day boolean,
      time_zone text, title text, body text, people jsonb, details jsonb, content_hash text, text_hash text,
      rank smallint, modified_at timestamptz)) with ordinality as i
    order by i.kind, i.source_key, i.rank desc, i.modified_at desc nulls last, i.graph_id, i.ordinality desc
  ),
  before as (
    select t.id, t.deleted_at, i.kind, i.source_key,
      t.content_hash <> i.content_hash or t.client is distinct from i.client as differs
    from incoming i join touchpoints t on t.kind = i.kind and t.source_key = i.source_key
  ),
  written as (
    insert into touchpoints as t (kind, source_key, client, client_method, client_confidence, occurred_at, ends_at,
      all_day, time_zone, title, body, people, details, content_hash, text_hash,
      source_mailbox, source_graph_id, source_rank, source_modified, created_at, updated_at)
    select i.kind, i.source_key, i.client, i.client_method, i.client_confidence, i.occurred_at, i.ends_at,
      i.all_day, i.time_zone, i.title, i.body, i.people, i.details, i.content_hash, i.text_hash,
      i.mailbox, i.graph_id, i.rank, i.modified_at, at, at
    from incoming i
    order by i.kind, i.source_key
    on conflict (kind, source_key) do update set
      client = excluded.client, client_method = excluded.client_method, client_confidence = excluded.client_confidence,
      occurred_at = excluded.occurred_at, ends_at = excluded.ends_at, all_day = excluded.all_day,
      time_zone = excluded.time_zone, title = excluded.title, body = excluded.body, people = excluded.people,
      details = excluded.details, content_hash = excluded.content_hash, text_hash = excluded.text_hash,
      source_mailbox = excluded.source_mailbox, source_graph_id = excluded.source_graph_id,
      source_rank = excluded.source_rank, source_modified = excluded.source_modified,
      attempts = case when t.text_hash = excluded.text_hash then t.attempts else 0 end,
      updated_at = at, deleted_at = null
    where t.deleted_at is not null
      or (
        (t.content_hash <> excluded.content_hash or t.client is distinct from excluded.client
          or t.source_rank < excluded.source_rank)
        and (
          (t.source_mailbox = excluded.source_mailbox and t.source_graph_id = excluded.source_graph_id)
          or (t.source_rank, coalesce(t.source_modified, '-infinity'))
             <= (excluded.source_rank, coalesce(excluded.source_modified, '-infinity'))
        )
      )
    -- only a row that this very statement inserted has no xmax: what "before" saw may be older than what was there
    returning t.id, t.kind, t.source_key, t.xmax = 0 as inserted
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'kind', i.kind,
    'source_key', i.source_key,
    'outcome', case
      when w.id is null then 'unchanged'
      when w.inserted then 'inserted'
      when b.deleted_at is not null then 'restored'
      when b.id is null or b.differs then 'updated'
      else 'unchanged' end)), '[]')
  into result
  from incoming i
  left join before b on b.kind = i.kind and b.source_key = i.source_key
  left join written w on w.kind = i.kind and w.source_key = i.source_key;
  return result;
end
$function$;

comment on table touchpoint.copies is 'Where a touchpoint stands in Outlook. The touchpoint is deleted when its last copy is.';
comment on column touchpoint.copies.doubted is 'Graph is to be asked about it: its removal was announced while it lay outside the window, where a mere change looks the same, or it says something else than the touchpoint and the copy that was taken from is gone.';
comment on view touchpoint.current_tags is 'The tags that hold. Whoever filters, counts or publishes labels reads them here and not from tags.';
comment on table touchpoint.feeds is 'One delta feed: a calendar or one mail folder of a mailbox. delta_link is the last completed cursor, next_link the walk in progress; cursor_version fences both.';
comment on table touchpoint.forgotten is 'Who must not come back: SHA-256 of addresses, full names, mailboxes, client names and client domains; never clear text.';
comment on column touchpoint.forgotten.words is 'How many words the name has, so that it can be found in a text by its hash.';
comment on table touchpoint.mailbox_refusals is 'What Graph refuses of a mailbox: its calendar and its mail are consented to apart. Asked again at retry_at.';
comment on table touchpoint.mailboxes is 'One row per mailbox that is or was read.';
comment on column touchpoint.mailboxes.state is 'active while anything of it can be read; left: no longer among the users or group members that are listed.';
comment on column touchpoint.mailboxes.failures is 'Passes in a row in which Graph gave it no answer (throttled, away); from the third on it is asked again at retry_at.';
comment on table touchpoint.privacy is 'One row. version moves with every skip and every forgetting: pages that were screened by older lists are refused. retained says for which day and settings retention has run.';
comment on table touchpoint.runs is 'One row per pass over the feeds, with counts that reconcile.';
comment on table touchpoint.settled is 'A person decided this task of this touchpoint: their tags, which may be none at all, hold for good.';
comment on table touchpoint.skips is 'Items that somebody does not want here: their own copy alone, a colleague''s stays.';
comment on table touchpoint.subscription_refusals is 'Why a mailbox has no subscription, or one that cannot be renewed, and when it is tried again; until then it is polled.';
comment on table touchpoint.subscriptions is 'Subscriptions at Graph; id is Graph''s own. A mailbox and kind without one is polled.';
comment on column touchpoint.subscriptions.url is 'Where Graph sends: with another public address a new subscription is wanted.';
comment on column touchpoint.subscriptions.client_state is 'The secret that every notification of this subscription carries.';
comment on column touchpoint.subscriptions.state is 'renew: Graph asks for reauthorization, which a renewal gives.';
comment on table touchpoint.touchpoints is 'Anything said to or about a client: one row however many mailboxes hold a copy.';
comment on column touchpoint.touchpoints.content_hash is 'Of everything stored: equal means nothing to write.';
comment on column touchpoint.touchpoints.text_hash is 'Of what the encoder reads; tagged_hash is the one that was tagged.';

alter table touchpoint.client_domains enable row level security;
alter table touchpoint.client_names enable row level security;
alter table touchpoint.clients enable row level security;
alter table touchpoint.copies enable row level security;
alter table touchpoint.feeds enable row level security;
alter table touchpoint.forgotten enable row level security;
alter table touchpoint.mailbox_refusals enable row level security;
alter table touchpoint.mailboxes enable row level security;
alter table touchpoint.privacy enable row level security;
alter table touchpoint.runs enable row level security;
alter table touchpoint.settled enable row level security;
alter table touchpoint.skips enable row level security;
alter table touchpoint.subscription_refusals enable row level security;
alter table touchpoint.subscriptions enable row level security;
alter table touchpoint.tags enable row level security;
alter table touchpoint.touchpoints enable row level security;

grant delete, insert, select, update on table touchpoint.client_domains to service_role;
grant delete, insert, select, update on table touchpoint.client_names to service_role;
grant delete, insert, select, update on table touchpoint.clients to service_role;
grant delete, insert, select, update on table touchpoint.copies to service_role;
grant delete, insert, select, update on table touchpoint.current_tags to service_role;
grant delete, insert, select, update on table touchpoint.feeds to service_role;
grant delete, insert, select, update on table touchpoint.forgotten to service_role;
grant delete, insert, select, update on table touchpoint.mailbox_refusals to service_role;
grant delete, insert, select, update on table touchpoint.mailboxes to service_role;
grant delete, insert, select, update on table touchpoint.privacy to service_role;
grant delete, insert, select, update on table touchpoint.runs to service_role;
grant delete, insert, select, update on table touchpoint.settled to service_role;
grant delete, insert, select, update on table touchpoint.skips to service_role;
grant delete, insert, select, update on table touchpoint.subscription_refusals to service_role;
grant delete, insert, select, update on table touchpoint.subscriptions to service_role;
grant delete, insert, select, update on table touchpoint.tags to service_role;
grant delete, insert, select, update on table touchpoint.touchpoints to service_role;
grant usage on sequence touchpoint.feeds_id_seq to service_role;
grant usage on sequence touchpoint.runs_id_seq to service_role;
grant usage on schema extensions to service_role;
grant usage on schema touchpoint to service_role;
grant execute on function public.touchpoint_check(jsonb) to service_role;
grant execute on function public.touchpoint_clients(jsonb) to service_role;
grant execute on function public.touchpoint_clients_put(jsonb) to service_role;
grant execute on function public.touchpoint_compare(jsonb) to service_role;
grant execute on function public.touchpoint_contents(jsonb) to service_role;
grant execute on function public.touchpoint_copies(jsonb) to service_role;
grant execute on function public.touchpoint_doubted_feeds(jsonb) to service_role;
grant execute on function public.touchpoint_export(jsonb) to service_role;
grant execute on function public.touchpoint_feed_claim(jsonb) to service_role;
grant execute on function public.touchpoint_feed_release(jsonb) to service_role;
grant execute on function public.touchpoint_feeds(jsonb) to service_role;
grant execute on function public.touchpoint_feeds_dirty(jsonb) to service_role;
grant execute on function public.touchpoint_feeds_put(jsonb) to service_role;
grant execute on function public.touchpoint_feeds_retire(jsonb) to service_role;
grant execute on function public.touchpoint_forget(jsonb) to service_role;
grant execute on function public.touchpoint_import(jsonb) to service_role;
grant execute on function public.touchpoint_known(jsonb) to service_role;
grant execute on function public.touchpoint_leases_clear(jsonb) to service_role;
grant execute on function public.touchpoint_mailbox_set(jsonb) to service_role;
grant execute on function public.touchpoint_mailboxes(jsonb) to service_role;
grant execute on function public.touchpoint_names_of(jsonb) to service_role;
grant execute on function public.touchpoint_page_commit(jsonb) to service_role;
grant execute on function public.touchpoint_privacy(jsonb) to service_role;
grant execute on function public.touchpoint_remember(jsonb) to service_role;
grant execute on function public.touchpoint_retain(jsonb) to service_role;
grant execute on function public.touchpoint_run_save(jsonb) to service_role;
grant execute on function public.touchpoint_search(jsonb) to service_role;
grant execute on function public.touchpoint_skip_put(jsonb) to service_role;
grant execute on function public.touchpoint_skips(jsonb) to service_role;
grant execute on function public.touchpoint_status(jsonb) to service_role;
grant execute on function public.touchpoint_subscription_put(jsonb) to service_role;
grant execute on function public.touchpoint_subscription_refused(jsonb) to service_role;
grant execute on function public.touchpoint_subscription_remove(jsonb) to service_role;
grant execute on function public.touchpoint_subscriptions(jsonb) to service_role;
grant execute on function public.touchpoint_tags_save(jsonb) to service_role;
grant execute on function public.touchpoint_untagged(jsonb) to service_role;
grant execute on function touchpoint.any_word(text) to service_role;
grant execute on function touchpoint.delete_orphans(uuid[],boolean,timestamp with time zone) to service_role;
grant execute on function touchpoint.hold_privacy(bigint) to service_role;
grant execute on function touchpoint.left_of(text) to service_role;
grant execute on function touchpoint.mark_dirty(bigint[],timestamp with time zone) to service_role;
grant execute on function touchpoint.tags_of(uuid) to service_role;
grant execute on function touchpoint.upsert_touchpoints(jsonb,timestamp with time zone) to service_role;
