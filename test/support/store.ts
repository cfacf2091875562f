import { openEmbedded } from '../../src/store/open.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';

/** A fresh embedded store in memory, from the build's snapshot where there is one. */
export function memoryStore(): Promise<PgliteStore> {
  return openEmbedded(null);
}

/** Empties every table: a fresh store for the price of a truncate. */
export async function emptyStore(store: PgliteStore): Promise<void> {
  await store.sql(
    'truncate touchpoint.touchpoints, touchpoint.mailboxes, touchpoint.clients, touchpoint.runs restart identity cascade',
  );
}
