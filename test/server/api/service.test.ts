import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { putFeeds } from '../../../src/store/feeds.ts';
import { reserve, settle } from '../../../src/store/opinions.ts';
import type { PgliteStore } from '../../../src/store/pglite.ts';
import { type Store, StoreError, StoreUnavailable } from '../../../src/store/store.ts';
import { Tally } from '../../../src/sync/tally.ts';
import { emptyStore, memoryStore } from '../../support/store.ts';
import { serving } from './serving.ts';

/** What the API says of the service itself, and how it says that something went wrong. */

let store: PgliteStore;
beforeAll(async () => {
  store = await memoryStore();
});
afterAll(() => store.close());
beforeEach(() => emptyStore(store));

const failing = (error: Error): Store => ({ ...store, call: () => Promise.reject(error) });

describe('health', () => {
  it('is told to everybody, and says nothing of what is stored', async () => {
    const { get } = await serving({ store, apiKey: 'a-key-of-the-environment-0123' });
    expect(await (await get('/health/live')).json()).toEqual({ status: 'live' });
    expect(await (await get('/health/ready')).json()).toEqual({ status: 'ready' });
    expect(await (await get('/health/feeds')).json()).toEqual({ status: 'fresh', feeds: 0, stale: 0 });
  });

  it('is not ready without its store, but lives', async () => {
    const { get } = await serving({ store: failing(new StoreUnavailable('away')) });
    expect((await get('/health/live')).status).toBe(200);
    expect((await get('/health/ready')).status).toBe(503);
  });

  it('tells of feeds that nobody read', async () => {
    await putFeeds(store, 'ana@example.test', [{ kind: 'meeting', target: 'calendar', name: 'calendar' }]);
    const { get } = await serving({ store });
    const answer = await get('/health/feeds');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ status: 'stale', feeds: 1, stale: 1 });
    expect(await (await get('/api/v1/status')).json()).toMatchObject({ stale_feeds: 1 });
  });
});

describe('metrics', () => {
  it('are in the format of Prometheus, and name no mailbox', async () => {
    await putFeeds(store, 'ana@example.test', [{ kind: 'meeting', target: 'calendar', name: 'calendar' }]);
    const { get } = await serving({ store });
    await get('/api/v1/status');
    const text = await (await get('/metrics')).text();
    expect(text).toContain('touchpoint_feeds_stale 1');
    expect(text).toContain(
      'touchpoint_http_requests_total{method="GET",route="/api/v1/status",status="200"} 1',
    );
    expect(text).not.toContain('example.test');
  });

  it('and the status tell of second opinions, and what is left of the day’s budget', async () => {
    const day = { day: '2026-03-01', tokens: 1000, micros: 0 };
    await reserve(store, day, { tokens: null, micros: null });
    await settle(store, {
      ...{ now: '2026-03-01T00:00:00.000Z', owner: 'a', reservation: day, requests: 2, failedRequests: 1 },
      ...{ tokensIn: 700, tokensOut: 90, micros: 0, released: [] },
      rows: ['answered', 'answered', 'unsure'].map((state, n) => ({
        ...{ touchpoint: randomUUID(), task: 'intent', textHash: `${n}`, version: 'v', labels: [] },
        state: state as 'answered' | 'unsure',
      })),
    });
    await reserve(store, day, { tokens: null, micros: null });
    const { get } = await serving({
      store,
      settings: { fallback: { provider: 'openai', dailyTokens: 5000 } },
    });
    expect(await (await get('/api/v1/status')).json()).toMatchObject({
      fallback: {
        ...{ provider: 'openai', tokens_left: 5000 - 790 - 1000, reserved_tokens: 1000, last_error: null },
        today: { asked: 3, answered: 2, unsure: 1, requests: 2, failed_requests: 1, tokens: 790 },
      },
    });
    const text = await (await get('/metrics')).text();
    for (const line of [
      'questions{outcome="answered"} 2',
      'questions{outcome="unsure"} 1',
      'failed_requests 1',
      'tokens_spent 790',
      'tokens_left{provider="openai"} 3210',
    ])
      expect(text).toContain(`touchpoint_fallback_${line}\n`);
    const boundless = await serving({ store });
    expect(await (await boundless.get('/metrics')).text()).not.toContain('tokens_left{');
    expect(await (await boundless.get('/api/v1/status')).json()).toMatchObject({
      fallback: { provider: 'off', tokens_left: null },
    });
  });
});

describe('a problem', () => {
  it.each([
    ['nothing at the address', 'GET', '/api/v1/nothing', undefined, 404],
    ['no JSON', 'POST', '/api/v1/embed', '{"texts":', 400],
    ['a wrong field', 'POST', '/api/v1/embed', '{"texts":[1]}', 400],
    ['no body', 'POST', '/api/v1/embed', '', 400],
    ['a wrong id', 'GET', '/api/v1/resync/1', undefined, 400],
  ])('says what it is: %s', async (_, method, path, body, status) => {
    const { ask } = await serving({ store });
    const headers = { 'content-type': 'application/json' };
    const answer = await ask(path, { method, headers, ...(body === undefined ? {} : { body }) });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    const problem = await answer.json();
    expect(problem).toMatchObject({ status, request_id: answer.headers.get('x-request-id') });
  });

  it('names the field', async () => {
    const { post } = await serving({ store });
    const answer = await post('/api/v1/classify', { task: 'mood', items: [{ text: 'a' }] });
    expect(await answer.json()).toMatchObject({ errors: [{ field: 'task' }] });
  });

  it('of size is refused before it is read', async () => {
    const { post } = await serving({ store });
    expect((await post('/api/v1/embed', { texts: ['x'.repeat(2 ** 20)] })).status).toBe(413);
  });

  it.each([
    ['the store is away', new StoreUnavailable('away'), 503],
    ['the store fails', new StoreError('touchpoint_status failed', { cause: new Error('secret row') }), 500],
    ['something is broken', new TypeError('secret words'), 500],
  ])('of ours tells nothing of its inside: %s', async (_, error, status) => {
    const { get, lines } = await serving({ store: failing(error) });
    const answer = await get('/api/v1/status');
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain('secret');
    expect(lines.join('\n')).not.toContain('secret');
  });

  it('of a model that is not there says to come again', async () => {
    const { post } = await serving({ store });
    const answer = await post('/api/v1/embed', { texts: ['a'] });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).not.toBeNull();
  });
});

describe('a resync', () => {
  const counts = { feeds: 2, done: 0, items: 0, waiting: 0 };
  const found = {
    feeds: 2,
    requests: 3,
    tally: new Tally(),
    removed: 1,
    deleted: 1,
    foreseen: [],
    problems: [],
  };

  it('is followed to its end by events, and asked for once at a time', async () => {
    let finish: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { get, post } = await serving({
      store,
      resync: async ({ onProgress, mailbox }) => {
        onProgress?.({ ...counts, done: mailbox === 'ana@example.test' ? 1 : 0 });
        await held;
        return found;
      },
    });
    const started = await post('/api/v1/resync', { mailbox: 'ana@example.test' });
    expect(started.status).toBe(202);
    const { id } = (await started.json()) as { id: string };
    expect((await post('/api/v1/resync', {})).status).toBe(409);
    const events = await get(`/api/v1/resync/${id}/events`);
    finish();
    const told = await events.text();
    expect(told).toMatch(/event: progress\ndata: .*"done":1/);
    expect(told).toMatch(/event: end\ndata: .*"state":"done".*"removed":1/);
    expect(await (await get(`/api/v1/resync/${id}`)).json()).toMatchObject({
      state: 'done',
      progress: { done: 1 },
    });
    expect((await post('/api/v1/resync', {})).status).toBe(202);
  });

  it('that fails says why', async () => {
    const { get, post } = await serving({ store });
    const { id } = (await (await post('/api/v1/resync', {})).json()) as { id: string };
    expect(await (await get(`/api/v1/resync/${id}/events`)).text()).toContain('"reason":"nothing to resync"');
    expect((await get('/api/v1/resync/00000000-0000-4000-8000-000000000000')).status).toBe(404);
  });
});
