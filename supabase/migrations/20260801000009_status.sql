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
      'reason', state_reason, 'since', state_since, 'failures', failures, 'retry_at', retry_at,
      'refusals', (select coalesce(jsonb_agg(to_jsonb(r) - 'mailbox' order by r.kind), '[]')
        from mailbox_refusals r where r.mailbox = address)) order by address), '[]') from mailboxes),
    'subscriptions', (select coalesce(jsonb_agg(jsonb_build_object('mailbox', mailbox, 'kind', kind,
      'state', coalesce(s.state, 'polling'), 'expires_at', s.expires_at, 'reason', r.reason, 'retry_at', r.retry_at)
      order by mailbox, kind), '[]') from subscriptions s full join subscription_refusals r using (mailbox, kind)),
    'last_run', (select to_jsonb(r) from runs r order by id desc limit 1))
$$;

create function public.touchpoint_check(p jsonb) returns jsonb
language sql stable security invoker set search_path = touchpoint, pg_catalog, pg_temp as $$
-- {} -> {functions: [name], dimension, vector, role, denied: [..], exposed: [..]}
-- What is there, asked of the catalog: our functions, the length of stored vectors, the version of pgvector; what the
-- role that asks may not do (denied), and what others may do or see that nobody but service_role should (exposed).
  with ours as (
    select p.oid, p.proname::text as name from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname like 'touchpoint\_%'
  ),
  relations as (
    select c.oid, c.relname::text as name, c.relrowsecurity as secured from pg_class c
    where c.relnamespace = 'touchpoint'::regnamespace and c.relkind = 'r'
  ),
  others as (
    select rolname::text as name from pg_roles where rolname in ('anon', 'authenticated')
  )
  select jsonb_build_object(
    'functions', (select coalesce(jsonb_agg(name order by name), '[]') from ours),
    'dimension', (select atttypmod from pg_attribute
      where attrelid = 'touchpoint.touchpoints'::regclass and attname = 'embedding'),
    'vector', (select extversion from pg_extension where extname = 'vector'),
    'role', current_user,
    'denied', (select coalesce(jsonb_agg(name order by name), '[]') from (
      select name from ours where not has_function_privilege(oid, 'execute')
      union all
      select name from relations where not (has_table_privilege(oid, 'select') and has_table_privilege(oid, 'insert')
        and has_table_privilege(oid, 'update') and has_table_privilege(oid, 'delete'))) d),
    'exposed', (select coalesce(jsonb_agg(name order by name), '[]') from (
      select o.name || ' may call ' || f.name as name from ours f, others o
      where has_function_privilege(o.name, f.oid, 'execute')
      union all
      select o.name || ' may read ' || r.name from relations r, others o
      where has_table_privilege(o.name, r.oid, 'select') and has_schema_privilege(o.name, 'touchpoint', 'usage')
      union all
      select r.name || ' has no row level security' from relations r where not r.secured) e))
$$;
