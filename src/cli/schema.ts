import { reasonOf, TransientError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { blockersOf, checkStore, flawsOf } from '../store/check.ts';
import { type Store, StoreError } from '../store/store.ts';

/**
 * Looks before anything is read whether the database is what the service was made for. A daemon's store was looked at
 * by the daemon; one that is away is looked at by the first call.
 * @throws {StoreError} naming all that is missing
 */
export async function requireSchema(store: Store, log: Log): Promise<void> {
  if (store.driver === 'daemon') return;
  try {
    const check = await checkStore(store);
    const blockers = blockersOf(check);
    if (blockers.length > 0) {
      throw new StoreError(`the database is not ready (run: touchpoint migrate): ${blockers.join('; ')}`);
    }
    for (const flaw of flawsOf(check)) log.warn({ flaw }, 'the database is not as it should be');
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    log.warn({ reason: reasonOf(error) }, 'the database could not be looked at');
  }
}
