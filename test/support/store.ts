import { openEmbedded } from '../../src/store/open.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';

/** A fresh embedded store in memory, from the build's snapshot where there is one. */
export function memoryStore(): Promise<PgliteStore> {
  return openEmbedded(null);
}
