-- Mailboxes, feeds, leases, runs, clients.

create function public.touchpoint_feeds_put(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
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
$$;

create function public.touchpoint_feeds(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {mailboxes?: [address]} -> every feed (of those mailboxes), oldest success first.
  select coalesce(jsonb_agg(to_jsonb(f) order by f.last_success_at nulls first, f.id), '[]')
  from feeds f
  where p->'mailboxes' is null or f.mailbox in (select jsonb_array_elements_text(p->'mailboxes'))
$$;

create function public.touchpoint_mailbox_set(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
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
$$;

create function public.touchpoint_mailboxes(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {} -> every mailbox with what Graph refuses of it.
  select coalesce(jsonb_agg(to_jsonb(m) || jsonb_build_object('refusals',
    (select coalesce(jsonb_agg(to_jsonb(r) order by r.kind), '[]') from mailbox_refusals r where r.mailbox = m.address)
  ) order by m.address), '[]') from mailboxes m
$$;

create function public.touchpoint_feed_claim(p jsonb) returns jsonb
language sql security invoker set search_path = touchpoint, pg_temp as $$
-- {feed, owner, seconds} -> the feed, now leased to the owner; null while somebody else holds it.
-- Leases run on the database's clock: the daemons' own may differ.
  update feeds
  set lease_owner = p->>'owner', lease_until = clock_timestamp() + make_interval(secs => (p->>'seconds')::float8)
  where id = (p->>'feed')::bigint
    and (lease_owner is null or lease_owner = p->>'owner' or lease_until < clock_timestamp())
  returning to_jsonb(feeds)
$$;

create function public.touchpoint_feed_release(p jsonb) returns jsonb
language sql security invoker set search_path = touchpoint, pg_temp as $$
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
$$;

create function public.touchpoint_leases_clear(p jsonb) returns jsonb
language sql security invoker set search_path = touchpoint, pg_temp as $$
-- For the embedded store alone, whose one owner has just opened it: every lease is a dead one's.
  update feeds set lease_owner = null, lease_until = null where lease_owner is not null;
  select '{}'::jsonb
$$;

create function public.touchpoint_run_save(p jsonb) returns jsonb
language sql security invoker set search_path = touchpoint, pg_temp as $$
  insert into runs (started_at, ended_at, fetched, written, unchanged, skipped, failed, reasons, errors)
  select r.started_at, r.ended_at, r.fetched, r.written, r.unchanged, r.skipped, r.failed, r.reasons, r.errors
  from jsonb_to_record(p) as r(started_at timestamptz, ended_at timestamptz, fetched bigint, written bigint,
    unchanged bigint, skipped bigint, failed bigint, reasons jsonb, errors jsonb)
  returning jsonb_build_object('id', id)
$$;

create function public.touchpoint_clients_put(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
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
$$;

create function public.touchpoint_clients(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', c.id,
    'name', c.name,
    'aliases', (select coalesce(jsonb_agg(n.name order by n.name), '[]') from client_names n where n.client = c.id),
    'domains', (select coalesce(jsonb_agg(d.domain order by d.domain), '[]') from client_domains d where d.client = c.id)
  ) order by c.name), '[]')
  from clients c
$$;
