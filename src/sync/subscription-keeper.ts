import type { Clock } from '../core/clock.ts';
import type { Config } from '../core/config.ts';
import { reasonOf } from '../core/errors.ts';
import type { SubscriptionKind } from '../graph/subscriptions.ts';
import { listMailboxes } from '../store/feeds.ts';
import type { SubscriptionDeps } from './subscription-run.ts';
import { keepSubscriptions } from './subscriptions.ts';

/** Looks after the subscriptions beside the passes, so that a mailbox that cannot have one never holds up ingest. */

export interface KeeperOptions {
  readonly publicUrl: string;
  readonly config: Pick<Config, 'mailboxes' | 'calendar' | 'mail'>;
  readonly clock: Clock;
  /** There are new subscriptions, with feeds that are dirty. */
  readonly onCreated: () => void;
}

export interface SubscriptionKeeper {
  /** Starts a look unless one runs; its trouble is logged, never thrown. */
  look(signal: AbortSignal): void;
  /** Resolves when nothing runs any more. */
  idle(): Promise<void>;
}

// Subscriptions vanish at Graph without a word now and then; its list is one request.
const COMPARE_MS = 60 * 60 * 1000;

export function subscriptionKeeper(deps: SubscriptionDeps, options: KeeperOptions): SubscriptionKeeper {
  const { clock, config, publicUrl } = options;
  const kinds: SubscriptionKind[] = [
    ...(config.calendar.enabled ? ['meeting' as const] : []),
    ...(config.mail.enabled ? ['email' as const] : []),
  ];
  let running: Promise<void> | undefined;
  let comparedAt: number | null = null;

  async function run(signal: AbortSignal): Promise<void> {
    const now = clock.now();
    const compare = comparedAt === null || now - comparedAt >= COMPARE_MS;
    const known = (await listMailboxes(deps.store))
      .filter(({ state }) => state !== 'left')
      .map(({ address }) => address);
    const mailboxes =
      config.mailboxes.length === 0 ? known : known.filter((address) => config.mailboxes.includes(address));
    const report = await keepSubscriptions(deps, { publicUrl, mailboxes, kinds, now, compare, signal });
    if (report.compared) comparedAt = now;
    const { created, renewed, removed, refused } = report;
    if (created + renewed + removed + refused > 0) {
      deps.log.info({ created, renewed, removed, refused }, 'subscriptions looked after');
    }
    if (created > 0) options.onCreated();
  }

  return {
    look(signal) {
      running ??= run(signal)
        .catch((error: unknown) => {
          if (!signal.aborted)
            deps.log.warn({ reason: reasonOf(error) }, 'subscriptions could not be looked after');
        })
        .finally(() => {
          running = undefined;
        });
    },
    async idle() {
      await running;
    },
  };
}
