import { z } from 'zod';
import { readSchema } from './schema.ts';
import { callStore, type Store } from './store.ts';

/** Does the database have what the migrations give it, for those who should have it and nobody else? */

const Answer = z.object({
  functions: z.record(z.string(), z.string()),
  columns: z.record(z.string(), z.record(z.string(), z.string())),
  dimension: z.number().nullable(),
  vector: z.string().nullable(),
  role: z.string(),
  denied: z.array(z.string()),
  exposed: z.array(z.string()),
});

export interface StoreCheck {
  /** What the migrations make and the database lacks: `function touchpoint_search`, `table runs`, `column runs.errors`. */
  readonly missing: readonly string[];
  /** Functions whose body is another one than that of the migrations: older, or changed by hand. */
  readonly outdated: readonly string[];
  /** Length of the vectors that are stored, and what it should be. */
  readonly dimension: number | null;
  readonly wantedDimension: number;
  /** Version of pgvector. */
  readonly vector: string | null;
  /** Who asks. */
  readonly role: string;
  /** What this role or service_role may not do, in words. */
  readonly denied: readonly string[];
  /** What others may do that they should not, in words. */
  readonly exposed: readonly string[];
}

/** @throws {StoreError} when the schema is older than the check itself */
export async function checkStore(store: Store): Promise<StoreCheck> {
  const { functions, columns, ...rest } = await callStore(store, 'touchpoint_check', {}, Answer);
  const wanted = await readSchema();
  const names = Object.keys(wanted.functions);
  const missing = [
    ...names.filter((name) => !(name in functions)).map((name) => `function ${name}`),
    ...Object.entries(wanted.columns).flatMap(([table, names]) => {
      const found = columns[table];
      if (found === undefined) return [`table ${table}`];
      return names.filter((name) => !(name in found)).map((name) => `column ${table}.${name}`);
    }),
  ];
  const outdated = names.filter((name) => name in functions && functions[name] !== wanted.functions[name]);
  return { missing, outdated, wantedDimension: wanted.dimension, ...rest };
}

/** What keeps the service from working, in words. */
export function blockersOf(check: StoreCheck): readonly string[] {
  const { missing, dimension, wantedDimension, vector, denied } = check;
  return [
    ...missing.map((what) => `missing: ${what}`),
    ...(dimension === null || dimension === wantedDimension
      ? []
      : [`stored vectors have ${dimension} numbers and not ${wantedDimension}`]),
    ...(vector === null || isTooOld(vector)
      ? [`pgvector is ${vector ?? 'missing'}, wants 0.8 or newer`]
      : []),
    ...denied,
  ];
}

/** What is not as it should be though the service works, in words. */
export function flawsOf({ outdated, exposed }: StoreCheck): readonly string[] {
  return [...outdated.map((name) => `function ${name} is not the one of this version`), ...exposed];
}

// 0.8.0 brought iterative scans: without them a filtered search silently returns too little.
function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 0 && minor < 8;
}
