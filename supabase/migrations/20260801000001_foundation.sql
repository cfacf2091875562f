-- What hosted Supabase already has and a plain Postgres has not: a no-op on a hosted project.

do $$
declare
  wanted text;
begin
  foreach wanted in array array['anon', 'authenticated', 'service_role'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      execute format('create role %I nologin noinherit', wanted);
    end if;
  end loop;
  -- service_role passes row level security on Supabase; only a superuser can say so here, and only where it is missing.
  if (select rolsuper from pg_roles where rolname = current_user)
     and not (select rolbypassrls from pg_roles where rolname = 'service_role') then
    alter role service_role bypassrls;
  end if;
end
$$;

create schema if not exists extensions;
create extension if not exists vector with schema extensions;
grant usage on schema extensions to service_role;

-- Not exposed through the API: everything goes through functions named public.touchpoint_*.
create schema if not exists touchpoint;
revoke all on schema touchpoint from public;
grant usage on schema touchpoint to service_role;
