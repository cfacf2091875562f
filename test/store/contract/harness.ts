import type { PgliteStore } from '../../../src/store/pglite.ts';
import type { Store } from '../../../src/store/store.ts';

/** A store under contract, whatever its driver. */
export interface Harness {
  readonly store: Store;
  /** Plain SQL past the functions, with every right: to arrange what no caller can, and to look at the rows. */
  readonly sql: PgliteStore['sql'];
  close(): Promise<void>;
}
