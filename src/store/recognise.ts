import type { Migration, SqlRunner } from './migrations.ts';
import { StoreError } from './store.ts';

/** Which migrations were run past the ledger: pasted into an SQL editor, or restored from a dump without it. */

interface Thing {
  readonly kind: 'function' | 'relation';
  readonly name: string;
}

const MADE =
  /^create (?:(?<kind>function)|table|view|materialized view|(?:unique )?index) (?:if not exists )?(?<name>[\w.]+)/gm;
const DROPPED = /^drop (?:function|table|view|materialized view|index) (?:if exists )?(?<name>[\w.]+)/gm;

/** What a migration makes that was not there before: `create or replace` tells nothing. */
function thingsOf({ sql }: Migration): Thing[] {
  return [...sql.matchAll(MADE)].map(({ groups }) => {
    const name = groups?.['name'] ?? '';
    const qualified = name.includes('.') ? name : `touchpoint.${name}`;
    return { kind: groups?.['kind'] === 'function' ? 'function' : 'relation', name: qualified };
  });
}

/**
 * Those of the pending migrations that have run all the same: all up to the last one whose things are there.
 * @throws {StoreError} naming what is missing when they ran only in part
 */
export async function recogniseRun(
  runner: SqlRunner,
  pending: readonly Migration[],
): Promise<readonly Migration[]> {
  const gone = new Set(
    pending.flatMap(({ sql }) => [...sql.matchAll(DROPPED)].map(({ groups }) => groups?.['name'])),
  );
  const made = pending.map((migration) => thingsOf(migration).filter(({ name }) => !gone.has(name)));
  const there = await existing(runner, made.flat());
  const last = made.findLastIndex((things) => things.some(({ name }) => there.has(name)));
  const missing = made
    .slice(0, last + 1)
    .flat()
    .filter(({ name }) => !there.has(name));
  if (missing.length > 0) {
    throw new StoreError(
      `the ledger supabase_migrations.schema_migrations does not say so, but a part of ${labelOf(pending[last])} has run: ` +
        `missing are ${missing.map(({ name }) => name).join(', ')}. Nothing was changed. Run the rest of that SQL by hand ` +
        'and call touchpoint migrate again, or drop the schema touchpoint if it holds nothing yet',
    );
  }
  return pending.slice(0, last + 1);
}

function labelOf(migration: Migration | undefined): string {
  return migration === undefined ? 'the migrations' : `${migration.version}_${migration.name}`;
}

async function existing(runner: SqlRunner, things: readonly Thing[]): Promise<ReadonlySet<string>> {
  if (things.length === 0) return new Set();
  // names come from our own files and are plain words
  const values = things.map(({ kind, name }) => `('${kind}', '${name}')`).join(', ');
  const rows = await runner.rows(
    `select name from (values ${values}) as wanted (kind, name)
     where case kind when 'function' then exists (select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname || '.' || p.proname = wanted.name)
       else to_regclass(wanted.name) is not null end`,
  );
  return new Set(rows.map(({ name }) => String(name)));
}
