-- How long a function may take, and a check that says exactly what of the schema is not as it should be.

create or replace function touchpoint.seal() returns void
language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$
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
$$;

create or replace function public.touchpoint_check(p jsonb) returns jsonb
language sql stable security invoker set search_path = pg_catalog, pg_temp as $$
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
$$;

create or replace function public.touchpoint_retain(p jsonb) returns jsonb
language plpgsql security invoker set search_path = touchpoint, pg_temp as $$
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

select touchpoint.seal();
