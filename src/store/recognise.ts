import type { Migration, SqlRunner } from './migrations.ts';
import { StoreError } from './store.ts';

/** Which migrations were run past the ledger: pasted into an SQL editor, or restored from a dump without it. */

interface Thing {
  readonly kind: 'function' | 'relation' | 'column';
  /** Schema and name; of a column its table or type before it. */
  readonly name: string;
}

const MADE =
  /^create (?:(?<kind>function)|table|type|view|materialized view|(?:unique )?index) (?:if not exists )?(?<name>[\w.]+)/gm;
const ALTERED = /^alter (?:table|type) (?<of>[\w.]+)(?<what>[^;]*);/gm;
const ADDED = /\badd (?:column|attribute) (?:if not exists )?(?<column>\w+)/g;
const DROPPED = /^drop (?:function|table|type|view|materialized view|index) (?:if exists )?(?<name>[\w.]+)/gm;
const REMOVED = /\bdrop (?:column|attribute) (?:if exists )?(?<column>\w+)/g;

/** What a migration makes that was not there before: `create or replace` tells nothing. */
function thingsOf({ sql }: Migration): Thing[] {
  const whole = [...sql.matchAll(MADE)].map(({ groups }): Thing => {
    const name = groups?.['name'] ?? '';
    const qualified = name.includes('.') ? name : `touchpoint.${name}`;
    return { kind: groups?.['kind'] === 'function' ? 'function' : 'relation', name: qualified };
  });
  return [...whole, ...columnsOf(sql, ADDED).map((name): Thing => ({ kind: 'column', name }))];
}

/** Names of what is dropped, so that nobody misses it. */
function droppedBy({ sql }: Migration): string[] {
  return [
    ...[...sql.matchAll(DROPPED)].map(({ groups }) => groups?.['name'] ?? ''),
    ...columnsOf(sql, REMOVED),
  ];
}

function columnsOf(sql: string, change: RegExp): string[] {
  return [...sql.matchAll(ALTERED)].flatMap(({ groups }) =>
    [...(groups?.['what'] ?? '').matchAll(change)].map(
      (found) => `${groups?.['of']}.${found.groups?.['column']}`,
    ),
  );
}

/**
 * Those of the pending migrations that have run all the same: all up to the last one whose things are there.
 * @throws {StoreError} naming what is missing when they ran only in part
 */
export async function recogniseRun(
  runner: SqlRunner,
  pending: readonly Migration[],
): Promise<readonly Migration[]> {
  const gone = new Set(pending.flatMap(droppedBy));
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
     where case kind
       when 'function' then exists (select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
         where n.nspname || '.' || p.proname = wanted.name)
       when 'column' then exists (select from pg_attribute a join pg_class c on c.oid = a.attrelid
         join pg_namespace n on n.oid = c.relnamespace
         where not a.attisdropped and n.nspname || '.' || c.relname || '.' || a.attname = wanted.name)
       else to_regclass(wanted.name) is not null end`,
  );
  return new Set(rows.map(({ name }) => String(name)));
}
