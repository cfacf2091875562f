import { randomBytes } from 'node:crypto';
import type { Hono } from 'hono';
import type { Config } from '../core/config.ts';
import { webhookApp } from '../server/webhooks.ts';
import { subscriptionKeeper } from '../sync/subscription-keeper.ts';
import type { Context } from './context.ts';

/** Change notifications for the daemon: the door that Graph knocks at, and the subscriptions that make it knock. */
export interface Notifications {
  readonly app: Hono;
  /** Looks after the subscriptions, beside whatever else runs. */
  look(signal: AbortSignal): void;
  /** Resolves when no look runs any more. */
  idle(): Promise<void>;
}

/** @returns null without TOUCHPOINT_PUBLIC_URL: then everything is polled */
export async function notifications(
  context: Context,
  config: Config,
  onDirty: () => void,
): Promise<Notifications | null> {
  const { publicUrl } = config;
  if (publicUrl === undefined) return null;
  const { clock, log } = context;
  const [graph, store] = [await context.graph(), await context.store()];
  const webhooks = webhookApp({ store, log, clock, onDirty });
  // 256 bits; Graph takes up to 128 characters
  const newSecret = () => randomBytes(32).toString('base64url');
  const onCreated = () => {
    webhooks.subscriptionsChanged();
    onDirty();
  };
  const keeper = subscriptionKeeper(
    { graph, store, log, newSecret },
    { publicUrl, config, clock, onCreated },
  );
  return { app: webhooks.app, ...keeper };
}
