import type { SubscriptionKind } from '../graph/subscriptions.ts';
import type { MailboxKind, SubscriptionRow, Subscriptions } from '../store/subscriptions.ts';

/** What is to be done about subscriptions: pure, from what is stored and what is wanted. */

/** Below the public address; the reverse proxy passes these on and nothing else. */
export const NOTIFICATION_PATH = '/webhooks/graph';
export const LIFECYCLE_PATH = '/webhooks/graph/lifecycle';

export interface Wanted {
  /** Where Graph reaches us, without a trailing slash. */
  readonly publicUrl: string;
  /** Lower-cased addresses. */
  readonly mailboxes: readonly string[];
  readonly kinds: readonly SubscriptionKind[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Work {
  readonly create: readonly MailboxKind[];
  readonly renew: readonly SubscriptionRow[];
  /** Of another public address: deleted, then created anew. */
  readonly replace: readonly SubscriptionRow[];
  readonly remove: readonly SubscriptionRow[];
  /** Noted failures of what is not wanted any more. */
  readonly forget: readonly MailboxKind[];
}

/** Mailboxes whose last try failed are left alone until their next one is due. */
export function planWork({ subscriptions, refusals }: Subscriptions, wanted: Wanted): Work {
  const { now, publicUrl } = wanted;
  const pairs = wanted.mailboxes.flatMap((mailbox) => wanted.kinds.map((kind) => ({ mailbox, kind })));
  const names = new Set(pairs.map(nameOf));
  const isWanted = (pair: MailboxKind) => names.has(nameOf(pair));
  const waiting = new Set(refusals.filter(({ retry_at }) => Date.parse(retry_at) > now).map(nameOf));
  const stored = new Map(subscriptions.map((row) => [nameOf(row), row]));
  const due = pairs.filter((pair) => !waiting.has(nameOf(pair)));
  const rows = due.flatMap((pair) => stored.get(nameOf(pair)) ?? []);
  const url = `${publicUrl}${NOTIFICATION_PATH}`;
  const alive = rows.filter((row) => row.url === url && Date.parse(row.expires_at) > now);
  const dead = new Set(
    rows.filter((row) => row.url === url && Date.parse(row.expires_at) <= now).map(nameOf),
  );
  return {
    create: due.filter((pair) => !stored.has(nameOf(pair)) || dead.has(nameOf(pair))),
    renew: alive.filter((row) => row.state === 'renew' || isRunningOut(row, now)),
    replace: rows.filter((row) => row.url !== url),
    remove: subscriptions.filter((row) => !isWanted(row)),
    forget: refusals.filter((row) => !isWanted(row)),
  };
}

export function isIdle(work: Work): boolean {
  return Object.values(work).every((items: readonly unknown[]) => items.length === 0);
}

/** Less than a third of its life is left: time for several tries before it ends. */
function isRunningOut({ expires_at, renewed_at }: SubscriptionRow, now: number): boolean {
  const life = Date.parse(expires_at) - Date.parse(renewed_at);
  return Date.parse(expires_at) - now < life / 3;
}

function nameOf({ mailbox, kind }: MailboxKind): string {
  return `${kind} ${mailbox}`;
}
