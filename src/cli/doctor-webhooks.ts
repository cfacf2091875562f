import { randomUUID } from 'node:crypto';
import { NOTIFICATION_PATH } from '../sync/subscription-plan.ts';
import type { Context } from './context.ts';
import type { Findings } from './findings.ts';

// What Graph itself waits for the answer to its handshake.
const HANDSHAKE_MS = 10_000;

/** Knocks at the public address the way Graph does before it makes a subscription. */
export async function checkWebhooks({ config: { publicUrl } }: Context, findings: Findings): Promise<void> {
  if (publicUrl === undefined) return;
  const mend =
    'start the daemon, and let the reverse proxy pass /webhooks/graph on to it (docs/webhooks.md); until then everything is polled';
  await findings.attempt('webhooks', mend, async () => {
    const token = `doctor ${randomUUID()}`;
    const url = `${publicUrl}${NOTIFICATION_PATH}?validationToken=${encodeURIComponent(token)}`;
    const signal = AbortSignal.timeout(HANDSHAKE_MS);
    const response = await fetch(url, { method: 'POST', redirect: 'manual', signal });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${publicUrl} answered ${response.status}`);
    if (text !== token) throw new Error(`${publicUrl} answered something else: not this daemon`);
    return { detail: `${publicUrl} answers the way Graph wants it`, value: true };
  });
}
