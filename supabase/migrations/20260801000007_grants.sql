-- Every function of ours: executable by service_role alone.
do $$
declare
  ours regprocedure;
begin
  for ours in
    select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'touchpoint' or (n.nspname = 'public' and p.proname like 'touchpoint\_%')
  loop
    execute format('revoke all on function %s from public, anon, authenticated', ours);
    execute format('grant execute on function %s to service_role', ours);
  end loop;
end
$$;
