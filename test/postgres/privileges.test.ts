import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSql } from '../support/postgres.ts';
import { nativeDatabase } from './harness.ts';

/** Who may do what, tried in plain SQL: the lists come from the catalog, so that whatever is added is tried as well. */

type Sql = ReturnType<typeof openSql>;

let admin: Sql;
let pool: Record<'anon' | 'authenticated' | 'service_role', Sql>;
beforeAll(async () => {
  const url = await nativeDatabase();
  const as = (role: string) => {
    const limited = new URL(url);
    limited.searchParams.set('options', `-c role=${role}`);
    return openSql(limited.href);
  };
  admin = openSql(url);
  pool = { anon: as('anon'), authenticated: as('authenticated'), service_role: as('service_role') };
});
afterAll(() => Promise.all([admin, ...Object.values(pool)].map(({ close }) => close())));

/** SQLSTATE of what came of it; null when it was done. */
async function outcome({ sql }: Sql, text: string): Promise<string | null> {
  try {
    // undone either way: an error raised at the end tells that it got through
    await sql(`do $try$ begin ${text}; raise exception using errcode = 'ZZ000'; end $try$`);
    return null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return code === 'ZZ000' ? null : code;
  }
}

async function listed(query: string): Promise<string[]> {
  return (await admin.sql(query)).map((row) => String(row['text']));
}

const OURS = `(n.nspname = 'touchpoint' or (n.nspname = 'public' and f.proname like 'touchpoint\\_%'))`;
const calls = (where: string) =>
  listed(
    `select format('perform %I.%I(%s)', n.nspname, f.proname, (select string_agg(
       case when t = 'jsonb'::regtype then '''{}''::jsonb' else 'null::' || t::regtype end, ', ' order by at)
       from unnest(f.proargtypes) with ordinality as a (t, at))) as text
     from pg_proc f join pg_namespace n on n.oid = f.pronamespace where ${OURS} and ${where} order by 1`,
  );
const relations = (kinds: string) =>
  listed(
    `select format('touchpoint.%I', relname) as text from pg_class
     where relnamespace = 'touchpoint'::regnamespace and relkind in (${kinds}) order by 1`,
  );

/** Everything that could be done to what is ours. */
async function attempts(): Promise<string[]> {
  const [functions, tables, sequences] = [
    await calls('true'),
    await relations(`'r', 'v'`),
    await relations(`'S'`),
  ];
  expect(Math.min(functions.length, tables.length, sequences.length)).toBeGreaterThan(1);
  return [
    ...functions,
    ...tables.flatMap((name) => [
      `perform from ${name}`,
      `insert into ${name} default values`,
      `delete from ${name}`,
      `truncate ${name}`,
      `lock table ${name}`,
    ]),
    ...sequences.flatMap((name) => [`perform nextval('${name}')`, `perform last_value from ${name}`]),
    'create table touchpoint.theirs ()',
  ];
}

describe.each(['anon', 'authenticated'] as const)('%s', (role) => {
  it('is refused everything', async () => {
    const through: string[] = [];
    for (const text of await attempts()) {
      const code = await outcome(pool[role], text);
      if (code !== '42501') through.push(`${text}: ${code ?? 'done'}`);
    }
    expect(through).toEqual([]);
  });
});

describe('service_role', () => {
  it('may call every function, and read and write every table', async () => {
    const refused: string[] = [];
    const rights = [
      ...(await calls(`f.proname <> 'seal' and f.prorettype <> 'trigger'::regtype`)),
      ...(await relations(`'r', 'v'`)).map((name) => `perform from ${name}`),
      ...(await relations(`'r'`)).map((name) => `delete from ${name}`),
      ...(await relations(`'S'`)).map((name) => `perform nextval('${name}')`),
    ];
    for (const text of rights) {
      // an empty payload may well be refused, or find no tables of a dashboard; the right must be there
      const code = await outcome(pool.service_role, text);
      if (code === '42501') refused.push(text);
    }
    expect(refused).toEqual([]);
  });

  it('may not change the schema', async () => {
    const [table] = await relations(`'r'`);
    for (const text of [
      'perform touchpoint.seal()',
      `drop table ${table}`,
      `truncate ${table}`,
      `alter table ${table} disable row level security`,
      'create table touchpoint.theirs ()',
      'drop function public.touchpoint_status(jsonb)',
      'grant execute on function public.touchpoint_status(jsonb) to anon',
    ]) {
      // a grant without the right to give it is but a warning
      const code = await outcome(pool.service_role, text);
      if (text.startsWith('grant')) {
        expect(await outcome(pool.anon, `perform public.touchpoint_status('{}')`), text).toBe('42501');
      } else expect(code, text).toBe('42501');
    }
  });
});

describe('every function', () => {
  it('runs with the rights of who calls it, with a search path of its own', async () => {
    // a body in standard SQL is bound to what it names when it is made: no search path reaches it
    const open = await listed(
      `select f.oid::regprocedure::text as text from pg_proc f join pg_namespace n on n.oid = f.pronamespace
       where ${OURS} and (f.prosecdef or f.prosqlbody is null and not exists (
         select from unnest(f.proconfig) c
         where c ~ '^search_path=.*, pg_temp$' and c !~ 'public|"\\$user"'))`,
    );
    expect(open).toEqual([]);
  });

  it('that answers takes and gives jsonb, in UTC, for 55 s at most', async () => {
    const odd = await listed(
      `select f.proname as text from pg_proc f join pg_namespace n on n.oid = f.pronamespace
       where n.nspname = 'public' and ${OURS} and not (f.prorettype = 'jsonb'::regtype and f.proargtypes[0] = 'jsonb'::regtype
         and f.pronargs = 1 and f.proargnames = array['p'] and f.proconfig @> array['TimeZone=UTC', 'statement_timeout=55s'])`,
    );
    expect(odd).toEqual([]);
  });
});

describe('every table', () => {
  it('has row level security and no policy', async () => {
    const open = await listed(
      `select relname as text from pg_class where relnamespace = 'touchpoint'::regnamespace and relkind in ('r', 'p', 'm', 'f')
         and not relrowsecurity
       union all select polname from pg_policy`,
    );
    expect(open).toEqual([]);
  });

  it('is seen through views with the rights of who looks', async () => {
    const open = await listed(
      `select relname as text from pg_class where relnamespace = 'touchpoint'::regnamespace and relkind = 'v'
         and not coalesce(reloptions, '{}') @> array['security_invoker=true']`,
    );
    expect(open).toEqual([]);
  });
});
