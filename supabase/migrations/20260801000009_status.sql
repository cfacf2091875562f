-- How things stand: reads every table, so it comes after them.

create function public.touchpoint_status(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_temp as $$
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
      'reason', state_reason) order by address), '[]') from mailboxes),
    'subscriptions', (select coalesce(jsonb_agg(jsonb_build_object('mailbox', mailbox, 'kind', kind,
      'state', coalesce(s.state, 'polling'), 'expires_at', s.expires_at, 'reason', r.reason, 'retry_at', r.retry_at)
      order by mailbox, kind), '[]') from subscriptions s full join subscription_refusals r using (mailbox, kind)),
    'last_run', (select to_jsonb(r) from runs r order by id desc limit 1))
$$;
