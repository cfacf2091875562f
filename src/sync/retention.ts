import type { Clock } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import { retainStep } from '../store/privacy.ts';
import type { Store } from '../store/store.ts';
import { daysBefore } from './rules.ts';

/** What has had its time is deleted; the rules of a page see to it that no sync brings it back. */

export interface Retained {
  /** Touchpoints older than `retention.days`. */
  readonly expired: number;
  /** Rows that were marked deleted longer than `retention.deleted_days` ago. */
  readonly purged: number;
}

// A step of this size stays far below the 8 s that hosted Supabase gives a statement.
const STEP = 2000;

/**
 * Deletes what `retention` says.
 * @param often `daily` does nothing when it has run today under the same settings, whoever ran it
 */
export async function retain(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  { days, deleted_days }: Config['retention'],
  often: 'daily' | 'always',
): Promise<Retained> {
  if (days === null && deleted_days === null) return { expired: 0, purged: 0 };
  const now = clock.now();
  const limits = {
    ...(days === null ? {} : { before: daysBefore(now, days) }),
    ...(deleted_days === null ? {} : { deletedBefore: daysBefore(now, deleted_days) }),
    ...(often === 'always'
      ? {}
      : { unless: `${new Date(now).toISOString().slice(0, 10)} ${days} ${deleted_days}` }),
  };
  let [expired, purged] = [0, 0];
  for (;;) {
    const step = await retainStep(store, limits, STEP);
    expired += step.expired;
    purged += step.purged;
    if (step.done) return { expired, purged };
  }
}
