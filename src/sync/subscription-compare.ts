import { reasonOf } from '../core/errors.ts';
import {
  deleteSubscription,
  type GraphSubscription,
  listSubscriptions,
  subscriptionResource,
} from '../graph/subscriptions.ts';
import {
  type MailboxKind,
  readSubscriptions,
  removeSubscriptions,
  type Subscriptions,
} from '../store/subscriptions.ts';
import { each, quietly, type SubscriptionRun } from './subscription-run.ts';

/** What Graph has, against what the store knows. */

/**
 * Settles differences with Graph: one of ours there that the store does not know (killed between the two) can never be
 * verified, as Graph does not tell its clientState back, so it goes; one that only the store knows is forgotten.
 * @returns what the store knows now; null when Graph would not say what it has
 */
export async function compare(run: SubscriptionRun, before: Subscriptions): Promise<Subscriptions | null> {
  const { deps, plan, url } = run;
  let listed: GraphSubscription[];
  try {
    listed = await listSubscriptions(deps.graph, plan.signal);
  } catch (error) {
    plan.signal?.throwIfAborted();
    deps.log.warn({ reason: reasonOf(error) }, 'subscriptions at Graph cannot be listed');
    return null;
  }
  // read again, so that what another process stored while we listed is not taken for an orphan
  const known = new Set((await readSubscriptions(deps.store)).subscriptions.map(({ id }) => id));
  const orphans = listed.filter(({ id, notificationUrl }) => notificationUrl === url && !known.has(id));
  await each(run, orphans, ({ id }) => quietly(run, () => deleteSubscription(deps.graph, id, plan.signal)));
  const there = new Set(listed.map(({ id }) => id));
  const lost = before.subscriptions
    .filter((row) => row.url === url && !there.has(row.id))
    .map(({ id }) => id);
  if (lost.length > 0) await removeSubscriptions(deps.store, { ids: lost });
  if (orphans.length + lost.length > 0) {
    deps.log.info({ orphans: orphans.length, lost: lost.length }, 'subscriptions brought in line with Graph');
  }
  return readSubscriptions(deps.store);
}

/** Deletes what stands in the way of a new subscription, if it is ours. @returns false when nothing of ours does */
export async function clearWay(
  run: SubscriptionRun,
  { mailbox, kind }: MailboxKind,
  known: Subscriptions,
): Promise<boolean> {
  const { deps, plan, url } = run;
  const ids = new Set(known.subscriptions.map(({ id }) => id));
  const resource = comparable(subscriptionResource(mailbox, kind));
  const listed = await listSubscriptions(deps.graph, plan.signal);
  const ours = listed.filter(
    (found) =>
      comparable(found.resource) === resource && (found.notificationUrl === url || ids.has(found.id)),
  );
  for (const { id } of ours) await deleteSubscription(deps.graph, id, plan.signal);
  return ours.length > 0;
}

/** Graph may hand a resource back without its leading slash, or in another case. */
function comparable(resource: string): string {
  return resource.replace(/^\//, '').toLowerCase();
}
