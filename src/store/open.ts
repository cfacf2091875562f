import { existsSync } from 'node:fs';
import path from 'node:path';
import { packagePath } from '../core/paths.ts';
import { acquireLock } from './lock.ts';
import { migrationsHash, readMigrations } from './migrations.ts';
import { openPglite, type PgliteStore } from './pglite.ts';

export const migrationsDir: string = packagePath('supabase', 'migrations');

/** Where the build puts the dump of an empty, migrated cluster. */
export async function snapshotFile(): Promise<string> {
  return packagePath('dist', `snapshot-${migrationsHash(await readMigrations(migrationsDir))}.tgz`);
}

/** Of a data directory's cluster. */
export function storeFolder(dataDir: string): string {
  return path.join(dataDir, 'store');
}

/**
 * The embedded store of a data directory (null: in memory), with its lock held until it is closed.
 * @throws {StoreLocked} while another process owns it
 */
export async function openEmbedded(dataDir: string | null): Promise<PgliteStore> {
  const file = await snapshotFile();
  const snapshot = existsSync(file) ? file : null;
  if (dataDir === null) return openPglite({ dataDir: null, migrationsDir, snapshot });
  const lock = await acquireLock(path.join(dataDir, 'store.lock'));
  try {
    const store = await openPglite({ dataDir: storeFolder(dataDir), migrationsDir, snapshot });
    await store.call('touchpoint_leases_clear', {});
    const close = async () => {
      await store.close();
      await lock.release();
    };
    return { ...store, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
