import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { reasonOf } from '../../src/core/errors.ts';
import { type Migration, migrate, pendingMigrations, readMigrations } from '../../src/store/migrations.ts';
import { migrationsDir } from '../../src/store/open.ts';
import { withPostgresRunner } from '../../src/store/postgres.ts';
import { schemaFile } from '../../src/store/schema.ts';
import { emptyDatabase, openSql } from '../support/postgres.ts';
import { dumpSchema } from '../support/schema-dump.ts';
import { memoryStore } from '../support/store.ts';
import { nativeDatabase } from './harness.ts';

let migrations: readonly Migration[];
let committed: string;
beforeAll(async () => {
  [migrations, committed] = await Promise.all([readMigrations(migrationsDir), readFile(schemaFile, 'utf8')]);
});

const versions = () => migrations.map(({ version }) => version);
const sqlOf = (some: readonly Migration[]) => some.map(({ sql }) => sql).join('\n');
const fresh = () => emptyDatabase(inject('postgresUrl'));

async function dumpOf(url: string): Promise<string> {
  const admin = openSql(url);
  try {
    return await dumpSchema(admin);
  } finally {
    await admin.close();
  }
}

const run = (url: string) => withPostgresRunner(url, (runner) => migrate(runner, migrations));

describe('supabase/schema.sql', () => {
  const stale = 'supabase/schema.sql is not what the migrations make: run npm run schema';

  it('is what they make of a native Postgres', async () => {
    expect(await dumpOf(await nativeDatabase()), stale).toBe(committed);
  });

  it('is what they make of the embedded one', async () => {
    await using store = await memoryStore();
    expect(await dumpSchema(store), stale).toBe(committed);
  });
});

describe('migrations', () => {
  it('have versions of their own', () => {
    expect(new Set(versions()).size).toBe(migrations.length);
  });

  it('run once, whoever else runs them at the same time', async () => {
    const url = await fresh();
    const results = await Promise.all([run(url), run(url), run(url)]);
    expect(results.flatMap(({ applied }) => applied).length).toBeGreaterThanOrEqual(migrations.length);
    expect(await run(url)).toEqual({ applied: [], recognised: [] });
    expect(await dumpOf(url)).toBe(committed);
  });

  it('undo the one that fails and name it; those before it hold', async () => {
    const url = await fresh();
    const broken = {
      version: '99990101000000',
      name: 'broken',
      sql: 'create table touchpoint.half (); select 1 / 0;',
    };
    const all = [...migrations, broken];
    const error = await withPostgresRunner(url, (runner) => migrate(runner, all)).catch(
      (thrown: unknown) => thrown,
    );
    expect(reasonOf(error)).toBe('migration 99990101000000_broken failed and was undone: division by zero');
    expect(await dumpOf(url)).toBe(committed);
  });
});

describe('a hosted project', () => {
  let url: string;
  beforeAll(async () => {
    // the owner is no superuser there; the roles, the extension and grants by default were there first
    const admin = openSql(await fresh());
    const [found] = await admin.sql('select current_database() as name');
    const name = String(found?.['name']);
    await admin.sql(
      `do $$ begin create role hosted login createrole createdb bypassrls; exception when duplicate_object then null; end $$`,
    );
    await admin.sql(`alter database ${name} owner to hosted`);
    await admin.sql('create schema extensions authorization hosted');
    await admin.sql('create extension vector with schema extensions');
    const own = new URL(inject('postgresUrl'));
    own.pathname = `/${name}`;
    own.username = 'hosted';
    url = own.href;
    const hosted = openSql(url);
    for (const kind of ['tables', 'functions', 'sequences'])
      for (const where of ['in schema public', ''])
        await hosted.sql(
          `alter default privileges ${where} grant all on ${kind} to anon, authenticated, service_role`,
        );
    await hosted.sql('grant usage on schema public, extensions to anon, authenticated, service_role');
    await Promise.all([hosted.close(), admin.close()]);
  });

  it('comes out the same, and nobody else gets a right', async () => {
    expect((await run(url)).applied).toEqual(versions());
    const dump = await dumpOf(url);
    // with grants by default service_role has more than it needs of our tables; others have nothing
    const others = dump.split('\n').filter((line) => /^grant .* to (anon|authenticated|public);$/.test(line));
    expect(others).toEqual([
      'grant usage on schema extensions to anon;',
      'grant usage on schema extensions to authenticated;',
    ]);
    const bare = (text: string) => text.replaceAll(/^grant .*\n/gm, '');
    expect(bare(dump)).toBe(bare(committed));
  });
});

describe('migrations that were pasted into an SQL editor', () => {
  it('are recognised, and the ledger has them', async () => {
    const url = await fresh();
    await withPostgresRunner(url, ({ exec }) => exec(sqlOf(migrations)));
    const { applied, recognised } = await run(url);
    expect([...recognised, ...applied]).toEqual(versions());
    // what makes nothing new cannot be recognised at the end, and may run again
    const last = migrations.filter(({ version }) => applied.includes(version));
    expect(sqlOf(last)).not.toMatch(/^(create (?!or replace)|alter (table|type))/m);
    expect(await run(url)).toEqual({ applied: [], recognised: [] });
    expect(await dumpOf(url)).toBe(committed);
  });

  it('up to some version are completed', async () => {
    const url = await fresh();
    const frozen = migrations.filter(({ version }) => version <= '20260801000099');
    await withPostgresRunner(url, ({ exec }) => exec(sqlOf(frozen)));
    const { applied, recognised } = await run(url);
    expect(recognised).toEqual(frozen.map(({ version }) => version));
    expect([...recognised, ...applied]).toEqual(versions());
    expect(await dumpOf(url)).toBe(committed);
  });

  it('in part are refused with what is missing, and nothing is changed', async () => {
    const url = await fresh();
    const half = sqlOf(migrations.slice(0, 2)).split('create table touchpoint.tags')[0] ?? '';
    await withPostgresRunner(url, ({ exec }) => exec(half));
    const before = await dumpOf(url);
    const error = await run(url).catch((thrown: unknown) => thrown);
    expect(reasonOf(error)).toMatch(
      /a part of 20260801000002_tables has run: missing are touchpoint.tags, touchpoint.runs,/,
    );
    expect(await dumpOf(url)).toBe(before);
  });
});

describe('an older version’s database', () => {
  const held =
    "('client_domains', 'client_names', 'clients', 'copies', 'feeds', 'mailboxes', 'runs', 'tags', 'touchpoints')";
  const upgrades = async () => migrations.filter(({ version }) => version >= '20260801000099').slice(0, -1);

  it('becomes what a new one is, and keeps its rows, from every version on', async () => {
    for (const { version } of await upgrades()) {
      const url = await fresh();
      const older = migrations.filter((migration) => migration.version <= version);
      await withPostgresRunner(url, (runner) => migrate(runner, older));
      const admin = openSql(url);
      await admin.sql(ROWS);
      const rows = () =>
        admin.sql(
          `select table_name, query_to_xml(format('select * from touchpoint.%I order by 1', table_name), true, false, '')::text as rows
           from information_schema.tables where table_schema = 'touchpoint' and table_name in ${held} order by 1`,
        );
      const before = await rows();
      expect(
        before.every((table) => String(table['rows']).includes('<row>')),
        'every table has rows',
      ).toBe(true);
      expect(await withPostgresRunner(url, (runner) => pendingMigrations(runner, migrations))).not.toEqual(
        [],
      );
      await run(url);
      expect(kept(before, await rows()), version).toEqual([]);
      expect(await dumpSchema(admin), version).toBe(committed);
      await admin.close();
    }
  });
});

type Rows = readonly Record<string, unknown>[];

/** Values of before that are not there after; what a newer version adds beside them does not count. */
function kept(before: Rows, after: Rows): readonly string[] {
  const fields = (rows: Rows) =>
    rows.flatMap((table) =>
      [...String(table['rows']).matchAll(/<(\w+)[^>]*>[^<]*<\/\1>/g)].map(
        ([field]) => `${table['table_name']} ${field}`,
      ),
    );
  const there = new Set(fields(after));
  return fields(before).filter((field) => !there.has(field));
}

const ROWS = `
insert into touchpoint.mailboxes (address) values ('a@example.test');
insert into touchpoint.feeds (mailbox, kind, target, name, delta_link, cursor_version, epoch)
  values ('a@example.test', 'meeting', 'calendar', 'calendar', 'https://graph.example/delta', 3, 2);
insert into touchpoint.clients (name, source) values ('Barwon Health', 'configuration');
insert into touchpoint.client_names select id, 'BH' from touchpoint.clients;
insert into touchpoint.client_domains select id, 'barwon.example' from touchpoint.clients;
insert into touchpoint.touchpoints (kind, source_key, client, occurred_at, title, body, content_hash, text_hash, embedding,
    encoder, taxonomy, tagged_hash, tagged_at)
  select 'meeting', 'k' || n, (select id from touchpoint.clients), timestamptz '2026-03-01' + n * interval '1 day', 'QBR ' || n,
    'Agenda', 'c' || n, 't' || n, array_fill(n::real, array[384])::extensions.vector, 'e@1', 't@1', 't' || n, now()
  from generate_series(1, 20) n;
insert into touchpoint.copies select (select id from touchpoint.feeds), source_key, 'a@example.test', id, 'etag', content_hash,
  null, 2 from touchpoint.touchpoints;
insert into touchpoint.tags select id, 'intent', 'qbr', 0.9, 'model', 'v1' from touchpoint.touchpoints;
insert into touchpoint.tags select id, 'intent', 'training', 1, 'person', 'p' from touchpoint.touchpoints limit 5;
insert into touchpoint.runs (started_at, ended_at, fetched, written, unchanged, skipped, failed, reasons)
  values (now(), now(), 2, 1, 1, 0, 0, '{}')`;
