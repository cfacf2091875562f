import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { acquireLock } from './lock.ts';
import { migrationsDir, storeFolder } from './open.ts';
import { openPglite, type PgliteStore } from './pglite.ts';
import type { Store } from './store.ts';

/** Copies of the embedded store: one gzipped archive of the whole cluster. */

export function isEmbedded(store: Store): store is PgliteStore {
  return 'dump' in store;
}

/** What a backup brought back. */
export interface Restored {
  readonly touchpoints: number;
  /** Where the store that was there before lies now; null when there was none. */
  readonly before: string | null;
}

/**
 * Puts the archive's cluster in the place of a data directory's store. It is opened beside it first and migrated, so that a
 * broken archive costs nothing, and one of an older version is brought up to date.
 * @throws {StoreLocked} while another process owns the store
 * @throws {StoreError} when the archive cannot be opened
 */
export async function restoreEmbedded(dataDir: string, archive: string): Promise<Restored> {
  const lock = await acquireLock(path.join(dataDir, 'store.lock'));
  try {
    const folder = storeFolder(dataDir);
    const fresh = `${folder}.restored`;
    await discard(fresh);
    const touchpoints = await unpacked(fresh, archive).catch(async (error: unknown) => {
      await discard(fresh);
      throw error;
    });
    const before = existsSync(folder) ? `${folder}.before-restore` : null;
    if (before !== null) {
      await discard(before);
      await moved(folder, before);
    }
    await moved(fresh, folder);
    return { touchpoints, before };
  } finally {
    await lock.release();
  }
}

/** Opens the archive in a folder of its own; returns how many touchpoints are in it. */
async function unpacked(folder: string, archive: string): Promise<number> {
  const store = await openPglite({ dataDir: folder, migrationsDir, snapshot: archive });
  try {
    await store.call('touchpoint_leases_clear', {});
    const [row] = await store.sql('select count(*)::int as count from touchpoint.touchpoints');
    return Number(row?.['count']);
  } finally {
    await store.close();
  }
}

// Beside each cluster lies the mark that it was made whole; the mark goes last, so that half a move is no store at all.
const mark = (folder: string) => `${folder}.made`;

async function moved(from: string, to: string): Promise<void> {
  await rename(from, to);
  await rename(mark(from), mark(to));
}

async function discard(folder: string): Promise<void> {
  await rm(mark(folder), { force: true });
  await rm(folder, { recursive: true, force: true });
}
