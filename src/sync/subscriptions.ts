import { reasonOf } from '../core/errors.ts';
import {
  createSubscription,
  deleteSubscription,
  type GraphSubscription,
  isDuplicate,
  isUnreachable,
  renewSubscription,
  subscriptionResource,
} from '../graph/subscriptions.ts';
import { StoreError, StoreUnavailable } from '../store/store.ts';
import {
  type MailboxKind,
  putSubscription,
  readSubscriptions,
  refuseSubscription,
  removeSubscriptions,
  type SubscriptionRow,
  type Subscriptions,
} from '../store/subscriptions.ts';
import { clearWay, compare } from './subscription-compare.ts';
import { isIdle, LIFECYCLE_PATH, NOTIFICATION_PATH, planWork } from './subscription-plan.ts';
import {
  each,
  quietly,
  type SubscriptionDeps,
  type SubscriptionPlan,
  type SubscriptionRun,
} from './subscription-run.ts';

/** Keeps one subscription per mailbox and kind alive at Graph; whatever has none is polled. */

export interface SubscriptionReport {
  readonly created: number;
  readonly renewed: number;
  readonly removed: number;
  /** Those that are polled for now: why stands in the store and in `touchpoint status`. */
  readonly refused: number;
  /** Whether Graph's own list was read. */
  readonly compared: boolean;
}

// A mailbox that cannot subscribe (hybrid, no consent, restricted) seldom can a few minutes later; it is polled meanwhile.
const RETRY_MS = 60 * 60 * 1000;

/**
 * Creates what is missing, renews what has less than a third of its life left, removes what is not wanted any more. The
 * failure of one mailbox is noted and stays its own.
 * @throws when the store is away, and the signal's reason
 */
export async function keepSubscriptions(
  deps: SubscriptionDeps,
  plan: SubscriptionPlan,
): Promise<SubscriptionReport> {
  const counts = { created: 0, renewed: 0, removed: 0, refused: 0 };
  const run: SubscriptionRun = {
    deps,
    plan,
    url: `${plan.publicUrl}${NOTIFICATION_PATH}`,
    counts,
    unreachable: null,
  };
  let known = await readSubscriptions(deps.store);
  if (isIdle(planWork(known, plan)) && plan.compare !== true) return { ...counts, compared: false };
  const compared = await compare(run, known);
  known = compared ?? known;
  const work = planWork(known, plan);
  await each(run, work.remove, (row) => remove(run, row));
  if (work.forget.length > 0) await removeSubscriptions(deps.store, { unwanted: work.forget });
  await each(run, work.renew, (row) => tried(run, row, () => renew(run, row, known)));
  await each(run, work.replace, (row) => tried(run, row, () => replace(run, row, known)));
  await each(run, work.create, (pair) => tried(run, pair, () => create(run, pair, known)));
  return { ...counts, compared: compared !== null };
}

async function create(
  run: SubscriptionRun,
  { mailbox, kind }: MailboxKind,
  known: Subscriptions,
): Promise<void> {
  const { deps, plan, url } = run;
  if (run.unreachable !== null) throw run.unreachable;
  const clientState = deps.newSecret();
  const lifecycleUrl = `${plan.publicUrl}${LIFECYCLE_PATH}`;
  const wanted = {
    mailbox,
    kind,
    notificationUrl: url,
    lifecycleUrl,
    clientState,
    now: plan.now,
    signal: plan.signal,
  };
  let made: GraphSubscription;
  try {
    made = await createSubscription(deps.graph, wanted);
  } catch (error) {
    if (isUnreachable(error)) run.unreachable = error;
    if (!isDuplicate(error) || !(await clearWay(run, { mailbox, kind }, known))) throw error;
    made = await createSubscription(deps.graph, wanted);
  }
  await stored(run, { mailbox, kind, clientState, made });
  run.counts.created += 1;
}

async function renew(run: SubscriptionRun, row: SubscriptionRow, known: Subscriptions): Promise<void> {
  const { deps, plan } = run;
  const { id, mailbox, kind } = row;
  const made = await renewSubscription(deps.graph, { id, mailbox, now: plan.now, signal: plan.signal });
  if (made === null) return create(run, row, known);
  await stored(run, { mailbox, kind, clientState: row.client_state, made });
  run.counts.renewed += 1;
}

async function replace(run: SubscriptionRun, row: SubscriptionRow, known: Subscriptions): Promise<void> {
  await deleteSubscription(run.deps.graph, row.id, run.plan.signal);
  await create(run, row, known);
}

async function remove(run: SubscriptionRun, row: SubscriptionRow): Promise<void> {
  const { deps, plan } = run;
  if (!(await quietly(run, () => deleteSubscription(deps.graph, row.id, plan.signal)))) return;
  await removeSubscriptions(deps.store, { ids: [row.id], unwanted: [row] });
  run.counts.removed += 1;
}

interface Made extends MailboxKind {
  readonly clientState: string;
  readonly made: GraphSubscription;
}

function stored(
  { deps, plan, url }: SubscriptionRun,
  { mailbox, kind, clientState, made }: Made,
): Promise<void> {
  return putSubscription(deps.store, {
    id: made.id,
    mailbox,
    kind,
    resource: subscriptionResource(mailbox, kind),
    url,
    client_state: clientState,
    expires_at: made.expiresAt,
    now: new Date(plan.now).toISOString(),
  });
}

/** Notes a failure where it belongs: that mailbox is polled, and tried again after an hour. */
async function tried(
  run: SubscriptionRun,
  { mailbox, kind }: MailboxKind,
  work: () => Promise<void>,
): Promise<void> {
  const { deps, plan } = run;
  try {
    await work();
  } catch (error) {
    plan.signal?.throwIfAborted();
    // the database's trouble is nobody's refusal: the next look finds what was left half done
    if (error instanceof StoreError || error instanceof StoreUnavailable) throw error;
    const reason = explained(error);
    const retryAt = new Date(plan.now + RETRY_MS).toISOString();
    const now = new Date(plan.now).toISOString();
    await refuseSubscription(deps.store, { mailbox, kind, reason, now, retry_at: retryAt });
    run.counts.refused += 1;
    deps.log.warn({ mailbox, kind, reason }, 'no notifications for this mailbox: it is polled');
  }
}

function explained(error: unknown): string {
  const reason = reasonOf(error);
  if (isUnreachable(error)) return `Graph gets no proper answer at TOUCHPOINT_PUBLIC_URL: ${reason}`;
  if (isDuplicate(error)) return `the app has another subscription to it, with another address: ${reason}`;
  return reason;
}
