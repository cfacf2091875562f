-- What the migrations make together, read back from the catalog (npm run schema writes it, test:postgres compares it).
-- To read, and for the check that `touchpoint` makes of a database; migrations are what is run.

create table touchpoint.classification_feedback (
  id bigint generated always as identity not null,
  touchpoint uuid not null,
  task text not null,
  verdict text not null,
  labels text[],
  label text,
  withdraws bigint,
  shown text[] not null,
  model jsonb not null,
  encoder text,
  taxonomy text,
  text_hash text not null,
  said_by text,
  comment text,
  said_at timestamp with time zone not null,
  constraint classification_feedback_check CHECK (((labels IS NOT NULL) = (verdict = ANY (ARRAY['labels'::text, 'up'::text])))),
  constraint classification_feedback_check1 CHECK (((label IS NOT NULL) OR (verdict <> 'down'::text))),
  constraint classification_feedback_check2 CHECK (((withdraws IS NOT NULL) = (verdict = 'withdraw'::text))),
  constraint classification_feedback_comment_check CHECK ((length(comment) <= 4000)),
  constraint classification_feedback_pkey PRIMARY KEY (id),
  constraint classification_feedback_said_by_check CHECK ((length(said_by) <= 320)),
  constraint classification_feedback_task_check CHECK (((length(task) >= 1) AND (length(task) <= 100))),
  constraint classification_feedback_touchpoint_fkey FOREIGN KEY (touchpoint) REFERENCES touchpoint.touchpoints(id) ON DELETE CASCADE,
  constraint classification_feedback_verdict_check CHECK ((verdict = ANY (ARRAY['labels'::text, 'up'::text, 'down'::text, 'withdraw'::text]))),
  constraint classification_feedback_withdraws_fkey FOREIGN KEY (withdraws) REFERENCES touchpoint.classification_feedback(id)
);
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
create table touchpoint.dashboard_clients (
  id uuid not null,
  client uuid not null,
  constraint dashboard_clients_client_fkey FOREIGN KEY (client) REFERENCES touchpoint.clients(id) ON DELETE CASCADE,
  constraint dashboard_clients_pkey PRIMARY KEY (id)
);
create table touchpoint.dashboard_published (
  target text not null,
  key text not null,
  hash text,
  row_id text,
  inserted boolean default false not null,
  wrote jsonb not null,
  constraint dashboard_published_pkey PRIMARY KEY (target, key),
  constraint dashboard_published_target_check CHECK ((target = ANY (ARRAY['meetings'::text, 'meeting_types'::text, 'action_categories'::text])))
);
create table touchpoint.dashboard_rows (
  source text not null,
  key text not null,
  hash text not null,
  source_key text,
  constraint dashboard_rows_pkey PRIMARY KEY (source, key)
);
create table touchpoint.encoders (
  encoder text not null,
  slot text not null,
  state text not null,
  started_at timestamp with time zone not null,
  completed_at timestamp with time zone,
  constraint encoders_pkey PRIMARY KEY (encoder),
  constraint encoders_slot_check CHECK ((slot = ANY (ARRAY['a'::text, 'b'::text]))),
  constraint encoders_state_check CHECK ((state = ANY (ARRAY['building'::text, 'serving'::text, 'retired'::text])))
);
create table touchpoint.fallback_days (
  day date not null,
  requests integer default 0 not null,
  failed_requests integer default 0 not null,
  asked integer default 0 not null,
  answered integer default 0 not null,
  unsure integer default 0 not null,
  refused integer default 0 not null,
  unusable integer default 0 not null,
  tokens_in bigint default 0 not null,
  tokens_out bigint default 0 not null,
  cost_micros bigint default 0 not null,
  reserved_tokens bigint default 0 not null,
  reserved_micros bigint default 0 not null,
  last_error text,
  last_error_at timestamp with time zone,
  constraint fallback_days_check CHECK ((asked = (((answered + unsure) + refused) + unusable))),
  constraint fallback_days_pkey PRIMARY KEY (day),
  constraint fallback_days_reserved_micros_check CHECK ((reserved_micros >= 0)),
  constraint fallback_days_reserved_tokens_check CHECK ((reserved_tokens >= 0))
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
create table touchpoint.lexicon (
  word text not null,
  rows bigint not null,
  constraint lexicon_pkey PRIMARY KEY (word)
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
create table touchpoint.rejected (
  touchpoint uuid not null,
  task text not null,
  label text not null,
  constraint rejected_pkey PRIMARY KEY (touchpoint, task, label),
  constraint rejected_touchpoint_fkey FOREIGN KEY (touchpoint) REFERENCES touchpoint.touchpoints(id) ON DELETE CASCADE
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
create table touchpoint.second_opinions (
  touchpoint uuid not null,
  task text not null,
  text_hash text not null,
  version text not null,
  state text not null,
  labels jsonb default '[]'::jsonb not null,
  claimed_by text,
  claimed_until timestamp with time zone,
  said_at timestamp with time zone,
  constraint second_opinions_check CHECK (((state = 'asked'::text) = (said_at IS NULL))),
  constraint second_opinions_labels_check CHECK ((jsonb_typeof(labels) = 'array'::text)),
  constraint second_opinions_pkey PRIMARY KEY (touchpoint, task),
  constraint second_opinions_state_check CHECK ((state = ANY (ARRAY['asked'::text, 'answered'::text, 'unsure'::text, 'refused'::text, 'unusable'::text]))),
  constraint second_opinions_task_check CHECK (((length(task) >= 1) AND (length(task) <= 100))),
  constraint second_opinions_touchpoint_fkey FOREIGN KEY (touchpoint) REFERENCES touchpoint.touchpoints(id) ON DELETE CASCADE
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
create table touchpoint.tagging (
  only_row boolean default true not null,
  encoder text,
  taxonomy text,
  started_at timestamp with time zone,
  paused_at timestamp with time zone,
  aside_encoder text,
  aside_taxonomy text,
  aside_at timestamp with time zone,
  constraint tagging_only_row_check CHECK (only_row),
  constraint tagging_pkey PRIMARY KEY (only_row)
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
  embedding_b extensions.vector(384),
  encoder_b text,
  tagged_by text,
  domains text generated always as (touchpoint.domains_of(people)) stored,
  repeats_as text generated always as (touchpoint.repeats_as(kind, title, client, people)) stored,
  cancelled boolean generated always as (COALESCE(((details ->> 'status'::text) = 'cancelled'::text), false)) stored,
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
create view touchpoint.dashboard_labels (
  touchpoint uuid,
  task text,
  primary_label text,
  confidence numeric,
  labels jsonb,
  model_version text
) with (security_invoker=true) as ...;
create view touchpoint.holding_feedback (
  id bigint,
  touchpoint uuid,
  task text,
  verdict text,
  labels text[],
  label text,
  withdraws bigint,
  shown text[],
  model jsonb,
  encoder text,
  taxonomy text,
  text_hash text,
  said_by text,
  comment text,
  said_at timestamp with time zone
) with (security_invoker=true) as ...;

CREATE INDEX copies_doubted ON touchpoint.copies USING btree (feed) WHERE doubted;
CREATE INDEX copies_mailbox ON touchpoint.copies USING btree (mailbox, touchpoint);
CREATE INDEX copies_series ON touchpoint.copies USING btree (feed, series) WHERE (series IS NOT NULL);
CREATE INDEX copies_touchpoint ON touchpoint.copies USING btree (touchpoint);
CREATE INDEX dashboard_clients_client ON touchpoint.dashboard_clients USING btree (client);
CREATE INDEX dashboard_published_row ON touchpoint.dashboard_published USING btree (target, row_id);
CREATE INDEX dashboard_rows_touchpoint ON touchpoint.dashboard_rows USING btree (source, source_key);
CREATE UNIQUE INDEX encoders_building ON touchpoint.encoders USING btree (state) WHERE (state = 'building'::text);
CREATE UNIQUE INDEX encoders_serving ON touchpoint.encoders USING btree (state) WHERE (state = 'serving'::text);
CREATE INDEX feedback_touchpoint ON touchpoint.classification_feedback USING btree (touchpoint, task, id);
CREATE UNIQUE INDEX feedback_withdrawn ON touchpoint.classification_feedback USING btree (withdraws) WHERE (withdraws IS NOT NULL);
CREATE INDEX feeds_dirty ON touchpoint.feeds USING btree (dirty_at) WHERE (dirty_at IS NOT NULL);
CREATE INDEX tags_task ON touchpoint.tags USING btree (task, label, touchpoint) INCLUDE (score, origin);
CREATE INDEX touchpoints_addresses ON touchpoint.touchpoints USING gin (people jsonb_path_ops) WITH (fastupdate='on', gin_pending_list_limit='128');
CREATE INDEX touchpoints_client ON touchpoint.touchpoints USING btree (client, occurred_at);
CREATE INDEX touchpoints_deleted ON touchpoint.touchpoints USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);
CREATE INDEX touchpoints_embedding ON touchpoint.touchpoints USING hnsw (((embedding)::extensions.halfvec(384)) extensions.halfvec_cosine_ops);
CREATE INDEX touchpoints_embedding_b ON touchpoint.touchpoints USING hnsw (((embedding_b)::extensions.halfvec(384)) extensions.halfvec_cosine_ops);
CREATE INDEX touchpoints_page ON touchpoint.touchpoints USING btree (kind, occurred_at, id) INCLUDE (client, all_day, cancelled, ends_at) WHERE (deleted_at IS NULL);
CREATE INDEX touchpoints_people ON touchpoint.touchpoints USING gin (touchpoint.people_keys(people)) WITH (fastupdate='on', gin_pending_list_limit='128');
CREATE INDEX touchpoints_repeats ON touchpoint.touchpoints USING btree (repeats_as) WHERE ((deleted_at IS NULL) AND (repeats_as IS NOT NULL));
CREATE INDEX touchpoints_uncertain ON touchpoint.touchpoints USING btree (kind, occurred_at, id) WHERE ((deleted_at IS NULL) AND (uncertain <> '{}'::text[]));
CREATE INDEX touchpoints_untagged ON touchpoint.touchpoints USING btree (id) WHERE ((deleted_at IS NULL) AND (tagged_hash IS DISTINCT FROM text_hash));
CREATE INDEX touchpoints_version ON touchpoint.touchpoints USING btree (touchpoint.version_key(taxonomy, tagged_by, encoder, encoder_b), id) WHERE (deleted_at IS NULL);
CREATE INDEX touchpoints_when ON touchpoint.touchpoints USING btree (occurred_at);
CREATE INDEX touchpoints_words ON touchpoint.touchpoints USING gin (words) WITH (fastupdate='on', gin_pending_list_limit='128');

CREATE OR REPLACE FUNCTION public.touchpoint_blend(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'extensions', 'pg_temp'
 SET jit TO 'off'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {embedding, encoder, rows: [{kind, id: source id, text_score: 0..1}], weight?: of meaning, 0..1,
--  withhold?} -> [{kind, id, text_score, similarity, score}], best first: somebody else's hits, reordered with meaning.
-- score = (1 - weight) * text_score + weight * similarity. A row that has no vector here gets the mean of those that have.
-- Kinds in withhold are left out. SQLSTATE PT400 for what is not understood; 1,000 rows at most.
declare
  near vector := touchpoint.question_vector(p);
  weight float8 := coalesce((p->>'weight')::float8, 0.5);
  result jsonb;
begin
  perform touchpoint.only(p, array['embedding', 'encoder', 'rows', 'weight', 'withhold']);
  if weight not between 0 and 1 or jsonb_array_length(p->'rows') > 1000 then
    raise exception 'weight: wants 0 to 1; rows: at most 1,000' using errcode = 'PT400';
  end if;
  perform touchpoint.withheld(p);
  with given as (
    select r.* from rows from (jsonb_to_recordset(p->'rows') as (kind text, id text, text_score float8)) with ordinality as r
    where not coalesce(p->'withhold', '[]') ? r.kind
  ),
  known as (
    select g.*, s.similarity
    from given g left join touchpoints t on t.deleted_at is null and t.kind = g.kind and t.source_key = g.id
    cross join lateral (select 1 - (touchpoint.vector_of(t) <=> near) as similarity) s
  ),
  scored as (
    select k.*, case when near is null then k.text_score else (1 - weight) * k.text_score
      + weight * coalesce(k.similarity, avg(k.similarity) over (), 0) end as score
    from known k
  )
  select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'id', id, 'text_score', text_score,
    'similarity', round(similarity::numeric, 4), 'score', round(score::numeric, 6)) order by score desc, ordinality), '[]')
  into result from scored;
  return result;
end
$function$;
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
CREATE OR REPLACE FUNCTION public.touchpoint_client_list(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {now, kinds?, withhold?} -> [{id, name, aliases, domains, n, by_kind: {kind: n}, last_contact, next_meeting}], by name.
-- last_contact is the last meeting or mail that has begun, next_meeting the first that has not; cancelled ones are neither.
declare
  read_kinds text[] := touchpoint.kinds_of(p, '{meeting,email,action,nps,topic,knowledge,risk}');
  at timestamptz := (p->>'now')::timestamptz;
  answer jsonb;
begin
  with counted as (
    select t.client, t.kind, count(*) as n,
      max(t.occurred_at) filter (where t.kind in ('meeting', 'email') and t.occurred_at <= at and not t.cancelled) as last,
      min(t.occurred_at) filter (where t.kind = 'meeting' and t.occurred_at > at and not t.cancelled) as next
    from touchpoints t
    where t.deleted_at is null and t.client is not null and t.kind = any(read_kinds)
    group by t.client, t.kind
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name,
    'aliases', (select coalesce(jsonb_agg(a.name order by a.name), '[]') from client_names a where a.client = c.id),
    'domains', (select coalesce(jsonb_agg(d.domain order by d.domain), '[]') from client_domains d where d.client = c.id),
    'n', coalesce(k.n, 0), 'by_kind', coalesce(k.by_kind, '{}'), 'last_contact', k.last, 'next_meeting', k.next)
    order by c.name), '[]')
  into answer
  from clients c left join (
    select client, sum(n) as n, jsonb_object_agg(kind, n) as by_kind, max(last) as last, min(next) as next
    from counted group by client) k on k.client = c.id;
  return answer;
end
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
CREATE OR REPLACE FUNCTION public.touchpoint_dashboard_clients_put(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_dashboard_commit(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_dashboard_directory(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_dashboard_gone(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_dashboard_page(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_dashboard_probe(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {risks?: {table, id, column, client_name?, client_uuid?}} -> [{source, table, columns: [..], absent: [..], problem}]
-- table: null when it is not there; problem: why it cannot be read, null when it can. Asked of the catalog.
  select coalesce(jsonb_agg(jsonb_build_object('source', f.source, 'table', f.relation, 'columns', f.columns,
    'absent', f.absent, 'problem', f.problem) order by f.source), '[]')
  from touchpoint.dashboard_found(p->'risks') f
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_dashboard_skips(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_dashboard_undo(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
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
CREATE OR REPLACE FUNCTION public.touchpoint_encoder(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {} -> {serving: encoder or null, building: encoder or null}: whose vectors a question must come from.
  select jsonb_build_object('serving', (select encoder from encoders where state = 'serving'),
    'building', (select encoder from encoders where state = 'building'))
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_export(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {kinds?, since?, deleted?, after?: id, limit} -> [{cursor: id, ...}], by id. embedded: by the encoder that serves.
  select coalesce(jsonb_agg(to_jsonb(r) order by r.cursor), '[]') from (
    select t.id as cursor, t.source_key as id, t.kind, t.source_key, c.name as client, t.client_method,
      t.client_confidence, t.occurred_at, t.ends_at, t.all_day, t.time_zone, t.title, t.body as text, t.people, t.details,
      (select coalesce(jsonb_agg(jsonb_build_object('mailbox', k.mailbox, 'graph_id', k.graph_id)
        order by k.mailbox, k.graph_id), '[]') from copies k where k.touchpoint = t.id) as copies,
      touchpoint.tags_of(t.id) as tags, t.uncertain, coalesce(case s.slot when 'a' then t.encoder else t.encoder_b end = s.encoder, false) as embedded,
      t.deleted_at is not null as deleted
    from touchpoints t cross join touchpoint.serving() s left join clients c on c.id = t.client
    where (coalesce((p->>'deleted')::boolean, false) or t.deleted_at is null)
      and (p->'kinds' is null or t.kind in (select jsonb_array_elements_text(p->'kinds')))
      and (p->>'since' is null or t.occurred_at >= (p->>'since')::timestamptz)
      and (p->>'after' is null or t.id > (p->>'after')::uuid)
    order by t.id
    limit (p->>'limit')::int
  ) r
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_fallback_claim(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {now, owner, seconds, taxonomy, limit, tasks: {task: version of its question}, withhold_kinds: [kind],
--  withhold_labels: [{task, label}]}
-- -> {reused, rows: [{id, kind, title, body, text_hash, people, client_names: [name], tasks: [task]}]}, newest first.
-- Answers that are known already are put in place again (reused); what is left is claimed for `seconds`. Nothing is
-- claimed that a person decided, that waits for the tagger, whose kind is withheld, or that carries a withheld label;
-- nothing at all while tagging is paused.
declare
  at timestamptz := (p->>'now')::timestamptz;
  known jsonb;
  found jsonb;
begin
  -- every writer of tags does this first
  perform from tagging for update;
  if exists (select from tagging where paused_at is not null) then
    return jsonb_build_object('reused', 0, 'rows', '[]'::jsonb);
  end if;
  select coalesce(jsonb_agg(jsonb_build_object('touchpoint', o.touchpoint, 'task', o.task, 'version', o.version,
    'labels', o.labels)), '[]') into known
  from touchpoints t join second_opinions o on o.touchpoint = t.id and o.task = any(t.uncertain)
  where t.deleted_at is null and t.uncertain <> '{}' and t.tagged_hash = t.text_hash
    and o.state = 'answered' and o.text_hash = t.text_hash and o.version = p->'tasks'->>o.task
    and not exists (select from settled s where s.touchpoint = t.id and s.task = o.task);
  perform touchpoint.put_opinion(known);
  with open as (
    select t.id, array_agg(u.task order by u.task) as tasks
    from touchpoints t cross join lateral unnest(t.uncertain) u(task)
    where t.deleted_at is null and t.uncertain <> '{}' and t.tagged_hash = t.text_hash
      and t.taxonomy = p->>'taxonomy' and p->'tasks' ? u.task
      and not coalesce(p->'withhold_kinds' ? t.kind, false)
      and not exists (select from settled s where s.touchpoint = t.id and s.task = u.task)
      and not exists (select from second_opinions o where o.touchpoint = t.id and o.task = u.task
        and o.text_hash = t.text_hash and o.version = p->'tasks'->>u.task
        and (o.state <> 'asked' or o.claimed_until > at))
      and not exists (select from tags g
        join jsonb_to_recordset(coalesce(p->'withhold_labels', '[]')) as w(task text, label text)
          on w.task = g.task and w.label = g.label
        where g.touchpoint = t.id)
    group by t.id, t.occurred_at
    order by t.occurred_at desc nulls last, t.id
    limit (p->>'limit')::int
  ),
  claimed as (
    insert into second_opinions (touchpoint, task, text_hash, version, state, claimed_by, claimed_until)
    select t.id, u.task, t.text_hash, p->'tasks'->>u.task, 'asked', p->>'owner', at + make_interval(secs => (p->>'seconds')::int)
    from open o join touchpoints t on t.id = o.id cross join lateral unnest(o.tasks) u(task)
    on conflict (touchpoint, task) do update set text_hash = excluded.text_hash, version = excluded.version,
      state = 'asked', labels = '[]', said_at = null, claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
    returning touchpoint
  )
  select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'kind', t.kind, 'title', t.title, 'body', t.body,
    'text_hash', t.text_hash, 'people', t.people, 'tasks', o.tasks,
    'client_names', (select coalesce(jsonb_agg(n.name order by n.name), '[]') from (
      select c.name from clients c where c.id = t.client
      union select a.name from client_names a where a.client = t.client) n))
    order by t.occurred_at desc nulls last, t.id), '[]') into found
  from open o join touchpoints t on t.id = o.id
  where exists (select from claimed c where c.touchpoint = t.id);
  return jsonb_build_object('reused', jsonb_array_length(known), 'rows', found);
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_fallback_reserve(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {day, tokens, micros, most_tokens?, most_micros?} -> {granted}: room in the day's budget for one more request. What is
-- reserved counts as spent until it is settled, so that daemons that ask at the same time cannot overdraw it together.
declare
  granted boolean;
begin
  insert into fallback_days (day) values ((p->>'day')::date) on conflict (day) do nothing;
  update fallback_days d set reserved_tokens = d.reserved_tokens + (p->>'tokens')::bigint,
    reserved_micros = d.reserved_micros + (p->>'micros')::bigint
  where d.day = (p->>'day')::date
    and (p->>'most_tokens' is null
      or d.tokens_in + d.tokens_out + d.reserved_tokens + (p->>'tokens')::bigint <= (p->>'most_tokens')::bigint)
    and (p->>'most_micros' is null
      or d.cost_micros + d.reserved_micros + (p->>'micros')::bigint <= (p->>'most_micros')::bigint)
  returning true into granted;
  return jsonb_build_object('granted', coalesce(granted, false));
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_fallback_settle(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {now, owner, day: of the reservation, reserved: {tokens, micros}, requests, failed_requests, tokens_in, tokens_out,
--  micros, error?, rows: [{touchpoint, task, text_hash, version, state, labels: [{label, score}]}],
--  released: [{touchpoint, task}]} -> {saved}
-- What came of a reservation: each row is a question that was put, whatever came of it; released ones were not answered
-- at all and may be asked again. Tags are written only where the text is still the one that was asked about, the task is
-- still uncertain, and no person has decided it meanwhile.
declare
  at timestamptz := (p->>'now')::timestamptz;
  saved jsonb;
begin
  perform from tagging for update;
  update fallback_days d set
    reserved_tokens = greatest(0, d.reserved_tokens - (p->'reserved'->>'tokens')::bigint),
    reserved_micros = greatest(0, d.reserved_micros - (p->'reserved'->>'micros')::bigint),
    requests = d.requests + (p->>'requests')::int, failed_requests = d.failed_requests + (p->>'failed_requests')::int,
    tokens_in = d.tokens_in + (p->>'tokens_in')::bigint, tokens_out = d.tokens_out + (p->>'tokens_out')::bigint,
    cost_micros = d.cost_micros + (p->>'micros')::bigint,
    asked = d.asked + n.asked, answered = d.answered + n.answered, unsure = d.unsure + n.unsure,
    refused = d.refused + n.refused, unusable = d.unusable + n.unusable,
    last_error = coalesce(p->>'error', d.last_error),
    last_error_at = case when p->>'error' is null then d.last_error_at else at end
  from (select count(*) as asked, count(*) filter (where r.state = 'answered') as answered,
      count(*) filter (where r.state = 'unsure') as unsure, count(*) filter (where r.state = 'refused') as refused,
      count(*) filter (where r.state = 'unusable') as unusable
    from jsonb_to_recordset(coalesce(p->'rows', '[]')) as r(state text)) n
  where d.day = (p->>'day')::date;
  update second_opinions o set state = r.state, labels = r.labels, said_at = at, claimed_by = null, claimed_until = null
  from jsonb_to_recordset(coalesce(p->'rows', '[]'))
    as r(touchpoint uuid, task text, text_hash text, version text, state text, labels jsonb)
  where o.touchpoint = r.touchpoint and o.task = r.task and o.text_hash = r.text_hash and o.version = r.version
    and o.state = 'asked';
  delete from second_opinions o
  using jsonb_to_recordset(coalesce(p->'released', '[]')) as r(touchpoint uuid, task text)
  where o.touchpoint = r.touchpoint and o.task = r.task and o.state = 'asked' and o.claimed_by = p->>'owner';
  select coalesce(jsonb_agg(to_jsonb(r) - 'text_hash' - 'state'), '[]') into saved
  from jsonb_to_recordset(coalesce(p->'rows', '[]'))
      as r(touchpoint uuid, task text, text_hash text, version text, state text, labels jsonb)
    join touchpoints t on t.id = r.touchpoint
  where r.state = 'answered' and t.text_hash = r.text_hash and t.tagged_hash = r.text_hash and r.task = any(t.uncertain)
    and not exists (select from settled s where s.touchpoint = r.touchpoint and s.task = r.task);
  perform touchpoint.put_opinion(saved);
  return jsonb_build_object('saved', jsonb_array_length(saved));
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_fallback_status(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {day} -> {today, total: {requests, failed_requests, asked, answered, unsure, refused, unusable, tokens, micros},
--  reserved_tokens: of today, last_error, last_error_at, uncertain, tokens_saved}
-- tokens_saved: what the texts that never went there would have taken (touchpoint.remote_tokens), an estimate.
  with sums as (
    select d.day = (p->>'day')::date as today, jsonb_build_object('requests', sum(d.requests),
      'failed_requests', sum(d.failed_requests), 'asked', sum(d.asked), 'answered', sum(d.answered),
      'unsure', sum(d.unsure), 'refused', sum(d.refused), 'unusable', sum(d.unusable),
      'tokens', sum(d.tokens_in + d.tokens_out), 'micros', sum(d.cost_micros)) as counts
    from fallback_days d group by grouping sets ((d.day = (p->>'day')::date), ())
  ),
  nothing as (
    select jsonb_build_object('requests', 0, 'failed_requests', 0, 'asked', 0, 'answered', 0, 'unsure', 0, 'refused', 0,
      'unusable', 0, 'tokens', 0, 'micros', 0) as counts
  )
  select jsonb_build_object(
    'today', coalesce((select counts from sums where today), n.counts),
    'total', case when exists (select from fallback_days) then (select counts from sums where today is null) else n.counts end,
    'reserved_tokens', coalesce((select reserved_tokens from fallback_days where day = (p->>'day')::date), 0),
    'last_error', (select last_error from fallback_days where day = (p->>'day')::date),
    'last_error_at', (select last_error_at from fallback_days where day = (p->>'day')::date),
    'uncertain', (select coalesce(sum(cardinality(uncertain)), 0) from touchpoints
      where deleted_at is null and uncertain <> '{}'),
    'tokens_saved', (select coalesce(sum(touchpoint.remote_tokens(t.title, t.body)), 0) from touchpoints t
      where t.deleted_at is null and t.tagged_hash = t.text_hash
        and not exists (select from second_opinions o where o.touchpoint = t.id and o.said_at is not null)))
  from nothing n
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
CREATE OR REPLACE FUNCTION public.touchpoint_feed_idle(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {feed, expect, delta_link, now} -> {moved}. The cursor of an empty page that ends a round of changes.
-- Moved only when all is as it was when the feed was looked at: nobody holds it, the cursor's version is the expected one,
-- no walk is in progress, and no copy is in doubt. Whoever hears false walks the feed under a lease.
-- A mark stays: what it speaks of may have come after the look.
begin
  update feeds f
  set cursor_version = f.cursor_version + 1,
      delta_link = p->>'delta_link',
      last_success_at = (p->>'now')::timestamptz,
      lease_owner = null,
      lease_until = null,
      last_error = null,
      last_error_at = null
  where f.id = (p->>'feed')::bigint
    and f.cursor_version = (p->>'expect')::bigint
    and f.next_link is null and f.delta_link is not null
    and (f.lease_owner is null or f.lease_until < clock_timestamp())
    and not exists (select from copies c where c.feed = f.id and c.doubted);
  return jsonb_build_object('moved', found);
end
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
CREATE OR REPLACE FUNCTION public.touchpoint_feedback_erase(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {by: [feedback id], comments: [feedback id]} -> {erased: rows}. Who said it and comments, for good; what was said of the
-- labels stays.
declare
  erased int;
begin
  update classification_feedback f set
    said_by = case when to_jsonb(f.id) <@ (p->'by') then null else f.said_by end,
    comment = case when to_jsonb(f.id) <@ (p->'comments') then null else f.comment end
  where f.id in (select jsonb_array_elements_text((p->'by') || (p->'comments'))::bigint)
    and (f.said_by is not null or f.comment is not null);
  get diagnostics erased = row_count;
  return jsonb_build_object('erased', erased);
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_feedback_export(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {after?: feedback id, limit?: 500, withhold?: [kind], kinds?: [kind], all?: true}
-- -> [{id, touchpoint, kind, title, text, task, verdict, labels, label, at}], by id: what holds, for training.
-- With `all` everything that was ever said, also what was withdrawn or overtaken. Of deleted touchpoints nothing.
declare
  read_kinds text[] := touchpoint.kinds_of(p, '{meeting,email,action,nps,topic,knowledge,risk}');
  everything boolean := coalesce(touchpoint.flag_of(p, 'all'), false);
begin
  return (select coalesce(jsonb_agg(to_jsonb(r) order by r.id), '[]') from (
    select f.id, f.touchpoint, t.kind, t.title, t.body as text, f.task, f.verdict, f.labels, f.label, f.said_at as at
    from classification_feedback f join touchpoints t on t.id = f.touchpoint
    where t.deleted_at is null and t.kind = any(read_kinds)
      and (everything or exists (select from holding_feedback h where h.id = f.id))
      and f.id > coalesce((p->>'after')::bigint, 0)
    order by f.id limit touchpoint.limit_of(p, 500, 1000)) r);
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_feedback_people(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {after?: feedback id, limit} -> [{id, by, comment}], by id: what of the feedback can name somebody.
  select coalesce(jsonb_agg(to_jsonb(r) order by r.id), '[]') from (
    select f.id, f.said_by as by, f.comment from classification_feedback f
    where (f.said_by is not null or f.comment is not null) and f.id > coalesce((p->>'after')::bigint, 0)
    order by f.id limit (p->>'limit')::int) r
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_feedback_put(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {id} or {kind, source_key}, with {now, verdict, task?, labels?: [label], label?, withdraws?: feedback id,
--  shown?: [label], by?, comment?, withhold?: [kind]}
-- -> {id: feedback id, touchpoint, task, labels: those that hold now, primary first, settled, uncertain: [task]}
-- verdict: labels  these hold, the primary first, and no others; none at all is an answer too
--          up      what is shown is right: it holds from now on, whatever a model says later
--          down    `label` does not hold: it is hidden for good; the task waits for a better answer unless it is settled
--          withdraw  takes back what was said before
-- The last word on a task wins; every word is kept. SQLSTATE PT404: no such touchpoint, its kind is withheld, or no such
-- feedback. PT409: the labels are no longer `shown`, or it was withdrawn already. PT400: it makes no sense.
declare
  wanted uuid := touchpoint.touchpoint_named(p);
  asked text := p->>'task';
  stood text[];
  written bigint;
begin
  -- whoever speaks of a touchpoint takes turns
  perform from touchpoints t where t.id = wanted and t.deleted_at is null for update;
  if not found then
    raise exception 'there is no such touchpoint' using errcode = 'PT404';
  end if;
  if p->>'verdict' = 'withdraw' and p->>'withdraws' ~ '^[0-9]{1,18}$' then
    asked := (select f.task from classification_feedback f where f.id = (p->>'withdraws')::bigint);
  end if;
  stood := touchpoint.shown_labels(wanted, asked);
  perform touchpoint.check_feedback(p, wanted, stood);
  insert into classification_feedback (touchpoint, task, verdict, labels, label, withdraws, shown, model, encoder,
    taxonomy, text_hash, said_by, comment, said_at)
  select t.id, asked, p->>'verdict',
    case p->>'verdict' when 'labels' then touchpoint.texts_of(p, 'labels') when 'up' then stood end,
    p->>'label', (p->>'withdraws')::bigint, stood,
    (select coalesce(jsonb_agg(jsonb_build_object('label', g.label, 'score', round(g.score::numeric, 4),
      'origin', g.origin, 'version', g.version) order by g.score desc, g.label), '[]')
      from tags g where g.touchpoint = t.id and g.task = asked and g.origin <> 'person'),
    t.encoder, t.taxonomy, t.text_hash, p->>'by', p->>'comment', (p->>'now')::timestamptz
  from touchpoints t where t.id = wanted
  on conflict (withdraws) where withdraws is not null do nothing
  returning id into written;
  if written is null then
    raise exception 'it was withdrawn already' using errcode = 'PT409';
  end if;
  perform touchpoint.apply_feedback(wanted, asked);
  return jsonb_build_object('id', written, 'touchpoint', wanted, 'task', asked,
    'labels', touchpoint.shown_labels(wanted, asked),
    'settled', exists (select from settled s where s.touchpoint = wanted and s.task = asked),
    'uncertain', (select touchpoint.uncertain_of(t.id, t.uncertain) from touchpoints t where t.id = wanted));
end
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
  -- imports have no mailbox: an empty one must not mean all of them
  box text := nullif(p->>'mailbox', '');
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
    text_hash = r.text_hash, embedding = null, encoder = null, embedding_b = null, encoder_b = null, tagged_by = null,
    tagged_hash = null, tagged_at = null, attempts = 0, tag_error = null, updated_at = (p->>'now')::timestamptz
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
CREATE OR REPLACE FUNCTION public.touchpoint_get(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {id} or {kind, source_key}, with {withhold?: [kind], deleted?: true} -> everything known of one touchpoint.
-- tags: all of every origin; current: those that hold; feedback: what people said, oldest first.
-- SQLSTATE PT404 when there is none, it is of a kind that is withheld, or it is deleted and that was not asked for.
declare
  found touchpoints;
begin
  select t.* into found from touchpoints t where t.id = touchpoint.touchpoint_named(p);
  if found.deleted_at is not null and touchpoint.flag_of(p, 'deleted') is not true then
    raise exception 'there is no such touchpoint' using errcode = 'PT404';
  end if;
  return jsonb_build_object(
    'id', found.id, 'kind', found.kind, 'source_key', found.source_key, 'title', found.title, 'text', found.body,
    'occurred_at', found.occurred_at, 'ends_at', found.ends_at, 'all_day', found.all_day, 'time_zone', found.time_zone,
    'people', found.people, 'details', found.details,
    'client', (select jsonb_build_object('id', c.id, 'name', c.name) from clients c where c.id = found.client),
    'client_method', found.client_method, 'client_confidence', round(found.client_confidence::numeric, 4),
    'copies', (select coalesce(jsonb_agg(jsonb_build_object('mailbox', k.mailbox, 'graph_id', k.graph_id,
      'series', k.series) order by k.mailbox, k.graph_id), '[]') from copies k where k.touchpoint = found.id),
    'tags', (select coalesce(jsonb_agg(jsonb_build_object('task', g.task, 'label', g.label,
      'score', round(g.score::numeric, 4), 'origin', g.origin, 'version', g.version)
      order by g.task, g.origin, g.score desc, g.label), '[]') from tags g where g.touchpoint = found.id),
    'current', touchpoint.current_tags_of(found.id),
    'settled', (select coalesce(jsonb_agg(s.task order by s.task), '[]') from settled s where s.touchpoint = found.id),
    'uncertain', touchpoint.uncertain_of(found.id, found.uncertain),
    'feedback', touchpoint.feedback_of(found.id),
    'encoder', found.encoder, 'taxonomy', found.taxonomy, 'tagged_at', found.tagged_at,
    'tag_error', found.tag_error, 'embedded', found.embedding is not null,
    'created_at', found.created_at, 'updated_at', found.updated_at, 'deleted_at', found.deleted_at);
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_heatmap(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET plan_cache_mode TO 'force_custom_plan'
 SET jit TO 'off'
 SET work_mem TO '32MB'
 SET random_page_cost TO '1.1'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {now, period: week|month|quarter, since, until, zone?, client?: name or id, kinds?, withhold?, top?: clients, 10}
-- -> {zone, period, periods: [{start: date, complete}],
--     topics: [{topic, n, cells: [{start, n, previous, change, relative|null}]}], most first,
--     clients: [{id, name, n, topics: [{topic, n}]}], the `top` of them, most first}
-- n counts touchpoints, cancelled meetings left out; one with several topics counts under each. Every topic that occurs
-- has a cell in every period, noughts too. relative is change / previous, null where there was nothing to compare with.
declare
  zone text := touchpoint.zone_of(p);
  unit text := p->>'period';
  only_client uuid := touchpoint.client_of(p);
  read_kinds text[] := touchpoint.kinds_of(p, '{meeting,email,action,nps,topic,knowledge,risk}');
  at timestamptz := (p->>'now')::timestamptz;
  from_at timestamptz;
  to_at timestamptz;
  answer jsonb;
begin
  select min(s.starts) at time zone zone, max(s.ends) at time zone zone into from_at, to_at from touchpoint.periods_of(p) s;
  with periods as materialized (
    select s.starts, s.ends, s.shown from touchpoint.periods_of(p) s
  ),
  live as (
    select t.id, t.client, date_trunc(unit, touchpoint.local_time(t.occurred_at, t.all_day, zone)) as starts
    from touchpoints t
    where t.deleted_at is null and not t.cancelled and t.kind = any(read_kinds)
      and (only_client is null or t.client = only_client)
      and t.occurred_at >= from_at - interval '14 hours' and t.occurred_at < to_at + interval '14 hours'
  ),
  counts as materialized (
    select g.label, l.client, l.starts, count(*) as n
    from live l join current_tags g on g.touchpoint = l.id and g.task = 'topic'
    group by g.label, l.client, l.starts
  ),
  cells as (
    select label, s.starts, s.shown, coalesce(sum(c.n), 0) as n,
      lag(coalesce(sum(c.n), 0)) over (partition by label order by s.starts) as previous
    from (select distinct label from counts) labels cross join periods s left join counts c using (label, starts)
    group by label, s.starts, s.shown
  ),
  topics as (
    select label, sum(n) as n, jsonb_agg(jsonb_build_object('start', to_char(starts, 'YYYY-MM-DD'), 'n', n,
      'previous', previous, 'change', n - previous,
      'relative', round((n - previous) / nullif(previous, 0), 4)) order by starts) as cells
    from cells where shown group by label having sum(n) > 0
  ),
  by_client as (
    select client, sum(n) as n, jsonb_agg(jsonb_build_object('topic', label, 'n', n) order by n desc, label) as topics
    from (select client, label, sum(n) as n from counts join periods s using (starts)
      where s.shown and client is not null group by client, label) c
    group by client
  )
  select jsonb_build_object('zone', zone, 'period', unit,
    'periods', (select jsonb_agg(jsonb_build_object('start', to_char(starts, 'YYYY-MM-DD'),
      'complete', ends at time zone zone <= at) order by starts) from periods where shown),
    'topics', (select coalesce(jsonb_agg(jsonb_build_object('topic', label, 'n', n, 'cells', cells) order by n desc, label), '[]')
      from topics),
    'clients', (select coalesce(jsonb_agg(jsonb_build_object('id', b.client, 'name', b.name, 'n', b.n, 'topics', b.topics)
      order by b.n desc, b.name), '[]') from (
        select b.client, c.name, b.n, b.topics from by_client b join clients c on c.id = b.client
        order by b.n desc, c.name limit touchpoint.limit_of(jsonb_build_object('limit', coalesce(p->'top', '10')), 10, 200)) b))
  into answer;
  return answer;
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
CREATE OR REPLACE FUNCTION public.touchpoint_meeting_facets(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET jit TO 'off'
 SET work_mem TO '32MB'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- The payload of touchpoint_meetings (order, limit, after and before make no difference) ->
-- {total, status: {status: n}, meeting_type: {label|none|untagged: n}, intent: {label|none|untagged: n},
--  client: [{id, name, n}], internal: {internal|external|unknown: n}, recurring: {recurring|single: n}}
-- Each counts what all other filters leave, its own left out: what choosing another value would show. `total` counts
-- what all of them leave. A touchpoint with several intents counts under each.
declare
  f touchpoint.meeting_filter := touchpoint.meeting_filter_of(p);
  answer jsonb;
begin
  execute format($q$
    with base as materialized (
      select t.id, t.client, t.repeats_as, t.kind, t.tagged_at is not null as tagged,
        touchpoint.meeting_status(t.kind, t.cancelled, t.occurred_at, t.ends_at, t.all_day, ($1).at, ($1).zone) as status,
        touchpoint.is_inside(t.domains, ($1).inside) as inside
      from touchpoint.touchpoints t where t.kind = any(($1).kinds) and %s
    ),
    intent as (
      select g.touchpoint, array_agg(g.label order by g.score desc, g.label) as labels
      from base b join touchpoint.current_tags g on g.touchpoint = b.id and g.task = 'intent' group by g.touchpoint
    ),
    series as (
      select c.feed, c.series, count(*) >= 3 as recurring from touchpoint.copies c
      where c.series is not null group by c.feed, c.series
    ),
    in_series as (
      select c.touchpoint, bool_or(s.recurring) as recurring
      from base b join touchpoint.copies c on c.touchpoint = b.id join series s using (feed, series) group by c.touchpoint
    ),
    habits as (
      select o.repeats_as from touchpoint.touchpoints o
      where o.deleted_at is null and o.repeats_as is not null group by o.repeats_as having count(*) >= 3
    ),
    valued as (
      select b.id, b.client, b.status,
        case b.inside when true then 'internal' when false then 'external' else 'unknown' end as internal,
        case when b.kind = 'meeting' then
          case when coalesce(s.recurring, h.repeats_as is not null) then 'recurring' else 'single' end end as recurring,
        coalesce(i.labels, array[case when b.tagged or d.task is not null then 'none' else 'untagged' end]) as labels
      from base b left join intent i on i.touchpoint = b.id left join in_series s on s.touchpoint = b.id
        left join habits h on h.repeats_as = b.repeats_as
        left join touchpoint.settled d on d.touchpoint = b.id and d.task = 'intent'
    ),
    judged as materialized (
      select v.*,
        ($1).statuses is null or coalesce(v.status = any(($1).statuses), false) as by_status,
        ($1).meeting_types is null or v.labels[1] = any(($1).meeting_types) as by_type,
        ($1).intents is null or v.labels && ($1).intents as by_intent,
        ($1).clients is null or coalesce(v.client = any(($1).clients), false) as by_client,
        ($1).internal is null or v.internal = case when ($1).internal then 'internal' else 'external' end as by_internal,
        ($1).recurring is null or coalesce(v.recurring = case when ($1).recurring then 'recurring' else 'single' end, false)
          as by_recurring
      from valued v
    ),
    counted as (
      select 'total' as facet, null as value, count(*) as n from judged
      where by_status and by_type and by_intent and by_client and by_internal and by_recurring
      union all
      select 'status', status, count(*) from judged
      where by_type and by_intent and by_client and by_internal and by_recurring and status is not null group by status
      union all
      select 'meeting_type', labels[1], count(*) from judged
      where by_status and by_intent and by_client and by_internal and by_recurring group by labels[1]
      union all
      select 'intent', label, count(*) from judged, unnest(labels) label
      where by_status and by_type and by_client and by_internal and by_recurring group by label
      union all
      select 'client', client::text, count(*) from judged
      where by_status and by_type and by_intent and by_internal and by_recurring and client is not null group by client
      union all
      select 'internal', internal, count(*) from judged
      where by_status and by_type and by_intent and by_client and by_recurring group by internal
      union all
      select 'recurring', recurring, count(*) from judged
      where by_status and by_type and by_intent and by_client and by_internal and recurring is not null group by recurring
    )
    select jsonb_build_object(
      'total', max(n) filter (where facet = 'total'),
      'status', coalesce(jsonb_object_agg(value, n) filter (where facet = 'status'), '{}'),
      'meeting_type', coalesce(jsonb_object_agg(value, n) filter (where facet = 'meeting_type'), '{}'),
      'intent', coalesce(jsonb_object_agg(value, n) filter (where facet = 'intent'), '{}'),
      'internal', coalesce(jsonb_object_agg(value, n) filter (where facet = 'internal'), '{}'),
      'recurring', coalesce(jsonb_object_agg(value, n) filter (where facet = 'recurring'), '{}'),
      'client', coalesce(jsonb_agg(jsonb_build_object('id', value, 'name', c.name, 'n', n) order by n desc, c.name)
        filter (where facet = 'client'), '[]'))
    from counted left join touchpoint.clients c on counted.facet = 'client' and c.id::text = counted.value
    $q$, touchpoint.meeting_conditions(f, false))
  into answer using f;
  return answer;
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_meetings(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET jit TO 'off'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {now, zone?, kinds?: [kind], withhold?: [kind], status?: [scheduled|completed|cancelled], meeting_types?: [label|none],
--  intents?: [label|none], since?, until?, text?, clients?: [name or id], with_client?, department?: [mailbox],
--  people?: [address], internal?, internal_domains?: [domain], recurring?, uncertain?: true, order?: desc|asc, limit?,
--  after?: key, before?: key, facets?: true}
-- -> {rows: [..], next: key|null, previous: key|null, zone, facets?: as touchpoint_meeting_facets answers}
-- Everything filters before the page is cut. By time and id; what has no time is on no page.
declare
  f touchpoint.meeting_filter := touchpoint.meeting_filter_of(p);
  wanted int := touchpoint.limit_of(p, 50, 200);
  backwards boolean := p->>'before' is not null;
  newest_first boolean := coalesce(p->>'order', 'desc') = 'desc';
  place record := touchpoint.page_place(coalesce(p->>'before', p->>'after'));
  falling boolean := newest_first <> backwards;
  conditions text := touchpoint.meeting_conditions(f, true);
  rows jsonb;
  more boolean;
  answer jsonb;
begin
  if coalesce(p->>'order', 'desc') not in ('asc', 'desc') or (p->>'before' is not null and p->>'after' is not null) then
    raise exception 'order: wants asc or desc; after and before: one of them' using errcode = 'PT400';
  end if;
  if place.id is not null then
    conditions := conditions || format(' and (t.occurred_at, t.id) %s ($3, $4)', case when falling then '<' else '>' end);
  end if;
  execute format($q$
    with page as materialized (
      select x.id from unnest(($1).kinds) k cross join lateral (
        select t.id, t.occurred_at from touchpoint.touchpoints t where t.kind = k and %1$s
        order by t.occurred_at %2$s, t.id %2$s limit $2) x
      order by x.occurred_at %2$s, x.id %2$s limit $2)
    select coalesce(jsonb_agg(to_jsonb(r) order by r.occurred_at %3$s, r.id %3$s), '[]') from (
      select touchpoint.page_key(t.occurred_at, t.id) as key,
        t.id, t.kind, t.source_key, t.title, touchpoint.excerpt(t.body, ($1).word) as snippet,
        t.occurred_at, t.ends_at, t.all_day, t.time_zone,
        to_char(touchpoint.local_time(t.occurred_at, t.all_day, ($1).zone), 'YYYY-MM-DD') as local_date,
        case when not t.all_day then to_char(t.occurred_at at time zone ($1).zone, 'HH24:MI') end as local_time,
        t.details->'minutes' as minutes, p.organiser, p.attendees,
        t.details->>'joinUrl' as join_url, t.details->>'location' as location,
        case when c.id is not null then jsonb_build_object('id', c.id, 'name', c.name) end as client,
        t.client_method, round(t.client_confidence::numeric, 4) as client_confidence,
        touchpoint.meeting_status(t.kind, t.cancelled, t.occurred_at, t.ends_at, t.all_day, ($1).at, ($1).zone) as status,
        case when t.kind = 'meeting' then touchpoint.is_recurring(t.id, t.repeats_as) end as recurring,
        touchpoint.is_inside(t.domains, ($1).inside) as internal,
        l.intent->0->>'label' as meeting_type_auto, l.intent->0->'score' as meeting_type_confidence,
        coalesce(l.labels, '[]') as labels,
        case when t.uncertain <> '{}' or exists (select from touchpoint.rejected r where r.touchpoint = t.id)
          then touchpoint.uncertain_of(t.id, t.uncertain) else '{}' end as uncertain,
        t.tagged_at is not null as tagged
      from page join touchpoint.touchpoints t using (id) left join touchpoint.clients c on c.id = t.client
      cross join lateral (
        select jsonb_agg(jsonb_build_object('name', e->>'name', 'address', e->>'address'))
            filter (where e->>'role' in ('organizer', 'from'))->0 as organiser,
          count(*) filter (where e->>'role' not in ('organizer', 'from', 'resource')) as attendees
        from jsonb_array_elements(t.people) e) p
      cross join lateral (
        select jsonb_agg(g.line order by g.task, g.score desc, g.label) as labels,
          jsonb_agg(g.line order by g.score desc, g.label) filter (where g.task = 'intent') as intent
        from (
          select g.task, g.score, g.label, jsonb_build_object('task', g.task, 'label', g.label,
            'score', round(g.score::numeric, 4), 'origin', g.origin, 'version', g.version) as line
          from touchpoint.current_tags g where g.touchpoint = t.id) g) l) r
    $q$, conditions, case when falling then 'desc' else 'asc' end, case when newest_first then 'desc' else 'asc' end)
  into rows using f, wanted + 1, place.at, place.id;
  more := jsonb_array_length(rows) > wanted;
  if more then
    rows := rows - case when backwards then 0 else wanted end;
  end if;
  answer := jsonb_build_object('rows', rows, 'zone', f.zone,
    'next', case when backwards or more then rows->-1->'key' end,
    'previous', case when (backwards and more) or p->>'after' is not null then rows->0->'key' end);
  if touchpoint.flag_of(p, 'facets') then
    answer := answer || jsonb_build_object('facets', public.touchpoint_meeting_facets(p));
  end if;
  return answer;
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_meetings_to_publish(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
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
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
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
-- What a page does not have costs nothing: most have new items and nothing else.
declare
  cur feeds;
  at timestamptz := (p->>'now')::timestamptz;
  items jsonb := coalesce(p->'items', '[]');
  removed text[] := array(select jsonb_array_elements_text(coalesce(p->'removed', '[]')));
  forgotten text[] := array(select jsonb_array_elements_text(coalesce(p->'forgotten', '[]')));
  shown text[] := array(select jsonb_array_elements_text(coalesce(p->'shown', '[]')));
  sets jsonb := coalesce(p->'series', '[]');
  known text[] := '{}';
  affected uuid[] := '{}';
  erased uuid[] := '{}';
  gone uuid[];
  outcomes jsonb := '{}';
  deleted int := 0;
  swept int := 0;
  aside boolean := coalesce((p->>'aside')::boolean, false);
  complete boolean := p->>'delta_link' is not null;
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
  if removed <> '{}' and not aside then
    with out as (
      update copies c set doubted = true from touchpoints t
      where c.feed = cur.id and (c.graph_id = any(removed) or c.series = any(removed)) and t.id = c.touchpoint
        and case cur.round
          when 'full' then coalesce(t.ends_at, t.occurred_at) <= cur.round_window_start or t.occurred_at >= cur.round_window_end
          else coalesce(t.ends_at, t.occurred_at) <= cur.window_start or t.occurred_at >= cur.window_end end
      returning c.graph_id)
    select coalesce(array_agg(graph_id), '{}') into in_doubt from out;
  end if;
  if removed <> '{}' or forgotten <> '{}' then
    select coalesce(array_agg(id), '{}') into known from unnest(removed || forgotten) id
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
  end if;
  if sets <> '[]' then
    with out as (
      delete from copies c using jsonb_array_elements(sets) s, touchpoints t
      -- a single meeting that became a series keeps its id as the master's, and is no meeting any more
      where c.feed = cur.id and (c.series = s->>'master' or c.graph_id = s->>'master') and not (s->'keep') ? c.graph_id
        and t.id = c.touchpoint and t.occurred_at < (s->>'end')::timestamptz
        and coalesce(t.ends_at, t.occurred_at) > (s->>'start')::timestamptz
      returning c.touchpoint)
    select affected || coalesce(array_agg(touchpoint), '{}') into affected from out;
  end if;

  -- 2. what is there
  if items <> '[]' then
    select w.outcomes, w.left_behind into outcomes, gone from touchpoint.write_copies(cur, items, at) w;
    affected := affected || gone;
  end if;
  if shown <> '{}' then
    update copies c set epoch = cur.epoch, doubted = false
    where c.feed = cur.id and c.graph_id = any(shown) and (c.epoch <> cur.epoch or c.doubted);
  end if;

  -- 3. the cursor; at the end of a complete round what it did not show goes, inside its window
  if complete and cur.round = 'full' then
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
  if erased <> '{}' then
    deleted := touchpoint.delete_orphans(erased, true, at);
  end if;
  if affected <> '{}' then
    deleted := deleted + touchpoint.delete_orphans(affected, false, at);
  end if;

  update feeds f set
    cursor_version = f.cursor_version + 1,
    lease_until = case when f.lease_owner = p->>'owner'
      then clock_timestamp() + make_interval(secs => (p->>'lease_seconds')::float8) else f.lease_until end,
    epoch = case when aside then f.epoch else cur.epoch end,
    next_link = case when aside then f.next_link else p->>'next_link' end,
    round = case when aside then f.round when not complete then cur.round end,
    delta_link = case when complete and not aside then p->>'delta_link' else f.delta_link end,
    scope = case when complete and cur.round = 'full' and not aside then cur.round_scope else f.scope end,
    window_start = case when complete and cur.round = 'full' and not aside then cur.round_window_start else f.window_start end,
    window_end = case when complete and cur.round = 'full' and not aside then cur.round_window_end else f.window_end end,
    round_scope = case when aside then f.round_scope when not complete then cur.round_scope end,
    round_window_start = case when aside then f.round_window_start when not complete then cur.round_window_start end,
    round_window_end = case when aside then f.round_window_end when not complete then cur.round_window_end end,
    last_success_at = case when complete and not aside then at else f.last_success_at end
  where f.id = cur.id;
  return jsonb_build_object('version', cur.cursor_version + 1, 'outcomes', outcomes,
    'removed', to_jsonb(known), 'deleted', deleted, 'swept', swept,
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
CREATE OR REPLACE FUNCTION public.touchpoint_publish_actions(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_publish_meeting_types(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_publish_meetings(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_publish_nps(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
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
-- SQLSTATE 22008 for an instant without end: it would delete everything.
declare
  expired int;
  purged int;
begin
  if not coalesce(isfinite((p->>'before')::timestamptz) and isfinite((p->>'deleted_before')::timestamptz), true) then
    raise exception 'retention needs an instant' using errcode = '22008';
  end if;
  if p->>'unless' is not null and exists (select from privacy where retained = p->>'unless') then
    return jsonb_build_object('expired', 0, 'purged', 0, 'done', true);
  end if;
  -- an array is gathered once; a subquery may be run again for each row, and then gives others than those it locked
  delete from touchpoints where id = any(array(
    select id from touchpoints where coalesce(occurred_at, created_at) < (p->>'before')::timestamptz
    limit (p->>'limit')::int for update));
  get diagnostics expired = row_count;
  delete from touchpoints where id = any(array(
    select id from touchpoints where deleted_at < (p->>'deleted_before')::timestamptz
    limit (p->>'limit')::int for update));
  get diagnostics purged = row_count;
  if greatest(expired, purged) < (p->>'limit')::int then
    update privacy set retained = p->>'unless' where p->>'unless' is not null;
    return jsonb_build_object('expired', expired, 'purged', purged, 'done', true);
  end if;
  return jsonb_build_object('expired', expired, 'purged', purged, 'done', false);
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_risk_hash(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {risk: the element of a plan's risks} -> the content hash by which its risk_category_auto is found
  select to_jsonb(touchpoint.risk_hash(p->'risk'))
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
 SET jit TO 'off'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {query, embedding?: "[..]", encoder?, limit?, withhold?: [kind], kinds?, client?: name, clients?: [name], since?, until?,
--  people?: [address or name], labels?: [{task, label}] or {task: [label]}} ->
-- [{id, touchpoint, kind, title, snippet, client, occurred_at, tags, score, similarity}], best first.
-- Kinds in withhold are never in the answer, whatever else is asked for. SQLSTATE PT400 for what is not understood.
-- Only vectors of the serving encoder are compared; a question's vector of another is left aside.
declare
  q question := touchpoint.question_of(coalesce(p->>'query', ''));
begin
  perform touchpoint.only(p, array['query', 'embedding', 'encoder', 'limit', 'withhold', 'kinds', 'client', 'clients',
    'since', 'until', 'people', 'labels']);
  return touchpoint.cite((select jsonb_agg(r) from
    touchpoint.ranked(p, touchpoint.question_vector(p), q, touchpoint.answers(p)) r), q);
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_signal(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET plan_cache_mode TO 'force_custom_plan'
 SET jit TO 'off'
 SET work_mem TO '32MB'
 SET random_page_cost TO '1.1'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {client: name or id, now, days?: 180, half_life_days?: 30, withhold?}
-- -> {client: {id, name}, signal: 0..100|null, window: {since, until, half_life_days}, touchpoints,
--     sentiment: {value: 0..1|null, weight, n, positive, neutral, negative, mixed, minimum},
--     escalations: {value: 0..1|null, weight, n, open: [{id, kind, title, occurred_at}], the newest 20},
--     risks: {value: 0..1|null, weight, n, by_category: {category|none: n}}}
-- How much points to trouble, 0 none, 100 all: apart from any health score, and made only of what is in the parts.
-- sentiment: the share of negative among what has a sentiment, each fading with its age, a mixed one with a negative
-- balance counting half. escalations: 1 - exp(-x / 2) for x escalations that still count, fading with their age; cancelled
-- meetings and finished actions do not. risks: 1 - exp(-n / 3) for n risks on record, which do not fade.
-- Null where there is too little: sentiment under five, escalations under five touchpoints of the kinds that can carry
-- one, risks without any. signal is the mean of the parts that are there by weight (50, 30, 20), null without any.
declare
  only_client uuid := touchpoint.client_of(p);
  at timestamptz := (p->>'now')::timestamptz;
  half_life float8 := coalesce((p->>'half_life_days')::float8, 30);
  since timestamptz := at - make_interval(days => coalesce((p->>'days')::int, 180));
  enough constant int := 5;
  seen int;
  feelings jsonb;
  alarms jsonb;
  dangers jsonb;
begin
  if only_client is null or at is null or half_life <= 0 or since >= at then
    raise exception 'client, now: are wanted; days, half_life_days: more than nought' using errcode = 'PT400';
  end if;

  with said as (
    select m.sentiment, m.mixed, touchpoint.fading(at, m.occurred_at, half_life) as counts
    from touchpoint.sentiments(only_client, touchpoint.kinds_of(p - 'kinds', '{nps,email}'), since, at) m
  )
  select jsonb_build_object('n', count(*), 'minimum', enough, 'weight', 50,
    'value', case when count(*) >= enough then round((sum(counts * case when sentiment <> 'negative' then 0 when mixed then 0.5
      else 1 end) / sum(counts))::numeric, 4) end,
    'positive', count(*) filter (where sentiment = 'positive' and not mixed),
    'neutral', count(*) filter (where sentiment = 'neutral' and not mixed),
    'negative', count(*) filter (where sentiment = 'negative' and not mixed),
    'mixed', count(*) filter (where mixed))
  into feelings from said;

  with open as (
    select t.id, t.kind, t.title, t.occurred_at, touchpoint.fading(at, t.occurred_at, half_life) as counts
    from touchpoints t
    where t.deleted_at is null and not t.cancelled and t.client = only_client
      and t.kind = any(touchpoint.kinds_of(p - 'kinds', '{meeting,email,action}'))
      and t.occurred_at >= since and (t.kind <> 'email' or t.occurred_at < at)
      and coalesce(lower(t.details->>'status'), '') not in ('completed', 'complete', 'closed', 'done', 'resolved', 'cancelled')
      and exists (select from current_tags g where g.touchpoint = t.id and g.label = 'escalation'
        and g.task in ('intent', 'action'))
  )
  select jsonb_build_object('n', count(*), 'weight', 30, 'value', round((1 - exp(-coalesce(sum(counts), 0) / 2))::numeric, 4),
    'open', coalesce((select jsonb_agg(to_jsonb(o) - 'counts' order by o.occurred_at desc, o.id)
      from (select * from open order by occurred_at desc, id limit 20) o), '[]'))
  into alarms from open;
  select count(*) into seen from touchpoints t
  where t.deleted_at is null and t.client = only_client and t.occurred_at >= since
    and t.kind = any(touchpoint.kinds_of(p - 'kinds', '{meeting,email,action}'));
  if seen < enough and (alarms->>'n')::int = 0 then
    alarms := alarms || '{"value": null}';
  end if;

  with found as (
    select coalesce(touchpoint.primary_label(t.id, 'risk'), 'none') as category
    from touchpoints t where t.deleted_at is null and t.client = only_client
      and t.kind = any(touchpoint.kinds_of(p - 'kinds', '{risk}'))
      and coalesce(lower(t.details->>'status'), '') not in ('completed', 'complete', 'closed', 'done', 'resolved')
  ),
  by_category as (
    select category, count(*) as n from found group by category
  )
  select jsonb_build_object('n', coalesce(sum(n), 0), 'weight', 20,
    'value', case when sum(n) > 0 then round((1 - exp(-sum(n) / 3.0))::numeric, 4) end,
    'by_category', coalesce(jsonb_object_agg(category, n), '{}'))
  into dangers from by_category;

  return jsonb_build_object(
    'client', (select jsonb_build_object('id', c.id, 'name', c.name) from clients c where c.id = only_client),
    'signal', (select round(100 * sum((e->>'value')::numeric * (e->>'weight')::numeric) / sum((e->>'weight')::numeric))
      from unnest(array[feelings, alarms, dangers]) e where e->>'value' is not null),
    'window', jsonb_build_object('since', since, 'until', at, 'half_life_days', half_life),
    'touchpoints', seen, 'sentiment', feelings, 'escalations', alarms, 'risks', dangers);
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_similar(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'extensions', 'pg_temp'
 SET jit TO 'off'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {id: touchpoint's uuid, or source id, kind?: of that source id, limit?, withhold?, and the filters of touchpoint_search}
-- -> as touchpoint_search: the nearest to one touchpoint, itself left out; nothing while it has no vector.
-- SQLSTATE PT404 when there is none, or its kind is withheld; PT400 when several have that id.
declare
  wanted int := touchpoint.answers(p);
  kept record := touchpoint.sifted(p);
  same uuid[];
begin
  perform touchpoint.only(p, array['id', 'kind', 'limit', 'withhold', 'kinds', 'client', 'clients', 'since', 'until',
    'people', 'labels']);
  execute format('select array(select t.id from touchpoints t where %s and (t.source_key = $1 or t.id = $2)
    and ($3 is null or t.kind = $3) limit 2)', touchpoint.withheld(p))
  into same using p->>'id', case when p->>'id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (p->>'id')::uuid end,
    p->>'kind';
  if cardinality(same) = 0 then
    raise exception 'there is no such touchpoint' using errcode = 'PT404';
  elsif cardinality(same) > 1 then
    raise exception 'several touchpoints have that id: wants its kind beside it' using errcode = 'PT400';
  end if;
  return touchpoint.cite((
    select jsonb_agg(jsonb_build_object('id', n.id, 'similarity', n.similarity, 'score', n.similarity)) from (
      select n.* from touchpoints t, touchpoint.neighbours(kept.filter, kept.few, touchpoint.vector_of(t),
        greatest(wanted + 1, (touchpoint.ranking()).depth)) n
      where t.id = same[1] and n.id <> t.id order by n.similarity desc, n.id limit wanted) n), touchpoint.question_of(''));
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
-- {encoder?, taxonomy?} -> counts by kind, backlog (of the version asked for, else of the one that is to be everywhere),
-- how versions stand, feeds with their lag, mailboxes, the last run, and
-- how changes are told: state active or renew (by notification), or polling, with the reason and the next try.
  select jsonb_build_object(
    'touchpoints', (select coalesce(jsonb_object_agg(kind, n), '{}') from (
      select kind, count(*) n from touchpoints where deleted_at is null group by kind) k),
    'deleted', (select count(*) from touchpoints where deleted_at is not null),
    'embedded', (select count(*) from touchpoints t, touchpoint.serving() s
      where t.deleted_at is null and case s.slot when 'a' then t.encoder else t.encoder_b end = s.encoder),
    'untagged', (select touchpoint.lacking(coalesce(p->>'encoder', g.encoder), coalesce(p->>'taxonomy', g.taxonomy))
      from tagging g),
    'versions', touchpoint.versions(),
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
CREATE OR REPLACE FUNCTION public.touchpoint_tag_rate(p jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {now} -> {hour, day, waiting_since}. Touchpoints tagged within the last hour and day, and since when the one that waits
-- longest for its first tags has been stored; null when none does.
  select jsonb_build_object(
    'hour', count(*) filter (where tagged_at > (p->>'now')::timestamptz - interval '1 hour'),
    'day', count(*) filter (where tagged_at > (p->>'now')::timestamptz - interval '1 day'),
    'waiting_since', min(created_at) filter (where tagged_at is null and deleted_at is null))
  from touchpoints
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_tagging_begin(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {encoder, taxonomy, now, attempts, start} -> {paused, aside}
-- With start (a tagger that was just made): this version is to be everywhere, whatever was before.
-- Without it (the same tagger later): aside says that another was started meanwhile, whose work is to stay.
declare
  at timestamptz := (p->>'now')::timestamptz;
  aside boolean := false;
  paused boolean;
begin
  select g.paused_at is not null into paused from tagging g for update;
  if coalesce((p->>'start')::boolean, false) then
    perform touchpoint.start_version(p->>'encoder', p->>'taxonomy', at);
  else
    aside := touchpoint.stands_aside(p->>'encoder', p->>'taxonomy', at);
  end if;
  -- the rows that it waited for may have been deleted, with no page of tags after that
  perform touchpoint.finish_version(at, (p->>'attempts')::int);
  return jsonb_build_object('paused', paused, 'aside', aside);
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_tagging_pause(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {paused, now} -> {paused}. Every tagger stops after the page that it is at, and goes on once this is taken back.
begin
  update tagging set paused_at = case when (p->>'paused')::boolean then coalesce(paused_at, (p->>'now')::timestamptz) end;
  return jsonb_build_object('paused', (p->>'paused')::boolean);
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_tags_save(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {encoder, taxonomy, now, attempts?, rows: [{id, text_hash, embedding: "[..]", uncertain: [task],
--  tags: [{task, label, score}]}], failed: [{id, error}]} -> {saved, paused, aside}
-- A row whose text changed since it was read stays as it is: it will be read again. A person's tags are never touched.
-- Nothing is saved of a version that must stand aside. With the last row that an encoder lacked it begins to serve.
declare
  at timestamptz := (p->>'now')::timestamptz;
  paused boolean;
  saved uuid[];
begin
  select g.paused_at is not null into paused from tagging g for update;
  if not exists (select from encoders e where e.encoder = p->>'encoder')
    or exists (select from tagging g where g.encoder is null) then
    perform touchpoint.start_version(p->>'encoder', p->>'taxonomy', at);
  elsif touchpoint.stands_aside(p->>'encoder', p->>'taxonomy', at) then
    return jsonb_build_object('saved', 0, 'paused', paused, 'aside', true);
  end if;
  saved := touchpoint.save_vectors(coalesce(p->'rows', '[]'), p - 'rows',
    (select e.slot from encoders e where e.encoder = p->>'encoder'));
  delete from tags where touchpoint = any(saved) and origin <> 'person';
  insert into tags (touchpoint, task, label, score, origin, version)
  select (r->>'id')::uuid, g->>'task', g->>'label', (g->>'score')::real, 'model', p->>'taxonomy'
  from jsonb_array_elements(coalesce(p->'rows', '[]')) r, jsonb_array_elements(r->'tags') g
  where (r->>'id')::uuid = any(saved);
  update touchpoints t set attempts = t.attempts + 1, tag_error = f.error
  from jsonb_to_recordset(coalesce(p->'failed', '[]')) as f(id uuid, error text)
  where t.id = f.id;
  perform touchpoint.finish_version(at, coalesce((p->>'attempts')::int, 3));
  return jsonb_build_object('saved', cardinality(saved), 'paused', paused, 'aside', false);
end
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_trend(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
 SET plan_cache_mode TO 'force_custom_plan'
 SET jit TO 'off'
 SET work_mem TO '32MB'
 SET random_page_cost TO '1.1'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {now, period: week|month|quarter, since, until, zone?, client?: name or id, kinds?, withhold?}
-- -> {zone, period, periods: [{start: date, complete, n, positive, neutral, negative, mixed,
--     share: {positive, neutral, negative, mixed}|null, mean|null}]}
-- What is mixed counts as mixed and not as its balance; mean is that of the balances, positive 1, neutral 0, negative -1.
declare
  zone text := touchpoint.zone_of(p);
  unit text := p->>'period';
  only_client uuid := touchpoint.client_of(p);
  read_kinds text[] := touchpoint.kinds_of(p, '{nps,email}');
  answer jsonb;
begin
  with periods as materialized (
    select s.starts, s.ends from touchpoint.periods_of(p) s where s.shown
  ),
  said as (
    select date_trunc(unit, touchpoint.local_time(m.occurred_at, m.all_day, zone)) as starts,
      case when m.mixed then 'mixed' else m.sentiment end as sentiment,
      case m.sentiment when 'positive' then 1 when 'negative' then -1 else 0 end as value
    from (select min(starts) at time zone zone as since, max(ends) at time zone zone as until from periods) span
    cross join lateral touchpoint.sentiments(only_client, read_kinds,
      span.since - interval '14 hours', span.until + interval '14 hours') m
  ),
  counted as (
    select s.starts, s.ends, count(m.starts) as n, count(*) filter (where m.sentiment = 'positive') as positive,
      count(*) filter (where m.sentiment = 'neutral') as neutral, count(*) filter (where m.sentiment = 'negative') as negative,
      count(*) filter (where m.sentiment = 'mixed') as mixed, round(avg(m.value), 4) as mean
    from periods s left join said m using (starts) group by s.starts, s.ends
  )
  select jsonb_build_object('zone', zone, 'period', unit, 'periods', jsonb_agg(jsonb_build_object(
    'start', to_char(starts, 'YYYY-MM-DD'), 'complete', ends at time zone zone <= (p->>'now')::timestamptz, 'n', n,
    'positive', positive, 'neutral', neutral, 'negative', negative, 'mixed', mixed,
    'share', case when n > 0 then jsonb_build_object('positive', round(positive::numeric / n, 4),
      'neutral', round(neutral::numeric / n, 4), 'negative', round(negative::numeric / n, 4),
      'mixed', round(mixed::numeric / n, 4)) end,
    'mean', mean) order by starts))
  into answer from counted;
  return answer;
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
$function$;
CREATE OR REPLACE FUNCTION public.touchpoint_words_count(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET "TimeZone" TO 'UTC'
 SET statement_timeout TO '55s'
AS $function$
-- {} -> {counted: rows, or null when the last count is still good}. Counts anew when a fifth came or went since.
declare
  sample constant int := 20000;
  live bigint := (select count(*) from touchpoints where deleted_at is null);
  before bigint := coalesce((select l.rows from lexicon l where l.word = ''), 0);
  share float8 := least(1.0, sample::float8 / greatest(live, 1));
begin
  if abs(live - before) <= before / 5.0 or not pg_try_advisory_xact_lock(hashtext('touchpoint.lexicon')) then
    return jsonb_build_object('counted', null);
  end if;
  delete from lexicon;
  insert into lexicon (word, rows)
  select s.word, round(s.ndoc / share) from ts_stat(format(
    'select words from touchpoint.touchpoints tablesample system (%s) repeatable (1) where deleted_at is null',
    100 * share)) s
  where s.word <> ''
  union all select '', live;
  return jsonb_build_object('counted', live);
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.answers(p jsonb)
 RETURNS integer
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
-- How many results are wanted: 10 unless said, 200 at most.
declare
  wanted int := coalesce((p->>'limit')::int, 10);
begin
  if wanted < 1 then
    raise exception 'limit: wants at least 1, got %', wanted using errcode = 'PT400';
  end if;
  return least(wanted, 200);
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.apply_feedback(wanted uuid, asked text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- Makes tags, settled and rejected say what the feedback on a task says. The first label scores 1, each one after it a
-- thousandth less: whoever orders by score finds the primary first.
begin
  delete from tags g where g.touchpoint = wanted and g.task = asked and g.origin = 'person';
  delete from settled s where s.touchpoint = wanted and s.task = asked;
  delete from rejected r where r.touchpoint = wanted and r.task = asked;
  insert into settled (touchpoint, task, settled_at)
  select f.touchpoint, f.task, f.said_at from holding_feedback f
  where f.touchpoint = wanted and f.task = asked and f.labels is not null;
  insert into tags (touchpoint, task, label, score, origin, version)
  select f.touchpoint, f.task, l.label, 1 - 0.001 * (l.place - 1), 'person', 'feedback ' || f.id
  from holding_feedback f cross join lateral unnest(f.labels) with ordinality l(label, place)
  where f.touchpoint = wanted and f.task = asked and f.labels is not null;
  insert into rejected (touchpoint, task, label)
  select distinct f.touchpoint, f.task, f.label from holding_feedback f
  where f.touchpoint = wanted and f.task = asked and f.verdict = 'down';
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.as_json(content text)
 RETURNS jsonb
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- What is no JSON (a text column may hold anything, a json column a NUL) is told apart from what is empty.
begin
  return content::jsonb;
exception when others then
  return '[{"unreadable": true}]';
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.as_query(word text, weight text DEFAULT ''::text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
-- One lexeme as the text of a tsquery, whatever is in it.
  select '''' || replace(replace(word, '\', '\\'), '''', '''''') || '''' || weight
$function$;
CREATE OR REPLACE FUNCTION touchpoint.canonical_meeting(wanted jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION touchpoint.check_feedback(p jsonb, wanted uuid, shown text[])
 RETURNS void
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- SQLSTATE PT400 for what makes no sense, PT409 where the labels are no longer those that the person saw.
declare
  verdict text := p->>'verdict';
  labels text[] := touchpoint.texts_of(p, 'labels');
  seen text[] := touchpoint.texts_of(p, 'shown');
begin
  if coalesce(verdict, '') not in ('labels', 'up', 'down', 'withdraw') or coalesce(p->>'now', '') = ''
     or (labels is null) <> (verdict <> 'labels') or (p->>'label' is null and verdict = 'down')
     or (p->>'task' is null) <> (verdict = 'withdraw') or (p->>'withdraws' is null) <> (verdict <> 'withdraw') or p->>'withdraws' !~ '^[0-9]{1,18}$' then
    raise exception 'verdict: wants labels with labels, up, down with label, or withdraw with withdraws' using errcode = 'PT400';
  end if;
  if cardinality(labels) > 50 or cardinality(labels) <> (select count(distinct l) from unnest(labels) l)
     or exists (select from unnest(labels || array[p->>'label']) l where length(l) not between 1 and 200) then
    raise exception 'labels: wants at most 50 different ones' using errcode = 'PT400';
  end if;
  if seen <> shown or (verdict in ('up', 'down') and p->>'label' is not null and p->>'label' <> all(shown)) then
    raise exception 'the labels are no longer those that were seen' using errcode = 'PT409';
  end if;
  if verdict = 'withdraw' and not exists (select from classification_feedback f
      where f.id = (p->>'withdraws')::bigint and f.touchpoint = wanted and f.verdict <> 'withdraw') then
    raise exception 'there is no such feedback' using errcode = 'PT404';
  end if;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.cite(found jsonb, q touchpoint.question)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- [{id, similarity, score}] -> what an answer says of each, best first.
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', t.source_key, 'touchpoint', t.id, 'kind', t.kind, 'title', t.title,
    'snippet', touchpoint.passage(t.body, t.title, q),
    'client', c.name, 'occurred_at', t.occurred_at,
    'tags', (select coalesce(jsonb_agg(jsonb_build_object('task', g.task, 'label', g.label,
      'score', round(g.score::numeric, 4), 'origin', g.origin) order by g.task, g.score desc, g.label), '[]')
      from current_tags g where g.touchpoint = t.id),
    'score', round(f.score::numeric, 6), 'similarity', round(f.similarity::numeric, 4)) order by f.score desc, f.id), '[]')
  from jsonb_to_recordset(found) as f(id uuid, similarity float8, score float8)
  join touchpoints t on t.id = f.id left join clients c on c.id = t.client
$function$;
CREATE OR REPLACE FUNCTION touchpoint.client_called(wanted text)
 RETURNS uuid
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- By its name, else by an alias that one client alone has.
  select coalesce(
    (select c.id from clients c where lower(c.name) = lower(wanted) order by c.name <> wanted, c.id limit 1),
    (select min(n.client::text)::uuid from client_names n where lower(n.name) = lower(wanted)
      having count(distinct n.client) = 1))
$function$;
CREATE OR REPLACE FUNCTION touchpoint.client_named(asked text)
 RETURNS uuid
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- By id, name or alias. One client's alias may be another's name: the name wins.
  select c.id from clients c
  where c.id::text = lower(asked) or lower(c.name) = lower(asked)
    or exists (select from client_names n where n.client = c.id and lower(n.name) = lower(asked))
  order by c.id::text = lower(asked) desc, lower(c.name) = lower(asked) desc, c.name limit 1
$function$;
CREATE OR REPLACE FUNCTION touchpoint.client_of(p jsonb)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- {client?: id, name or alias} -> its id, null when it is left out. SQLSTATE PT404 for a client that nobody knows.
declare
  found uuid := (touchpoint.clients_named(array[p->>'client']))[1];
begin
  if p->>'client' is not null and found is null then
    raise exception 'there is no such client' using errcode = 'PT404';
  end if;
  return found;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.clients_filter(names text[])
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- Any of the clients by name or alias; nothing passes when nobody knows them.
  select format('t.client = any (%L::uuid[])', touchpoint.clients_named(names)) where names is not null
$function$;
CREATE OR REPLACE FUNCTION touchpoint.clients_named(wanted text[])
 RETURNS uuid[]
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- Ids of clients by id, name or alias, without those that nobody knows; null stays null.
  select case when wanted is not null then array(
    select distinct found.id from (select touchpoint.client_named(w) as id from unnest(wanted) w) found
    where found.id is not null) end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.current_tags_of(wanted uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- [{task, label, score, origin, version}] of those that hold, the surest of each task first.
  select coalesce(jsonb_agg(jsonb_build_object('task', g.task, 'label', g.label, 'score', round(g.score::numeric, 4),
    'origin', g.origin, 'version', g.version) order by g.task, g.score desc, g.label), '[]')
  from current_tags g where g.touchpoint = wanted
$function$;
CREATE OR REPLACE FUNCTION touchpoint.cut_texts(content jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- 100,000 characters of each text are more than ever is kept of one.
  select case jsonb_typeof(content)
    when 'string' then to_jsonb(left(content #>> '{}', 100000))
    when 'object' then (select coalesce(jsonb_object_agg(e.key, touchpoint.cut_texts(e.value)), '{}')
      from jsonb_each(content) e)
    else content end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.dashboard_drop(of_source text, keys text[], erase boolean, at timestamp with time zone)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION touchpoint.dashboard_found(risks jsonb)
 RETURNS TABLE(source text, relation text, key text, columns text[], absent text[], problem text)
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION touchpoint.dashboard_key(value text, content jsonb)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- What a row is known by: its own key, or where that is missing or absurdly long, what it says.
  select case when coalesce(value, '') <> '' and length(value) <= 200 then value
    else '#' || touchpoint.digest(content::text) end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.dashboard_kind(source text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
  select case source when 'actions' then 'action' when 'nps' then 'nps' when 'topics' then 'topic'
    when 'knowledge' then 'knowledge' when 'risks' then 'risk' end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.dashboard_label(task text, label text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- As the dashboard spells it; labels of one's own stay as they are.
  select case
    when task = 'intent' and label = 'qbr' then 'QBR'
    when task = 'topic' and label = 'upgrades & fixes' then 'Upgrade/Fix Delivery'
    when task = 'topic' then initcap(label)
    else label end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.dashboard_query(wanted text, risks jsonb)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION touchpoint.dashboard_sources()
 RETURNS TABLE(source text, candidates text[], key text, needed text[], wanted text[])
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION touchpoint.dashboard_writable(wanted text, columns text[])
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
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
CREATE OR REPLACE FUNCTION touchpoint.digest(content text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
  select encode(sha256(convert_to(content, 'UTF8')), 'hex')
$function$;
CREATE OR REPLACE FUNCTION touchpoint.digests(content jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- {key: value} -> {key: digest}: what was written can be told again, and names nobody.
  select coalesce(jsonb_object_agg(e.key, touchpoint.digest(e.value::text)), '{}') from jsonb_each(content) e
$function$;
CREATE OR REPLACE FUNCTION touchpoint.domains_of(people jsonb)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
-- Domains of the people's addresses, sorted, a space between them; empty when no address is known.
  select coalesce(string_agg(distinct substring(e->>'address' from '@([^@\s]+)$'), ' '), '') from jsonb_array_elements(people) e
$function$;
CREATE OR REPLACE FUNCTION touchpoint.excerpt(body text, word text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
-- 240 characters of a text on one line: from just before the word where it occurs, else from the start.
  select regexp_replace(case when at > 60 then '…' || substr(head, at - 40, 240) else left(head, 240) end, '\s+', ' ', 'g')
  from (select left(body, 20000) as head, case when word <> '' then strpos(lower(left(body, 20000)), word) else 0 end as at) h
$function$;
CREATE OR REPLACE FUNCTION touchpoint.fading(at timestamp with time zone, since timestamp with time zone, half_life_days double precision)
 RETURNS double precision
 LANGUAGE sql
 IMMUTABLE
RETURN power((0.5)::double precision, (((GREATEST(EXTRACT(epoch FROM (at - since)), (0)::numeric) / (86400)::numeric))::double precision / half_life_days));
CREATE OR REPLACE FUNCTION touchpoint.feedback_of(wanted uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- [{id, task, verdict, labels, label, withdraws, shown, model, encoder, taxonomy, by, comment, at, holds}], oldest first.
  select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'task', f.task, 'verdict', f.verdict, 'labels', f.labels,
    'label', f.label, 'withdraws', f.withdraws, 'shown', f.shown, 'model', f.model, 'encoder', f.encoder,
    'taxonomy', f.taxonomy, 'by', f.said_by, 'comment', f.comment, 'at', f.said_at,
    'holds', exists (select from holding_feedback h where h.id = f.id)) order by f.id), '[]')
  from classification_feedback f where f.touchpoint = wanted
$function$;
CREATE OR REPLACE FUNCTION touchpoint.finish_version(at timestamp with time zone, most_attempts integer)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- The encoder that is building serves from here on if no live row lacks its vector.
declare
  built encoders;
begin
  select * into built from encoders e where e.state = 'building';
  -- not through touchpoint.lacking, which reads every row: this is asked with every page, and the first row decides
  if built.encoder is null or exists (select from touchpoints t
    where t.deleted_at is null and t.attempts < most_attempts
      and (t.tagged_hash is distinct from t.text_hash or coalesce(t.tagged_by, t.encoder) is distinct from built.encoder
        or case built.slot when 'a' then t.encoder else t.encoder_b end is distinct from built.encoder)) then
    return;
  end if;
  update encoders set state = 'retired' where state = 'serving';
  update encoders set state = 'serving', completed_at = at where encoder = built.encoder;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.flag_of(p jsonb, field text)
 RETURNS boolean
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- true, false, or null when it is left out. SQLSTATE PT400 for anything else.
begin
  if p ? field and jsonb_typeof(p->field) <> 'boolean' then
    raise exception '%: wants true or false', field using errcode = 'PT400';
  end if;
  return (p->field)::boolean;
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
CREATE OR REPLACE FUNCTION touchpoint.insert_meetings(rows jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION touchpoint.inside_pattern(p jsonb)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- {internal_domains?} -> what the domains of an internal touchpoint look like. Domains of the mailboxes that are read are
-- our own without being named; a name counts with all that lies below it, on label boundaries. Null when none is known.
  select '^(( |^)([^ ]+\.)?(' || string_agg(distinct replace(d, '.', '\.'), '|') || '))+$' from (
    select lower(unnest(touchpoint.texts_of(p, 'internal_domains'))) as d
    union all
    select substring(m.address from '@([^@]+)$') from mailboxes m) own
  where d ~ '^[^\s.@|()\[\]{}*+?^$\\]+(\.[^\s.@|()\[\]{}*+?^$\\]+)+$'
$function$;
CREATE OR REPLACE FUNCTION touchpoint.instant(at timestamp with time zone, all_day boolean, zone text)
 RETURNS timestamp with time zone
 LANGUAGE sql
 IMMUTABLE
RETURN CASE WHEN all_day THEN ((at AT TIME ZONE 'UTC'::text) AT TIME ZONE zone) ELSE at END;
CREATE OR REPLACE FUNCTION touchpoint.is_inside(domains text, inside text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
RETURN CASE WHEN ((domains <> ''::text) AND (inside IS NOT NULL)) THEN (domains ~ inside) ELSE NULL::boolean END;
CREATE OR REPLACE FUNCTION touchpoint.is_recurring(wanted uuid, habit text)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- Three occurrences or more: of the series where Graph names one, else of the habit.
  select case
    when exists (select from copies c where c.touchpoint = wanted and c.series is not null) then exists (
      select from copies c where c.touchpoint = wanted and c.series is not null and (
        select count(*) from (
          select from copies k where k.feed = c.feed and k.series = c.series limit 3) three) = 3)
    else (select count(*) from (
      select from touchpoints o where o.repeats_as = habit and o.deleted_at is null limit 3) three) = 3 end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.keep_feedback()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- Nothing is rewritten. A row may only lose who said it and the comment, and goes when its touchpoint has gone.
begin
  if tg_op = 'UPDATE' then
    if to_jsonb(new) - '{said_by,comment}'::text[] = to_jsonb(old) - '{said_by,comment}'::text[]
       and (new.said_by is null or new.said_by = old.said_by) and (new.comment is null or new.comment = old.comment) then
      return new;
    end if;
  elsif not exists (select from touchpoints t where t.id = old.touchpoint) then
    return old;
  end if;
  raise exception 'feedback is append-only' using errcode = 'PT409';
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.kinds_of(p jsonb, otherwise text[])
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- {kinds?, withhold?} -> the kinds that are read. Nothing brings back a kind that is withheld.
  select array(
    select distinct k from unnest(coalesce(touchpoint.texts_of(p, 'kinds'), otherwise)) k
    where k <> all(coalesce(touchpoint.texts_of(p, 'withhold'), '{}'))
    order by k)
$function$;
CREATE OR REPLACE FUNCTION touchpoint.label_condition(field text, wanted text[], besides text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- Any of the labels of a field of the filter. "none": somebody looked, the model or a person, and no label holds;
-- "untagged": nobody has looked yet.
  with known(looked, bare) as (values (
    '(t.tagged_at is not null or exists (select from touchpoint.settled s where s.touchpoint = t.id and s.task = ''intent''))',
    'not exists (select from touchpoint.current_tags g where g.touchpoint = t.id and g.task = ''intent'')'))
  select '(' || concat_ws(' or ',
    case when not wanted <@ '{none,untagged}' then format('(t.id in (select g.touchpoint from touchpoint.current_tags g '
      || 'where g.task = ''intent'' and g.label = any(($1).%I))%s)', field, besides) end,
    case when 'none' = any(wanted) then format('(%s and %s)', looked, bare) end,
    case when 'untagged' = any(wanted) then format('(not %s and %s)', looked, bare) end,
    case when wanted = '{}' then 'false' end) || ')' from known
$function$;
CREATE OR REPLACE FUNCTION touchpoint.labels_filter(labels jsonb)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- [{task, label}] or {task: label or [label]} -> the condition: any of a task's labels, and so for every task.
declare
  pairs jsonb := case jsonb_typeof(labels)
    when 'object' then (select coalesce(jsonb_agg(jsonb_build_object('task', e.key, 'label', l.label)), '[]')
      from jsonb_each(labels) e, jsonb_array_elements(
        case jsonb_typeof(e.value) when 'array' then e.value else jsonb_build_array(e.value) end) l(label))
    else labels end;
begin
  if jsonb_typeof(pairs) <> 'array'
    or exists (select from jsonb_array_elements(pairs) l
      where (jsonb_typeof(l->'task') = 'string' and jsonb_typeof(l->'label') = 'string') is not true) then
    raise exception 'labels: wants [{"task", "label"}] or {"task": ["label"]}' using errcode = 'PT400';
  end if;
  return coalesce((select string_agg(format('exists (select from touchpoint.current_tags g
    where g.touchpoint = t.id and g.task = %L and g.label = any (%L))', f.task, f.labels), ' and ')
    from (select l->>'task' as task, array_agg(l->>'label') as labels from jsonb_array_elements(pairs) l group by 1) f),
    -- no label at all is enough for nobody
    'false');
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.lacking(wanted_encoder text, wanted_taxonomy text)
 RETURNS bigint
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- How many live rows are not tagged and embedded by that version.
-- Without a taxonomy only the vector counts; without either only whether the text was tagged at all.
  select count(*) from touchpoints t left join encoders e on e.encoder = wanted_encoder
  where t.deleted_at is null
    and (t.tagged_hash is distinct from t.text_hash
      or (wanted_taxonomy is not null and t.taxonomy is distinct from wanted_taxonomy)
      or (wanted_encoder is not null and (coalesce(t.tagged_by, t.encoder) is distinct from wanted_encoder
        or case e.slot when 'a' then t.encoder when 'b' then t.encoder_b end is distinct from wanted_encoder)))
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
CREATE OR REPLACE FUNCTION touchpoint.limit_of(p jsonb, otherwise integer, most integer)
 RETURNS integer
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
-- {limit?} -> 1..most. SQLSTATE PT400 for what is no whole number; more than the most gives the most.
begin
  if p ? 'limit' and (jsonb_typeof(p->'limit') <> 'number' or p->>'limit' !~ '^[0-9]{1,9}$' or p->>'limit' ~ '^0+$') then
    raise exception 'limit: wants a whole number from 1 on' using errcode = 'PT400';
  end if;
  return least(coalesce((p->>'limit')::int, otherwise), most);
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.local_time(at timestamp with time zone, all_day boolean, zone text)
 RETURNS timestamp without time zone
 LANGUAGE sql
 IMMUTABLE
RETURN CASE WHEN all_day THEN (at AT TIME ZONE 'UTC'::text) ELSE (at AT TIME ZONE zone) END;
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
CREATE OR REPLACE FUNCTION touchpoint.meeting_columns()
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
  select string_agg(format('%I', w), ', ')
  from touchpoint.dashboard_found(null) f, unnest(f.columns) w where f.source = 'meetings' and w <> 'id'
$function$;
CREATE OR REPLACE FUNCTION touchpoint.meeting_conditions(f touchpoint.meeting_filter, faceted boolean)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- SQL over a touchpoint t and the filter $1: only what is asked for, so that each question gets the plan it deserves.
-- Fixed texts put together; nothing that a caller sent is in them. Without `faceted` what has facets is left out.
declare
  c text[] := array['t.deleted_at is null', 't.occurred_at is not null'];
begin
  -- no zone is further from UTC than 14 hours: the bare column is what an index can answer
  if f.since is not null then c := c || array[
    't.occurred_at >= ($1).since - interval ''14 hours''',
    'touchpoint.instant(t.occurred_at, t.all_day, ($1).zone) >= ($1).since']; end if;
  if f.until is not null then c := c || array[
    't.occurred_at < ($1).until + interval ''14 hours''',
    'touchpoint.instant(t.occurred_at, t.all_day, ($1).zone) < ($1).until']; end if;
  if f.words is not null then c := c || 't.words @@ ($1).words'::text; end if;
  if f.with_client is not null then c := c || '(t.client is not null) = ($1).with_client'::text; end if;
  if f.department is not null then c := c ||
    't.id in (select k.touchpoint from touchpoint.copies k where k.mailbox = any(($1).department))'::text; end if;
  if f.people is not null then c := c || 't.people @> any(($1).people)'::text; end if;
  if f.uncertain then c := c ||
    ('(t.uncertain <> ''{}'' or exists (select from touchpoint.rejected r where r.touchpoint = t.id)) '
    || 'and touchpoint.uncertain_of(t.id, t.uncertain) <> ''{}''')::text; end if;
  if f.topics is not null then c := c || ('t.id in (select g.touchpoint from touchpoint.current_tags g '
    || 'where g.task = ''topic'' and g.label = any(($1).topics))')::text; end if;
  if f.cancelled is not null then c := c || 't.cancelled = ($1).cancelled'::text; end if;
  if not faceted then
    return array_to_string(c, ' and ');
  end if;
  if f.clients is not null then c := c || 't.client = any(($1).clients)'::text; end if;
  if f.internal is not null then c := c || 'touchpoint.is_inside(t.domains, ($1).inside) = ($1).internal'::text; end if;
  if f.recurring is not null then c := c || array[
    't.kind = ''meeting''', 'touchpoint.is_recurring(t.id, t.repeats_as) = ($1).recurring']; end if;
  if f.statuses is not null then c := c || ('touchpoint.meeting_status(t.kind, t.cancelled, t.occurred_at, t.ends_at, t.all_day, ($1).at, ($1).zone) '
    || '= any(($1).statuses)')::text; end if;
  if f.meeting_types is not null then c := c || touchpoint.label_condition('meeting_types', f.meeting_types,
    -- a case, as it is thought to hold for every other row and not for hardly any
    ' and case when (select h.label from touchpoint.current_tags h where h.touchpoint = t.id and h.task = ''intent'' '
    || 'order by h.score desc, h.label limit 1) = any(($1).meeting_types) then true else false end'); end if;
  if f.intents is not null then c := c || touchpoint.label_condition('intents', f.intents, ''); end if;
  return array_to_string(c, ' and ');
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.meeting_filter_of(p jsonb)
 RETURNS touchpoint.meeting_filter
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- The payload of the Briefing Room's functions, checked and resolved; what is null does not filter.
declare
  f touchpoint.meeting_filter;
begin
  f.kinds := touchpoint.kinds_of(p, '{meeting}');
  f.zone := touchpoint.zone_of(p);
  f.at := (p->>'now')::timestamptz;
  if f.at is null then
    raise exception 'now: wants an instant' using errcode = 'PT400';
  end if;
  f.since := (p->>'since')::timestamptz;
  f.until := (p->>'until')::timestamptz;
  f.words := touchpoint.typed_words(p->>'text');
  f.word := substring(lower(p->>'text') from '[^\s!-/:-@\[-`{-~]+');
  f.clients := touchpoint.clients_named(touchpoint.texts_of(p, 'clients'));
  f.with_client := touchpoint.flag_of(p, 'with_client');
  f.department := (select array_agg(lower(d)) from unnest(touchpoint.texts_of(p, 'department')) d);
  if p ? 'department' then f.department := coalesce(f.department, '{}'); end if;
  if p ? 'people' then
    f.people := array(select jsonb_build_array(jsonb_build_object('address', lower(a)))
      from unnest(touchpoint.texts_of(p, 'people')) a);
  end if;
  f.inside := touchpoint.inside_pattern(p);
  f.internal := touchpoint.flag_of(p, 'internal');
  f.recurring := touchpoint.flag_of(p, 'recurring');
  f.uncertain := touchpoint.flag_of(p, 'uncertain');
  f.statuses := touchpoint.texts_of(p, 'status');
  f.meeting_types := touchpoint.texts_of(p, 'meeting_types');
  f.intents := touchpoint.texts_of(p, 'intents');
  f.topics := touchpoint.texts_of(p, 'topics');
  f.cancelled := touchpoint.flag_of(p, 'cancelled');
  return f;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.meeting_rows(rows jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION touchpoint.meeting_state(t touchpoint.touchpoints, version text, at timestamp with time zone)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- Changes with everything that a row of unified_meetings is made of, the passing of its end included.
  select touchpoint.digest(concat_ws(' ', version, t.content_hash, t.client, t.deleted_at is not null,
    coalesce(t.ends_at, t.occurred_at) < at))
$function$;
CREATE OR REPLACE FUNCTION touchpoint.meeting_status(kind text, cancelled boolean, starts timestamp with time zone, ends timestamp with time zone, all_day boolean, at timestamp with time zone, zone text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
RETURN CASE WHEN (kind <> 'meeting'::text) THEN NULL::text WHEN cancelled THEN 'cancelled'::text WHEN (touchpoint.instant(COALESCE(ends, starts), all_day, zone) <= at) THEN 'completed'::text ELSE 'scheduled'::text END;
CREATE OR REPLACE FUNCTION touchpoint.merged(present jsonb, wrote jsonb, wanted jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION touchpoint.neighbours(filter text, few tid[], near extensions.vector, wanted integer)
 RETURNS TABLE(id uuid, similarity double precision)
 LANGUAGE plpgsql
 STABLE ROWS 50
 SET search_path TO 'touchpoint', 'extensions', 'pg_temp'
 SET enable_seqscan TO 'off'
 SET enable_bitmapscan TO 'off'
 SET enable_sort TO 'off'
AS $function$
-- The nearest by the serving encoder's vectors, of the rows that pass: from the index, or of few all compared (+ 0 keeps
-- the index out). The index may still give too few: then there are no more, or it gave up, and all are compared.
declare
  s encoders := touchpoint.serving();
begin
  if near is null or s.encoder is null then
    return;
  end if;
  -- a filter must never make the index stop early; the order does not matter, it is ranked anew
  perform set_config('hnsw.iterative_scan', 'relaxed_order', true),
    set_config('hnsw.ef_search', greatest((touchpoint.ranking()).ef_search, least(wanted, 1000))::text, true);
  return query execute format(
    case when few is null then $sql$
      with indexed as materialized (
        select t.id, t.%1$I::halfvec(384) <=> $4 as distance from touchpoints t where %3$s and t.%2$I = %4$L
        order by t.%1$I::halfvec(384) <=> $4 limit $3)
      select i.id, 1 - i.distance from indexed i where (select count(*) from indexed) >= $3
      union all
      (select t.id, 1 - (t.%1$I <=> $1) from touchpoints t
       where (select count(*) from indexed) < $3 and %3$s and t.%2$I = %4$L
       order by (t.%1$I <=> $1) + 0 limit $3)
    $sql$ else $sql$
      select t.id, 1 - (t.%1$I <=> $1) from touchpoints t where %3$s and t.%2$I = %4$L
      order by (t.%1$I <=> $1) + 0 limit $3
    $sql$ end,
    case s.slot when 'a' then 'embedding' else 'embedding_b' end,
    case s.slot when 'a' then 'encoder' else 'encoder_b' end, filter, s.encoder)
  using near, few, wanted, near::halfvec(384);
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint."only"(p jsonb, allowed text[])
 RETURNS void
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
-- A filter with a wrong name would be no filter. SQLSTATE PT400.
declare
  unknown text := (select string_agg(k.key, ', ' order by k.key) from jsonb_object_keys(p) k(key) where k.key <> all (allowed));
begin
  if unknown is not null then
    raise exception 'unknown: %; wants some of %', unknown, array_to_string(allowed, ', ') using errcode = 'PT400';
  end if;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.page_key(at timestamp with time zone, id uuid)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
RETURN ((((EXTRACT(epoch FROM at) * (1000000)::numeric))::bigint || '_'::text) || id);
CREATE OR REPLACE FUNCTION touchpoint.page_place(given text, OUT at timestamp with time zone, OUT id uuid)
 RETURNS record
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
-- A page key read back; nulls for none. SQLSTATE PT400 for what is no key.
begin
  if given !~ '^-?[0-9]{1,18}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    raise exception 'after, before: wants a key that an earlier answer gave' using errcode = 'PT400';
  end if;
  at := timestamptz 'epoch' + interval '1 microsecond' * split_part(given, '_', 1)::bigint;
  id := split_part(given, '_', 2)::uuid;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.passage(body text, title text, q touchpoint.question)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
-- What can be cited: of the body's sentences the one that answers most of the question and those after it, 240 characters
-- at most; without any such word its beginning; without a body the title. 8,000 characters are looked at, a thousand
-- where no word is asked for.
  with parts as (
    select row_number() over () as place, btrim(s.part) as part
    from regexp_split_to_table(regexp_replace(left(body, case when cardinality(q.words) = 0 then 1000 else 8000 end),
      '[ \t\r]+', ' ', 'g'), '(?<=[.!?])\s+|\n+') s(part)
    where btrim(s.part) <> ''
  ),
  best as (
    select p.place from parts p
    order by (select coalesce(sum(w.weight), 0) from unnest(tsvector_to_array(to_tsvector('pg_catalog.english', p.part))) l(word)
      join unnest(q.words, q.weights) w(word, weight) on w.word = l.word) desc, p.place limit 1
  ),
  cited as (select string_agg(p.part, ' ' order by p.place) as text from parts p, best b
    where p.place between b.place and b.place + 5)
  select coalesce((select case when length(text) <= 240 then text
    else regexp_replace(left(text, 239), '\s+\S*$', '') || '…' end from cited), title)
$function$;
CREATE OR REPLACE FUNCTION touchpoint.people_keys(people jsonb)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
-- What a person can be asked for by: address, name, and each word of the name, in lower case.
  select coalesce(array_agg(distinct k.key), '{}')
  from jsonb_array_elements(case jsonb_typeof(people) when 'array' then people else '[]' end) person
  cross join lateral (
    select lower(person->>'address') union all select lower(person->>'name')
    union all select regexp_split_to_table(lower(person->>'name'), '\s+')) k(key)
  where k.key <> ''
$function$;
CREATE OR REPLACE FUNCTION touchpoint.periods_of(p jsonb)
 RETURNS TABLE(starts timestamp without time zone, ends timestamp without time zone, shown boolean)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- {period: week|month|quarter, since, until, zone?} -> the whole periods that the span touches, by wall clock in the
-- zone, and the one before them, not to be shown. Weeks begin on Monday. SQLSTATE PT400 for more than 520 of them.
declare
  zone text := touchpoint.zone_of(p);
  unit text := p->>'period';
  step interval := case unit when 'week' then '7 days' when 'month' then '1 month' when 'quarter' then '3 months' end;
  since timestamptz := (p->>'since')::timestamptz;
  until timestamptz := (p->>'until')::timestamptz;
begin
  if step is null or since is null or until is null or until <= since then
    raise exception 'period: wants week, month or quarter; since and until: a span of time' using errcode = 'PT400';
  end if;
  -- ten years of weeks
  if until - since > step * 520 then
    raise exception 'until: wants at most 520 periods after since' using errcode = 'PT400';
  end if;
  return query
    select s, s + step, s >= date_trunc(unit, since at time zone zone)
    from generate_series(date_trunc(unit, since at time zone zone) - step,
      date_trunc(unit, (until - interval '1 microsecond') at time zone zone), step) s;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.primary_label(wanted uuid, asked text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- The one label that stands for a task: the surest that holds. A person's tags score 1 for the first label and a shade
-- less for each one after it (touchpoint.apply_feedback). `mixed` accompanies a sentiment and is none by itself.
  select g.label from current_tags g where g.touchpoint = wanted and g.task = asked
  order by asked = 'sentiment' and g.label = 'mixed', g.score desc, g.label limit 1
$function$;
CREATE OR REPLACE FUNCTION touchpoint.publish_alone()
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- One publisher at a time, until its transaction ends: each compares with what the last one wrote.
begin
  lock table dashboard_published in share row exclusive mode;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.publish_column(p jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION touchpoint.put_opinion(rows jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- [{touchpoint, task, version, labels}]: these tags replace the model's, and the task is uncertain no more.
-- A person's tags stay. One row per touchpoint and task.
begin
  delete from tags g using jsonb_to_recordset(rows) as r(touchpoint uuid, task text)
  where g.touchpoint = r.touchpoint and g.task = r.task and g.origin <> 'person';
  insert into tags (touchpoint, task, label, score, origin, version)
  select r.touchpoint, r.task, l.label, l.score, 'fallback', r.version
  from jsonb_to_recordset(rows) as r(touchpoint uuid, task text, version text, labels jsonb),
    jsonb_to_recordset(r.labels) as l(label text, score real);
  update touchpoints t set uncertain = array(select u from unnest(t.uncertain) u where not u = any(r.tasks))
  from (select q.touchpoint, array_agg(q.task) as tasks
    from jsonb_to_recordset(rows) as q(touchpoint uuid, task text) group by q.touchpoint) r
  where t.id = r.touchpoint;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.question_of(asked text)
 RETURNS touchpoint.question
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- People ask in sentences, and no answer holds all of their words: each counts by how rare it is.
  with k as (select * from touchpoint.ranking()),
  total as (select coalesce((select l.rows from lexicon l where l.word = ''), 0)::float8 as rows),
  known as (
    select q.word, coalesce(l.rows, 0)::float8 as rows,
      ln(1 + (greatest(total.rows, coalesce(l.rows, 0)) - coalesce(l.rows, 0) + 0.5) / (coalesce(l.rows, 0) + 0.5)) as weight
    from unnest(tsvector_to_array(to_tsvector('pg_catalog.english', left(asked, 10000)))) q(word)
    cross join total left join lexicon l on l.word = q.word
    where q.word <> ''
    -- a mail pasted as a question: its rarest words are enough
    order by rows, q.word limit 32
  ),
  weighed as (
    select word, rows, weight / sum(weight) over () as weight,
      row_number() over (order by rows, word) as place, sum(rows) over (order by rows, word) as together
    from known
  )
  select row(
    coalesce(array_agg(word order by place) filter (where word is not null), '{}'),
    coalesce(array_agg(weight order by place) filter (where word is not null), '{}'),
    (string_agg(touchpoint.as_query(word), ' | ') filter (where place = 1 or together <= k.found))::tsquery,
    string_agg(touchpoint.as_query(word), ' | ')::tsquery,
    coalesce(string_agg(format('case when w.words @@ %L::tsquery then %s when w.words @@ %L::tsquery then %s else 0 end',
      touchpoint.as_query(word, ':A'), weight * (1 + k.title_bonus), touchpoint.as_query(word), weight), ' + ') filter (where word is not null), '0')
  )::touchpoint.question
  from k left join weighed on true group by k.found
$function$;
CREATE OR REPLACE FUNCTION touchpoint.question_vector(p jsonb)
 RETURNS extensions.vector
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'extensions', 'pg_temp'
AS $function$
-- {embedding?, encoder?} -> the vector, or null where it is of another encoder than the one that serves: two are never
-- compared, and words answer alone.
begin
  if p->>'embedding' is not null and p->>'encoder' is null then
    raise exception 'embedding: wants its encoder beside it' using errcode = 'PT400';
  end if;
  return case when p->>'encoder' = (touchpoint.serving()).encoder then (p->>'embedding')::vector end;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.ranked(p jsonb, near extensions.vector, q touchpoint.question, wanted integer)
 RETURNS TABLE(id uuid, similarity double precision, score double precision)
 LANGUAGE plpgsql
 STABLE ROWS 10
 SET search_path TO 'touchpoint', 'extensions', 'pg_temp'
AS $function$
-- Candidates by meaning and by words; each gets both scores, whichever found it. One without a vector (it is not embedded
-- yet) counts as a little less near than the last candidate: new things are found by their words.
declare
  k record := touchpoint.ranking();
  kept record := touchpoint.sifted(p);
  s encoders := touchpoint.serving();
begin
  return query execute format($sql$
      with near as materialized (select * from touchpoint.neighbours($1, $2, $3, $4)),
      worded as materialized (select * from touchpoint.with_words($1, $2, $5, $6)),
      scored as (
        select t.id,
          coalesce(n.similarity, 1 - (case when t.%1$I = %2$L then t.%3$I end <=> $3)) as similarity,
          coalesce(w.share, (select (%4$s)::float8 from (select t.words || ''::tsvector as words offset 0) w)) as share
        from (select id from near union select id from worded) c
        join touchpoints t on t.id = c.id left join near n on n.id = c.id left join worded w on w.id = c.id)
      select s.id, s.similarity, case when $3 is null then s.share
        else coalesce(s.similarity, (select min(near.similarity) from near) * 0.9, 0) + s.share * $7 end as score
      from scored s order by score desc, s.id limit $6
    $sql$, case s.slot when 'b' then 'encoder_b' else 'encoder' end, s.encoder,
    case s.slot when 'b' then 'embedding_b' else 'embedding' end, q.share)
  using kept.filter, kept.few, near, greatest(k.depth, wanted * 2), q, wanted, k.word_weight;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.ranking(OUT word_weight double precision, OUT title_bonus double precision, OUT depth integer, OUT few integer, OUT found integer, OUT ef_search integer)
 RETURNS record
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
-- What ranking is made of, in one place. A score is the cosine plus word_weight times the share of the question that the
-- words answer: docs/search.md has the figures. The better the encoder, the less there is for the words to add.
-- title_bonus: a word in the title counts so much more.
-- depth: candidates by meaning, deep enough that the words have something to reorder, shallow enough for the index: a
-- filter that keeps a tenth has ten times as many looked at.
-- few: a filter that keeps no more rows has all of them compared; beyond it the index is faster.
-- found: rows whose words are looked at, those with rare words first. ef_search: what the index keeps in view.
  select 0.04, 0.25, 30, 2000, 200, 64
$function$;
CREATE OR REPLACE FUNCTION touchpoint.remote_tokens(title text, body text)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- Tokens that tagging this text remotely would take, roughly: four bytes a token, 2,000 bytes of text at most (the
-- fallback's own limit), and 250 for its share of the instructions and for the answer. octet_length reads no long text.
  select (least(octet_length(title) + octet_length(body), 2000) / 4 + 250)::bigint
$function$;
CREATE OR REPLACE FUNCTION touchpoint.repeats_as(kind text, title text, client uuid, people jsonb)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
-- Meetings with the same value are one habit: the title without numbers, dates and punctuation, and the client, or who
-- invites where there is none. Null for what has no title and for other kinds. Every character is listed: what counts as
-- punctuation differs from one database's locale to the next.
  select case when kind = 'meeting' and words <> '' then md5(words || E'\n' || coalesce(client::text, people->0->>'address', '')) end
  from (select btrim(regexp_replace(
    ' ' || regexp_replace(lower(left(title, 1000)), '[0-9\s!-/:-@\[-`{-~–—‘’“”…·]+', ' ', 'g') || ' ',
    '( (jan|january|feb|february|mar|march|apr|april|may|jun|june|jul|july|aug|august|sep|sept|september|oct|october|nov|november|dec|december|q|w|wk|fy|st|nd|rd|th)(?= ))+',
    '', 'g')) as words) w
$function$;
CREATE OR REPLACE FUNCTION touchpoint.risk_hash(risk jsonb)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- Of what a risk says, whatever else the object holds: its title, its description and what is done about it.
  select touchpoint.digest(case jsonb_typeof(risk) when 'object' then jsonb_build_array(
    coalesce(risk->>'title', risk->>'name', risk->>'risk', ''),
    coalesce(risk->>'description', risk->>'details', ''),
    coalesce(risk->>'mitigation', risk->>'mitigation_plan', ''))::text
    else risk #>> '{}' end)
$function$;
CREATE OR REPLACE FUNCTION touchpoint.risk_list(content jsonb, path text[])
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
  select case when jsonb_typeof(found) = 'array' then found else '[]' end
  from (select case when content @? '$[*] ? (@.unreadable == true)' then content else content #> path end) f(found)
$function$;
CREATE OR REPLACE FUNCTION touchpoint.rows_guessed(filter text)
 RETURNS double precision
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- How many of `touchpoints t` the planner expects to pass. Volatile, because nothing else may explain; it changes nothing.
declare
  plan json;
begin
  execute 'explain (format json) select from touchpoints t where ' || filter into plan;
  return plan->0->'Plan'->>'Plan Rows';
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.save_vectors(incoming jsonb, p jsonb, place text)
 RETURNS uuid[]
 LANGUAGE sql
 SET search_path TO 'touchpoint', 'extensions', 'pg_temp'
AS $function$
-- rows: [{id, text_hash, embedding, uncertain}] -> ids of those whose text is still what was read.
-- What the other slot holds of an older text goes: nothing is found by words that are no longer there.
  with rows as (
    select r.id, r.text_hash, r.embedding::vector as embedding,
      array(select jsonb_array_elements_text(r.uncertain)) as uncertain
    from jsonb_to_recordset(incoming) as r(id uuid, text_hash text, embedding text, uncertain jsonb)
  ),
  done as (
    update touchpoints t set
      embedding = case when place = 'a' then i.embedding when t.tagged_hash = i.text_hash then t.embedding end,
      encoder = case when place = 'a' then p->>'encoder' when t.tagged_hash = i.text_hash then t.encoder end,
      embedding_b = case when place = 'b' then i.embedding when t.tagged_hash = i.text_hash then t.embedding_b end,
      encoder_b = case when place = 'b' then p->>'encoder' when t.tagged_hash = i.text_hash then t.encoder_b end,
      tagged_by = p->>'encoder', taxonomy = p->>'taxonomy', tagged_hash = i.text_hash,
      tagged_at = (p->>'now')::timestamptz, attempts = 0, tag_error = null, uncertain = i.uncertain
    from rows i where t.id = i.id and t.text_hash = i.text_hash
    returning t.id
  )
  select coalesce(array_agg(id), '{}') from done
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
CREATE OR REPLACE FUNCTION touchpoint.search_filter(asked jsonb)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- {kinds?, client?: name, clients?: [name], since?, until?, people?: [address or name], labels?} -> conditions on
-- `touchpoints t`; null without any. In a list any one is enough; every list must be met. SQLSTATE PT400 for what is not
-- understood.
declare
  p jsonb := jsonb_strip_nulls(asked);
  people text[] := touchpoint.texts_of(p, 'people');
begin
  return nullif(concat_ws(' and ',
    case when p ? 'kinds' then format('t.kind = any (%L::text[])', touchpoint.texts_of(p, 'kinds')) end,
    case when p ? 'client' then touchpoint.clients_filter(array[p->>'client']) end,
    touchpoint.clients_filter(touchpoint.texts_of(p, 'clients')),
    case when p ? 'since' then format('t.occurred_at >= %L', (p->>'since')::timestamptz) end,
    case when p ? 'until' then format('t.occurred_at < %L', (p->>'until')::timestamptz) end,
    case when p ? 'people' then format('touchpoint.people_keys(t.people) && %L::text[]',
      array(select lower(trim(a.person)) from unnest(people) a(person))) end,
    case when p ? 'labels' then touchpoint.labels_filter(p->'labels') end), '');
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.sentiments(only_client uuid, read_kinds text[], since timestamp with time zone, until timestamp with time zone)
 RETURNS TABLE(touchpoint uuid, occurred_at timestamp with time zone, all_day boolean, sentiment text, mixed boolean)
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- The sentiment that holds of each touchpoint of a span (of one client, or of all): its balance, and whether it is mixed.
  select t.id, t.occurred_at, t.all_day,
    (array_agg(g.label order by g.score desc, g.label) filter (where g.label <> 'mixed'))[1],
    bool_or(g.label = 'mixed')
  from touchpoints t join current_tags g on g.touchpoint = t.id and g.task = 'sentiment'
  where t.deleted_at is null and t.kind = any(read_kinds) and (only_client is null or t.client = only_client)
    and t.occurred_at >= since and t.occurred_at < until
  group by t.id, t.occurred_at, t.all_day
$function$;
CREATE OR REPLACE FUNCTION touchpoint.serving()
 RETURNS touchpoint.encoders
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- The encoder that searches compare; a row of nulls where nothing was ever embedded.
  select e from encoders e where e.state = 'serving'
$function$;
CREATE OR REPLACE FUNCTION touchpoint.shown_labels(wanted uuid, asked text)
 RETURNS text[]
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- Labels of a task that hold, in the order they are shown: the primary first.
  select array(select g.label from current_tags g where g.touchpoint = wanted and g.task = asked
    order by g.label = touchpoint.primary_label(wanted, asked) desc, g.score desc, g.label)
$function$;
CREATE OR REPLACE FUNCTION touchpoint.sifted(p jsonb, OUT filter text, OUT few tid[])
 RETURNS record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- The conditions on `touchpoints t` that p makes, and if they keep few rows, where those are: then `t.ctid = any($2)`, which
-- finds them without an index and is good as long as the snapshot is.
-- An index over vectors walks from neighbour to neighbour, and gives up before it comes to the few that a filter keeps.
declare
  narrowed text := touchpoint.search_filter(p);
  most int := (touchpoint.ranking()).few;
begin
  filter := touchpoint.withheld(p);
  if narrowed is null then
    return;
  end if;
  filter := filter || ' and ' || narrowed;
  -- a guess may be wrong by some; one that is wrong by more costs time, and no answers
  if touchpoint.rows_guessed(filter) > 2 * most then
    return;
  end if;
  execute format('select array(select t.ctid from touchpoints t where %s limit %s)', filter, most + 1) into few;
  if cardinality(few) > most then
    few := null;
  else
    filter := 't.ctid = any ($2)';
  end if;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.stands_aside(asked_encoder text, asked_taxonomy text, at timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- Whether another version was started after this one; remembered for the status.
begin
  update tagging g set aside_encoder = asked_encoder, aside_taxonomy = asked_taxonomy, aside_at = at
  where (g.encoder, g.taxonomy) is distinct from (asked_encoder, asked_taxonomy);
  return found;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.start_version(new_encoder text, new_taxonomy text, at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- From here on everything is to be of this version. The caller holds the row of touchpoint.tagging.
-- A first encoder serves at once; another builds in the slot that does not serve, and ends what was building there.
-- Rows that made the version before fail are tried again.
declare
  old encoders := touchpoint.serving();
begin
  update touchpoints set attempts = 0
  where attempts > 0
    and exists (select from tagging g where (g.encoder, g.taxonomy) is distinct from (new_encoder, new_taxonomy));
  update tagging set encoder = new_encoder, taxonomy = new_taxonomy, started_at = at,
    aside_encoder = null, aside_taxonomy = null, aside_at = null;
  update encoders set state = 'retired' where state = 'building' and encoder <> new_encoder;
  insert into encoders as e (encoder, slot, state, started_at)
  values (new_encoder, case old.slot when 'a' then 'b' else 'a' end,
    case when old.encoder is null then 'serving' else 'building' end, at)
  on conflict (encoder) do update
    set slot = excluded.slot, state = excluded.state, started_at = at, completed_at = null
    where e.state = 'retired';
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
CREATE OR REPLACE FUNCTION touchpoint.texts_of(p jsonb, field text)
 RETURNS text[]
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- A list of texts in a payload; null when it is left out. SQLSTATE PT400 for anything else: a list that is not
-- understood must never read as "no limit".
begin
  if not p ? field then
    return null;
  end if;
  if jsonb_typeof(p->field) <> 'array'
     or exists (select from jsonb_array_elements(p->field) e where jsonb_typeof(e) <> 'string') then
    raise exception '%: wants a list of texts', field using errcode = 'PT400';
  end if;
  return array(select jsonb_array_elements_text(p->field));
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.touchpoint_named(p jsonb)
 RETURNS uuid
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- {id} or {kind, source_key}, with {withhold?: [kind]} -> id. SQLSTATE PT404 when there is none or its kind is withheld:
-- the two look the same from outside.
declare
  held text[] := coalesce(touchpoint.texts_of(p, 'withhold'), '{}');
  found uuid;
begin
  if p->>'id' is null then
    select t.id into found from touchpoints t
    where t.kind = p->>'kind' and t.source_key = p->>'source_key' and t.kind <> all(held);
  elsif p->>'id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    select t.id into found from touchpoints t where t.id = (p->>'id')::uuid and t.kind <> all(held);
  end if;
  if found is null then
    raise exception 'there is no such touchpoint' using errcode = 'PT404';
  end if;
  return found;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.typed_words(typed text)
 RETURNS tsquery
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
-- What somebody types into a search box: all words must occur, each may go on. Any input will do; null when there is no
-- word in it, or only such as say nothing ("the"). While the last word is being typed its stem does not match yet
-- ("traini", training is stored as "train"), so a beginning ending is also tried without.
declare
  word text;
  words text[] := regexp_split_to_array(lower(left(coalesce(typed, ''), 1000)), '[\s!-/:-@\[-`{-~]+');
  one tsquery;
  every tsquery;
begin
  -- nobody types more; each word costs a walk over the index
  words := array_remove(words[1:20], '');
  foreach word in array words loop
    one := to_tsquery('pg_catalog.english', quote_literal(word) || ':*');
    if word = words[cardinality(words)] and word ~ '.{3}(atio|ati|at|in|i)$' then
      one := one || to_tsquery('pg_catalog.english', quote_literal(regexp_replace(word, '(atio|ati|at|in|i)$', '')));
    end if;
    if numnode(one) > 0 then
      every := coalesce(every && one, one);
    end if;
  end loop;
  return every;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.uncertain_of(wanted uuid, uncertain text[])
 RETURNS text[]
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- Tasks that wait for a person: the model was unsure, or somebody took a label away and named no better one.
  select array(
    select u.task from (
      select unnest(uncertain) as task
      union
      select r.task from rejected r where r.touchpoint = wanted) u
    where not exists (select from settled s where s.touchpoint = wanted and s.task = u.task)
    order by u.task)
$function$;
CREATE OR REPLACE FUNCTION touchpoint.update_meetings(rows jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
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
$function$;
CREATE OR REPLACE FUNCTION touchpoint.upsert_touchpoints(items jsonb, at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE sql
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- As write_touchpoints, without ids: [{kind, source_key, outcome}].
  select coalesce(jsonb_agg(w - 'id'), '[]') from jsonb_array_elements(touchpoint.write_touchpoints(items, at)) w
$function$;
CREATE OR REPLACE FUNCTION touchpoint.vector_of(t touchpoint.touchpoints)
 RETURNS extensions.vector
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'extensions', 'pg_temp'
AS $function$
-- A row's vector of the serving encoder; null where it has none.
  select case when s.slot = 'a' and t.encoder = s.encoder then t.embedding
    when s.slot = 'b' and t.encoder_b = s.encoder then t.embedding_b end from touchpoint.serving() s
$function$;
CREATE OR REPLACE FUNCTION touchpoint.version_key(taxonomy text, tagged_by text, encoder text, encoder_b text)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
-- The same for rows whose tags and vectors are of the same versions; there are few such, and all of one are due or none.
  select hashtextextended(coalesce(quote_literal(taxonomy), '-') || coalesce(quote_literal(tagged_by), '-')
    || coalesce(quote_literal(encoder), '-') || coalesce(quote_literal(encoder_b), '-'), 0)
$function$;
CREATE OR REPLACE FUNCTION touchpoint.versions()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- How the versions stand: who serves, who is building and how far, who stands aside, and whether tagging is paused.
  select jsonb_build_object(
    'serving', (select encoder from encoders where state = 'serving'),
    'building', (select jsonb_build_object('encoder', e.encoder, 'started_at', e.started_at,
      'done', l.total - touchpoint.lacking(e.encoder, null), 'total', l.total)
      from encoders e, (select count(*) as total from touchpoints where deleted_at is null) l where e.state = 'building'),
    'taxonomy', g.taxonomy,
    'paused', g.paused_at is not null,
    'aside', case when g.aside_at is not null then
      jsonb_build_object('encoder', g.aside_encoder, 'taxonomy', g.aside_taxonomy, 'at', g.aside_at) end)
  from tagging g
$function$;
CREATE OR REPLACE FUNCTION touchpoint.with_words(filter text, few tid[], q touchpoint.question, wanted integer)
 RETURNS TABLE(share double precision, id uuid)
 LANGUAGE plpgsql
 STABLE ROWS 50
 SET search_path TO 'touchpoint', 'extensions', 'pg_temp'
 SET enable_seqscan TO 'off'
AS $function$
-- Rows that hold words of the question, those that answer most of it first. Looked at are those with its rare words; where
-- these give fewer than wanted, some of those that hold any. || unpacks a tsvector once instead of once a word.
declare
  found int := (touchpoint.ranking()).found;
begin
  if q.anyhow is null then
    return;
  end if;
  return query execute format($sql$
      with rare as materialized (
        select t.id, t.words || ''::tsvector as words from touchpoints t where %1$s and t.words @@ %2$L::tsquery limit %3$s),
      anyhow as materialized (
        select t.id, t.words || ''::tsvector as words from touchpoints t
        where (select count(*) from rare) < $1 and %1$s and t.words @@ %4$L::tsquery limit %3$s)
      select distinct (%5$s)::float8 as share, w.id from (select * from rare union all select * from anyhow) w
      order by share desc, w.id limit $3
    $sql$, filter, q.rare, found, q.anyhow, q.share)
  using wanted, few, greatest(wanted, (touchpoint.ranking()).depth);
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.withheld(p jsonb)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- The condition that keeps back the kinds in p.withhold, whatever else is asked. What it does not understand it refuses:
-- a wrong spelling must not show what was to be kept back.
declare
  kinds text[] := touchpoint.texts_of(p, 'withhold');
begin
  if not kinds <@ array['meeting', 'email', 'action', 'nps', 'topic', 'knowledge', 'risk'] then
    raise exception 'withhold: wants kinds of touchpoints, got %', p->'withhold' using errcode = 'PT400';
  end if;
  return format('t.deleted_at is null and t.kind <> all (%L::text[])', coalesce(kinds, '{}'));
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.write_copies(cur touchpoint.feeds, items jsonb, at timestamp with time zone, OUT outcomes jsonb, OUT left_behind uuid[])
 RETURNS record
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
AS $function$
-- The feed's copies of the items, and the touchpoints they belong to. outcomes: {graph id: outcome}; left_behind: touchpoints
-- that a copy belonged to before.
declare
  written jsonb := touchpoint.write_touchpoints(items, at);
begin
  with incoming as (
    select distinct on (i.graph_id) i.graph_id, i.mailbox, i.etag, i.content_hash, i.series, o.outcome,
      coalesce(o.id, (select t.id from touchpoints t where t.kind = i.kind and t.source_key = i.source_key)) as touchpoint
    from rows from (jsonb_to_recordset(items) as (graph_id text, mailbox text, etag text, content_hash text, series text,
      kind text, source_key text)) with ordinality as i
    join jsonb_to_recordset(written) as o(kind text, source_key text, id uuid, outcome text)
      on o.kind = i.kind and o.source_key = i.source_key
    order by i.graph_id, i.ordinality desc
  ),
  stored as (
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
      when i.outcome = 'unchanged' and b.touchpoint is null then 'copied' else i.outcome end), '{}'),
    coalesce(array_agg(b.touchpoint) filter (where b.touchpoint <> i.touchpoint), '{}')
  into outcomes, left_behind
  from incoming i left join lateral (
    select c.touchpoint from copies c where c.feed = cur.id and c.graph_id = i.graph_id limit 1) b on true;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.write_touchpoints(items jsonb, at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO 'touchpoint', 'pg_temp'
 SET enable_seqscan TO 'off'
 SET jit TO 'off'
AS $function$
-- items: [{mailbox, graph_id, kind, source_key, ..., rank, modified_at}] -> [{kind, source_key, id, outcome}]
-- where outcome is inserted | updated | restored | unchanged, one per distinct touchpoint; id is null where nothing was
-- written: such a row is locked, and whoever wants its id looks it up in a statement of its own, which sees more.
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
    select i.kind, i.source_key, t.deleted_at,
      t.content_hash <> i.content_hash or t.client is distinct from i.client as differs
    from incoming i cross join lateral (
      select k.deleted_at, k.content_hash, k.client from touchpoints k
      where k.kind = i.kind and k.source_key = i.source_key limit 1) t
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
    'id', w.id,
    'outcome', case
      when w.id is null then 'unchanged'
      when w.inserted then 'inserted'
      when b.deleted_at is not null then 'restored'
      when b.kind is null or b.differs then 'updated'
      else 'unchanged' end)), '[]')
  into result
  from incoming i
  left join before b on b.kind = i.kind and b.source_key = i.source_key
  left join written w on w.kind = i.kind and w.source_key = i.source_key;
  return result;
end
$function$;
CREATE OR REPLACE FUNCTION touchpoint.zone_of(p jsonb)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'touchpoint', 'pg_temp'
AS $function$
-- {zone?} -> an IANA zone, UTC when it is left out. SQLSTATE PT400 for abbreviations, offsets and unknown names, which
-- Postgres would take for something (`FOO+3` is three hours west of Greenwich to it).
declare
  zone text := coalesce(p->>'zone', 'UTC');
begin
  if zone !~ '^(UTC|GMT|Etc/GMT[+-][0-9]{1,2}|[A-Za-z_]+(/[A-Za-z_-]+){1,2})$' then
    raise exception 'zone: wants an IANA name such as Australia/Sydney' using errcode = 'PT400';
  end if;
  perform now() at time zone zone;
  return zone;
exception when invalid_parameter_value then
  raise exception 'zone: wants an IANA name such as Australia/Sydney' using errcode = 'PT400';
end
$function$;

CREATE TRIGGER keep_feedback BEFORE DELETE OR UPDATE ON touchpoint.classification_feedback FOR EACH ROW EXECUTE FUNCTION touchpoint.keep_feedback();

comment on table touchpoint.classification_feedback is 'Every thumb and correction, append-only: rows go with their touchpoint alone, and only who said it and the comment can be erased.';
comment on column touchpoint.classification_feedback.labels is 'labels: all that hold, the primary first, none at all too. up: those that were shown, which it confirms.';
comment on column touchpoint.classification_feedback.label is 'The label that a thumb was given to.';
comment on column touchpoint.classification_feedback.shown is 'Labels of the task that held just before, the primary first.';
comment on column touchpoint.classification_feedback.model is 'What the model or the fallback had said of the task: [{label, score, origin, version}].';
comment on table touchpoint.copies is 'Where a touchpoint stands in Outlook. The touchpoint is deleted when its last copy is.';
comment on column touchpoint.copies.doubted is 'Graph is to be asked about it: its removal was announced while it lay outside the window, where a mere change looks the same, or it says something else than the touchpoint and the copy that was taken from is gone.';
comment on view touchpoint.current_tags is 'The tags that hold. Whoever filters, counts or publishes labels reads them here and not from tags.';
comment on table touchpoint.dashboard_clients is 'Which client of ours a client of the dashboard (clients.id) is.';
comment on table touchpoint.dashboard_published is 'What was last written where, in digests but for labels: a column that holds something else since then is somebody''s own entry.';
comment on column touchpoint.dashboard_published.key is 'meetings: the touchpoint''s id, which outlives it. The others: the key of the dashboard''s row.';
comment on column touchpoint.dashboard_published.hash is 'Of what was to be written: equal means nothing to do.';
comment on table touchpoint.dashboard_rows is 'What every row of the dashboard said when it was last read: no content, its hash alone. An idle pass reads nothing.';
comment on column touchpoint.dashboard_rows.source_key is 'Of the touchpoint that was made of it; null when none was.';
comment on table touchpoint.encoders is 'Searches compare vectors of the serving encoder alone. One that is building becomes serving when no row lacks it; the retired one''s slot is written over by the next.';
comment on table touchpoint.fallback_days is 'What the fallback was asked and what it cost, by UTC day. Reserved: of requests that are under way, or were when a daemon was killed; it counts as spent. Micros: millionths of the currency that prices are given in.';
comment on table touchpoint.feeds is 'One delta feed: a calendar or one mail folder of a mailbox. delta_link is the last completed cursor, next_link the walk in progress; cursor_version fences both.';
comment on table touchpoint.forgotten is 'Who must not come back: SHA-256 of addresses, full names, mailboxes, client names and client domains; never clear text.';
comment on column touchpoint.forgotten.words is 'How many words the name has, so that it can be found in a text by its hash.';
comment on view touchpoint.holding_feedback is 'What still holds of it: per touchpoint and task the last set of labels that was not withdrawn, and the thumbs down after it.';
comment on table touchpoint.lexicon is 'How many touchpoints hold a word, so that rare words count for more: an estimate, taken from a sample where there are many. The empty word counts all of them.';
comment on table touchpoint.mailbox_refusals is 'What Graph refuses of a mailbox: its calendar and its mail are consented to apart. Asked again at retry_at.';
comment on table touchpoint.mailboxes is 'One row per mailbox that is or was read.';
comment on column touchpoint.mailboxes.state is 'active while anything of it can be read; left: no longer among the users or group members that are listed.';
comment on column touchpoint.mailboxes.failures is 'Passes in a row in which Graph gave it no answer (throttled, away); from the third on it is asked again at retry_at.';
comment on table touchpoint.privacy is 'One row. version moves with every skip and every forgetting: pages that were screened by older lists are refused. retained says for which day and settings retention has run.';
comment on table touchpoint.rejected is 'A person said that this label does not hold: it is shown no more, whoever gives it, until a person says otherwise.';
comment on table touchpoint.runs is 'One row per pass over the feeds, with counts that reconcile.';
comment on table touchpoint.second_opinions is 'What the fallback said of one text and one question (version: of the question and of who is asked). asked: somebody is at it until claimed_until, and if that passed, nobody is. Holds labels and no text.';
comment on column touchpoint.second_opinions.labels is '[{label, score}], the primary first; none of them is an answer too.';
comment on table touchpoint.settled is 'A person decided this task of this touchpoint: their tags, which may be none at all, hold for good.';
comment on table touchpoint.skips is 'Items that somebody does not want here: their own copy alone, a colleague''s stays.';
comment on table touchpoint.subscription_refusals is 'Why a mailbox has no subscription, or one that cannot be renewed, and when it is tried again; until then it is polled.';
comment on table touchpoint.subscriptions is 'Subscriptions at Graph; id is Graph''s own. A mailbox and kind without one is polled.';
comment on column touchpoint.subscriptions.url is 'Where Graph sends: with another public address a new subscription is wanted.';
comment on column touchpoint.subscriptions.client_state is 'The secret that every notification of this subscription carries.';
comment on column touchpoint.subscriptions.state is 'renew: Graph asks for reauthorization, which a renewal gives.';
comment on table touchpoint.tagging is 'One row: the version that is to be everywhere, which is the one that was started last. aside: who went on with another and was told to stand aside. Every writer of tags locks it first.';
comment on table touchpoint.touchpoints is 'Anything said to or about a client: one row however many mailboxes hold a copy.';
comment on column touchpoint.touchpoints.content_hash is 'Of everything stored: equal means nothing to write.';
comment on column touchpoint.touchpoints.text_hash is 'Of what the encoder reads; tagged_hash is the one that was tagged.';
comment on column touchpoint.touchpoints.embedding_b is 'The other slot: embedding and encoder are slot a, embedding_b and encoder_b slot b. touchpoint.encoders says which serves.';
comment on column touchpoint.touchpoints.tagged_by is 'The encoder that the tags and the newest vector are from; null in rows that were tagged before there were two slots.';
comment on column touchpoint.touchpoints.domains is 'Domains of the people''s addresses: who is internal is asked of them.';
comment on column touchpoint.touchpoints.repeats_as is 'Meetings that share it repeat; asked only where Graph names no series.';

alter table touchpoint.classification_feedback enable row level security;
alter table touchpoint.client_domains enable row level security;
alter table touchpoint.client_names enable row level security;
alter table touchpoint.clients enable row level security;
alter table touchpoint.copies enable row level security;
alter table touchpoint.dashboard_clients enable row level security;
alter table touchpoint.dashboard_published enable row level security;
alter table touchpoint.dashboard_rows enable row level security;
alter table touchpoint.encoders enable row level security;
alter table touchpoint.fallback_days enable row level security;
alter table touchpoint.feeds enable row level security;
alter table touchpoint.forgotten enable row level security;
alter table touchpoint.lexicon enable row level security;
alter table touchpoint.mailbox_refusals enable row level security;
alter table touchpoint.mailboxes enable row level security;
alter table touchpoint.privacy enable row level security;
alter table touchpoint.rejected enable row level security;
alter table touchpoint.runs enable row level security;
alter table touchpoint.second_opinions enable row level security;
alter table touchpoint.settled enable row level security;
alter table touchpoint.skips enable row level security;
alter table touchpoint.subscription_refusals enable row level security;
alter table touchpoint.subscriptions enable row level security;
alter table touchpoint.tagging enable row level security;
alter table touchpoint.tags enable row level security;
alter table touchpoint.touchpoints enable row level security;

grant delete, insert, select, update on table touchpoint.classification_feedback to service_role;
grant delete, insert, select, update on table touchpoint.client_domains to service_role;
grant delete, insert, select, update on table touchpoint.client_names to service_role;
grant delete, insert, select, update on table touchpoint.clients to service_role;
grant delete, insert, select, update on table touchpoint.copies to service_role;
grant delete, insert, select, update on table touchpoint.current_tags to service_role;
grant delete, insert, select, update on table touchpoint.dashboard_clients to service_role;
grant delete, insert, select, update on table touchpoint.dashboard_labels to service_role;
grant delete, insert, select, update on table touchpoint.dashboard_published to service_role;
grant delete, insert, select, update on table touchpoint.dashboard_rows to service_role;
grant delete, insert, select, update on table touchpoint.encoders to service_role;
grant delete, insert, select, update on table touchpoint.fallback_days to service_role;
grant delete, insert, select, update on table touchpoint.feeds to service_role;
grant delete, insert, select, update on table touchpoint.forgotten to service_role;
grant delete, insert, select, update on table touchpoint.holding_feedback to service_role;
grant delete, insert, select, update on table touchpoint.lexicon to service_role;
grant delete, insert, select, update on table touchpoint.mailbox_refusals to service_role;
grant delete, insert, select, update on table touchpoint.mailboxes to service_role;
grant delete, insert, select, update on table touchpoint.privacy to service_role;
grant delete, insert, select, update on table touchpoint.rejected to service_role;
grant delete, insert, select, update on table touchpoint.runs to service_role;
grant delete, insert, select, update on table touchpoint.second_opinions to service_role;
grant delete, insert, select, update on table touchpoint.settled to service_role;
grant delete, insert, select, update on table touchpoint.skips to service_role;
grant delete, insert, select, update on table touchpoint.subscription_refusals to service_role;
grant delete, insert, select, update on table touchpoint.subscriptions to service_role;
grant delete, insert, select, update on table touchpoint.tagging to service_role;
grant delete, insert, select, update on table touchpoint.tags to service_role;
grant delete, insert, select, update on table touchpoint.touchpoints to service_role;
grant usage on sequence touchpoint.classification_feedback_id_seq to service_role;
grant usage on sequence touchpoint.feeds_id_seq to service_role;
grant usage on sequence touchpoint.runs_id_seq to service_role;
grant usage on schema extensions to service_role;
grant usage on schema touchpoint to service_role;
grant execute on function public.touchpoint_blend(jsonb) to service_role;
grant execute on function public.touchpoint_check(jsonb) to service_role;
grant execute on function public.touchpoint_client_list(jsonb) to service_role;
grant execute on function public.touchpoint_clients(jsonb) to service_role;
grant execute on function public.touchpoint_clients_put(jsonb) to service_role;
grant execute on function public.touchpoint_compare(jsonb) to service_role;
grant execute on function public.touchpoint_contents(jsonb) to service_role;
grant execute on function public.touchpoint_copies(jsonb) to service_role;
grant execute on function public.touchpoint_dashboard_clients_put(jsonb) to service_role;
grant execute on function public.touchpoint_dashboard_commit(jsonb) to service_role;
grant execute on function public.touchpoint_dashboard_directory(jsonb) to service_role;
grant execute on function public.touchpoint_dashboard_gone(jsonb) to service_role;
grant execute on function public.touchpoint_dashboard_page(jsonb) to service_role;
grant execute on function public.touchpoint_dashboard_probe(jsonb) to service_role;
grant execute on function public.touchpoint_dashboard_skips(jsonb) to service_role;
grant execute on function public.touchpoint_dashboard_undo(jsonb) to service_role;
grant execute on function public.touchpoint_doubted_feeds(jsonb) to service_role;
grant execute on function public.touchpoint_encoder(jsonb) to service_role;
grant execute on function public.touchpoint_export(jsonb) to service_role;
grant execute on function public.touchpoint_fallback_claim(jsonb) to service_role;
grant execute on function public.touchpoint_fallback_reserve(jsonb) to service_role;
grant execute on function public.touchpoint_fallback_settle(jsonb) to service_role;
grant execute on function public.touchpoint_fallback_status(jsonb) to service_role;
grant execute on function public.touchpoint_feed_claim(jsonb) to service_role;
grant execute on function public.touchpoint_feed_idle(jsonb) to service_role;
grant execute on function public.touchpoint_feed_release(jsonb) to service_role;
grant execute on function public.touchpoint_feedback_erase(jsonb) to service_role;
grant execute on function public.touchpoint_feedback_export(jsonb) to service_role;
grant execute on function public.touchpoint_feedback_people(jsonb) to service_role;
grant execute on function public.touchpoint_feedback_put(jsonb) to service_role;
grant execute on function public.touchpoint_feeds(jsonb) to service_role;
grant execute on function public.touchpoint_feeds_dirty(jsonb) to service_role;
grant execute on function public.touchpoint_feeds_put(jsonb) to service_role;
grant execute on function public.touchpoint_feeds_retire(jsonb) to service_role;
grant execute on function public.touchpoint_forget(jsonb) to service_role;
grant execute on function public.touchpoint_get(jsonb) to service_role;
grant execute on function public.touchpoint_heatmap(jsonb) to service_role;
grant execute on function public.touchpoint_import(jsonb) to service_role;
grant execute on function public.touchpoint_known(jsonb) to service_role;
grant execute on function public.touchpoint_leases_clear(jsonb) to service_role;
grant execute on function public.touchpoint_mailbox_set(jsonb) to service_role;
grant execute on function public.touchpoint_mailboxes(jsonb) to service_role;
grant execute on function public.touchpoint_meeting_facets(jsonb) to service_role;
grant execute on function public.touchpoint_meetings(jsonb) to service_role;
grant execute on function public.touchpoint_meetings_to_publish(jsonb) to service_role;
grant execute on function public.touchpoint_names_of(jsonb) to service_role;
grant execute on function public.touchpoint_page_commit(jsonb) to service_role;
grant execute on function public.touchpoint_privacy(jsonb) to service_role;
grant execute on function public.touchpoint_publish_actions(jsonb) to service_role;
grant execute on function public.touchpoint_publish_meeting_types(jsonb) to service_role;
grant execute on function public.touchpoint_publish_meetings(jsonb) to service_role;
grant execute on function public.touchpoint_publish_nps(jsonb) to service_role;
grant execute on function public.touchpoint_remember(jsonb) to service_role;
grant execute on function public.touchpoint_retain(jsonb) to service_role;
grant execute on function public.touchpoint_risk_hash(jsonb) to service_role;
grant execute on function public.touchpoint_run_save(jsonb) to service_role;
grant execute on function public.touchpoint_search(jsonb) to service_role;
grant execute on function public.touchpoint_signal(jsonb) to service_role;
grant execute on function public.touchpoint_similar(jsonb) to service_role;
grant execute on function public.touchpoint_skip_put(jsonb) to service_role;
grant execute on function public.touchpoint_skips(jsonb) to service_role;
grant execute on function public.touchpoint_status(jsonb) to service_role;
grant execute on function public.touchpoint_subscription_put(jsonb) to service_role;
grant execute on function public.touchpoint_subscription_refused(jsonb) to service_role;
grant execute on function public.touchpoint_subscription_remove(jsonb) to service_role;
grant execute on function public.touchpoint_subscriptions(jsonb) to service_role;
grant execute on function public.touchpoint_tag_rate(jsonb) to service_role;
grant execute on function public.touchpoint_tagging_begin(jsonb) to service_role;
grant execute on function public.touchpoint_tagging_pause(jsonb) to service_role;
grant execute on function public.touchpoint_tags_save(jsonb) to service_role;
grant execute on function public.touchpoint_trend(jsonb) to service_role;
grant execute on function public.touchpoint_untagged(jsonb) to service_role;
grant execute on function public.touchpoint_words_count(jsonb) to service_role;
grant execute on function touchpoint."only"(jsonb,text[]) to service_role;
grant execute on function touchpoint.answers(jsonb) to service_role;
grant execute on function touchpoint.apply_feedback(uuid,text) to service_role;
grant execute on function touchpoint.as_json(text) to service_role;
grant execute on function touchpoint.as_query(text,text) to service_role;
grant execute on function touchpoint.canonical_meeting(jsonb) to service_role;
grant execute on function touchpoint.check_feedback(jsonb,uuid,text[]) to service_role;
grant execute on function touchpoint.cite(jsonb,touchpoint.question) to service_role;
grant execute on function touchpoint.client_called(text) to service_role;
grant execute on function touchpoint.client_named(text) to service_role;
grant execute on function touchpoint.client_of(jsonb) to service_role;
grant execute on function touchpoint.clients_filter(text[]) to service_role;
grant execute on function touchpoint.clients_named(text[]) to service_role;
grant execute on function touchpoint.current_tags_of(uuid) to service_role;
grant execute on function touchpoint.cut_texts(jsonb) to service_role;
grant execute on function touchpoint.dashboard_drop(text,text[],boolean,timestamp with time zone) to service_role;
grant execute on function touchpoint.dashboard_found(jsonb) to service_role;
grant execute on function touchpoint.dashboard_key(text,jsonb) to service_role;
grant execute on function touchpoint.dashboard_kind(text) to service_role;
grant execute on function touchpoint.dashboard_label(text,text) to service_role;
grant execute on function touchpoint.dashboard_query(text,jsonb) to service_role;
grant execute on function touchpoint.dashboard_sources() to service_role;
grant execute on function touchpoint.dashboard_writable(text,text[]) to service_role;
grant execute on function touchpoint.delete_orphans(uuid[],boolean,timestamp with time zone) to service_role;
grant execute on function touchpoint.digest(text) to service_role;
grant execute on function touchpoint.digests(jsonb) to service_role;
grant execute on function touchpoint.domains_of(jsonb) to service_role;
grant execute on function touchpoint.excerpt(text,text) to service_role;
grant execute on function touchpoint.fading(timestamp with time zone,timestamp with time zone,double precision) to service_role;
grant execute on function touchpoint.feedback_of(uuid) to service_role;
grant execute on function touchpoint.finish_version(timestamp with time zone,integer) to service_role;
grant execute on function touchpoint.flag_of(jsonb,text) to service_role;
grant execute on function touchpoint.hold_privacy(bigint) to service_role;
grant execute on function touchpoint.insert_meetings(jsonb) to service_role;
grant execute on function touchpoint.inside_pattern(jsonb) to service_role;
grant execute on function touchpoint.instant(timestamp with time zone,boolean,text) to service_role;
grant execute on function touchpoint.is_inside(text,text) to service_role;
grant execute on function touchpoint.is_recurring(uuid,text) to service_role;
grant execute on function touchpoint.keep_feedback() to service_role;
grant execute on function touchpoint.kinds_of(jsonb,text[]) to service_role;
grant execute on function touchpoint.label_condition(text,text[],text) to service_role;
grant execute on function touchpoint.labels_filter(jsonb) to service_role;
grant execute on function touchpoint.lacking(text,text) to service_role;
grant execute on function touchpoint.left_of(text) to service_role;
grant execute on function touchpoint.limit_of(jsonb,integer,integer) to service_role;
grant execute on function touchpoint.local_time(timestamp with time zone,boolean,text) to service_role;
grant execute on function touchpoint.mark_dirty(bigint[],timestamp with time zone) to service_role;
grant execute on function touchpoint.meeting_columns() to service_role;
grant execute on function touchpoint.meeting_conditions(touchpoint.meeting_filter,boolean) to service_role;
grant execute on function touchpoint.meeting_filter_of(jsonb) to service_role;
grant execute on function touchpoint.meeting_rows(jsonb) to service_role;
grant execute on function touchpoint.meeting_state(touchpoint.touchpoints,text,timestamp with time zone) to service_role;
grant execute on function touchpoint.meeting_status(text,boolean,timestamp with time zone,timestamp with time zone,boolean,timestamp with time zone,text) to service_role;
grant execute on function touchpoint.merged(jsonb,jsonb,jsonb) to service_role;
grant execute on function touchpoint.neighbours(text,tid[],extensions.vector,integer) to service_role;
grant execute on function touchpoint.page_key(timestamp with time zone,uuid) to service_role;
grant execute on function touchpoint.page_place(text) to service_role;
grant execute on function touchpoint.passage(text,text,touchpoint.question) to service_role;
grant execute on function touchpoint.people_keys(jsonb) to service_role;
grant execute on function touchpoint.periods_of(jsonb) to service_role;
grant execute on function touchpoint.primary_label(uuid,text) to service_role;
grant execute on function touchpoint.publish_alone() to service_role;
grant execute on function touchpoint.publish_column(jsonb) to service_role;
grant execute on function touchpoint.put_opinion(jsonb) to service_role;
grant execute on function touchpoint.question_of(text) to service_role;
grant execute on function touchpoint.question_vector(jsonb) to service_role;
grant execute on function touchpoint.ranked(jsonb,extensions.vector,touchpoint.question,integer) to service_role;
grant execute on function touchpoint.ranking() to service_role;
grant execute on function touchpoint.remote_tokens(text,text) to service_role;
grant execute on function touchpoint.repeats_as(text,text,uuid,jsonb) to service_role;
grant execute on function touchpoint.risk_hash(jsonb) to service_role;
grant execute on function touchpoint.risk_list(jsonb,text[]) to service_role;
grant execute on function touchpoint.rows_guessed(text) to service_role;
grant execute on function touchpoint.save_vectors(jsonb,jsonb,text) to service_role;
grant execute on function touchpoint.search_filter(jsonb) to service_role;
grant execute on function touchpoint.sentiments(uuid,text[],timestamp with time zone,timestamp with time zone) to service_role;
grant execute on function touchpoint.serving() to service_role;
grant execute on function touchpoint.shown_labels(uuid,text) to service_role;
grant execute on function touchpoint.sifted(jsonb) to service_role;
grant execute on function touchpoint.stands_aside(text,text,timestamp with time zone) to service_role;
grant execute on function touchpoint.start_version(text,text,timestamp with time zone) to service_role;
grant execute on function touchpoint.tags_of(uuid) to service_role;
grant execute on function touchpoint.texts_of(jsonb,text) to service_role;
grant execute on function touchpoint.touchpoint_named(jsonb) to service_role;
grant execute on function touchpoint.typed_words(text) to service_role;
grant execute on function touchpoint.uncertain_of(uuid,text[]) to service_role;
grant execute on function touchpoint.update_meetings(jsonb) to service_role;
grant execute on function touchpoint.upsert_touchpoints(jsonb,timestamp with time zone) to service_role;
grant execute on function touchpoint.vector_of(touchpoint.touchpoints) to service_role;
grant execute on function touchpoint.version_key(text,text,text,text) to service_role;
grant execute on function touchpoint.versions() to service_role;
grant execute on function touchpoint.with_words(text,tid[],touchpoint.question,integer) to service_role;
grant execute on function touchpoint.withheld(jsonb) to service_role;
grant execute on function touchpoint.write_copies(touchpoint.feeds,jsonb,timestamp with time zone) to service_role;
grant execute on function touchpoint.write_touchpoints(jsonb,timestamp with time zone) to service_role;
grant execute on function touchpoint.zone_of(jsonb) to service_role;
