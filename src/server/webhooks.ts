import { createHash, timingSafeEqual } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { reasonOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../store/store.ts';
import { markDirty } from '../store/subscriptions.ts';
import { LIFECYCLE_PATH, NOTIFICATION_PATH } from '../sync/subscription-plan.ts';
import { knownSubscriptions } from './known-subscriptions.ts';
import { type Mark, markBatcher } from './mark-batcher.ts';

/**
 * Where Graph delivers change notifications and lifecycle events. A notification is a hint and nothing more: it marks a
 * feed, in the store, before it is answered; what changed is read from Graph itself.
 */
export interface WebhookOptions {
  readonly store: Store;
  readonly log: Log;
  readonly clock: Clock;
  /** Feeds were marked. */
  readonly onDirty: () => void;
}

/** Counted in notifications, since the start. */
interface WebhookCounters {
  /** Carried their subscription's own clientState and are recorded. */
  readonly accepted: number;
  /** Of the accepted: said what another one said that was recorded by the same store call. */
  readonly coalesced: number;
  /** Unknown subscription, or another clientState. */
  readonly forged: number;
  /** No notification at all; a body that is no JSON counts as one. */
  readonly malformed: number;
}

export interface Webhooks {
  readonly app: Hono;
  readonly counters: WebhookCounters;
  /** Subscriptions were made or removed in this process: the next unknown id reads them anew. */
  subscriptionsChanged(): void;
}

const MOST_BYTES = 1024 * 1024;
// Graph's tokens are about a hundred characters; nothing longer is handed back to whoever asks.
const MOST_TOKEN_CHARACTERS = 1024;
// Graph wants an answer within 3 seconds, and drops the notifications of an endpoint that is too often slower.
const DEADLINE_MS = 2_500;
const RETRY_AFTER_SECONDS = '10';
// Strangers must not be able to fill the log either.
const SAY_EVERY_MS = 60_000;

const Collection = z.object({ value: z.array(z.unknown()) });
const Notification = z.object({
  subscriptionId: z.string().min(1),
  clientState: z.string().nullish(),
  lifecycleEvent: z.string().nullish(),
});
type Notification = z.infer<typeof Notification>;

export function webhookApp({ store, log, clock, onDirty }: WebhookOptions): Webhooks {
  const counters = { accepted: 0, coalesced: 0, forged: 0, malformed: 0 };
  const known = knownSubscriptions(store, clock);
  const batcher = markBatcher((marks) =>
    markDirty(store, { ...marks, now: new Date(clock.now()).toISOString() }),
  );
  let saidAt = Number.NEGATIVE_INFINITY;

  /** @returns null for one that is to be ignored */
  async function verified(entry: unknown): Promise<Mark | null> {
    const parsed = Notification.safeParse(entry);
    if (!parsed.success) {
      counters.malformed += 1;
      return null;
    }
    const { subscriptionId: subscription, clientState } = parsed.data;
    const row = await known.find(subscription);
    if (row === null || !isSame(clientState ?? '', row.client_state)) {
      counters.forged += 1;
      return null;
    }
    return { subscription, mailbox: row.mailbox, kind: row.kind, what: meaning(parsed.data) };
  }

  async function recorded(entries: readonly unknown[]): Promise<void> {
    const marks: Mark[] = [];
    for (const entry of entries) {
      const mark = await verified(entry);
      if (mark !== null) marks.push(mark);
    }
    const repeated = await batcher.record(marks);
    counters.coalesced += repeated;
    counters.accepted += marks.length;
    if (marks.length > 0) onDirty();
  }

  function sayWhatWasIgnored(): void {
    const { forged, malformed } = counters;
    if (forged + malformed === 0 || Math.abs(clock.now() - saidAt) < SAY_EVERY_MS) return;
    saidAt = clock.now();
    log.warn({ forged, malformed }, 'notifications were ignored so far');
  }

  async function receive(context: Context): Promise<Response> {
    const token = context.req.query('validationToken');
    if (token !== undefined) return handshake(context, token);
    const body = Collection.safeParse(await context.req.json().catch(() => null));
    if (!body.success) {
      counters.malformed += 1;
      return context.body(null, 400);
    }
    try {
      await within(DEADLINE_MS, recorded(body.data.value), clock);
    } catch (error) {
      log.error(
        { reason: reasonOf(error) },
        'notifications could not be recorded: Graph will send them again',
      );
      return context.body(null, 503, { 'retry-after': RETRY_AFTER_SECONDS });
    }
    sayWhatWasIgnored();
    return context.body(null, 202);
  }

  const app = new Hono();
  const limit = bodyLimit({ maxSize: MOST_BYTES, onError: (context) => context.body(null, 413) });
  for (const path of [NOTIFICATION_PATH, LIFECYCLE_PATH]) app.post(path, limit, receive);
  return { app, counters, subscriptionsChanged: known.changed };
}

/** Proves to Graph that the address is ours. The token comes from anybody: it goes back as text, never as HTML. */
function handshake(context: Context, token: string): Response {
  if (token === '' || token.length > MOST_TOKEN_CHARACTERS) return context.body(null, 400);
  return context.body(token, 200, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'",
    'cache-control': 'no-store',
  });
}

function meaning({ lifecycleEvent }: Notification): Mark['what'] {
  switch (lifecycleEvent) {
    case 'reauthorizationRequired':
      return 'renew';
    case 'subscriptionRemoved':
      return 'removed';
    default:
      // a change, `missed`, or an event that Graph has yet to invent: a look does no harm
      return 'changed';
  }
}

/** In constant time; the digests make the lengths equal. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** What comes later than `ms` is too late, though it may be recorded all the same: said twice does no harm. */
async function within(ms: number, work: Promise<void>, clock: Clock): Promise<void> {
  const done = new AbortController();
  const late = clock.sleep(ms, done.signal).then(() => {
    throw new Error(`not recorded within ${ms} ms`);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    done.abort();
    // whichever lost the race has nobody else to look after it
    for (const loser of [work, late]) loser.catch(() => undefined);
  }
}
