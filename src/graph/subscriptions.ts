import { z } from 'zod';
import type { Graph } from './client.ts';
import { listItems } from './delta.ts';
import { GraphProtocolError, graphErrorOf } from './errors.ts';
import { segment } from './paths.ts';
import { shapeProblem } from './schemas.ts';

/** Subscriptions to change notifications: made, renewed, listed, deleted. */

/** What is subscribed to: a mailbox's events or its messages, in all folders. */
export type SubscriptionKind = 'meeting' | 'email';

export interface GraphSubscription {
  readonly id: string;
  readonly resource: string;
  /** null where Graph does not tell. */
  readonly notificationUrl: string | null;
  /** ISO 8601, UTC, milliseconds. */
  readonly expiresAt: string;
}

export interface NewSubscription {
  readonly mailbox: string;
  readonly kind: SubscriptionKind;
  readonly notificationUrl: string;
  /** Can be set at creation only. */
  readonly lifecycleUrl: string;
  /** A secret of this subscription alone, at most 128 characters; every notification carries it. */
  readonly clientState: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Minutes asked for. Documented are 10,080 for Outlook resources, live Graph refuses more than 10,070; other resources and
 * clouds had lower ceilings (4,230), which the refusal names.
 */
export const LIFETIME_MINUTES = 10_000;

// The ceiling is measured by Graph's clock, not by ours.
const CLOCK_MARGIN_MINUTES = 5;

const Wire = z.object({
  id: z.string().min(1),
  resource: z.string(),
  notificationUrl: z.string().nullish(),
  // seven fractional digits, with Z or an offset
  expirationDateTime: z.string().refine((text) => !Number.isNaN(Date.parse(text))),
});

/** The resource of a mailbox's subscription, as Graph is asked for it. */
export function subscriptionResource(mailbox: string, kind: SubscriptionKind): string {
  return `/users/${segment(mailbox)}/${kind === 'meeting' ? 'events' : 'messages'}`;
}

/**
 * Graph calls both addresses back before it answers.
 * @throws {GraphError} for which `isDuplicate` holds when there is one already; {@link Graph.request}'s errors
 */
export function createSubscription(graph: Graph, wanted: NewSubscription): Promise<GraphSubscription> {
  const { mailbox, kind, notificationUrl, lifecycleUrl, clientState, signal } = wanted;
  return withinCeiling(wanted.now, async (expirationDateTime) => {
    const body = {
      changeType: 'created,updated,deleted',
      resource: subscriptionResource(mailbox, kind),
      notificationUrl,
      lifecycleNotificationUrl: lifecycleUrl,
      clientState,
      expirationDateTime,
    };
    return read(await graph.request('/subscriptions', { method: 'POST', mailbox, body, signal }));
  });
}

export interface Renewal {
  readonly id: string;
  readonly mailbox: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly signal?: AbortSignal | undefined;
}

/** Renews and reauthorizes. @returns null when Graph has no such subscription any more: create another */
export async function renewSubscription(graph: Graph, renewal: Renewal): Promise<GraphSubscription | null> {
  const { id, mailbox, now, signal } = renewal;
  try {
    return await withinCeiling(now, async (expirationDateTime) => {
      const body = { expirationDateTime };
      return read(
        await graph.request(`/subscriptions/${segment(id)}`, { method: 'PATCH', mailbox, body, signal }),
      );
    });
  } catch (error) {
    if (graphErrorOf(error)?.status === 404) return null;
    throw error;
  }
}

/** One that is not there is as good as deleted. */
export async function deleteSubscription(graph: Graph, id: string, signal?: AbortSignal): Promise<void> {
  try {
    await graph.request(`/subscriptions/${segment(id)}`, { method: 'DELETE', signal });
  } catch (error) {
    if (graphErrorOf(error)?.status !== 404) throw error;
  }
}

/** Every subscription of the app in the tenant, whoever made it; one that cannot be read is left out. */
export async function listSubscriptions(graph: Graph, signal?: AbortSignal): Promise<GraphSubscription[]> {
  const items = await listItems(graph, '/subscriptions', { ...(signal === undefined ? {} : { signal }) });
  return items.flatMap((item) => {
    const parsed = Wire.safeParse(item);
    return parsed.success ? [subscription(parsed.data)] : [];
  });
}

/** Graph has a subscription of this app for the same resource and changes already: 409, or a 4xx that names a conflict. */
export function isDuplicate(error: unknown): boolean {
  const graph = graphErrorOf(error);
  if (graph === null || graph.status < 400 || graph.status >= 500) return false;
  // Exchange's own wording inside an ExtensionError, typing error included
  return graph.status === 409 || /status code: conflict|subscript\w+ already exists/i.test(graph.detail);
}

/** Graph called the notification address and did not get its token back. */
export function isUnreachable(error: unknown): boolean {
  const graph = graphErrorOf(error);
  return graph?.status === 400 && /validation/i.test(`${graph.codes.join(' ')} ${graph.detail}`);
}

async function withinCeiling<T>(now: number, ask: (expirationDateTime: string) => Promise<T>): Promise<T> {
  const after = (minutes: number) => new Date(now + minutes * 60_000).toISOString();
  try {
    return await ask(after(LIFETIME_MINUTES));
  } catch (error) {
    const ceiling = ceilingOf(error);
    if (ceiling === null) throw error;
    return await ask(after(Math.max(1, ceiling - CLOCK_MARGIN_MINUTES)));
  }
}

/** "Subscription expiration can only be 4230 minutes in the future." -> 4230 */
function ceilingOf(error: unknown): number | null {
  const graph = graphErrorOf(error);
  if (graph === null || graph.status < 400 || graph.status >= 500) return null;
  const minutes = /expiration can only be (\d{1,6}) minutes/i.exec(graph.detail)?.[1];
  return minutes === undefined ? null : Number(minutes);
}

function read(body: unknown): GraphSubscription {
  const parsed = Wire.safeParse(body);
  if (!parsed.success)
    throw new GraphProtocolError(`a subscription cannot be read: ${shapeProblem(parsed.error)}`);
  return subscription(parsed.data);
}

function subscription({
  id,
  resource,
  notificationUrl,
  expirationDateTime,
}: z.infer<typeof Wire>): GraphSubscription {
  return {
    id,
    resource,
    notificationUrl: notificationUrl ?? null,
    expiresAt: new Date(expirationDateTime).toISOString(),
  };
}
