import { z } from 'zod';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { type Config, loadConfig } from '../../src/core/config.ts';
import { silentLog } from '../../src/core/log.ts';
import { createGraph, type Graph } from '../../src/graph/client.ts';

/**
 * What the processes of the endurance tests are made of: all of it the real thing, but for waits that are cut short.
 * Hundreds of them are started, so nothing is imported here that is not used: Entra's library alone is a third of a start.
 */

export const TenantOrder = z.object({
  url: z.string(),
  token: z.string(),
  /** The tenant's clock, milliseconds since the epoch. */
  now: z.number(),
  /** Those that are read. */
  mailboxes: z.array(z.string()),
});
export type TenantOrder = z.infer<typeof TenantOrder>;

// Small pages, so that a round has many places to be interrupted at.
const PAGE_SIZE = 10;

export async function configOf({ mailboxes }: Pick<TenantOrder, 'mailboxes'>): Promise<Config> {
  const config = await loadConfig({}, undefined, '/nonexistent');
  return { ...config, mailboxes: [...mailboxes], graph: { ...config.graph, page_size: PAGE_SIZE } };
}

const LONGEST_WAIT_MS = 20;

/** Goes on from the tenant's now; what asks for a wait gets a short one. */
export function hastyClock({ now }: Pick<TenantOrder, 'now'>): Clock {
  const clock = systemClock();
  const startedAt = clock.now();
  return {
    now: () => now + clock.now() - startedAt,
    sleep: (ms, signal) => clock.sleep(Math.min(ms, LONGEST_WAIT_MS), signal),
  };
}

export function graphOf({ url, token }: Pick<TenantOrder, 'url' | 'token'>, clock: Clock): Graph {
  return createGraph({
    baseUrl: url,
    token: { token: async () => token },
    clock,
    random: Math.random,
    log: silentLog,
    limits: { perMailbox: 3, global: 8, attempts: 6, budgetMs: 600_000, timeoutMs: 10_000 },
  });
}

/** Orders come in the first argument. @throws {z.ZodError} */
export function readOrders<T>(schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(process.argv[2] ?? 'null'));
}

/** Tells the test. */
export function say(event: string, facts: object = {}): void {
  process.send?.({ event, ...facts });
}

const Told = z.object({ order: z.string() });

/** Resolves when the test gives this order, of which each is given once. */
export function told(order: string): Promise<void> {
  return new Promise((resolve) => {
    process.on('message', (message) => {
      if (Told.parse(message).order === order) resolve();
    });
  });
}

const orphaned = () => process.exit(1);

/** A process whose test is gone has nothing left to do. */
export function endWithTest(): void {
  process.on('disconnect', orphaned);
}

/** All is done: the process ends once nothing is open any more. */
export function leave(): void {
  process.off('disconnect', orphaned);
  process.disconnect();
}

/** So that the database can tell whose connection it is. */
export function withName(url: string, name: string): string {
  const named = new URL(url);
  named.searchParams.set('application_name', name);
  return named.href;
}
