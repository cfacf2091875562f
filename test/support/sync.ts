import { systemClock } from '../../src/core/clock.ts';
import { type Config, loadConfig } from '../../src/core/config.ts';
import { type Log, silentLog } from '../../src/core/log.ts';
import { createGraph, type Graph } from '../../src/graph/client.ts';
import { fixedToken } from '../../src/graph/identity.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';
import { type Truth, truth } from '../../src/sandbox/truth.ts';
import { exportTouchpoints } from '../../src/store/search.ts';
import type { Store } from '../../src/store/store.ts';
import type { SyncDeps } from '../../src/sync/feed.ts';
import { windowAt } from '../../src/sync/window.ts';

/** A sync of the sandbox into a store, with waits that end at once, and the comparison with the truth. */

export const ANCHOR = Date.UTC(2026, 2, 11, 3, 0, 0);

export function sandboxGraph(sandbox: Sandbox, log: Log = silentLog): Graph {
  return createGraph({
    baseUrl: sandbox.url,
    token: fixedToken(sandbox.token),
    clock: { now: () => sandbox.tenant.now, sleep: async () => undefined },
    random: () => 0.5,
    log,
    limits: { perMailbox: 3, global: 8, attempts: 6, budgetMs: 600_000, timeoutMs: 10_000 },
  });
}

export function syncDeps(sandbox: Sandbox, store: Store, owner = 'test', log: Log = silentLog): SyncDeps {
  const clock = { ...systemClock(), now: () => sandbox.tenant.now };
  return { graph: sandboxGraph(sandbox, log), store, clock, log, owner };
}

/** Defaults, with no clients: then mail that matches none is kept, and everything in the tenant counts. */
export async function testConfig(rest: Partial<Config> = {}): Promise<Config> {
  return { ...(await loadConfig({}, undefined, '/nonexistent')), ...rest };
}

export interface Expected {
  readonly kind: string;
  readonly key: string;
  readonly title: string;
  readonly start: string | null;
  readonly end: string | null;
  readonly cancelled: boolean;
  readonly copies: readonly string[];
}

const FOLDERS = new Set(['inbox', 'sentitems', 'archive']);

/** What a perfect sync holds: nothing private, no responses, no drafts; only the folders that are read. */
export function expected(sandbox: Sandbox, config: Config): Expected[] {
  const { now } = sandbox.tenant;
  const { start, end } = windowAt(now, config.calendar);
  const mailFrom = now - config.mail.past_days * 86_400_000;
  const scope = { from: Date.parse(start), to: Date.parse(end), mailFrom };
  return truth(sandbox.tenant, scope)
    .filter(({ sensitivity, isResponse, isDraft }) => sensitivity === 'normal' && !isResponse && !isDraft)
    .map(asExpected)
    .filter(({ copies }) => copies.length > 0)
    .sort(byKey);
}

function asExpected(entry: Truth): Expected {
  const isMail = entry.kind === 'email';
  const copies = entry.copies.filter(({ folder }) => folder === null || FOLDERS.has(folder));
  return {
    kind: entry.kind,
    key: entry.key,
    // what a prefix says (a reply, a cancellation) is kept in the details
    title: entry.title.replace(/^((re|fw|fwd|canceled):\s*)+/i, ''),
    // mail arrives a little after it was sent, at each in its own time
    start: isMail ? null : entry.start,
    end: entry.end,
    cancelled: entry.cancelled,
    copies: copies.map(({ mailbox, graphId }) => `${mailbox} ${graphId}`).sort(),
  };
}

/** What is stored, in the same terms. */
export async function stored(store: Store): Promise<Expected[]> {
  const rows: Expected[] = [];
  for await (const row of exportTouchpoints(store, { kinds: ['meeting', 'email'] })) {
    rows.push({
      kind: row.kind,
      key: row.source_key,
      title: row.title,
      start: row.kind === 'email' ? null : row.occurred_at,
      end: row.ends_at,
      cancelled: row.details['status'] === 'cancelled',
      copies: row.copies.map(({ mailbox, graph_id }) => `${mailbox} ${graph_id}`).sort(),
    });
  }
  return rows.sort(byKey);
}

function byKey(a: Expected, b: Expected): number {
  return `${a.kind} ${a.key}` < `${b.kind} ${b.key}` ? -1 : 1;
}
