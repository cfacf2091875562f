import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/core/log.ts';
import { createSubscription, LIFETIME_MINUTES, listSubscriptions } from '../../src/graph/subscriptions.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import type { Listening } from '../../src/server/listen.ts';
import { startServer } from '../../src/server/server.ts';
import { type Webhooks, webhookApp } from '../../src/server/webhooks.ts';
import { listFeeds, putFeeds, readStatus, setMailbox } from '../../src/store/feeds.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';
import { readSubscriptions } from '../../src/store/subscriptions.ts';
import { syncPass } from '../../src/sync/pass.ts';
import { subscriptionKeeper } from '../../src/sync/subscription-keeper.ts';
import type { SubscriptionPlan } from '../../src/sync/subscription-run.ts';
import { keepSubscriptions } from '../../src/sync/subscriptions.ts';
import { emptyStore, memoryStore } from '../support/store.ts';
import { ANCHOR, sandboxGraph, syncDeps, testConfig } from '../support/sync.ts';

/** Against the sandbox, which calls back at the webhooks of a real HTTP server. */

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let store: PgliteStore;
let sandbox: Sandbox;
let control: Listening;
let webhooks: Webhooks;
let publicUrl: string;
let nudges: number;
let mailboxes: string[];
beforeAll(async () => {
  store = await memoryStore();
});
beforeEach(async () => {
  await emptyStore(store);
  sandbox = await startSandbox({ anchor: ANCHOR, scale: 0.02 });
  nudges = 0;
  const clock = { now: () => sandbox.tenant.now, sleep: () => new Promise<void>(() => undefined) };
  webhooks = webhookApp({ store, log: silentLog, clock, onDirty: () => (nudges += 1) });
  const options = { store, token: 't', port: 0, log: silentLog, onNudge: () => undefined };
  control = await startServer({ ...options, webhooks: webhooks.app });
  publicUrl = `http://127.0.0.1:${control.port}`;
  mailboxes = sandbox.tenant.mailboxes.map(({ address }) => address.toLowerCase()).slice(0, 3);
  for (const mailbox of mailboxes) {
    await putFeeds(store, mailbox, [{ kind: 'meeting', target: 'calendar', name: 'calendar' }]);
  }
});
afterEach(async () => {
  await sandbox.close();
  await control.close();
});
afterAll(() => store.close());

let secrets = 0;
function keep(rest: Partial<SubscriptionPlan> = {}, over: Store = store) {
  const deps = {
    graph: sandboxGraph(sandbox),
    store: over,
    log: silentLog,
    newSecret: () => `secret ${++secrets}`,
  };
  const { now } = sandbox.tenant;
  return keepSubscriptions(deps, { publicUrl, mailboxes, kinds: ['meeting', 'email'], now, ...rest });
}
const atGraph = () => listSubscriptions(sandboxGraph(sandbox));
const inStore = async () => (await readSubscriptions(store)).subscriptions;
/** The store and Graph know the same ones. */
async function expectAgreement(count: number): Promise<void> {
  const [there, here] = [await atGraph(), await inStore()];
  expect(here.map(({ id }) => id).sort()).toEqual(there.map(({ id }) => id).sort());
  expect(here).toHaveLength(count);
}
const asked = (method: string) =>
  sandbox.requests().filter((seen) => seen.method === method && seen.path.includes('/subscriptions'));
/** Writes arrive, but the answer to the caller is that the database is away. */
function dyingAt(name: string): Store {
  return {
    ...store,
    call: (called, payload) =>
      called === name ? Promise.reject(new StoreUnavailable(`${name}: killed`)) : store.call(called, payload),
  };
}

describe('keeping subscriptions', () => {
  it('makes one per mailbox and kind, each with a secret of its own, and marks their feeds', async () => {
    expect(await keep()).toMatchObject({ created: 6, renewed: 0, removed: 0, refused: 0 });
    await expectAgreement(6);
    const rows = await inStore();
    expect(new Set(rows.map(({ client_state }) => client_state)).size).toBe(6);
    expect(rows.map(({ mailbox, kind }) => `${mailbox} ${kind}`).sort()).toEqual(
      mailboxes.flatMap((mailbox) => [`${mailbox} email`, `${mailbox} meeting`]).sort(),
    );
    expect((await listFeeds(store)).every(({ dirty_at }) => dirty_at !== null)).toBe(true);
  });

  it('asks Graph nothing when nothing is due', async () => {
    await keep();
    sandbox.clearRequests();
    expect(await keep()).toMatchObject({ created: 0, renewed: 0, compared: false });
    expect(sandbox.requests()).toEqual([]);
  });

  it('renews when less than a third of the life is left, and keeps the secret', async () => {
    await keep();
    const before = await inStore();
    sandbox.tenant.now += (LIFETIME_MINUTES * MINUTE * 2) / 3 - MINUTE;
    expect(await keep()).toMatchObject({ renewed: 0 });
    sandbox.tenant.now += 2 * MINUTE;
    expect(await keep()).toMatchObject({ created: 0, renewed: 6 });
    const after = await inStore();
    expect(after.map(({ id, client_state }) => [id, client_state])).toEqual(
      before.map(({ id, client_state }) => [id, client_state]),
    );
    for (const { expires_at } of after) {
      expect(Date.parse(expires_at)).toBe(sandbox.tenant.now + LIFETIME_MINUTES * MINUTE);
    }
    await expectAgreement(6);
  });

  it('makes new ones after all have expired while nobody looked', async () => {
    await keep();
    sandbox.tenant.now += 30 * DAY;
    expect(await keep()).toMatchObject({ created: 6 });
    await expectAgreement(6);
  });

  it('makes a new one where Graph knows nothing of the one that is to be renewed', async () => {
    await keep();
    const [first] = await atGraph();
    await sandboxGraph(sandbox).request(`/subscriptions/${first?.id}`, { method: 'DELETE' });
    await store.sql(`update touchpoint.subscriptions set state = 'renew' where id = $1`, [first?.id]);
    // without Graph's list the loss shows in the renewal alone
    sandbox.faults.add({
      match: { path: 'subscriptions$', method: 'GET', nth: 1 },
      effect: { type: 'denied' },
    });
    expect(await keep()).toMatchObject({ created: 1, renewed: 0, compared: false });
    await expectAgreement(6);
  });

  it('removes those of mailboxes and kinds that are not wanted any more', async () => {
    await keep();
    expect(await keep({ mailboxes: mailboxes.slice(1), kinds: ['meeting'] })).toMatchObject({
      removed: 4,
      created: 0,
    });
    await expectAgreement(2);
  });

  it('moves all to a new public address', async () => {
    await keep();
    const elsewhere = `http://localhost:${control.port}`;
    expect(await keep({ publicUrl: elsewhere })).toMatchObject({ created: 6, refused: 0 });
    await expectAgreement(6);
    expect(new Set((await atGraph()).map(({ notificationUrl }) => notificationUrl))).toEqual(
      new Set([`${elsewhere}/webhooks/graph`]),
    );
  });

  it('leaves those of other services alone', async () => {
    const theirs = {
      notificationUrl: `${publicUrl}/webhooks/graph?other`,
      lifecycleUrl: `${publicUrl}/webhooks/graph?other`,
    };
    const [mailbox = ''] = mailboxes;
    const wanted = {
      mailbox,
      kind: 'meeting',
      clientState: 'x',
      now: sandbox.tenant.now,
      ...theirs,
    } as const;
    const other = await createSubscription(sandboxGraph(sandbox), wanted);
    await keep();
    await keep({ mailboxes: [] });
    expect((await atGraph()).map(({ id }) => id)).toEqual([other.id]);
  });

  it('works on a few mailboxes at once only', async () => {
    let [running, most] = [0, 0];
    const real = sandboxGraph(sandbox);
    const graph = {
      ...real,
      async request(...given: Parameters<typeof real.request>) {
        most = Math.max(most, ++running);
        return real.request(...given).finally(() => (running -= 1));
      },
    };
    const deps = { graph, store, log: silentLog, newSecret: () => 's' };
    await keepSubscriptions(deps, {
      publicUrl,
      mailboxes,
      kinds: ['meeting', 'email'],
      now: sandbox.tenant.now,
      concurrency: 2,
    });
    expect(most).toBe(2);
  });
});

describe('a crash between Graph and the store', () => {
  it('leaves an orphan that the next look replaces', async () => {
    await expect(keep({ concurrency: 1 }, dyingAt('touchpoint_subscription_put'))).rejects.toThrow('killed');
    expect(await inStore()).toEqual([]);
    expect((await atGraph()).length).toBeGreaterThan(0);
    expect(await keep()).toMatchObject({ created: 6, refused: 0, compared: true });
    await expectAgreement(6);
  });

  it('is survived even when Graph does not tell what it has: a duplicate is replaced', async () => {
    await keep();
    await store.sql('delete from touchpoint.subscriptions');
    sandbox.faults.add({
      match: { path: 'subscriptions$', method: 'GET', nth: 1 },
      effect: { type: 'denied' },
    });
    expect(await keep()).toMatchObject({ created: 6, refused: 0, compared: false });
    await expectAgreement(6);
  });

  it('is noticed by comparing: what Graph lost is made anew', async () => {
    await keep();
    for (const { id } of await atGraph()) {
      await sandboxGraph(sandbox).request(`/subscriptions/${id}`, { method: 'DELETE' });
    }
    expect(await keep()).toMatchObject({ created: 0 });
    expect(await keep({ compare: true })).toMatchObject({ created: 6, compared: true });
    await expectAgreement(6);
  });
});

describe('a mailbox that cannot subscribe', () => {
  it('is polled, says why, costs the others nothing and is tried again after an hour', async () => {
    await keep();
    await store.sql('delete from touchpoint.subscriptions');
    const [, blocked = ''] = mailboxes;
    const graph = sandboxGraph(sandbox);
    const refusing = {
      ...graph,
      request: async (...given: Parameters<typeof graph.request>) => {
        if (given[1]?.method === 'POST' && given[1].mailbox === blocked)
          return graph.request('/users/nobody@nowhere.example');
        return graph.request(...given);
      },
    };
    const look = (over = refusing) =>
      keepSubscriptions(
        { graph: over, store, log: silentLog, newSecret: () => 's' },
        { publicUrl, mailboxes, kinds: ['meeting'], now: sandbox.tenant.now },
      );
    expect(await look()).toMatchObject({ created: 2, refused: 1 });
    const { subscriptions } = await readStatus(store);
    expect(subscriptions.filter(({ mailbox }) => mailbox === blocked)).toMatchObject([
      { kind: 'meeting', state: 'polling', reason: expect.stringContaining('Graph answered 404') },
    ]);
    sandbox.clearRequests();
    sandbox.tenant.now += 59 * MINUTE;
    expect(await look()).toMatchObject({ created: 0, refused: 0 });
    expect(sandbox.requests()).toEqual([]);
    sandbox.tenant.now += 2 * MINUTE;
    expect(await look(graph)).toMatchObject({ created: 1, refused: 0 });
    expect((await readSubscriptions(store)).refusals).toEqual([]);
  });

  it('whose renewal fails keeps its subscription until it ends, and is not asked again at once', async () => {
    await keep();
    sandbox.tenant.now += 6 * DAY;
    sandbox.faults.add({ match: { path: 'subscriptions/', method: 'PATCH' }, effect: { type: 'denied' } });
    expect(await keep()).toMatchObject({ renewed: 0, refused: 6 });
    expect(await inStore()).toHaveLength(6);
    sandbox.clearRequests();
    await keep();
    expect(asked('PATCH')).toEqual([]);
    expect((await readStatus(store)).subscriptions).toMatchObject(
      Array.from({ length: 6 }, () => ({ state: 'active', reason: expect.stringContaining('403') })),
    );
  });

  it('is not the only one when Graph cannot reach us: that is asked once, not once per mailbox', async () => {
    const nowhere = `${publicUrl}/nowhere`;
    expect(await keep({ publicUrl: nowhere, concurrency: 1 })).toMatchObject({ created: 0, refused: 6 });
    expect(asked('POST')).toHaveLength(1);
    const { refusals } = await readSubscriptions(store);
    for (const { reason } of refusals) expect(reason).toContain('TOUCHPOINT_PUBLIC_URL');
    await keep({ publicUrl: nowhere, mailboxes: [] });
    expect((await readSubscriptions(store)).refusals).toEqual([]);
  });

  it('stands where another service of the same app has the place', async () => {
    await keep({ kinds: ['meeting'] });
    await store.sql('delete from touchpoint.subscriptions');
    // Graph lists nothing of ours, and yet it refuses
    const graph = sandboxGraph(sandbox);
    const deps = {
      graph: {
        ...graph,
        request: async (...given: Parameters<typeof graph.request>) =>
          given[1]?.method === undefined ? { value: [] } : graph.request(...given),
      },
      store,
      log: silentLog,
      newSecret: () => 's',
    };
    await keepSubscriptions(deps, { publicUrl, mailboxes, kinds: ['meeting'], now: sandbox.tenant.now });
    const { refusals } = await readSubscriptions(store);
    expect(refusals).toHaveLength(3);
    expect(refusals[0]?.reason).toContain('another subscription');
  });
});

describe('from change to store', () => {
  it('a notification makes the next pass walk that feed and no other', async () => {
    const config = { ...(await testConfig()), mailboxes };
    await syncPass(syncDeps(sandbox, store), config);
    await keep();
    const dirtyPass = () => syncPass(syncDeps(sandbox, store), config, { only: 'dirty' });
    // new subscriptions: what changed before they stood was told to nobody
    expect((await dirtyPass()).feeds).toBe((await listFeeds(store)).length);
    expect((await dirtyPass()).feeds).toBe(0);
    const [mailbox = ''] = mailboxes;
    const [start, end] = [ANCHOR + DAY, ANCHOR + DAY + 30 * MINUTE];
    const title = 'Slow reports: what next';
    sandbox.tenant.createMeeting({
      title,
      start,
      end,
      organizer: { name: 'Ana', address: mailbox },
      attendees: [],
    });
    await sandbox.deliver();
    expect([webhooks.counters.accepted, nudges]).toEqual([1, 1]);
    sandbox.clearRequests();
    const result = await dirtyPass();
    expect(result.tally.reasons).toEqual({ 'written: inserted': 1 });
    expect([result.feeds, result.problems]).toEqual([1, []]);
    expect(sandbox.requests().map((seen) => [seen.mailbox, seen.kind])).toEqual([
      [mailbox, 'calendar delta'],
    ]);
    const [row] = await store.sql('select title from touchpoint.touchpoints where title = $1', [title]);
    expect(row).toEqual({ title });
    expect((await dirtyPass()).feeds).toBe(0);
  });

  it('lifecycle events end in a renewal, a new subscription and a look', async () => {
    await keep();
    const [first, second] = await inStore();
    sandbox.lifecycle('reauthorizationRequired', first?.id);
    sandbox.lifecycle('subscriptionRemoved', second?.id);
    await sandbox.deliver();
    sandbox.clearRequests();
    expect(await keep()).toMatchObject({ renewed: 1, created: 1 });
    expect(asked('PATCH').map(({ path }) => path)).toEqual([expect.stringContaining(first?.id ?? '')]);
    await expectAgreement(6);
    expect((await inStore()).every(({ state }) => state === 'active')).toBe(true);
  });
});

describe('the keeper', () => {
  const keeper = async (log = silentLog, over: Store = store) => {
    let created = 0;
    const deps = { graph: sandboxGraph(sandbox), store: over, log, newSecret: () => 's' };
    const clock = { now: () => sandbox.tenant.now, sleep: async () => undefined };
    const config = { ...(await testConfig()), mailboxes: mailboxes.slice(0, 2) };
    const kept = subscriptionKeeper(deps, { publicUrl, config, clock, onCreated: () => (created += 1) });
    const look = async () => {
      kept.look(new AbortController().signal);
      await kept.idle();
    };
    return { kept, look, created: () => created };
  };

  it('looks after the mailboxes that are both known and wanted, and tells of new ones', async () => {
    await setMailbox(store, { mailbox: 'unwanted@example.test', state: 'active' });
    const { look, created } = await keeper();
    await look();
    await expectAgreement(4);
    expect(created()).toBe(1);
    await look();
    expect(created()).toBe(1);
  });

  it('compares with Graph at first and then once an hour', async () => {
    const { look } = await keeper();
    const lists = () => asked('GET').length;
    await look();
    const first = lists();
    expect(first).toBe(1);
    await look();
    expect(lists()).toBe(first);
    sandbox.tenant.now += 60 * MINUTE;
    await look();
    expect(lists()).toBe(first + 1);
  });

  it('runs one look at a time', async () => {
    const { kept } = await keeper();
    const { signal } = new AbortController();
    kept.look(signal);
    kept.look(signal);
    await kept.idle();
    expect(asked('POST')).toHaveLength(4);
  });

  it('logs its troubles and goes on', async () => {
    const lines: string[] = [];
    const log = { ...silentLog, warn: (...parts: unknown[]) => void lines.push(JSON.stringify(parts)) };
    const { look } = await keeper(log, dyingAt('touchpoint_mailboxes'));
    await look();
    expect(lines.join()).toContain('killed');
  });

  it('ends when it is told to stop', async () => {
    const { kept } = await keeper();
    const stopping = new AbortController();
    kept.look(stopping.signal);
    stopping.abort(new Error('stopping'));
    await kept.idle();
    expect(await inStore()).toEqual([]);
  });
});
