import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../core/clock.ts';
import { Authority } from './auth.ts';
import { buildTenant } from './build-tenant.ts';
import { folderOf } from './call.ts';
import { Delivery, type LifecycleEvent } from './delivery.ts';
import type { Habits } from './delta-rows.ts';
import { Faults } from './faults.ts';
import { requestListener } from './handler.ts';
import { guid } from './ids.ts';
import { RequestLog, type RequestRecord } from './request-log.ts';
import { applyStep, type MutationSummary, mutationScript } from './script.ts';
import { Subscriptions } from './subscriptions.ts';
import type { Tenant } from './tenant.ts';

const DEFAULT_SEED = 20260209;

export interface SandboxOptions {
  /** 0 or left out: any free port. */
  readonly port?: number;
  readonly seed?: number;
  /** Milliseconds since the epoch: the tenant is built around it, and its clock starts there. */
  readonly anchor: number;
  /** A bearer token that is always good; one made of the seed when left out. */
  readonly token?: string;
  /** What the token endpoint accepts. */
  readonly clientSecret?: string;
  /** Steps of the mutation script that were applied before: they are replayed at the start. */
  readonly steps?: number;
  /** Multiplies single meetings and mails: 4 gives about 5,000 mails. */
  readonly scale?: number;
  /** Waits for the slow fault; the tenant has a clock of its own. */
  readonly clock?: Clock;
  /** Sends notifications. */
  readonly fetch?: typeof fetch;
}

export interface Sandbox extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly token: string;
  readonly clientSecret: string;
  readonly tenant: Tenant;
  readonly faults: Faults;
  readonly habits: Habits;
  readonly steps: number;
  requests(): readonly RequestRecord[];
  clearRequests(): void;
  /** Applies the next step of the mutation script. */
  mutate(): MutationSummary;
  /** Sends pending notifications, delayed and refused ones too, and waits for all of them. */
  deliver(): Promise<void>;
  /** Sends a lifecycle notification about one subscription or all; returns how many were concerned. */
  lifecycle(event: LifecycleEvent, subscription?: string): number;
  close(): Promise<void>;
}

/** Starts a Graph server on loopback with a made-up tenant. The same seed, anchor, scale and steps give the same ids and honour the same delta tokens. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const seed = options.seed ?? DEFAULT_SEED;
  const token = options.token ?? `sandbox-${guid(`token ${seed}`)}`;
  const clientSecret = options.clientSecret ?? 'sandbox-secret';
  const tenant = buildTenant({ seed, anchor: options.anchor, scale: options.scale ?? 1 });
  let steps = options.steps ?? 0;
  for (let step = 1; step <= steps; step += 1) applyStep(tenant, step);

  const faults = new Faults(seed);
  const habits: Habits = { seriesEcho: 'all', omitMasters: true };
  const log = new RequestLog();
  const send = options.fetch ?? fetch;
  const subscriptions = new Subscriptions({
    tenant,
    fetch: send,
    folder: (mailbox, name) => folderOf(mailbox, name).number,
  });
  const delivery = new Delivery({ tenant, faults, subscriptions, fetch: send });
  const mutate = () => {
    steps += 1;
    return mutationScript(tenant, steps);
  };
  const controls = { tenant, faults, delivery, log, steps: () => steps, mutate };
  const authority = new Authority({ seed, fixedToken: token, clientSecret }, tenant.id);
  const server = createServer(
    requestListener({ ...controls, habits, subscriptions, authority, clock: options.clock ?? systemClock() }),
  );
  const port = await listen(server, options.port ?? 0);

  const close = async () => {
    await delivery.settle();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  };
  return {
    url: `http://127.0.0.1:${port}`,
    token,
    clientSecret,
    tenant,
    faults,
    habits,
    get steps() {
      return steps;
    },
    requests: () => log.all(),
    clearRequests: () => log.clear(),
    mutate,
    deliver: () => delivery.deliver(),
    lifecycle: (event, subscription) => delivery.lifecycle(event, subscription),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Listens on loopback alone; rejects when the port is taken. */
function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve(portOf(server.address()));
    });
  });
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the sandbox listens on no port');
  return address.port;
}
