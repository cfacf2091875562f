import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { packagePath } from '../../src/core/paths.ts';
import { openSupabase } from '../../src/store/supabase.ts';
import type { Harness } from '../store/contract/harness.ts';
import { asAuthenticator, openSql } from '../support/postgres.ts';
import { nativeDatabase } from './harness.ts';

/** A store reached as in a Supabase project: supabase-js, HTTP, PostgREST's ways, a login role without rights. */
export interface SupabaseHarness extends Harness {
  readonly origin: string;
  readonly key: string;
}

export async function openOverSupabase(): Promise<SupabaseHarness> {
  const {
    TOUCHPOINT_TEST_SUPABASE_URL: project,
    TOUCHPOINT_TEST_SUPABASE_KEY: projectKey,
    TOUCHPOINT_TEST_SUPABASE_DB: projectDatabase,
  } = process.env;
  // a running project whose migrations have been run, instead of the stand-in; every row of ours in it is deleted
  if (project !== undefined && projectKey !== undefined && projectDatabase !== undefined) {
    const { sql, close } = openSql(projectDatabase);
    return {
      store: openSupabase({ url: project, key: projectKey }),
      sql,
      origin: project,
      key: projectKey,
      close,
    };
  }
  const url = await nativeDatabase();
  const key = `sb_secret_${randomBytes(16).toString('base64url')}`;
  const { origin, stop } = await startRest(asAuthenticator(url), key);
  const admin = openSql(url);
  const close = async () => {
    await Promise.all([stop(), admin.close()]);
  };
  return { store: openSupabase({ url: origin, key }), sql: admin.sql, origin, key, close };
}

/** @throws when test/postgrest is not installed, or the server does not start */
async function startRest(database: string, key: string) {
  const child = spawn(process.execPath, [packagePath('test', 'postgrest', 'server.mjs')], {
    env: { ...process.env, DO_NOT_TRACK: '1', SUPABASE_TEST_DATABASE: database, SUPABASE_TEST_SECRET: key },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const failed = exited.then(([code]) => {
    throw new Error(`test/postgrest/server.mjs ended with ${code}: npm ci --prefix test/postgrest`);
  });
  const [origin] = await Promise.race([once(createInterface(child.stdout), 'line'), failed]);
  failed.catch(() => undefined);
  const stop = async () => {
    child.stdin.end();
    await exited;
  };
  return { origin: String(origin), stop };
}
