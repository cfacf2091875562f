import pLimit from 'p-limit';
import { reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Graph } from '../graph/client.ts';
import type { Store } from '../store/store.ts';
import type { Wanted } from './subscription-plan.ts';

/** One look at the subscriptions: what it works with, and how it works on several at once. */

export interface SubscriptionDeps {
  readonly graph: Graph;
  readonly store: Store;
  readonly log: Log;
  /** A fresh secret for each subscription, 1 to 128 characters. */
  readonly newSecret: () => string;
}

export interface SubscriptionPlan extends Wanted {
  /** Look at what Graph has even when nothing seems to be due; otherwise that is asked only when there is work. */
  readonly compare?: boolean;
  /** Mailboxes worked on at once. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
}

export interface SubscriptionRun {
  readonly deps: SubscriptionDeps;
  readonly plan: SubscriptionPlan;
  readonly url: string;
  readonly counts: { created: number; renewed: number; removed: number; refused: number };
  /** Graph could not reach our address: that will not be different for the next mailbox. */
  unreachable: unknown;
}

// Creating one makes Graph call us twice before it answers: a few at a time keep our own door free for notifications.
const CONCURRENCY = 4;

/** Deletes at Graph what can be deleted later as well. @returns false when it failed */
export async function quietly({ deps, plan }: SubscriptionRun, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    plan.signal?.throwIfAborted();
    deps.log.warn({ reason: reasonOf(error) }, 'a subscription could not be deleted at Graph');
    return false;
  }
}

/** All of them, a few at once; the first error is thrown once nothing runs any more. */
export async function each<T>(
  run: SubscriptionRun,
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const limit = pLimit(run.plan.concurrency ?? CONCURRENCY);
  const done = await Promise.allSettled(items.map((item) => limit(() => work(item))));
  for (const result of done) if (result.status === 'rejected') throw result.reason;
}
