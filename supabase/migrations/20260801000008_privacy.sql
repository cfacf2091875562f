-- What is left out, what was forgotten, what has had its time.

create index touchpoints_deleted on touchpoint.touchpoints (deleted_at) where deleted_at is not null;

create table touchpoint.privacy (
  only_row boolean primary key default true check (only_row),
  version bigint not null default 0,
  retained text
);
comment on table touchpoint.privacy is
  'One row. version moves with every skip and every forgetting: pages that were screened by older lists are refused. retained says for which day and settings retention has run.';
insert into touchpoint.privacy default values;

create table touchpoint.skips (
  mailbox text not null check (mailbox = lower(mailbox)),
  graph_id text not null,
  reason text,
  created_at timestamptz not null default now(),
  primary key (mailbox, graph_id)
);
comment on table touchpoint.skips is 'Items that somebody does not want here: their own copy alone, a colleague''s stays.';

create table touchpoint.forgotten (
  kind text not null check (kind in ('person', 'name', 'mailbox', 'client', 'domain')),
  hash text not null check (hash ~ '^[0-9a-f]{64}$'),
  words smallint check ((words is null) = (kind not in ('name', 'client'))),
  forgotten_at timestamptz not null,
  primary key (kind, hash)
);
comment on table touchpoint.forgotten is
  'Who must not come back: SHA-256 of addresses, full names, mailboxes, client names and client domains; never clear text.';
comment on column touchpoint.forgotten.words is 'How many words the name has, so that it can be found in a text by its hash.';

create function touchpoint.hold_privacy(expected bigint) returns void
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
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
$$;

create function public.touchpoint_privacy(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {} -> {version, forgotten: [{kind, hash, words}], skips: [{mailbox, graph_id}]}: what pages are screened by.
  select jsonb_build_object(
    'version', (select version from privacy),
    'forgotten', (select coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'hash', hash, 'words', words)), '[]')
      from forgotten),
    'skips', (select coalesce(jsonb_agg(jsonb_build_object('mailbox', mailbox, 'graph_id', graph_id)), '[]') from skips))
$$;

create function public.touchpoint_skips(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {mailbox?} -> [{mailbox, graph_id, reason}]
  select coalesce(jsonb_agg(jsonb_build_object('mailbox', mailbox, 'graph_id', graph_id, 'reason', reason)
    order by mailbox, graph_id), '[]')
  from skips where p->>'mailbox' is null or mailbox = p->>'mailbox'
$$;

create function public.touchpoint_skip_put(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
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
$$;

create function public.touchpoint_names_of(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {address} -> [display names that stand beside the address anywhere]
  select coalesce(jsonb_agg(distinct person->>'name'), '[]')
  from touchpoints t, jsonb_array_elements(t.people) person
  where t.people @> jsonb_build_array(jsonb_build_object('address', p->>'address'))
    and person->>'address' = p->>'address' and person->>'name' <> ''
$$;

create function public.touchpoint_contents(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {after?: id, limit} -> everything stored, soft-deleted rows too, as far as it can name somebody; by id.
  select coalesce(jsonb_agg(to_jsonb(r) order by r.id), '[]') from (
    select t.id, t.kind, t.source_key, t.title, t.body, t.people, t.details, t.occurred_at, t.ends_at, t.all_day,
      t.time_zone, t.client, t.client_method, t.content_hash
    from touchpoints t where p->>'after' is null or t.id > (p->>'after')::uuid
    order by t.id limit (p->>'limit')::int) r
$$;

create function public.touchpoint_remember(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
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
$$;

create function touchpoint.left_of(address text) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
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
$$;

create function public.touchpoint_forget(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
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
$$;

create function public.touchpoint_retain(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
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
$$;

create function public.touchpoint_compare(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
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
$$;

create function public.touchpoint_copies(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {feed, start?, end?, after?: graph id, limit} -> [{graph_id, source_key}] of the feed's copies that touch the span.
  select coalesce(jsonb_agg(to_jsonb(r) order by r.graph_id collate "C"), '[]') from (
    select c.graph_id, t.source_key from copies c join touchpoints t on t.id = c.touchpoint
    where c.feed = (p->>'feed')::bigint
      and (p->>'end' is null or t.occurred_at < (p->>'end')::timestamptz)
      and (p->>'start' is null or t.occurred_at >= (p->>'start')::timestamptz
        or t.ends_at > (p->>'start')::timestamptz)
      and (p->>'after' is null or c.graph_id collate "C" > p->>'after')
    order by c.graph_id collate "C" limit (p->>'limit')::int) r
$$;
