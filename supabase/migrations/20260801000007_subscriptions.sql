-- Change notifications: what Graph was asked to tell us, and which feeds it said have changed.

create table touchpoint.subscriptions (
  id text primary key,
  mailbox text not null references touchpoint.mailboxes on delete cascade,
  kind text not null check (kind in ('meeting', 'email')),
  resource text not null,
  url text not null,
  client_state text not null check (char_length(client_state) between 1 and 128),
  expires_at timestamptz not null,
  renewed_at timestamptz not null,
  state text not null default 'active' check (state in ('active', 'renew')),
  lifecycle_at timestamptz,
  created_at timestamptz not null default now(),
  unique (mailbox, kind)
);
comment on table touchpoint.subscriptions is 'Subscriptions at Graph; id is Graph''s own. A mailbox and kind without one is polled.';
comment on column touchpoint.subscriptions.url is 'Where Graph sends: with another public address a new subscription is wanted.';
comment on column touchpoint.subscriptions.client_state is 'The secret that every notification of this subscription carries.';
comment on column touchpoint.subscriptions.state is 'renew: Graph asks for reauthorization, which a renewal gives.';

create table touchpoint.subscription_refusals (
  mailbox text not null references touchpoint.mailboxes on delete cascade,
  kind text not null check (kind in ('meeting', 'email')),
  reason text not null,
  failed_at timestamptz not null,
  retry_at timestamptz not null,
  primary key (mailbox, kind)
);
comment on table touchpoint.subscription_refusals is
  'Why a mailbox has no subscription, or one that cannot be renewed, and when it is tried again; until then it is polled.';

create function public.touchpoint_subscriptions(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
-- {} -> {subscriptions: [...], refusals: [...]}, all of them.
  select jsonb_build_object(
    'subscriptions', (select coalesce(jsonb_agg(to_jsonb(s) order by s.mailbox, s.kind), '[]') from subscriptions s),
    'refusals', (select coalesce(jsonb_agg(to_jsonb(r) order by r.mailbox, r.kind), '[]') from subscription_refusals r))
$$;

create function touchpoint.mark_dirty(wanted bigint[], at timestamptz) returns void
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
-- dirty_at only ever grows, whatever the clocks say: a round clears the mark it saw when it claimed the feed, and no later
-- one. A feed that is dirty already and that nobody walks is left alone: whoever claims it next begins after this change.
-- Rows are locked in one order, so that two marks never wait for each other.
begin
  perform from feeds where id = any(wanted) and (dirty_at is null or lease_owner is not null) order by id for update;
  update feeds set dirty_at = greatest(at, dirty_at + interval '1 microsecond')
  where id = any(wanted) and (dirty_at is null or lease_owner is not null);
end
$$;

create function public.touchpoint_subscription_put(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
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
$$;

create function public.touchpoint_subscription_refused(p jsonb) returns jsonb
language sql security invoker set search_path = touchpoint, pg_temp as $$
-- {mailbox, kind, reason, now, retry_at} -> {}. The mailbox is polled until then.
  insert into subscription_refusals (mailbox, kind, reason, failed_at, retry_at)
  values (p->>'mailbox', p->>'kind', p->>'reason', (p->>'now')::timestamptz, (p->>'retry_at')::timestamptz)
  on conflict (mailbox, kind) do update
    set reason = excluded.reason, failed_at = excluded.failed_at, retry_at = excluded.retry_at;
  select '{}'::jsonb
$$;

create function public.touchpoint_subscription_remove(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
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
$$;

create function public.touchpoint_feeds_dirty(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
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
$$;
