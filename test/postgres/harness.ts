import { inject } from 'vitest';
import { openPostgres } from '../../src/store/postgres.ts';
import type { Harness } from '../store/contract/harness.ts';
import { asServiceRole, createDatabase, openSql } from '../support/postgres.ts';

/** A migrated, empty database of its own in the run's cluster; returns the superuser's URL. */
export function nativeDatabase(): Promise<string> {
  return createDatabase(inject('postgresUrl'));
}

/** Such a database, read and written with the service's rights. */
export async function openNative(): Promise<Harness> {
  const url = await nativeDatabase();
  const store = openPostgres(asServiceRole(url));
  const admin = openSql(url);
  const close = async () => {
    await Promise.all([store.close(), admin.close()]);
  };
  return { store, sql: admin.sql, close };
}
