import type { Config } from '../core/config.ts';
import { calendarDeltaUrl } from '../graph/calendar.ts';
import type { Graph } from '../graph/client.ts';
import { messagesDeltaUrl } from '../graph/mail.ts';
import type { FeedKind } from '../store/feeds.ts';
import { windowAt } from '../sync/window.ts';

/** Proves what may be read of a mailbox by reading it. */

export interface Prober {
  readonly graph: Graph;
  readonly config: Config;
  readonly isDelegated: boolean;
  readonly now: number;
}

export interface Tried {
  readonly mailbox: string;
  readonly kinds: readonly { readonly kind: FeedKind; readonly error: unknown }[];
}

/** One small page of each kind; `error` null: granted. */
export async function tryMailbox({ graph, config, now }: Prober, mailbox: string): Promise<Tried> {
  const { calendar, mail } = config;
  const urls: [FeedKind, string][] = [];
  if (calendar.enabled) urls.push(['meeting', calendarDeltaUrl(mailbox, windowAt(now, calendar))]);
  if (mail.enabled) urls.push(['email', messagesDeltaUrl(mailbox, mail.folders[0] ?? 'inbox')]);
  const kinds: Tried['kinds'][number][] = [];
  for (const [kind, url] of urls) {
    const error = await graph.request(url, { mailbox, prefer: ['odata.maxpagesize=1'] }).then(
      () => null,
      (error: unknown) => error,
    );
    kinds.push({ kind, error });
  }
  return { mailbox, kinds };
}
