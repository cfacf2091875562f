import { ConfigError } from '../core/errors.ts';
import { pendingMigrations, readMigrations, migrate as run } from '../store/migrations.ts';
import { migrationsDir } from '../store/open.ts';
import { withPostgresRunner } from '../store/postgres.ts';
import type { Context } from './context.ts';
import { printJson, printLine } from './output.ts';

/** Brings the schema up to date; with --check it only says what is missing (exit 1 when something is). */
export async function migrate(
  context: Context,
  options: { readonly check?: boolean; readonly json?: boolean },
): Promise<number> {
  const { config } = context;
  if (config.databaseUrl === undefined) {
    if (config.supabase !== undefined) {
      throw new ConfigError(
        'DATABASE_URL: not set; Supabase is migrated with `supabase db push`, or here with its database connection string in DATABASE_URL',
      );
    }
    // the embedded store migrates itself whenever it is opened
    await context.store();
    return report([], options);
  }
  const migrations = await readMigrations(migrationsDir);
  const versions = await withPostgresRunner(config.databaseUrl, async (runner) =>
    options.check === true
      ? (await pendingMigrations(runner, migrations)).map(({ version }) => version)
      : await run(runner, migrations),
  );
  return report(versions, options);
}

function report(
  versions: readonly string[],
  { check, json }: { readonly check?: boolean; readonly json?: boolean },
): number {
  const word = check === true ? 'missing' : 'applied';
  if (json === true) printJson({ [word]: versions });
  else printLine(versions.length === 0 ? 'the schema is up to date' : `${word}: ${versions.join(', ')}`);
  return check === true && versions.length > 0 ? 1 : 0;
}
