create table touchpoint.mailboxes (
  address text primary key check (address = lower(address)),
  state text not null default 'active' check (state in ('active', 'no consent', 'blocked', 'gone', 'on-premise', 'left')),
  state_reason text,
  state_since timestamptz,
  failures int not null default 0,
  retry_at timestamptz,
  folders_listed_at timestamptz,
  created_at timestamptz not null default now()
);
comment on table touchpoint.mailboxes is 'One row per mailbox that is or was read.';
comment on column touchpoint.mailboxes.state is
  'active while anything of it can be read; left: no longer among the users or group members that are listed.';
comment on column touchpoint.mailboxes.failures is
  'Passes in a row in which Graph gave it no answer (throttled, away); from the third on it is asked again at retry_at.';

create table touchpoint.mailbox_refusals (
  mailbox text not null references touchpoint.mailboxes on delete cascade,
  kind text not null check (kind in ('meeting', 'email')),
  state text not null check (state in ('no consent', 'gone', 'on-premise')),
  reason text not null,
  since timestamptz not null,
  retry_at timestamptz not null,
  primary key (mailbox, kind)
);
comment on table touchpoint.mailbox_refusals is
  'What Graph refuses of a mailbox: its calendar and its mail are consented to apart. Asked again at retry_at.';

create table touchpoint.feeds (
  id bigint generated always as identity primary key,
  mailbox text not null references touchpoint.mailboxes on delete cascade,
  kind text not null check (kind in ('meeting', 'email')),
  target text not null,
  name text not null,
  delta_link text,
  scope text,
  window_start timestamptz,
  window_end timestamptz,
  next_link text,
  round text check (round in ('full', 'delta')),
  round_scope text,
  round_window_start timestamptz,
  round_window_end timestamptz,
  epoch bigint not null default 0,
  cursor_version bigint not null default 0,
  lease_owner text,
  lease_until timestamptz,
  dirty_at timestamptz,
  last_success_at timestamptz,
  last_error text,
  last_error_at timestamptz,
  unique (mailbox, kind, target),
  check ((round is null) = (next_link is null))
);
comment on table touchpoint.feeds is
  'One delta feed: a calendar or one mail folder of a mailbox. delta_link is the last completed cursor, next_link the walk in progress; cursor_version fences both.';

create table touchpoint.clients (
  id uuid primary key default gen_random_uuid(),
  name text not null unique,
  source text not null check (source in ('configuration', 'import', 'dashboard')),
  created_at timestamptz not null default now()
);

create table touchpoint.client_names (
  client uuid not null references touchpoint.clients on delete cascade,
  name text not null,
  primary key (client, name)
);

create table touchpoint.client_domains (
  client uuid not null references touchpoint.clients on delete cascade,
  domain text not null check (domain = lower(domain)),
  primary key (client, domain)
);

create table touchpoint.touchpoints (
  id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in ('meeting', 'email', 'action', 'nps', 'topic', 'knowledge', 'risk')),
  source_key text not null,
  client uuid references touchpoint.clients on delete set null,
  client_method text,
  client_confidence real,
  occurred_at timestamptz,
  ends_at timestamptz,
  all_day boolean not null default false,
  time_zone text not null default 'UTC',
  title text not null,
  body text not null,
  people jsonb not null default '[]',
  details jsonb not null default '{}',
  content_hash text not null,
  text_hash text not null,
  -- the copy that the content was taken from: the organiser's or sender's own beats the rest, then the newest
  source_mailbox text,
  source_graph_id text,
  source_rank smallint not null default 0,
  source_modified timestamptz,
  embedding extensions.vector(384),
  encoder text,
  taxonomy text,
  tagged_hash text,
  tagged_at timestamptz,
  uncertain text[] not null default '{}',
  attempts int not null default 0,
  tag_error text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  -- cut, because a tsvector holds 1 MB at most and one longer text would be refused with its whole page
  words tsvector generated always as (
    setweight(to_tsvector('pg_catalog.english'::regconfig, left(title, 10000)), 'A')
    || setweight(to_tsvector('pg_catalog.english'::regconfig, left(body, 100000)), 'B')
  ) stored,
  unique (kind, source_key)
);
comment on table touchpoint.touchpoints is 'Anything said to or about a client: one row however many mailboxes hold a copy.';
comment on column touchpoint.touchpoints.content_hash is 'Of everything stored: equal means nothing to write.';
comment on column touchpoint.touchpoints.text_hash is 'Of what the encoder reads; tagged_hash is the one that was tagged.';

create table touchpoint.copies (
  feed bigint not null references touchpoint.feeds on delete cascade,
  graph_id text not null,
  mailbox text not null,
  touchpoint uuid not null references touchpoint.touchpoints on delete cascade,
  etag text not null,
  -- what this copy says, which is not always what the touchpoint took
  content_hash text not null,
  series text,
  epoch bigint not null,
  doubted boolean not null default false,
  primary key (feed, graph_id)
);
comment on table touchpoint.copies is 'Where a touchpoint stands in Outlook. The touchpoint is deleted when its last copy is.';
comment on column touchpoint.copies.doubted is
  'Graph is to be asked about it: its removal was announced while it lay outside the window, where a mere change looks the same, or it says something else than the touchpoint and the copy that was taken from is gone.';

create table touchpoint.tags (
  touchpoint uuid not null references touchpoint.touchpoints on delete cascade,
  task text not null,
  label text not null,
  score real not null check (score between 0 and 1),
  origin text not null check (origin in ('model', 'fallback', 'person')),
  version text not null,
  primary key (touchpoint, task, label, origin)
);

create table touchpoint.runs (
  id bigint generated always as identity primary key,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  fetched bigint not null,
  written bigint not null,
  unchanged bigint not null,
  skipped bigint not null,
  failed bigint not null,
  reasons jsonb not null,
  errors jsonb not null default '[]',
  check (fetched = written + unchanged + skipped + failed)
);
comment on table touchpoint.runs is 'One row per pass over the feeds, with counts that reconcile.';

create index feeds_dirty on touchpoint.feeds (dirty_at) where dirty_at is not null;
create index touchpoints_untagged on touchpoint.touchpoints (id)
  where deleted_at is null and tagged_hash is distinct from text_hash;
create index touchpoints_words on touchpoint.touchpoints using gin (words);
create index touchpoints_embedding on touchpoint.touchpoints
  using hnsw (embedding extensions.vector_cosine_ops);
create index touchpoints_time on touchpoint.touchpoints (kind, occurred_at);
create index touchpoints_client on touchpoint.touchpoints (client, occurred_at);
create index copies_touchpoint on touchpoint.copies (touchpoint);
create index copies_doubted on touchpoint.copies (feed) where doubted;
create index copies_series on touchpoint.copies (feed, series) where series is not null;
create index tags_label on touchpoint.tags (task, label);
