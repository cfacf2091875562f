import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { shortHash } from '../core/hash.ts';
import { recogniseRun } from './recognise.ts';
import { StoreError } from './store.ts';

export interface Migration {
  /** The digits before the first underscore, as the Supabase CLI reads them. */
  readonly version: string;
  readonly name: string;
  readonly sql: string;
}

/** Runs SQL on some database; `exec` takes several statements at once. */
export interface SqlRunner {
  exec(sql: string): Promise<void>;
  rows(sql: string): Promise<readonly Record<string, unknown>[]>;
}

/** The only schema source: `supabase/migrations`, in order. */
export async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const files = (await readdir(folder)).filter((file) => /^\d+_.*\.sql$/.test(file)).sort();
  return Promise.all(
    files.map(async (file) => {
      const [version = '', ...rest] = file.replace(/\.sql$/, '').split('_');
      return { version, name: rest.join('_'), sql: await readFile(path.join(folder, file), 'utf8') };
    }),
  );
}

/** Changes with any migration: names the snapshot that was made from them. */
export function migrationsHash(migrations: readonly Migration[]): string {
  return shortHash(JSON.stringify(migrations));
}

// The Supabase CLI's own ledger, so that `touchpoint migrate` and `supabase db push` agree on what has run.
// Made under a lock: `if not exists` alone lets two at once fail.
const LEDGER = `
begin;
select pg_advisory_xact_lock(hashtext('touchpoint ledger'));
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
alter table supabase_migrations.schema_migrations add column if not exists name text;
commit;
`;

export interface Migrated {
  /** Versions that were run now. */
  readonly applied: readonly string[];
  /** Versions that had been run past the ledger, which now has them. */
  readonly recognised: readonly string[];
}

/**
 * Runs what has not run yet, each migration in a transaction of its own together with its line in the ledger.
 * @throws {StoreError} naming the migration that failed, or that was run in part past the ledger; the ones before it hold
 */
export async function migrate(runner: SqlRunner, migrations: readonly Migration[]): Promise<Migrated> {
  const pending = await pendingMigrations(runner, migrations);
  if (pending.length === 0) return { applied: [], recognised: [] };
  const recognised = await recogniseRun(runner, pending);
  const applied = pending.slice(recognised.length);
  await runner.exec(LEDGER);
  if (recognised.length > 0) await runner.exec(recognised.map(ledgerLine).join('\n'));
  for (const migration of applied) await apply(runner, migration);
  return {
    applied: applied.map(({ version }) => version),
    recognised: recognised.map(({ version }) => version),
  };
}

async function apply(runner: SqlRunner, migration: Migration): Promise<void> {
  try {
    // its line first: whoever migrates at the same time waits there, and then leaves this migration to the other
    await runner.exec(`begin;\n${ledgerLine(migration)}\n${migration.sql}\ncommit;`);
  } catch (cause) {
    await runner.exec('rollback');
    const left = await pendingMigrations(runner, [migration]);
    if (left.length === 0) return;
    throw new StoreError(`migration ${migration.version}_${migration.name} failed and was undone`, { cause });
  }
}

function ledgerLine({ version, name }: Migration): string {
  return `insert into supabase_migrations.schema_migrations (version, name) values ('${version}', '${name}');`;
}

/** What the ledger does not have. */
export async function pendingMigrations(
  runner: SqlRunner,
  migrations: readonly Migration[],
): Promise<readonly Migration[]> {
  const [found] = await runner.rows(
    `select to_regclass('supabase_migrations.schema_migrations') is not null as ledger`,
  );
  if (found?.['ledger'] !== true) return migrations;
  const rows = await runner.rows('select version from supabase_migrations.schema_migrations');
  const done = new Set(rows.map((row) => String(row['version'])));
  return migrations.filter((migration) => !done.has(migration.version));
}
