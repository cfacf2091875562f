import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { emptyDatabase, openSql } from '../support/postgres.ts';
import { nativeDatabase } from './harness.ts';
import { openOverSupabase, type SupabaseHarness } from './supabase.ts';

/** `touchpoint migrate` as whole processes: what it says, and how it ends. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchpoint-migrate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const UP_TO_DATE = { code: 0, out: 'the schema is up to date\n' };

describe('touchpoint migrate on a Postgres', () => {
  it('brings an empty database up to date, and says before what is missing', async () => {
    const env = { DATABASE_URL: await emptyDatabase(inject('postgresUrl')) };
    const before = await runCli(folder, ['migrate', '--check'], env);
    expect(before.code).toBe(1);
    expect(before.out).toMatch(/^not in the ledger: 20260801000001, /);
    expect(before.out).toContain('run: touchpoint migrate');
    expect(await runCli(folder, ['migrate'], env)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^applied: /),
    });
    expect(await runCli(folder, ['migrate', '--check'], env)).toMatchObject(UP_TO_DATE);
    expect(await runCli(folder, ['migrate'], env)).toMatchObject(UP_TO_DATE);
  });

  it('names a function that was dropped, and sync does not begin', async () => {
    const url = await nativeDatabase();
    const { sql, close } = openSql(url);
    await sql('drop function public.touchpoint_known(jsonb)');
    await close();
    const check = await runCli(folder, ['migrate', '--check'], { DATABASE_URL: url });
    expect(check).toMatchObject({ code: 1, out: 'missing: function touchpoint_known\n' });
    const sync = await runCli(folder, ['sync'], { DATABASE_URL: url });
    expect(sync.code).toBe(1);
    expect(sync.err).toContain(
      'the database is not ready (run: touchpoint migrate): missing: function touchpoint_known',
    );
  });
});

describe('touchpoint migrate behind Supabase, with its key alone', () => {
  let harness: SupabaseHarness;
  beforeAll(async () => {
    harness = await openOverSupabase();
  });
  afterAll(() => harness.close());
  const check = () =>
    runCli(folder, ['migrate', '--check'], {
      SUPABASE_URL: harness.origin,
      SUPABASE_SERVICE_ROLE_KEY: harness.key,
    });

  it('checks through the API', async () => {
    expect(await check()).toMatchObject(UP_TO_DATE);
    await harness.sql('revoke insert on touchpoint.runs from service_role');
    await harness.sql('grant execute on function public.touchpoint_export(jsonb) to authenticated');
    expect(await check()).toMatchObject({
      code: 1,
      out: 'service_role may not read and write runs\nauthenticated may call touchpoint_export\n',
    });
    await harness.sql('select touchpoint.seal()');
    expect(await check()).toMatchObject(UP_TO_DATE);
  });
});
