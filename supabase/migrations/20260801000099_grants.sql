-- Runs last: row level security on every table with no policy, every function executable by service_role alone,
-- and those that answer speak UTC wherever the database lives.
do $$
declare
  ours record;
begin
  for ours in select tablename as name from pg_tables where schemaname = 'touchpoint' loop
    execute format('alter table touchpoint.%I enable row level security', ours.name);
  end loop;
  for ours in
    select p.oid::regprocedure as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'touchpoint' or (n.nspname = 'public' and p.proname like 'touchpoint\_%')
  loop
    execute format('revoke all on function %s from public, anon, authenticated', ours.name);
    execute format('grant execute on function %s to service_role', ours.name);
    if ours.name::text not like 'touchpoint.%' then
      execute format('alter function %s set timezone = %L', ours.name, 'UTC');
    end if;
  end loop;
end
$$;
grant select, insert, update, delete on all tables in schema touchpoint to service_role;
grant usage on all sequences in schema touchpoint to service_role;
