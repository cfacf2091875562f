import { ConfigError, reasonOf } from '../core/errors.ts';
import { blockersOf, checkStore, flawsOf } from '../store/check.ts';
import { pendingMigrations, readMigrations, migrate as run } from '../store/migrations.ts';
import { migrationsDir } from '../store/open.ts';
import { withPostgresRunner } from '../store/postgres.ts';
import { StoreError } from '../store/store.ts';
import type { Context } from './context.ts';
import { printJson, printLine } from './output.ts';

interface Options {
  readonly check?: boolean;
  readonly json?: boolean;
}

/** Brings the schema up to date; with --check it only says what is missing (exit 1 when something is). */
export async function migrate(context: Context, options: Options): Promise<number> {
  if (options.check === true) return check(context, options);
  const { config } = context;
  if (config.databaseUrl === undefined) {
    if (config.supabase !== undefined) {
      throw new ConfigError(
        'DATABASE_URL: not set; Supabase is migrated with `supabase db push`, or here with its database connection string in DATABASE_URL (--check works without)',
      );
    }
    // the embedded store migrates itself whenever it is opened
    await context.store();
    return report({ applied: [], recognised: [] }, options);
  }
  const migrations = await readMigrations(migrationsDir);
  return report(await withPostgresRunner(config.databaseUrl, (runner) => run(runner, migrations)), options);
}

function report({ applied, recognised }: Awaited<ReturnType<typeof run>>, { json }: Options): number {
  if (json === true) {
    printJson({ applied, recognised });
    return 0;
  }
  if (recognised.length > 0) {
    printLine(`had been run by hand, now in the ledger: ${recognised.join(', ')}`);
  }
  printLine(applied.length === 0 ? 'the schema is up to date' : `applied: ${applied.join(', ')}`);
  return 0;
}

/** Through the ledger where the database itself can be reached, and through the store's own answer in any case. */
async function check(context: Context, { json }: Options): Promise<number> {
  const { databaseUrl } = context.config;
  const migrations = await readMigrations(migrationsDir);
  const pending =
    databaseUrl === undefined
      ? []
      : await withPostgresRunner(databaseUrl, (runner) => pendingMigrations(runner, migrations));
  const missing = pending.map(({ version }) => version);
  const problems = await problemsOf(context);
  if (json === true) printJson({ missing, problems });
  else {
    if (missing.length > 0) printLine(`not in the ledger: ${missing.join(', ')}`);
    for (const problem of problems) printLine(problem);
    if (missing.length + problems.length === 0) printLine('the schema is up to date');
  }
  return missing.length + problems.length === 0 ? 0 : 1;
}

async function problemsOf(context: Context): Promise<readonly string[]> {
  try {
    const found = await checkStore(await context.store());
    return [...blockersOf(found), ...flawsOf(found)];
  } catch (error) {
    // no schema yet, or one that is older than the check
    if (error instanceof StoreError) return [reasonOf(error)];
    throw error;
  }
}
