import { z } from 'zod';
import { readMigrations } from './migrations.ts';
import { migrationsDir } from './open.ts';
import { callStore, type Store } from './store.ts';

/** Does the database have what the migrations give it, for those who should have it and nobody else? */

const Answer = z.object({
  functions: z.array(z.string()),
  dimension: z.number(),
  vector: z.string(),
  role: z.string(),
  denied: z.array(z.string()),
  exposed: z.array(z.string()),
});

export interface StoreCheck {
  /** Functions that the migrations define and the database lacks. */
  readonly missing: readonly string[];
  /** Length of the vectors that are stored. */
  readonly dimension: number;
  /** Version of pgvector. */
  readonly vector: string;
  /** Who asks. */
  readonly role: string;
  /** Functions and tables that this role may not use. */
  readonly denied: readonly string[];
  /** What others may do that they should not, in words. */
  readonly exposed: readonly string[];
}

/** @throws {StoreError} when the schema is older than the check itself */
export async function checkStore(store: Store): Promise<StoreCheck> {
  const { functions, ...rest } = await callStore(store, 'touchpoint_check', {}, Answer);
  const defined = await definedFunctions();
  return { missing: defined.filter((name) => !functions.includes(name)), ...rest };
}

/** The migrations are the list: no second one to keep in step with them. */
async function definedFunctions(): Promise<string[]> {
  const migrations = await readMigrations(migrationsDir);
  const names = migrations.flatMap(({ sql }) =>
    [...sql.matchAll(/^create (?:or replace )?function public\.(touchpoint_\w+)\(/gm)].flatMap(
      ([, name]) => name ?? [],
    ),
  );
  return [...new Set(names)].sort();
}
