import { z } from 'zod';
import type { Delivery } from './delivery.ts';
import { FaultRule, type Faults } from './faults.ts';
import { GraphRefusal, type Reply } from './reply.ts';
import type { RequestLog } from './request-log.ts';
import type { MutationSummary } from './script.ts';
import type { Tenant } from './tenant.ts';
import { truth } from './truth.ts';

/** What the `/sandbox/...` part of the server steers. */
export interface Controls {
  readonly tenant: Tenant;
  readonly faults: Faults;
  readonly delivery: Delivery;
  readonly log: RequestLog;
  /** Steps applied so far. */
  steps(): number;
  mutate(): MutationSummary;
}

const Instant = z.union([
  z.number(),
  z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
  z.string().regex(/^\d+$/).transform(Number),
]);
const Mutate = z.strictObject({ steps: z.int().min(1).max(1000).default(1) });
const SetClock = z.union([
  z.strictObject({ now: Instant }),
  z.strictObject({ advance_ms: z.number().min(0) }),
]);
const SetFaults = z.strictObject({ rules: z.array(FaultRule) });
const Lifecycle = z.strictObject({
  event: z.enum(['reauthorizationRequired', 'subscriptionRemoved', 'missed']),
  subscription: z.string().optional(),
});
const Invalidate = z.strictObject({ mailbox: z.string().optional() });
const TruthQuery = z.object({
  from: Instant.default(Number.MIN_SAFE_INTEGER),
  to: Instant.default(Number.MAX_SAFE_INTEGER),
  mailFrom: Instant.default(Number.MIN_SAFE_INTEGER),
});

/** Answers a control request; the paths need no token, as nothing here is anybody's. Throws GraphRefusal 400 / 404. */
export async function controlReply(
  controls: Controls,
  request: { readonly method: string; readonly url: URL; readonly body: unknown },
): Promise<Reply> {
  const handle = HANDLERS[`${request.method} ${request.url.pathname.replace(/^\/sandbox\//, '')}`];
  if (handle === undefined) throw new GraphRefusal(404, 'BadRequest', 'The sandbox has no such control.');
  try {
    return { status: 200, body: await handle(controls, request) };
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    throw new GraphRefusal(400, 'BadRequest', z.prettifyError(cause));
  }
}

type Handler = (
  controls: Controls,
  request: { readonly url: URL; readonly body: unknown },
) => object | Promise<object>;

const HANDLERS: Readonly<Record<string, Handler>> = {
  'POST mutate': (controls, { body }) => {
    const { steps } = Mutate.parse(body);
    const summaries = Array.from({ length: steps }, () => controls.mutate());
    return { steps: controls.steps(), summaries };
  },
  'POST clock': ({ tenant }, { body }) => {
    const wanted = SetClock.parse(body);
    tenant.now = 'now' in wanted ? wanted.now : tenant.now + wanted.advance_ms;
    return { now: new Date(tenant.now).toISOString() };
  },
  'POST faults': ({ faults }, { body }) => {
    const { rules } = SetFaults.parse(body);
    faults.add(...rules);
    return { added: rules.length };
  },
  'DELETE faults': ({ faults }) => {
    faults.clear();
    return {};
  },
  'POST invalidate': ({ faults, tenant }, { body }) => {
    const { mailbox } = Invalidate.parse(body);
    if (mailbox !== undefined && tenant.mailboxOf(mailbox) === null)
      throw new GraphRefusal(404, 'BadRequest', 'No such mailbox.');
    faults.invalidateTokens(mailbox === undefined ? undefined : tenant.mailbox(mailbox).number);
    return {};
  },
  'POST lifecycle': ({ delivery }, { body }) => {
    const { event, subscription } = Lifecycle.parse(body);
    return { told: delivery.lifecycle(event, subscription) };
  },
  'POST deliver': async ({ delivery }) => {
    await delivery.deliver();
    return {};
  },
  'GET truth': ({ tenant }, { url }) => truth(tenant, TruthQuery.parse(Object.fromEntries(url.searchParams))),
  'GET requests': ({ log }) => log.all(),
  'DELETE requests': ({ log }) => {
    log.clear();
    return {};
  },
};
