import type { PgliteStore } from '../../src/store/pglite.ts';

/** What the migrations make, read back from the catalog as SQL: the same text on every Postgres that has run them. */

const HEAD = `-- What the migrations make together, read back from the catalog (npm run schema writes it, test:postgres compares it).
-- To read, and for the check that \`touchpoint\` makes of a database; migrations are what is run.
`;

/** @param sql of one connection, or a pool's while nobody else uses it */
export async function dumpSchema({ sql }: Pick<PgliteStore, 'sql'>): Promise<string> {
  // so that every name comes out qualified
  await sql('set search_path = pg_catalog');
  const parts: string[] = [HEAD];
  for (const query of [TABLES, VIEWS, INDEXES, FUNCTIONS, TRIGGERS, COMMENTS, SECURITY, GRANTS]) {
    const rows = await sql(query);
    parts.push(rows.map(({ text }) => `${text}\n`).join(''));
  }
  await sql('reset search_path');
  return parts.filter((part) => part !== '').join('\n');
}

const TABLES = `
select format(e'create table touchpoint.%I (\\n%s\\n);', c.relname, string_agg('  ' || l.line, e',\\n' order by l.at, l.line)) as text
from pg_class c, lateral (
  select a.attnum as at, concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
    case when a.attidentity = 'a' then 'generated always as identity' end,
    case when a.attgenerated = 's' then 'generated always as (' || pg_get_expr(d.adbin, d.adrelid) || ') stored'
      when d.adbin is not null then 'default ' || pg_get_expr(d.adbin, d.adrelid) end,
    case when a.attnotnull then 'not null' end) as line
  from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  union all
  select 1000, format('constraint %I %s', conname, pg_get_constraintdef(oid)) from pg_constraint
  where conrelid = c.oid and contype in ('c', 'f', 'p', 'u')
) l
where c.relnamespace = 'touchpoint'::regnamespace and c.relkind = 'r' group by c.relname order by c.relname collate "C"`;

// Without their bodies, which every release of Postgres writes in its own way.
const VIEWS = `
select format(e'create view touchpoint.%I (\\n%s\\n) with (%s) as ...;', c.relname,
  string_agg('  ' || quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), e',\\n' order by a.attnum),
  array_to_string(c.reloptions, ', ')) as text
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'touchpoint'::regnamespace and c.relkind = 'v' group by c.oid order by c.relname collate "C"`;

const INDEXES = `
select pg_get_indexdef(i.indexrelid) || ';' as text
from pg_index i join pg_class c on c.oid = i.indexrelid
where c.relnamespace = 'touchpoint'::regnamespace and not exists (select from pg_constraint where conindid = i.indexrelid)
order by c.relname collate "C"`;

const FUNCTIONS = `
select rtrim(pg_get_functiondef(f.oid), e'\n') || ';' as text
from pg_proc f join pg_namespace n on n.oid = f.pronamespace
where n.nspname = 'touchpoint' or (n.nspname = 'public' and f.proname like 'touchpoint\\_%')
order by n.nspname collate "C", f.proname collate "C"`;

const TRIGGERS = `
select pg_get_triggerdef(t.oid) || ';' as text from pg_trigger t join pg_class c on c.oid = t.tgrelid
where c.relnamespace = 'touchpoint'::regnamespace and not t.tgisinternal order by c.relname collate "C", t.tgname collate "C"`;

const COMMENTS = `
select format('comment on %s touchpoint.%I%s is %L;',
  case when d.objsubid > 0 then 'column' when c.relkind = 'v' then 'view' else 'table' end, c.relname,
  (select '.' || quote_ident(attname) from pg_attribute where attrelid = c.oid and attnum = d.objsubid and attnum > 0),
  d.description) as text
from pg_description d join pg_class c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass
where c.relnamespace = 'touchpoint'::regnamespace order by c.relname collate "C", d.objsubid`;

const SECURITY = `
select format('alter table touchpoint.%I enable row level security;', relname) as text
from pg_class where relnamespace = 'touchpoint'::regnamespace and relkind = 'r' and relrowsecurity
union all
select format('create policy %I on %s;', polname, polrelid::regclass) from pg_policy
order by text`;

// Those of whoever owns it all go without saying.
const GRANTS = `
select format('grant %s on %s %s to %s;', string_agg(lower(a.privilege_type), ', ' order by a.privilege_type collate "C"),
  o.kind, o.name, coalesce(r.rolname, 'public')) as text
from (
  select 'schema' as kind, nspname::text as name, nspacl as acl, nspowner as owner from pg_namespace
  where nspname in ('touchpoint', 'extensions')
  union all
  select case relkind when 'S' then 'sequence' else 'table' end, oid::regclass::text, relacl, relowner from pg_class
  where relnamespace = 'touchpoint'::regnamespace and relkind in ('r', 'v', 'S')
  union all
  select 'function', f.oid::regprocedure::text, f.proacl, f.proowner
  from pg_proc f join pg_namespace n on n.oid = f.pronamespace
  where n.nspname = 'touchpoint' or (n.nspname = 'public' and f.proname like 'touchpoint\\_%')
) o, aclexplode(o.acl) a left join pg_roles r on r.oid = a.grantee
where a.grantee <> o.owner
group by o.kind, o.name, r.rolname order by o.kind collate "C" desc, o.name collate "C", r.rolname collate "C"`;
