import pg from 'pg';
import { z } from 'zod';
import type { SqlRunner } from './migrations.ts';
import { type Store, StoreError, StoreUnavailable, storeError } from './store.ts';

const Result = z.tuple([z.object({ result: z.unknown() })]);

/** A plain Postgres (DATABASE_URL) with pgvector >= 0.8; the role owns the schema or is service_role. */
export function openPostgres(url: string, connections = 8): Store {
  const pool = new pg.Pool({ connectionString: url, max: connections, connectionTimeoutMillis: 10_000 });
  // an idle connection that breaks is replaced on next use; without a listener it would end the process
  pool.on('error', () => undefined);
  return {
    driver: 'postgres',
    async call(name, payload) {
      if (!/^touchpoint_[a-z_]+$/.test(name)) throw new StoreError(`${name} is not one of our functions`);
      try {
        const answer = await pool.query({
          name,
          text: `select public.${name}($1::jsonb) as result`,
          values: [JSON.stringify(payload)],
        });
        return Result.parse(answer.rows)[0].result;
      } catch (error) {
        throw translated(name, error);
      }
    },
    close: () => pool.end(),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

function translated(name: string, error: unknown): Error {
  // a DatabaseError came from the server and has a SQLSTATE; anything else is the connection
  if (error instanceof pg.DatabaseError) return storeError(name, error.code, error);
  if (error instanceof z.ZodError)
    return new StoreError(`${name} answered without a result`, { cause: error });
  return new StoreUnavailable(`${name}: the database cannot be reached`, { cause: error });
}

/** Runs migrations: one connection, several statements at once. */
export async function withPostgresRunner<T>(
  url: string,
  work: (runner: SqlRunner) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work({
      exec: async (sql) => void (await client.query(sql)),
      rows: async (sql) => (await client.query(sql)).rows,
    });
  } finally {
    await client.end();
  }
}
