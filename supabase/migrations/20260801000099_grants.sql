create function touchpoint.seal() returns void
language plpgsql security invoker set search_path = pg_catalog, pg_temp as $$
-- Row level security on every table with no policy, every function executable by service_role alone, and those that
-- answer speak UTC wherever the database lives. Whoever owns the schema calls it at the end of every later migration.
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
    end if;
  end loop;
  revoke execute on function touchpoint.seal() from service_role;
  execute 'revoke all on all tables in schema touchpoint from public, anon, authenticated';
  execute 'grant select, insert, update, delete on all tables in schema touchpoint to service_role';
  execute 'grant usage on all sequences in schema touchpoint to service_role';
end
$$;
select touchpoint.seal();
