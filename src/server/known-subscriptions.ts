import type { Clock } from '../core/clock.ts';
import type { Store } from '../store/store.ts';
import { readSubscriptions, type SubscriptionRow } from '../store/subscriptions.ts';

/** The store's subscriptions in memory: whoever invents ids makes no load on the store. */
export interface KnownSubscriptions {
  /**
   * @returns null when there is none with this id
   * @throws what the store threw, while it cannot be told whether there is one
   */
  find(id: string): Promise<SubscriptionRow | null>;
  /** They have changed: the next unknown id reads them anew. */
  changed(): void;
}

// Another process may have made a subscription since; its first notifications may wait this long for the next look.
const REFRESH_MS = 3_000;

export function knownSubscriptions(store: Store, clock: Clock): KnownSubscriptions {
  let known: ReadonlyMap<string, SubscriptionRow> | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let asking: Promise<void> | undefined;

  async function ask(): Promise<void> {
    askedAt = clock.now();
    try {
      const { subscriptions } = await readSubscriptions(store);
      known = new Map(subscriptions.map((row) => [row.id, row]));
      failure = undefined;
    } catch (error) {
      failure = error;
    } finally {
      asking = undefined;
    }
  }

  return {
    async find(id) {
      const row = known?.get(id);
      if (row !== undefined) return row;
      // a clock that was set back must not silence the look for ever
      if (asking === undefined && Math.abs(clock.now() - askedAt) >= REFRESH_MS) asking = ask();
      await asking;
      const found = known?.get(id);
      if (found !== undefined) return found;
      if (failure !== undefined) throw failure;
      return null;
    },
    changed() {
      askedAt = Number.NEGATIVE_INFINITY;
    },
  };
}
