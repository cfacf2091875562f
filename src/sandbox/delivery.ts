import type { Faults } from './faults.ts';
import { changeKey, guid } from './ids.ts';
import { hash32 } from './random.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';
import type { ChangeEvent, TenantState } from './tenant-state.ts';
import { eventId } from './wire-event.ts';
import { messageId } from './wire-message.ts';
import { instant } from './zones.ts';

export type LifecycleEvent = 'reauthorizationRequired' | 'subscriptionRemoved' | 'missed';

interface Pending {
  readonly url: string;
  readonly body: object;
  /** Held by the delay fault until somebody asks for delivery. */
  readonly held: boolean;
}

/** Graph answers an endpoint that is slower than this as if it had failed (documented: 3 s to accept). */
const ACCEPT_MS = 3000;

/** Change and lifecycle notifications: posted right after the change, in one batch per endpoint; what fails is kept. */
export class Delivery {
  readonly #tenant: TenantState;
  readonly #faults: Faults;
  readonly #subscriptions: Subscriptions;
  readonly #fetch: typeof fetch;
  readonly #running = new Set<Promise<void>>();
  #pending: Pending[] = [];
  #scheduled = false;

  constructor(parts: {
    readonly tenant: TenantState;
    readonly faults: Faults;
    readonly subscriptions: Subscriptions;
    readonly fetch: typeof fetch;
  }) {
    this.#tenant = parts.tenant;
    this.#faults = parts.faults;
    this.#subscriptions = parts.subscriptions;
    this.#fetch = parts.fetch;
    this.#tenant.onChange((event) => this.#note(event));
  }

  /** Sends everything pending, delayed ones included, one attempt each, and waits for it and whatever is under way. */
  async deliver(): Promise<void> {
    await Promise.all(this.#running);
    this.#flush(true);
    await Promise.all(this.#running);
  }

  /** Waits for what is under way, sending nothing more. */
  async settle(): Promise<void> {
    this.#pending = [];
    await Promise.all(this.#running);
  }

  /** Tells the owners of subscriptions (all, or one) about their lifecycle; returns how many were told. */
  lifecycle(event: LifecycleEvent, id?: string): number {
    const concerned = this.#subscriptions
      .live()
      .filter((subscription) => id === undefined || subscription.id === id);
    for (const subscription of concerned) {
      if (event === 'subscriptionRemoved') this.#subscriptions.remove(subscription.id);
      const url = subscription.lifecycleNotificationUrl;
      if (url === null) continue;
      this.#push({ url, held: false, body: { ...this.#head(subscription), lifecycleEvent: event } });
    }
    return concerned.length;
  }

  #note(event: ChangeEvent): void {
    for (const subscription of this.#subscriptions.live()) {
      if (!concerns(subscription, event)) continue;
      const modes = this.#faults.takeDelivery(event.mailbox.address);
      if (modes.includes('off')) continue;
      const one: Pending = {
        url: subscription.notificationUrl,
        held: modes.includes('delay'),
        body: this.#body(subscription, event),
      };
      if (modes.includes('reorder')) this.#pending.unshift(one);
      else this.#pending.push(one);
      if (modes.includes('duplicate')) this.#pending.push(one);
      this.#schedule();
    }
  }

  #push(pending: Pending): void {
    this.#pending.push(pending);
    this.#schedule();
  }

  /** Once the present piece of work is done, so that a mutation's notifications travel together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush(false);
    });
  }

  #flush(heldToo: boolean): void {
    const due = this.#pending.filter(({ held }) => heldToo || !held);
    this.#pending = this.#pending.filter(({ held }) => !heldToo && held);
    for (const url of new Set(due.map((pending) => pending.url))) {
      this.#track(
        this.#post(
          url,
          due.filter((pending) => pending.url === url),
        ),
      );
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  async #post(url: string, batch: readonly Pending[]): Promise<void> {
    const accepted = await this.#fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ value: batch.map(({ body }) => body) }),
      signal: AbortSignal.timeout(ACCEPT_MS),
      redirect: 'manual',
    }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.ok;
      },
      () => false,
    );
    // Kept for the next delivery, as Graph goes on trying for four hours.
    if (!accepted) this.#pending.push(...batch.map((pending) => ({ ...pending, held: true })));
  }

  #head(subscription: Subscription): object {
    return {
      subscriptionId: subscription.id,
      subscriptionExpirationDateTime: instant(subscription.expiresAt),
      clientState: subscription.clientState,
      tenantId: this.#tenant.id,
    };
  }

  #body(subscription: Subscription, event: ChangeEvent): object {
    const { mailbox, serial, original, folder } = event;
    const prefer = { immutableIds: subscription.immutableIds };
    const mail = event.resource === 'messages';
    const id = mail
      ? messageId(mailbox, serial, folder ?? 0, prefer)
      : eventId(mailbox, serial, original, prefer);
    const name = mail ? 'Message' : 'Event';
    const resource = `Users/${mailbox.id}/${name}s/${id}`;
    const etag = `W/"${changeKey(mailbox.number, hash32(serial), this.#tenant.seq)}"`;
    return {
      ...this.#head(subscription),
      id: guid(`notification ${this.#tenant.seq} ${subscription.id}`),
      changeType: event.change,
      resource,
      resourceData: {
        '@odata.type': `#Microsoft.Graph.${name}`,
        '@odata.id': resource,
        '@odata.etag': etag,
        id,
      },
    };
  }
}

function concerns(subscription: Subscription, event: ChangeEvent): boolean {
  return (
    subscription.mailbox === event.mailbox &&
    subscription.feed === event.resource &&
    (subscription.folder === null || subscription.folder === event.folder) &&
    subscription.changeType.split(',').includes(event.change)
  );
}
