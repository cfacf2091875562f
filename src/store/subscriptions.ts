import { z } from 'zod';
import { callStore, type Store } from './store.ts';

/** Subscriptions to change notifications, and what the notifications said: typed calls. */

const Instant = z.iso.datetime({ offset: true });
const Kind = z.enum(['meeting', 'email']);

const SubscriptionRow = z.object({
  /** Graph's. */
  id: z.string(),
  mailbox: z.string(),
  kind: Kind,
  resource: z.string(),
  /** Where Graph sends notifications to. */
  url: z.string(),
  client_state: z.string(),
  expires_at: Instant,
  /** Created or last renewed. */
  renewed_at: Instant,
  /** renew: Graph asks for reauthorization. */
  state: z.enum(['active', 'renew']),
});
export type SubscriptionRow = z.infer<typeof SubscriptionRow>;

const RefusalRow = z.object({
  mailbox: z.string(),
  kind: Kind,
  reason: z.string(),
  retry_at: Instant,
});
export type RefusalRow = z.infer<typeof RefusalRow>;

const Subscriptions = z.object({ subscriptions: z.array(SubscriptionRow), refusals: z.array(RefusalRow) });
export type Subscriptions = z.infer<typeof Subscriptions>;

/** All subscriptions, and the mailboxes that could not have one. */
export function readSubscriptions(store: Store): Promise<Subscriptions> {
  return callStore(store, 'touchpoint_subscriptions', {}, Subscriptions);
}

export interface NewSubscriptionRow extends Omit<SubscriptionRow, 'renewed_at' | 'state'> {
  readonly now: string;
}

/** Created or renewed; takes the place of the mailbox's earlier one. A new one makes its feeds dirty. */
export async function putSubscription(store: Store, row: NewSubscriptionRow): Promise<void> {
  await callStore(store, 'touchpoint_subscription_put', row, z.object({ created: z.boolean() }));
}

/** Notes that the mailbox is polled, why, and until when. */
export async function refuseSubscription(
  store: Store,
  refusal: RefusalRow & { readonly now: string },
): Promise<void> {
  await callStore(store, 'touchpoint_subscription_refused', refusal, z.object({}));
}

export interface MailboxKind {
  readonly mailbox: string;
  readonly kind: z.infer<typeof Kind>;
}

export interface SubscriptionRemoval {
  readonly ids?: readonly string[];
  /** No subscription is wanted any more: what is noted of failures goes as well. */
  readonly unwanted?: readonly MailboxKind[];
}

/** Forgets subscriptions; unknown ids are none of our business. */
export async function removeSubscriptions(store: Store, removal: SubscriptionRemoval): Promise<void> {
  await callStore(store, 'touchpoint_subscription_remove', removal, z.object({ removed: z.number() }));
}

/** What a batch of notifications comes to. */
export interface Marks {
  readonly now: string;
  readonly feeds?: readonly number[];
  readonly changed?: readonly MailboxKind[];
  /** Ids of subscriptions that want reauthorization. */
  readonly renew?: readonly string[];
  /** Ids of subscriptions that Graph has removed. */
  readonly removed?: readonly string[];
}

/** Records it in one transaction; returns the number of feeds that are meant. */
export async function markDirty(store: Store, marks: Marks): Promise<number> {
  return (await callStore(store, 'touchpoint_feeds_dirty', marks, z.object({ feeds: z.number() }))).feeds;
}
