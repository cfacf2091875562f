import { z } from 'zod';
import { guid } from './ids.ts';
import type { Mailbox } from './model.ts';
import { GraphRefusal, type Reply } from './reply.ts';
import type { TenantState } from './tenant-state.ts';
import { instant, MINUTE } from './zones.ts';

/** Live Graph's ceiling for Outlook resources, in minutes (10,080 is documented), and the floor it raises to. */
const MAX_MINUTES = 10_070;
const MIN_MINUTES = 45;
/** Subscriptions per mailbox. */
const MAX_PER_MAILBOX = 1000;
/** Graph waits this long for an endpoint to echo the validation token. */
const HANDSHAKE_MS = 10_000;

export interface Subscription {
  readonly id: string;
  /** As it was given. */
  readonly resource: string;
  readonly mailbox: Mailbox;
  readonly feed: 'events' | 'messages';
  /** Folder number, or null for the whole mailbox. */
  readonly folder: number | null;
  readonly changeType: string;
  readonly notificationUrl: string;
  readonly lifecycleNotificationUrl: string | null;
  readonly clientState: string | null;
  readonly immutableIds: boolean;
  expiresAt: number;
}

const Create = z.object({
  changeType: z.string().regex(/^(created|updated|deleted)(,(created|updated|deleted))*$/),
  notificationUrl: z.string(),
  lifecycleNotificationUrl: z.string().nullish(),
  resource: z.string(),
  expirationDateTime: z.string(),
  clientState: z.string().max(128).nullish(),
  latestSupportedTlsVersion: z.string().nullish(),
});
const Renew = z.object({ expirationDateTime: z.string() });

export interface SubscriptionHost {
  readonly tenant: TenantState;
  readonly fetch: typeof fetch;
  /** Folder number of an id or well-known name. Throws GraphRefusal 404. */
  folder(mailbox: Mailbox, name: string): number;
}

/** The `/subscriptions` resource: creation with its handshake, renewal, deletion. */
export class Subscriptions {
  readonly #host: SubscriptionHost;
  readonly #all = new Map<string, Subscription>();
  #created = 0;

  constructor(host: SubscriptionHost) {
    this.#host = host;
  }

  /** Those that have not expired by the tenant's clock. */
  live(): Subscription[] {
    for (const [id, { expiresAt }] of this.#all) if (expiresAt <= this.#host.tenant.now) this.#all.delete(id);
    return [...this.#all.values()];
  }

  async create(body: unknown, immutableIds: boolean): Promise<Reply> {
    const parsed = Create.safeParse(body);
    if (!parsed.success)
      throw invalid(`Invalid value for ${parsed.error.issues[0]?.path.join('.') || 'the request'}.`);
    const { data } = parsed;
    const expiresAt = this.#expiry(data.expirationDateTime);
    const scope = this.#scopeOf(data.resource);
    const twin = this.live().find(
      (known) =>
        known.resource.toLowerCase() === data.resource.toLowerCase() &&
        known.changeType === data.changeType &&
        known.notificationUrl === data.notificationUrl,
    );
    if (twin !== undefined)
      throw new GraphRefusal(
        409,
        'Conflict',
        'A subscription with the same resource, change type and notification URL already exists.',
      );
    if (this.live().filter(({ mailbox }) => mailbox === scope.mailbox).length >= MAX_PER_MAILBOX)
      throw new GraphRefusal(
        403,
        'ExtensionError',
        'The maximum number of subscriptions has been reached for this mailbox.',
      );
    await this.#handshake(data.notificationUrl);
    if (data.lifecycleNotificationUrl) await this.#handshake(data.lifecycleNotificationUrl);
    this.#created += 1;
    const subscription: Subscription = {
      ...scope,
      id: guid(`subscription ${this.#host.tenant.seed} ${this.#created}`),
      resource: data.resource,
      changeType: data.changeType,
      notificationUrl: data.notificationUrl,
      lifecycleNotificationUrl: data.lifecycleNotificationUrl ?? null,
      clientState: data.clientState ?? null,
      immutableIds,
      expiresAt,
    };
    this.#all.set(subscription.id, subscription);
    return { status: 201, body: this.#wire(subscription) };
  }

  list(): Reply {
    return {
      status: 200,
      body: {
        '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#subscriptions',
        value: this.live().map((each) => this.#wire(each)),
      },
    };
  }

  read(id: string): Reply {
    return { status: 200, body: this.#wire(this.#get(id)) };
  }

  renew(id: string, body: unknown): Reply {
    const parsed = Renew.safeParse(body);
    if (!parsed.success) throw invalid('Invalid value for expirationDateTime.');
    const subscription = this.#get(id);
    subscription.expiresAt = this.#expiry(parsed.data.expirationDateTime);
    return { status: 200, body: this.#wire(subscription) };
  }

  remove(id: string): Reply {
    this.#all.delete(this.#get(id).id);
    return { status: 204 };
  }

  #get(id: string): Subscription {
    const found = this.live().find((subscription) => subscription.id === id);
    if (found === undefined) throw new GraphRefusal(404, 'ResourceNotFound', 'The object was not found.');
    return found;
  }

  /** Throws GraphRefusal 400 beyond the ceiling; raises what is below the floor. */
  #expiry(text: string): number {
    const { now } = this.#host.tenant;
    const asked = Date.parse(text);
    if (Number.isNaN(asked) || asked <= now)
      throw new GraphRefusal(400, 'InvalidRequest', 'Subscription expiration must be in the future.');
    if (asked > now + MAX_MINUTES * MINUTE)
      throw new GraphRefusal(
        400,
        'InvalidRequest',
        `Subscription expiration can only be ${MAX_MINUTES} minutes in the future.`,
      );
    return Math.max(asked, now + MIN_MINUTES * MINUTE);
  }

  #scopeOf(resource: string): Pick<Subscription, 'mailbox' | 'feed' | 'folder'> {
    const path = resource.replace(/^\//, '').replace(/\('([^']*)'\)/g, '/$1');
    const match = /^users\/([^/]+)\/(?:mailfolders\/([^/]+)\/)?(events|messages)$/i.exec(path);
    if (match?.[1] === undefined || (match[2] !== undefined && match[3]?.toLowerCase() === 'events'))
      throw invalid('The resource is not supported for subscriptions.');
    const mailbox = this.#host.tenant.mailboxOf(decodeURIComponent(match[1]));
    if (mailbox === null) throw new GraphRefusal(404, 'ResourceNotFound', 'The requested user is invalid.');
    const folder = match[2] === undefined ? null : this.#host.folder(mailbox, decodeURIComponent(match[2]));
    return { mailbox, folder, feed: match[3]?.toLowerCase() === 'events' ? 'events' : 'messages' };
  }

  async #handshake(url: string): Promise<void> {
    const target = loopbackUrl(url);
    const token = `Validation: Testing client application reachability for subscription Request-Id: ${guid(`handshake ${this.#created} ${url}`)}`;
    target.searchParams.set('validationToken', token);
    const answer = await this.#host
      .fetch(target, {
        method: 'POST',
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        signal: AbortSignal.timeout(HANDSHAKE_MS),
        redirect: 'manual',
      })
      .then(
        async (response) => ({
          status: response.status,
          type: response.headers.get('content-type') ?? '',
          text: await response.text(),
        }),
        () => null,
      );
    if (answer === null)
      throw validation(
        'Notification endpoint must respond with 200 OK to validation request; it could not be reached or took longer than 10 seconds.',
      );
    if (answer.status !== 200)
      throw validation(
        `Notification endpoint must respond with 200 OK to validation request; it answered ${answer.status}.`,
      );
    if (!/^text\/plain\b/i.test(answer.type) || answer.text !== token)
      throw validation('Notification endpoint must return the decoded validation token as text/plain.');
  }

  #wire(subscription: Subscription): object {
    return {
      '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#subscriptions/$entity',
      id: subscription.id,
      resource: subscription.resource,
      applicationId: guid('application'),
      changeType: subscription.changeType,
      clientState: subscription.clientState,
      notificationUrl: subscription.notificationUrl,
      notificationQueryOptions: null,
      lifecycleNotificationUrl: subscription.lifecycleNotificationUrl,
      expirationDateTime: instant(subscription.expiresAt),
      creatorId: guid('creator'),
      includeResourceData: null,
      latestSupportedTlsVersion: 'v1_2',
      encryptionCertificate: null,
      encryptionCertificateId: null,
      notificationUrlAppId: null,
    };
  }
}

/** The sandbox never calls out of the machine. Throws GraphRefusal 400 for any other host. */
function loopbackUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const loopback =
    url !== null &&
    /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(url.hostname) &&
    /^https?:$/.test(url.protocol);
  if (url === null || !loopback) throw validation('The sandbox only notifies endpoints on loopback.');
  return url;
}

function invalid(message: string): GraphRefusal {
  return new GraphRefusal(400, 'InvalidRequest', message);
}

function validation(message: string): GraphRefusal {
  return new GraphRefusal(400, 'ValidationError', `Subscription validation request failed. ${message}`);
}
