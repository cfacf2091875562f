import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import { startServer } from '../../src/server/server.ts';
import { webhookApp } from '../../src/server/webhooks.ts';
import { listFeeds, putFeeds } from '../../src/store/feeds.ts';
import type { PgliteStore } from '../../src/store/pglite.ts';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';
import { putSubscription, readSubscriptions } from '../../src/store/subscriptions.ts';
import { emptyStore, memoryStore } from '../support/store.ts';

const START = Date.parse('2026-03-01T00:00:00Z');
const NOTIFICATIONS = '/webhooks/graph';
const LIFECYCLE = '/webhooks/graph/lifecycle';

let embedded: PgliteStore;
beforeAll(async () => {
  embedded = await memoryStore();
});
afterAll(() => embedded.close());
beforeEach(() => emptyStore(embedded));

/** A store that counts its calls, and can be held or away. */
function watched(store: Store) {
  const calls: string[] = [];
  const state = { away: new Set<string>(), gate: Promise.resolve() };
  const watching: Store = {
    ...store,
    async call(name, payload) {
      calls.push(name);
      if (state.away.has(name)) throw new StoreUnavailable(`${name}: the database is away`);
      if (name === 'touchpoint_feeds_dirty') await state.gate;
      return store.call(name, payload);
    },
  };
  const count = (name: string) => calls.filter((called) => called === name).length;
  return { store: watching, state, count };
}

/** Time stands still until it is moved; nobody is ever late unless the test says so. */
function stillClock() {
  let now = START;
  const sleepers = new Set<() => void>();
  const clock: Clock = {
    now: () => now,
    sleep: (_ms, signal) =>
      new Promise((resolve, reject) => {
        sleepers.add(resolve);
        signal?.addEventListener('abort', () => {
          sleepers.delete(resolve);
          reject(signal.reason);
        });
      }),
  };
  return { clock, sleepers, pass: (ms: number) => (now += ms) };
}

/** A gate to hold the store's writes with. */
function gate() {
  let open: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { closed, open: () => open() };
}

async function serving() {
  const { store, state, count } = watched(embedded);
  const time = stillClock();
  const lines: string[] = [];
  const say = (...parts: unknown[]) => void lines.push(JSON.stringify(parts));
  const log = { ...silentLog, warn: say, error: say, info: say, debug: say };
  let nudges = 0;
  const webhooks = webhookApp({ store, log, clock: time.clock, onDirty: () => (nudges += 1) });
  const control = await startServer({
    store,
    token: 'a token',
    port: 0,
    log: silentLog,
    onNudge: () => undefined,
    webhooks: webhooks.app,
  });
  onTestFinished(() => control.close());
  const url = `http://127.0.0.1:${control.port}`;
  const post = (body: unknown, path = NOTIFICATIONS) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const send = (...value: unknown[]) => post({ value });
  return { url, post, send, state, count, lines, webhooks, nudges: () => nudges, ...time };
}

async function subscribed(mailbox: string, id = `subscription of ${mailbox}`) {
  await putFeeds(embedded, mailbox, [
    { kind: 'meeting', target: 'calendar', name: 'calendar' },
    { kind: 'email', target: 'f1', name: 'inbox' },
  ]);
  await putSubscription(embedded, {
    id,
    mailbox,
    kind: 'meeting',
    resource: `/users/${mailbox}/events`,
    url: 'https://hooks.example/webhooks/graph',
    client_state: `secret of ${mailbox}`,
    expires_at: '2026-03-08T00:00:00.000Z',
    now: new Date(START).toISOString(),
  });
  // a new subscription marks its feeds: from here on only notifications do
  await embedded.sql('update touchpoint.feeds set dirty_at = null');
  return { id, secret: `secret of ${mailbox}` };
}

const dirty = async () =>
  (await listFeeds(embedded))
    .flatMap(({ mailbox, name, dirty_at }) => (dirty_at === null ? [] : [`${mailbox} ${name}`]))
    .sort();

/** As Graph sends them, with members that nobody here needs. */
const notification = (
  subscription: { readonly id: string; readonly secret: string | null },
  rest: object = {},
) => ({
  id: 'lsgTZMr9KwAAA',
  subscriptionId: subscription.id,
  subscriptionExpirationDateTime: '2026-03-08T00:00:00.0000000Z',
  clientState: subscription.secret,
  changeType: 'updated',
  resource: 'Users/1@2/Events/3',
  tenantId: '84bd8158-6d4d-4958-8b9f-9d6445542f95',
  resourceData: { '@odata.type': '#Microsoft.Graph.Event', id: '3' },
  ...rest,
});

describe('the handshake', () => {
  const token =
    'Validation: Testing client application reachability for subscription Request-Id: 1+2 <b>&amp;é';

  it.each([NOTIFICATIONS, LIFECYCLE])('gives the decoded token back as plain text on %s', async (path) => {
    const { url, count } = await serving();
    const query = encodeURIComponent(token).replaceAll('%20', '+');
    const response = await fetch(`${url}${path}?validationToken=${query}`, { method: 'POST' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).toBe(token);
    expect(count('touchpoint_subscriptions')).toBe(0);
  });

  it('hands nothing long back, and nothing empty', async () => {
    const { url } = await serving();
    for (const given of ['x'.repeat(1025), '']) {
      const response = await fetch(`${url}${NOTIFICATIONS}?validationToken=${given}`, { method: 'POST' });
      expect(response.status).toBe(400);
      expect(await response.text()).toBe('');
    }
  });
});

describe('a notification', () => {
  it('marks the feeds of its mailbox and kind, and nudges', async () => {
    const ana = await subscribed('ana@example.test');
    await subscribed('ben@example.test');
    const { send, nudges, webhooks } = await serving();
    const response = await send(notification(ana));
    expect(response.status).toBe(202);
    expect(await dirty()).toEqual(['ana@example.test calendar']);
    expect(nudges()).toBe(1);
    expect(webhooks.counters).toEqual({ accepted: 1, coalesced: 0, forged: 0, malformed: 0 });
  });

  it('is answered only once it is recorded', async () => {
    const ana = await subscribed('ana@example.test');
    const { send, state, nudges, count } = await serving();
    const held = gate();
    state.gate = held.closed;
    let answered = false;
    const response = send(notification(ana)).then((answer) => {
      answered = true;
      return answer;
    });
    await expect.poll(() => count('touchpoint_feeds_dirty')).toBe(1);
    expect([answered, nudges()]).toEqual([false, 0]);
    held.open();
    expect((await response).status).toBe(202);
    expect(await dirty()).toHaveLength(1);
  });

  it('is sent again by Graph when it could not be recorded', async () => {
    const ana = await subscribed('ana@example.test');
    const { send, state, nudges } = await serving();
    state.away.add('touchpoint_feeds_dirty');
    const refused = await send(notification(ana));
    expect([refused.status, refused.headers.get('retry-after'), nudges()]).toEqual([503, '10', 0]);
    state.away.clear();
    expect((await send(notification(ana))).status).toBe(202);
    expect(await dirty()).toHaveLength(1);
  });

  it('is refused in time when the store takes too long', async () => {
    const ana = await subscribed('ana@example.test');
    const { send, state, sleepers, count } = await serving();
    const held = gate();
    state.gate = held.closed;
    const response = send(notification(ana));
    await expect.poll(() => count('touchpoint_feeds_dirty')).toBe(1);
    for (const late of sleepers) late();
    expect((await response).status).toBe(503);
    held.open();
    await expect.poll(dirty).toHaveLength(1);
  });

  it('travels with others: one call under way, everything that came meanwhile in the next', async () => {
    const people = await Promise.all(['ana', 'ben', 'eve'].map((name) => subscribed(`${name}@example.test`)));
    const { send, state, count, webhooks, sleepers } = await serving();
    const held = gate();
    state.gate = held.closed;
    const first = people.slice(0, 1).map((person) => send(notification(person)));
    await expect.poll(() => count('touchpoint_feeds_dirty')).toBe(1);
    const rest = Array.from({ length: 10 }, () => people.map((person) => send(notification(person)))).flat();
    // each request waits under a deadline of its own: all are in once there are so many
    await expect.poll(() => sleepers.size).toBe(31);
    held.open();
    const answers = await Promise.all([...first, ...rest]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(count('touchpoint_feeds_dirty')).toBe(2);
    expect(webhooks.counters).toMatchObject({ accepted: 31, coalesced: 27 });
    expect(await dirty()).toHaveLength(3);
  });
});

describe('a forged notification', () => {
  it.each([
    ['of an unknown subscription', (id: string, secret: string) => ({ id: `${id}x`, secret })],
    ['with another state', (id: string) => ({ id, secret: 'guessed' })],
    [
      'with a state that only begins right',
      (id: string, secret: string) => ({ id, secret: secret.slice(0, -1) }),
    ],
    ['without a state', (id: string) => ({ id, secret: null })],
  ])('%s is ignored and counted', async (_what, forge) => {
    const { id, secret } = await subscribed('ana@example.test');
    const { send, count, nudges, webhooks } = await serving();
    expect((await send(notification(forge(id, secret)))).status).toBe(202);
    expect(await dirty()).toEqual([]);
    expect([count('touchpoint_feeds_dirty'), nudges()]).toEqual([0, 0]);
    expect(webhooks.counters).toMatchObject({ accepted: 0, forged: 1 });
  });

  it('carries another mailbox’s secret in vain', async () => {
    const ana = await subscribed('ana@example.test');
    const ben = await subscribed('ben@example.test');
    const { send } = await serving();
    await send(notification({ id: ana.id, secret: ben.secret }));
    expect(await dirty()).toEqual([]);
  });

  it('never spoils the batch it comes in', async () => {
    const ana = await subscribed('ana@example.test');
    const { send, webhooks } = await serving();
    const junk = [null, 7, 'text', {}, { subscriptionId: 5 }, notification({ id: 'x', secret: 'y' })];
    const response = await send(...junk, notification(ana), notification({ ...ana, secret: 'no' }));
    expect(response.status).toBe(202);
    expect(await dirty()).toEqual(['ana@example.test calendar']);
    expect(webhooks.counters).toEqual({ accepted: 1, coalesced: 0, forged: 2, malformed: 5 });
  });

  it('makes no load: unknown ids are looked up in the store once in a while only', async () => {
    await subscribed('ana@example.test');
    const { send, count, pass } = await serving();
    for (let at = 0; at < 20; at++) await send(notification({ id: `invented ${at}`, secret: 's' }));
    expect(count('touchpoint_subscriptions')).toBe(1);
    pass(3_000);
    await Promise.all(
      Array.from({ length: 20 }, (_, at) => send(notification({ id: `later ${at}`, secret: 's' }))),
    );
    expect(count('touchpoint_subscriptions')).toBe(2);
  });

  it('is told in the log by number, seldom, and without any secret', async () => {
    const ana = await subscribed('ana@example.test');
    const { send, lines, pass } = await serving();
    for (let at = 0; at < 5; at++) await send(notification({ ...ana, secret: 'guessed secret' }));
    expect(lines).toHaveLength(1);
    pass(60_000);
    await send(notification(ana));
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('"forged":5');
    expect(lines.join()).not.toMatch(/secret/);
  });
});

describe('subscriptions that are made while it runs', () => {
  it('of another process are known after a while', async () => {
    const { send, pass } = await serving();
    await send(notification({ id: 'nobody', secret: 's' }));
    const ana = await subscribed('ana@example.test');
    await send(notification(ana));
    expect(await dirty()).toEqual([]);
    pass(3_000);
    await send(notification(ana));
    expect(await dirty()).toHaveLength(1);
  });

  it('of this process are known at once', async () => {
    const { send, webhooks } = await serving();
    await send(notification({ id: 'nobody', secret: 's' }));
    const ana = await subscribed('ana@example.test');
    webhooks.subscriptionsChanged();
    await send(notification(ana));
    expect(await dirty()).toHaveLength(1);
  });

  it('are not taken for forged while the store is away', async () => {
    const ana = await subscribed('ana@example.test');
    const { send, state, pass, webhooks } = await serving();
    state.away.add('touchpoint_subscriptions');
    expect((await send(notification(ana))).status).toBe(503);
    // also between two looks
    expect((await send(notification(ana))).status).toBe(503);
    state.away.clear();
    pass(3_000);
    expect((await send(notification(ana))).status).toBe(202);
    expect(webhooks.counters).toMatchObject({ accepted: 1, forged: 0 });
  });
});

describe('a body', () => {
  it.each(['{"value": [', '', '[]', '{"value": "x"}', 'null'])('%j is no notification', async (body) => {
    const { post, webhooks, count } = await serving();
    expect((await post(body)).status).toBe(400);
    expect(webhooks.counters.malformed).toBe(1);
    expect(count('touchpoint_subscriptions')).toBe(0);
  });

  it('without any notification is fine', async () => {
    const { post } = await serving();
    expect((await post({ value: [], validationTokens: ['a.b.c'] })).status).toBe(202);
  });

  it('of more than a megabyte is refused, whether it says its length or not', async () => {
    const { url, post, count } = await serving();
    const large = JSON.stringify({ value: ['x'.repeat(1024 * 1024)] });
    expect((await post(large)).status).toBe(413);
    expect(await chunked(`${url}${NOTIFICATIONS}`, large)).toBe(413);
    expect(count('touchpoint_subscriptions')).toBe(0);
  });
});

describe('a lifecycle event', () => {
  const event = (person: { readonly id: string; readonly secret: string }, lifecycleEvent: string) => ({
    subscriptionId: person.id,
    subscriptionExpirationDateTime: '2026-03-08T00:00:00.0000000Z',
    tenantId: '84bd8158-6d4d-4958-8b9f-9d6445542f95',
    clientState: person.secret,
    lifecycleEvent,
  });
  const states = async () => (await readSubscriptions(embedded)).subscriptions.map(({ state }) => state);

  it('reauthorizationRequired flags the subscription for renewal', async () => {
    const ana = await subscribed('ana@example.test');
    const { post } = await serving();
    expect((await post({ value: [event(ana, 'reauthorizationRequired')] }, LIFECYCLE)).status).toBe(202);
    expect([await states(), await dirty()]).toEqual([['renew'], []]);
  });

  it('subscriptionRemoved forgets the subscription and marks its feeds', async () => {
    const ana = await subscribed('ana@example.test');
    const { post, nudges } = await serving();
    await post({ value: [event(ana, 'subscriptionRemoved')] }, LIFECYCLE);
    expect([await states(), await dirty(), nudges()]).toEqual([[], ['ana@example.test calendar'], 1]);
  });

  it.each(['missed', 'somethingNew'])('%s marks the feeds', async (name) => {
    const ana = await subscribed('ana@example.test');
    const { post } = await serving();
    await post({ value: [event(ana, name)] }, LIFECYCLE);
    expect([await states(), await dirty()]).toEqual([['active'], ['ana@example.test calendar']]);
  });

  it('is not obeyed when it is forged', async () => {
    const ana = await subscribed('ana@example.test');
    const { post } = await serving();
    const forged = ['subscriptionRemoved', 'reauthorizationRequired'].map((name) =>
      event({ ...ana, secret: 'x' }, name),
    );
    expect((await post({ value: forged }, LIFECYCLE)).status).toBe(202);
    expect([await states(), await dirty()]).toEqual([['active'], []]);
  });
});

describe('the daemon’s port', () => {
  it('keeps everything else behind its token', async () => {
    const { url } = await serving();
    const response = await fetch(`${url}/control/store/touchpoint_subscriptions`, {
      method: 'POST',
      body: '{}',
    });
    expect(response.status).toBe(401);
    expect((await fetch(`${url}${NOTIFICATIONS}`)).status).toBe(404);
  });

  it('is not quietly changed under the reverse proxy', async () => {
    const { url } = await serving();
    const { app } = webhookApp({
      store: embedded,
      log: silentLog,
      clock: stillClock().clock,
      onDirty: () => undefined,
    });
    const options = {
      store: embedded,
      token: 't',
      port: Number(new URL(url).port),
      log: silentLog,
      onNudge: () => undefined,
    };
    await expect(startServer({ ...options, webhooks: app })).rejects.toThrow('is taken');
    const elsewhere = await startServer(options);
    expect(elsewhere.port).not.toBe(options.port);
    await elsewhere.close();
  });
});

/** Sends without a content-length; the answer may come before the last byte is sent. */
function chunked(url: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(
      url,
      { method: 'POST', headers: { 'transfer-encoding': 'chunked' } },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    sending.on('error', reject);
    sending.write(body);
    sending.end();
  });
}
